//! What the clouds that took over S3's presigned POST do differently.

/// Whose rules a form follows, by the names of its fields. Everything that is not certain is left to the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cloud {
    /// [Amazon S3](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html), and the many
    /// that speak its protocol.
    S3,
    /// [Google Cloud Storage](https://cloud.google.com/storage/docs/xml-api/post-object-forms).
    Google,
    /// [Alibaba OSS](https://help.aliyun.com/document_detail/31988.html).
    Alibaba,
    /// [Huawei OBS](https://support.huaweicloud.com/intl/en-us/api-obs/obs_04_0081.html).
    Huawei,
    /// [Tencent COS](https://www.tencentcloud.com/document/product/436/14690).
    Tencent,
    /// Kingsoft KS3.
    Kingsoft,
    /// Volcengine TOS.
    Volcengine,
    /// A cloud whose rules are unknown here.
    Unknown,
}

impl Cloud {
    pub fn from_fields<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<_> = names.map(str::to_ascii_lowercase).collect();
        let has = |name: &str| names.iter().any(|n| n == name);
        let has_prefix = |prefix: &str| names.iter().any(|n| n.starts_with(prefix));
        let is_signed = |n: &String| n.ends_with("signature") || n.ends_with("accesskeyid");
        if has("x-amz-signature") || has("awsaccesskeyid") {
            Self::S3
        } else if has("x-goog-signature") || has("googleaccessid") {
            Self::Google
        } else if has("x-oss-signature") || has("ossaccesskeyid") {
            Self::Alibaba
        } else if has("q-signature") || has("q-ak") {
            Self::Tencent
        } else if has("kssaccesskeyid") || has_prefix("x-kss-") {
            Self::Kingsoft
        } else if has_prefix("x-tos-") {
            Self::Volcengine
        } else if has_prefix("x-obs-") || has("accesskeyid") {
            Self::Huawei
        } else if names.iter().any(is_signed) {
            Self::Unknown
        } else {
            Self::S3
        }
    }

    /// Whether this storage is known to reject fields that a condition does not mention.
    pub fn rejects_extra_fields(self) -> bool {
        matches!(self, Self::S3 | Self::Google)
    }

    /// Whether this storage is known to read conditions as S3 does.
    pub fn has_s3_conditions(self) -> bool {
        self != Self::Unknown
    }

    /// Whether a field may be there without a condition.
    pub fn needs_no_condition(self, name: &str) -> bool {
        const ANYWHERE: [&str; 3] = ["file", "policy", "signature"];
        // Whether S3 itself wants a condition for the token differs between its imitators.
        const S3: [&str; 3] = ["awsaccesskeyid", "x-amz-security-token", "x-amz-signature"];
        const GOOGLE: [&str; 3] = ["awsaccesskeyid", "googleaccessid", "x-goog-signature"];
        let name = name.to_ascii_lowercase();
        let exempt: &[&str] = match self {
            Self::S3 => &S3,
            Self::Google => &GOOGLE,
            _ => return true,
        };
        ANYWHERE.contains(&name.as_str())
            || exempt.contains(&name.as_str())
            || name.starts_with("x-ignore-")
    }

    /// The field that a condition is about: Tencent's policy calls one by another name than its form.
    pub fn field_name(self, condition: &str) -> &str {
        if self == Self::Tencent && condition.eq_ignore_ascii_case("q-sign-time") {
            "q-key-time"
        } else {
            condition
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_is_recognized_by_what_it_signs_with() {
        for (names, cloud) in [
            ("key policy", Cloud::S3),
            ("key AWSAccessKeyId policy signature", Cloud::S3),
            ("key X-Amz-Credential Policy X-Amz-Signature", Cloud::S3),
            ("key GoogleAccessId policy signature", Cloud::Google),
            ("key x-goog-date policy x-goog-signature", Cloud::Google),
            ("key OSSAccessKeyId policy Signature", Cloud::Alibaba),
            ("key policy x-oss-date x-oss-signature", Cloud::Alibaba),
            ("key AccessKeyId policy signature", Cloud::Huawei),
            ("key policy q-ak q-key-time q-signature", Cloud::Tencent),
            ("key KSSAccessKeyId policy signature", Cloud::Kingsoft),
            ("key x-tos-date policy x-tos-signature", Cloud::Volcengine),
            ("key accessKey policy signature", Cloud::Unknown),
            ("key x-new-signature policy", Cloud::Unknown),
        ] {
            assert_eq!(Cloud::from_fields(names.split(' ')), cloud, "{names}");
        }
    }
}
