//! What is posted, as an independent reader understands it.

use std::io::Read;

use multipart::server::{Multipart, ReadEntryResult};

use super::refusal::{Refusal, refuse};
use crate::presigned::fields;
use crate::sandbox::whole_breaks::WholeBreaks;

const MAX_FIELD_BYTES: u64 = 20 * 1024;
const MAX_FILE_BYTES: u64 = 1 << 30;

/// The fields before the file, and the file.
pub(super) struct PostedForm {
    pub fields: Vec<(String, String)>,
    pub file_name: String,
    pub content: Vec<u8>,
}

impl PostedForm {
    pub fn read(body: impl Read, boundary: String) -> Result<Self, Refusal> {
        let malformed = || {
            let message = "The body of your POST request is not well-formed multipart/form-data.";
            refuse(400, "MalformedPOSTRequest", message)
        };
        let mut fields = Vec::new();
        let mut left = MAX_FIELD_BYTES;
        let mut multipart = Multipart::with_body(WholeBreaks::new(body), boundary);
        loop {
            let mut entry = match multipart.into_entry() {
                ReadEntryResult::Entry(entry) => entry,
                ReadEntryResult::End(_) => {
                    let message = "POST requires exactly one file upload per request.";
                    return Err(refuse(400, "InvalidArgument", message));
                }
                ReadEntryResult::Error(_, _) => return Err(malformed()),
            };
            let name = entry.headers.name.to_string();
            if name.eq_ignore_ascii_case("file") {
                let mut content = Vec::new();
                let limited = entry
                    .data
                    .by_ref()
                    .take(MAX_FILE_BYTES)
                    .read_to_end(&mut content);
                limited.map_err(|_| malformed())?;
                return Ok(Self {
                    fields,
                    file_name: entry.headers.filename.unwrap_or_default(),
                    content,
                });
            }
            let mut value = String::new();
            let read = entry
                .data
                .by_ref()
                .take(left + 1)
                .read_to_string(&mut value);
            let used = read.map_err(|_| malformed())? as u64 + name.len() as u64;
            left = left.checked_sub(used).ok_or_else(|| {
                let message = "Your POST request fields preceding the upload file were too large.";
                refuse(400, "MaxPostPreDataLengthExceeded", message)
            })?;
            fields.push((name, value));
            multipart = entry.data.into_inner();
        }
    }

    /// Variables are expanded before the policy is looked at
    /// ([POST policy](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html)).
    pub fn expand_file_name(&mut self) {
        let signed = |name: &str| {
            name.eq_ignore_ascii_case("Policy") || name.eq_ignore_ascii_case("X-Amz-Signature")
        };
        for (_, value) in self.fields.iter_mut().filter(|(name, _)| !signed(name)) {
            *value = value.replace("${filename}", &self.file_name);
        }
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
        fields::value(
            self.fields
                .iter()
                .map(|(n, value)| (n.as_str(), value.as_str())),
            name,
        )
    }
}

pub(super) fn boundary(content_type: &str) -> Option<String> {
    let (mime, parameters) = content_type.split_once(';')?;
    let boundary = parameters
        .trim()
        .strip_prefix("boundary=")?
        .trim_matches('"');
    let is_form = mime.trim().eq_ignore_ascii_case("multipart/form-data");
    (is_form && !boundary.is_empty()).then(|| boundary.to_owned())
}
