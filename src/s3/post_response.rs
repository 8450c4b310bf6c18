//! The XML of a successful post.

use super::xml::Elements;

/// A `PostResponse`, which S3 sends if the form has `success_action_status` 201.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PostResponse {
    pub location: Option<String>,
    pub key: Option<String>,
    pub etag: Option<String>,
}

impl PostResponse {
    pub fn parse(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        match Elements::parse(&text, "PostResponse") {
            Some(xml) => Self {
                location: xml.text("Location"),
                key: xml.text("Key"),
                etag: xml.text("ETag"),
            },
            None => Self::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_response_is_read() {
        let xml = "<PostResponse><Location>https://b/k</Location><Bucket>b</Bucket>\
                   <Key>k</Key><ETag>\"e\"</ETag></PostResponse>";
        let expected = PostResponse {
            location: Some("https://b/k".into()),
            key: Some("k".into()),
            etag: Some("\"e\"".into()),
        };
        assert_eq!(PostResponse::parse(xml.as_bytes()), expected);
        assert_eq!(PostResponse::parse(b""), PostResponse::default());
    }
}
