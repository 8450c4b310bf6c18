//! The JSON shapes a presigned form comes in.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use super::{PresignedPost, PresignedPostError};

/// Any of the answers, and a bare form: exactly one of them is there.
#[derive(Deserialize)]
struct Response {
    #[serde(rename = "uploadInitImage", default, deserialize_with = "present")]
    init_image: Option<Option<RawForm>>,
    #[serde(rename = "uploadDatasetImage", default, deserialize_with = "present")]
    dataset_image: Option<Option<RawForm>>,
    #[serde(rename = "uploadModelAsset", default, deserialize_with = "present")]
    model_asset: Option<Option<RawForm>>,
    #[serde(rename = "uploadMedia", default, deserialize_with = "present")]
    media: Option<Option<RawForm>>,
    #[serde(
        rename = "uploadCanvasInitImage",
        default,
        deserialize_with = "present"
    )]
    canvas: Option<Option<RawCanvas>>,
    #[serde(flatten)]
    bare: RawForm,
}

/// Tells `null` from absent: the API answers null when it refuses.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
struct RawForm {
    #[serde(alias = "modelId", alias = "uploadId")]
    id: Option<String>,
    #[serde(alias = "modelUrl")]
    url: Option<String>,
    #[serde(alias = "modelKey")]
    key: Option<String>,
    #[serde(alias = "modelFields")]
    fields: Option<Fields>,
}

/// The API reference spells the second half `mask…`, the official inpainting recipe `masks…`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCanvas {
    init_image_id: Option<String>,
    init_url: Option<String>,
    init_key: Option<String>,
    init_fields: Option<Fields>,
    #[serde(alias = "masksImageId")]
    mask_image_id: Option<String>,
    #[serde(alias = "masksUrl")]
    mask_url: Option<String>,
    #[serde(alias = "masksKey")]
    mask_key: Option<String>,
    #[serde(alias = "masksFields")]
    mask_fields: Option<Fields>,
}

pub(super) fn read_one(json: &[u8]) -> Result<PresignedPost, PresignedPostError> {
    let answer = read(json)?;
    if let Some(canvas) = answer.canvas {
        return Err(match canvas {
            Some(_) => PresignedPostError::TwoForms,
            None => PresignedPostError::Null("uploadCanvasInitImage"),
        });
    }
    let wrapped = [
        ("uploadInitImage", answer.init_image),
        ("uploadDatasetImage", answer.dataset_image),
        ("uploadModelAsset", answer.model_asset),
        ("uploadMedia", answer.media),
    ];
    for (name, form) in wrapped {
        if let Some(form) = form {
            return form.ok_or(PresignedPostError::Null(name))?.check();
        }
    }
    if answer.bare.url.is_none() && answer.bare.fields.is_none() {
        return Err(PresignedPostError::NoForm);
    }
    answer.bare.check()
}

pub(super) fn read_canvas(
    json: &[u8],
) -> Result<(PresignedPost, PresignedPost), PresignedPostError> {
    let canvas = read(json)?.canvas.ok_or(PresignedPostError::NoForm)?;
    let canvas = canvas.ok_or(PresignedPostError::Null("uploadCanvasInitImage"))?;
    let init = RawForm {
        id: canvas.init_image_id,
        url: canvas.init_url,
        key: canvas.init_key,
        fields: canvas.init_fields,
    };
    let mask = RawForm {
        id: canvas.mask_image_id,
        url: canvas.mask_url,
        key: canvas.mask_key,
        fields: canvas.mask_fields,
    };
    Ok((init.check()?, mask.check()?))
}

fn read(json: &[u8]) -> Result<Response, PresignedPostError> {
    // Parsed JSON takes many times its length.
    if json.len() > PresignedPost::MAX_JSON_BYTES {
        let max_bytes = PresignedPost::MAX_JSON_BYTES;
        return Err(PresignedPostError::JsonTooLong { max_bytes });
    }
    serde_json::from_slice(json).map_err(|error| match error.is_data() {
        // serde_json repeats the value it did not expect, which may be a secret.
        true if error.to_string().starts_with(FIELDS) => PresignedPostError::Fields,
        true => PresignedPostError::NoForm,
        false => PresignedPostError::NotJson {
            line: error.line(),
            column: error.column(),
        },
    })
}

impl RawForm {
    fn check(self) -> Result<PresignedPost, PresignedPostError> {
        let url = self.url.ok_or(PresignedPostError::Missing("url"))?;
        let fields = self.fields.ok_or(PresignedPostError::Missing("fields"))?;
        Ok(PresignedPost {
            id: self.id,
            key: self.key,
            ..PresignedPost::new(url, fields.0)?
        })
    }
}

/// Fields in the order they are written, from an object or from a string that holds one.
struct Fields(Vec<(String, String)>);

/// How the errors of [`Fields`] begin.
const FIELDS: &str = "fields: ";

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a string that holds one")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Fields, E> {
                let mut object = serde_json::Deserializer::from_str(text);
                let fields = serde::Deserializer::deserialize_map(&mut object, self);
                fields
                    .and_then(|fields| object.end().map(|()| fields))
                    .map_err(|_| E::custom(FIELDS))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Scalar>()? {
                    fields.push((name, value.0));
                }
                Ok(Fields(fields))
            }
        }

        deserializer
            .deserialize_any(FieldsVisitor)
            .map_err(|_| D::Error::custom(FIELDS))
    }
}

/// A text, or a number as some producers write `success_action_status`.
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Text(String),
            Number(serde_json::Number),
        }
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::Text(text) => text,
            Either::Number(number) => number.to_string(),
        }))
    }
}
