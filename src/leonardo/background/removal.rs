//! What the API returns in place of an image with a background.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::leonardo::cost::Cost;
use crate::leonardo::error::{ApiError, Error};
use crate::leonardo::response::{created_id, list_or_empty, text_or_empty};

/// The result of [`RemoveBackground`](super::RemoveBackground).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BackgroundRemoval {
    /// The id of the generation.
    pub id: String,
    /// The image without its background. Empty if the API blocked it.
    pub results: Vec<Cutout>,
    /// The number of images that the content filter of the API blocked.
    pub blocked_count: u64,
    /// The cost, if the API reports it.
    pub cost: Option<Cost>,
    /// Other members of the response.
    pub extra: Map<String, Value>,
}

impl BackgroundRemoval {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Error> {
        let raw: RawRemoval = serde_json::from_slice(body).map_err(ApiError::unreadable)?;
        let results = raw.results.into_iter().map(Cutout::try_from);
        Ok(Self {
            id: created_id(raw.id, "the generation")?,
            results: results.collect::<Result<_, _>>()?,
            blocked_count: raw.blocked_count.unwrap_or(0),
            cost: raw.cost,
            extra: raw.extra,
        })
    }
}

/// An image without its background. It has a URL, or with [`RemoveBackground::inline`](super::RemoveBackground::inline) the bytes of its file.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Cutout {
    /// Its media type, for example `image/png`. Empty if the API reports none.
    pub content_type: String,
    /// Its URL, for [`Client::download`](crate::leonardo::Client::download).
    pub url: Option<String>,
    /// Its file.
    pub bytes: Option<Vec<u8>>,
    /// Its width in pixels, if the API reports it.
    pub width: Option<u32>,
    /// Its height in pixels, if the API reports it.
    pub height: Option<u32>,
}

impl fmt::Debug for Cutout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cutout")
            .field("content_type", &self.content_type)
            .field("url", &self.url)
            .field("bytes", &self.bytes.as_ref().map(Vec::len))
            .field("width", &self.width)
            .field("height", &self.height)
            .finish()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRemoval {
    #[serde(alias = "generationId")]
    id: Option<String>,
    #[serde(default, deserialize_with = "list_or_empty")]
    results: Vec<RawCutout>,
    blocked_count: Option<u64>,
    cost: Option<Cost>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCutout {
    #[serde(default, deserialize_with = "text_or_empty")]
    content_type: String,
    url: Option<String>,
    #[serde(rename = "dataB64")]
    data: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
}

impl TryFrom<RawCutout> for Cutout {
    type Error = ApiError;

    fn try_from(raw: RawCutout) -> Result<Self, ApiError> {
        let bytes = raw.data.map(|data| BASE64.decode(data)).transpose();
        let bytes = bytes.map_err(|_| ApiError::lacks("valid base64 in dataB64"))?;
        if raw.url.is_none() && bytes.is_none() {
            return Err(ApiError::lacks("url or dataB64 of a result"));
        }
        Ok(Self {
            content_type: raw.content_type,
            url: raw.url,
            bytes,
            width: raw.width,
            height: raw.height,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn results_have_a_url_or_bytes() {
        let parse = |json: Value| BackgroundRemoval::parse(json.to_string().as_bytes());
        let found = parse(json!({"id": "1", "blockedCount": 0, "results": [
            {"contentType": "image/png", "url": "https://example.com/a.png", "width": 3, "height": 2},
            {"contentType": "image/webp", "dataB64": "AAEC"},
        ], "cost": {"amount": "0.1047", "unit": "DOLLARS"}}));
        let found = found.unwrap();
        assert_eq!(found.cost.unwrap().amount, "0.1047");
        let [first, second] = found.results.try_into().unwrap();
        assert_eq!(first.url.as_deref(), Some("https://example.com/a.png"));
        assert_eq!(second.bytes.as_deref(), Some(&[0, 1, 2][..]));
        assert!(format!("{second:?}").contains("bytes: Some(3)"));
        let blocked = parse(json!({"id": "1", "results": [], "blockedCount": 1})).unwrap();
        assert_eq!((blocked.results.len(), blocked.blocked_count), (0, 1));
        for bad in [
            json!({"id": null, "results": []}),
            json!({"id": "1", "results": [{"contentType": "image/png"}]}),
            json!({"id": "1", "results": [{"dataB64": "?"}]}),
        ] {
            assert!(parse(bad.clone()).is_err(), "{bad}");
        }
    }
}
