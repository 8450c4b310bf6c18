//! Names the option or the command that helps with an error of the library, which does not know the command.

use imgpost::leonardo::{Error, ModelError, ParameterError};
use imgpost::{PolicyError, PresignedPostError, PresignedPutError, UrlError};

/// Text to append to the message; empty if there is nothing to add.
pub fn option_for(error: &Error) -> String {
    match (error, error.core()) {
        (Error::InvalidParameter(invalid), _) if needs_size(invalid) => " (`--size WxH`)".into(),
        (Error::Unconfirmed(call), _) if call.is_charged() => {
            " (`imgpost me` prints the remaining tokens)".into()
        }
        (_, Some(imgpost::Error::PresignedPost(error))) => match error {
            PresignedPostError::Policy(PolicyError::TooLarge { max_bytes, .. }) => {
                format!(" (`--max-bytes {max_bytes}` makes an image fit)")
            }
            PresignedPostError::Policy(PolicyError::ConditionFailed { found: None, .. }) => {
                " (`--field NAME=VALUE` adds one)".into()
            }
            PresignedPostError::Policy(PolicyError::ContentType { .. })
            | PresignedPostError::Put(PresignedPutError::ContentType { .. }) => {
                " (`imgpost post` without `--raw` converts an image)".into()
            }
            PresignedPostError::Url {
                error: UrlError::NotHttps,
                ..
            }
            | PresignedPostError::Put(PresignedPutError::Url {
                error: UrlError::NotHttps,
                ..
            }) => " (`--allow-http` sends it nevertheless)".into(),
            PresignedPostError::Url {
                error: UrlError::NotAUrl,
                ..
            } => {
                "; write the address with its scheme, for example https://bucket.s3.amazonaws.com/"
                    .into()
            }
            PresignedPostError::Several { .. } => {
                " (`--index N` chooses one, counted from 0)".into()
            }
            _ => String::new(),
        },
        _ => String::new(),
    }
}

fn needs_size(invalid: &ParameterError) -> bool {
    match invalid {
        ParameterError::Model(error) => matches!(**error, ModelError::NeedsSize { .. }),
        _ => false,
    }
}
