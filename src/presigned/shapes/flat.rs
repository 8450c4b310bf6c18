//! Fields that stand beside the address instead of in an object of their own, under names that are not those of the
//! form: the policy servers of Alibaba and Tencent, and Hygraph.

use super::Pairs;
use super::json::Json;
use super::names::plain;
use crate::presigned::policy::Policy;

/// How the generic names `signature`, `algorithm`, `credential`, `date` and `securityToken` are written in the form.
struct Dialect {
    prefix: &'static str,
    /// Whether `signature` has the prefix too.
    prefixes_signature: bool,
}

/// What every form needs: the name without case, `-` and `_`, and the name in the form.
const FIELDS: &[(&str, &str)] = &[
    ("key", "key"),
    ("coskey", "key"),
    ("objectkey", "key"),
    ("policy", "policy"),
    ("accessid", "OSSAccessKeyId"),
    ("ossaccesskeyid", "OSSAccessKeyId"),
    ("xosssignatureversion", "x-oss-signature-version"),
    ("xosscredential", "x-oss-credential"),
    ("xossdate", "x-oss-date"),
    ("xosssignature", "x-oss-signature"),
    ("xosssecuritytoken", "x-oss-security-token"),
    ("qsignalgorithm", "q-sign-algorithm"),
    ("qak", "q-ak"),
    ("qkeytime", "q-key-time"),
    ("qsignature", "q-signature"),
    ("xcossecuritytoken", "x-cos-security-token"),
    ("awsaccesskeyid", "AWSAccessKeyId"),
    ("googleaccessid", "GoogleAccessId"),
    ("accesskeyid", "AccessKeyId"),
    ("xamzalgorithm", "x-amz-algorithm"),
    ("xamzcredential", "x-amz-credential"),
    ("xamzdate", "x-amz-date"),
    ("xamzsignature", "x-amz-signature"),
    ("xamzsecuritytoken", "x-amz-security-token"),
    ("xgoogalgorithm", "x-goog-algorithm"),
    ("xgoogcredential", "x-goog-credential"),
    ("xgoogdate", "x-goog-date"),
    ("xgoogsignature", "x-goog-signature"),
];

/// What is a field only if the policy has a condition for it; otherwise it describes the file to the client.
const DESCRIPTIONS: &[(&str, &str)] = &[
    ("acl", "acl"),
    ("bucket", "bucket"),
    ("cachecontrol", "Cache-Control"),
    ("contentdisposition", "Content-Disposition"),
    ("contenttype", "Content-Type"),
    ("successactionredirect", "success_action_redirect"),
    ("successactionstatus", "success_action_status"),
];

/// The generic names that are written differently in each cloud.
const GENERIC: &[(&str, &str)] = &[
    ("signature", "signature"),
    ("algorithm", "algorithm"),
    ("credential", "credential"),
    ("date", "date"),
    ("securitytoken", "security-token"),
];

/// Where the key begins if the client chooses its end.
const FOLDERS: &[&str] = &["dir", "keyprefix", "keystart"];

/// Reads the fields among the members of an object; none if it has no policy with a signature.
pub(super) fn read(members: &[(String, Json)]) -> Option<Pairs> {
    let value = |name: &str| {
        let mut members = members.iter();
        let value = members.find_map(|(n, value)| (plain(n) == name).then_some(value));
        value?.as_text().filter(|text| !text.is_empty())
    };
    let policy = Policy::decode(value("policy")?);
    let is_signed = members.iter().any(|(name, value)| {
        plain(name).ends_with("signature") && value.as_text().is_some_and(|text| !text.is_empty())
    });
    if !is_signed {
        return None;
    }
    let mentions = |name: &str| policy.as_ref().is_some_and(|policy| policy.mentions(name));
    let dialect = dialect(members);
    let mut fields = Pairs::new();
    for (name, value) in members {
        let Some(value) = value.as_text() else {
            continue;
        };
        if let Some(field) = field_name(name, &dialect, mentions) {
            fields.push((field, value.to_owned()));
        }
    }
    let has = |fields: &Pairs, name: &str| fields.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    if !has(&fields, "key")
        && let Some(folder) = FOLDERS.iter().find_map(|name| value(name))
    {
        fields.push(("key".into(), format!("{folder}${{filename}}")));
    }
    // The clients of these servers add it themselves.
    let status = policy
        .as_ref()
        .and_then(|policy| policy.exact_value("success_action_status"));
    if let Some(status) = status
        && !has(&fields, "success_action_status")
    {
        fields.push(("success_action_status".into(), status.to_owned()));
    }
    Some(fields)
}

fn dialect(members: &[(String, Json)]) -> Dialect {
    let names: Vec<_> = members.iter().map(|(name, _)| plain(name)).collect();
    let has = |name: &str| names.iter().any(|n| n == name);
    let algorithm = members.iter().find(|(name, _)| plain(name) == "algorithm");
    let algorithm = algorithm
        .and_then(|(_, value)| value.as_text())
        .unwrap_or_default();
    let (prefix, prefixes_signature) = if has("xosssignatureversion") || has("xosscredential") {
        ("x-oss-", true)
    } else if has("accessid") || has("ossaccesskeyid") {
        ("x-oss-", false)
    } else if has("qak") {
        ("x-cos-", false)
    } else if algorithm.starts_with("GOOG4") {
        ("x-goog-", true)
    } else {
        ("x-amz-", algorithm.starts_with("AWS4"))
    };
    Dialect {
        prefix,
        prefixes_signature,
    }
}

/// The name that a member has as a field; none if it is not a field.
fn field_name(name: &str, dialect: &Dialect, mentions: impl Fn(&str) -> bool) -> Option<String> {
    let plain = plain(name);
    let in_table = |table: &[(&str, &'static str)]| {
        table
            .iter()
            .find_map(|(n, field)| (*n == plain).then_some(*field))
    };
    // A name that is right already keeps its spelling.
    let spelled = |field: &str| {
        if field.eq_ignore_ascii_case(name) {
            name.to_owned()
        } else {
            field.to_owned()
        }
    };
    if let Some(field) = in_table(FIELDS) {
        return Some(spelled(field));
    }
    if let Some(field) = in_table(DESCRIPTIONS) {
        return mentions(field).then(|| spelled(field));
    }
    if let Some(generic) = in_table(GENERIC) {
        let has_prefix = match generic {
            "signature" => dialect.prefixes_signature,
            "security-token" => true,
            _ if dialect.prefixes_signature => true,
            _ => return None,
        };
        let prefix = if has_prefix { dialect.prefix } else { "" };
        return Some(format!("{prefix}{generic}"));
    }
    let lower = name.to_ascii_lowercase();
    let clouds = [
        "x-amz-", "x-goog-", "x-oss-", "x-cos-", "x-obs-", "x-tos-", "x-kss-",
    ];
    let is_field = clouds.iter().any(|prefix| lower.starts_with(prefix)) || mentions(name);
    is_field.then(|| name.to_owned())
}
