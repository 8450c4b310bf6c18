//! Reads the forms as the API writes them.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::UploadForm;
use crate::leonardo::error::{ApiError, Error};
use crate::presigned::PresignedPost;

#[derive(Deserialize)]
pub(super) struct RawForm {
    #[serde(alias = "modelId", alias = "uploadId")]
    pub id: Option<String>,
    #[serde(alias = "modelUrl")]
    pub url: Option<String>,
    #[serde(alias = "modelFields")]
    pub fields: Option<Fields>,
}

/// The API reference spells the second form `mask…`, the official inpainting recipe `masks…`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawCanvas {
    pub init_image_id: Option<String>,
    pub init_url: Option<String>,
    pub init_fields: Option<Fields>,
    #[serde(alias = "masksImageId")]
    pub mask_image_id: Option<String>,
    #[serde(alias = "masksUrl")]
    pub mask_url: Option<String>,
    #[serde(alias = "masksFields")]
    pub mask_fields: Option<Fields>,
}

impl RawForm {
    pub fn check(self, wrapper: &str) -> Result<UploadForm, Error> {
        let missing = |name| ApiError::lacks(&format!("{name} in {wrapper}"));
        let url = self.url.ok_or_else(|| missing("url"))?;
        let fields = self.fields.ok_or_else(|| missing("fields"))?;
        let form = PresignedPost::new(url, fields.0)?;
        let id = self.id.ok_or_else(|| missing("id"))?;
        Ok(UploadForm { id, form })
    }
}

/// Parsed JSON takes many times its length.
pub(super) fn check_length(json: &[u8]) -> Result<(), ApiError> {
    let max_bytes = PresignedPost::MAX_JSON_BYTES;
    if json.len() > max_bytes {
        return Err(ApiError::unusable(format!(
            "it has more than {max_bytes} bytes"
        )));
    }
    Ok(())
}

/// Reads the member `name`. Unlike other responses, this is read directly: a [`Value`] does not keep the order of the
/// fields. The errors of serde_json repeat values, which may be secrets, so they are not used.
pub(super) fn form_in<T: DeserializeOwned>(body: &[u8], name: &str) -> Result<T, Error> {
    struct Member<'a, T>(&'a str, PhantomData<T>);

    impl<'de, T: DeserializeOwned> Visitor<'de> for Member<'_, T> {
        type Value = Option<Option<T>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut member = None;
            while let Some(name) = map.next_key::<String>()? {
                if name == self.0 {
                    member = Some(map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(member)
        }
    }

    check_length(body)?;
    let mut json = serde_json::Deserializer::from_slice(body);
    let member = json
        .deserialize_map(Member(name, PhantomData))
        .and_then(|member| json.end().map(|()| member));
    match member {
        Ok(Some(Some(form))) => Ok(form),
        Ok(Some(None)) => Err(ApiError::null(name).into()),
        Ok(None) => Err(ApiError::lacks(name).into()),
        Err(error) if error.is_data() => {
            Err(ApiError::unusable(format!("{name} contains no form")).into())
        }
        Err(error) => Err(ApiError::unreadable(error).into()),
    }
}

/// The fields of a form in their order, from an object or from a string that contains one.
pub(super) struct Fields(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a string that contains one")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Fields, E> {
                let mut object = serde_json::Deserializer::from_str(text);
                let fields = serde::Deserializer::deserialize_map(&mut object, self);
                fields
                    .and_then(|fields| object.end().map(|()| fields))
                    .map_err(|_| E::custom("the string contains no object"))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    let value = match value {
                        Value::String(text) => text,
                        Value::Number(number) => number.to_string(),
                        _ => return Err(A::Error::custom("a field is not a text")),
                    };
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_any(FieldsVisitor)
    }
}
