//! What the members of an object are: an address, fields, headers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::json::Json;
use super::names::{Role, plain, role};
use super::{Pairs, pairs};
use crate::presigned::fields;

/// A member of an object by the role its name has.
pub(super) struct Candidate<T> {
    pub name: String,
    pub value: T,
}

/// The one value of all candidates, or the names of two that differ.
pub(super) fn distinct<T: PartialEq>(
    candidates: Vec<Candidate<T>>,
) -> Result<Option<Candidate<T>>, [String; 2]> {
    let mut candidates = candidates.into_iter();
    let Some(first) = candidates.next() else {
        return Ok(None);
    };
    match candidates.find(|other| other.value != first.value) {
        Some(other) => Err([first.name, other.name]),
        None => Ok(Some(first)),
    }
}

pub(super) fn addresses_of(members: &[(String, Json)]) -> Vec<Candidate<String>> {
    let mut addresses = Vec::new();
    let mut hosts = Vec::new();
    for (name, value) in members {
        match (role(name), value) {
            (Role::Address, Json::Text(text)) if !text.trim().is_empty() => {
                addresses.push(Candidate {
                    name: name.clone(),
                    value: with_scheme(text),
                });
            }
            (Role::Host, Json::Text(text)) if !text.trim().is_empty() => {
                let text = text.trim();
                let is_bare = !text.contains("://") && !text.starts_with("//");
                let value = if is_bare {
                    format!("https://{text}")
                } else {
                    with_scheme(text)
                };
                let name = name.clone();
                hosts.push(Candidate { name, value });
            }
            (Role::AddressHolder, Json::Object(inner)) => addresses.extend(addresses_of(inner)),
            _ => {}
        }
    }
    // A host beside an address says no more than the address does.
    if addresses.is_empty() {
        hosts
    } else {
        addresses
    }
}

/// An address that begins with its host is that of the page it stands on, which is https.
fn with_scheme(text: &str) -> String {
    let text = text.trim();
    if text.starts_with("//") {
        format!("https:{text}")
    } else {
        text.to_owned()
    }
}

pub(super) fn fields_of(members: &[(String, Json)]) -> Vec<Candidate<Pairs>> {
    let mut found = Vec::new();
    for (name, value) in members {
        let is_named = role(name) == Role::Fields;
        // Where nothing is named so, fields are recognized by the policy among them.
        let may_be_fields = is_named || !matches!(role(name), Role::Headers | Role::Download);
        let Some(value) = Some(value).filter(|_| may_be_fields).and_then(pairs::read) else {
            continue;
        };
        if value.is_empty() || !is_named && !is_signed(&value) {
            continue;
        }
        found.push(Candidate {
            name: name.clone(),
            value,
        });
    }
    let has_address = !addresses_of(members).is_empty();
    let (named, others): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|found| role(&found.name) == Role::Fields);
    // Of several, only those that are signed can be meant.
    let signed = |found: &Vec<Candidate<Pairs>>| found.iter().any(|f| is_signed(&f.value));
    if signed(&named) {
        named
            .into_iter()
            .filter(|found| is_signed(&found.value))
            .collect()
    } else if has_address && !others.is_empty() {
        others
    } else {
        named
    }
}

/// Whether the names are those of a form, and not of a flat response that has its own address.
fn is_signed(pairs: &Pairs) -> bool {
    let has = |name| fields::value(crate::presigned::pairs(pairs), name).is_some();
    let names_address = pairs
        .iter()
        .any(|(name, _)| matches!(role(name), Role::Address | Role::Host));
    has("policy") && !names_address
}

pub(super) fn headers_of(members: &[(String, Json)]) -> Pairs {
    let mut headers = members
        .iter()
        .filter(|(name, _)| role(name) == Role::Headers);
    let headers = headers.find_map(|(_, value)| pairs::read(value));
    headers.unwrap_or_default()
}

/// The body of an API gateway's response that is encoded in base64.
pub(super) fn decoded_body(members: &[(String, Json)], name: &str, value: &Json) -> Option<Json> {
    let is_encoded = members
        .iter()
        .any(|(name, value)| plain(name) == "isbase64encoded" && value.as_text() == Some("true"));
    let text = value.as_text().filter(|_| is_encoded && name == "body")?;
    let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    Some(Json::Text(text))
}

/// The address of a bucket at AWS, which Froala's clients build of its name and region.
pub(super) fn aws_address(members: &[(String, Json)], fields: &Pairs) -> Option<String> {
    let mut names = fields.iter().map(|(name, _)| plain(name));
    if !names.any(|name| matches!(name.as_str(), "xamzsignature" | "awsaccesskeyid")) {
        return None;
    }
    let value = |name: &str| {
        let mut members = members.iter();
        let value = members.find_map(|(n, value)| (plain(n) == name).then_some(value));
        let value = value?.as_text()?;
        let is_label =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        let is_name = !value.is_empty() && value.chars().all(is_label);
        is_name.then_some(value)
    };
    let (bucket, region) = (value("bucket")?, value("region")?);
    let region = match region
        .strip_prefix("s3")
        .map(|rest| rest.trim_start_matches(['-', '.']))
    {
        Some("") => "us-east-1",
        Some(region) => region,
        None => region,
    };
    let domain = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    // A certificate does not cover a bucket with a dot in its name.
    Some(if bucket.contains('.') {
        format!("https://s3.{region}.{domain}/{bucket}")
    } else {
        format!("https://{bucket}.s3.{region}.{domain}/")
    })
}
