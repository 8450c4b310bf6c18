//! The only entry point to the codecs, our own included: it turns a panic into an error and keeps every error to one short
//! line.
//!
//! A decoder gets bytes that nobody has checked, and a bug in it must not end the program that uses this crate. The
//! panic hook still runs first, so by default a line appears on standard error; a library must not replace the hook of
//! its program. If the program is built with `panic = "abort"`, nothing can be caught.

use std::any::Any;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::error::PrepareErrorKind;
use crate::text::one_line;

/// The longest message of a codec that an error keeps, in characters. Some codecs print the content of the file, which
/// may be a hundred thousand characters; with this limit, a whole error has at most 300 besides the file name.
const MAX_MESSAGE: usize = 120;

/// The error for an image whose format, or variant of a format, is not supported.
pub(super) fn unsupported(what: impl Display) -> PrepareErrorKind {
    PrepareErrorKind::Unsupported {
        what: short_line(what),
    }
}

/// The error for a file that is truncated or damaged, with what the decoder reports.
pub(super) fn damaged(format: &'static str, cause: impl Display) -> PrepareErrorKind {
    PrepareErrorKind::Damaged {
        format,
        source: short_line(cause).into(),
    }
}

fn short_line(text: impl Display) -> String {
    let line = one_line(&text.to_string());
    match line.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// Runs a decoder of `format` on bytes from outside. A panic becomes [`PrepareErrorKind::DecoderFailed`].
pub(super) fn decode<T>(
    format: &'static str,
    run: impl FnOnce() -> Result<T, PrepareErrorKind>,
) -> Result<T, PrepareErrorKind> {
    catch(run).unwrap_or_else(|panic| {
        Err(PrepareErrorKind::DecoderFailed {
            format,
            source: panic.into(),
        })
    })
}

/// Runs an encoder. A panic becomes an error like any other of the encoder.
pub(super) fn encode<T>(
    run: impl FnOnce() -> Result<T, PrepareErrorKind>,
) -> Result<T, PrepareErrorKind> {
    catch(run).unwrap_or_else(|panic| Err(PrepareErrorKind::Encode(panic.into())))
}

/// Runs a codec. The error is the first line of its panic message.
pub(super) fn catch<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    // No half-changed state is visible afterwards: `run` owns the codec, which is dropped while the stack unwinds, and
    // only reads what it borrows. Only the position of a file may have changed, and every reader of a file sets that
    // before it reads.
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        let message = message(payload.as_ref());
        log::debug!("a codec panicked: {message}");
        format!("it panicked: {message}")
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    let line = text.and_then(|text| text.lines().next());
    short_line(line.unwrap_or("no message"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::error::PrepareError;

    fn decoded(run: impl FnOnce() -> Result<u8, PrepareErrorKind>) -> Result<u8, String> {
        decode("TIFF", run).map_err(|kind| {
            let PrepareErrorKind::DecoderFailed { format, source } = kind else {
                return kind.to_string();
            };
            format!("{format}: {source}")
        })
    }

    #[test]
    fn panic_becomes_an_error_with_its_first_line() {
        let nothing: Option<u8> = std::hint::black_box(None);
        let by_index = |at: usize| std::hint::black_box([1, 2])[at];
        assert_eq!(decoded(|| Ok(by_index(1))), Ok(2));
        assert_eq!(
            decoded(|| Ok(by_index(2))),
            Err("TIFF: it panicked: index out of bounds: the len is 2 but the index is 2".into())
        );
        assert_eq!(
            decoded(|| Ok(nothing.expect("one\ntwo"))),
            Err("TIFF: it panicked: one".into())
        );
        assert_eq!(
            decoded(|| std::panic::panic_any(7)),
            Err("TIFF: it panicked: no message".into())
        );
        let long = decoded(|| panic!("{}", "ü".repeat(1000)));
        assert_eq!(
            long.unwrap_err().chars().count(),
            "TIFF: it panicked: ".len() + MAX_MESSAGE + "…".chars().count()
        );
    }

    #[test]
    fn messages_of_codecs_are_one_short_line() {
        let long = format!("tag {:?}\n\u{1b}[2J", vec![7; 50_000]);
        let damaged = damaged("TIFF", &long);
        let source = std::error::Error::source(&PrepareError::new(damaged, None))
            .unwrap()
            .to_string();
        for text in [source, unsupported(&long).to_string()] {
            assert!(text.chars().count() < 200, "{text}");
            assert!(!text.contains(['\n', '\u{1b}']), "{text}");
        }
        assert_eq!(short_line("short"), "short");
    }

    #[test]
    fn error_of_a_decoder_stays_what_it_is() {
        let error = decoded(|| Err(PrepareErrorKind::NotAnImage));
        assert_eq!(error, Err(PrepareErrorKind::NotAnImage.to_string()));
    }

    #[test]
    fn encoder_that_panics_cannot_encode() {
        let Err(PrepareErrorKind::Encode(error)) = encode::<()>(|| panic!("too wide")) else {
            panic!("no error of the encoder");
        };
        assert_eq!(error.to_string(), "it panicked: too wide");
    }
}
