//! The fields of a posted form.

use super::reader::{Fields, FormError, MAX_BYTES_BEFORE_FILE};
use super::refusal::{Refusal, refuse};

/// Placeholder for the name of the file.
const FILE_NAME: &str = "${filename}";

/// The fields before the file, with `${filename}` expanded.
pub(super) struct PostedForm {
    pub fields: Vec<(String, String)>,
}

impl PostedForm {
    /// Expands the variables, which S3 does before it evaluates the policy
    /// ([POST policy](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html)).
    pub fn new(posted: Fields) -> Result<Self, FormError> {
        let Fields {
            mut fields,
            file_name,
        } = posted;
        let signed = |name: &str| {
            name.eq_ignore_ascii_case("Policy") || name.eq_ignore_ascii_case("X-Amz-Signature")
        };
        let mut left = MAX_BYTES_BEFORE_FILE as usize;
        for (_, value) in fields.iter_mut().filter(|(name, _)| !signed(name)) {
            // Without this limit, a few kilobytes could expand to many megabytes.
            let added = value.matches(FILE_NAME).count() * file_name.len();
            left = left
                .checked_sub(added)
                .ok_or(FormError::TooMuchBeforeFile)?;
            *value = value.replace(FILE_NAME, &file_name);
        }
        Ok(Self { fields })
    }

    pub fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.field(name).ok_or_else(|| {
            let message = format!(
                "Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the \
                 fields."
            );
            refuse(400, "InvalidArgument", message)
        })
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        value_of(&self.fields, name)
    }
}

/// The value of a field. Names are case-insensitive; of several fields with one name, the first counts.
pub(super) fn value_of<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

impl From<FormError> for Refusal {
    fn from(error: FormError) -> Self {
        match error {
            FormError::Malformed => refuse(
                400,
                "MalformedPOSTRequest",
                "The body of your POST request is not well-formed multipart/form-data.",
            ),
            FormError::TooMuchBeforeFile => refuse(
                400,
                "MaxPostPreDataLengthExceeded",
                format!(
                    "Your POST request fields preceding the upload file were too large: more than \
                     {MAX_BYTES_BEFORE_FILE} bytes."
                ),
            ),
            FormError::NoFile | FormError::TwoFiles => refuse(
                400,
                "InvalidArgument",
                "POST requires exactly one file upload per request.",
            ),
            FormError::FileTooLarge => too_large(),
        }
    }
}

pub(super) fn too_large() -> Refusal {
    let message = "Your proposed upload exceeds the maximum allowed size";
    refuse(400, "EntityTooLarge", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(value: &str, file_name: &str) -> Result<PostedForm, FormError> {
        PostedForm::new(Fields {
            fields: vec![
                ("Key".into(), value.into()),
                ("key".into(), "second".into()),
                ("POLICY".into(), value.into()),
            ],
            file_name: file_name.into(),
        })
    }

    #[test]
    fn file_name_is_expanded_except_in_policy_and_signature() {
        let form = form("a/${filename}/${filename}", "b.png").unwrap();
        assert_eq!(form.field("key"), Some("a/b.png/b.png"));
        assert_eq!(form.field("Policy"), Some("a/${filename}/${filename}"));
        assert!(form.required("acl").is_err());
    }

    #[test]
    fn size_of_the_expanded_fields_is_limited() {
        let name = "n".repeat(1000);
        assert!(form(&FILE_NAME.repeat(20), &name).is_ok());
        let rejected = form(&FILE_NAME.repeat(21), &name);
        assert_eq!(rejected.err(), Some(FormError::TooMuchBeforeFile));
    }
}
