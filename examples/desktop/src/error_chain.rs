//! An error with its causes, as text for the user.

use std::error::Error;

/// Joins the messages of an error and of its sources with colons.
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let message = error.to_string();
        // Some crates repeat the source in the message.
        if !text.ends_with(&message) {
            text += &format!(": {message}");
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            let source = self.1.as_ref()?;
            Some(source.as_ref())
        }
    }

    #[test]
    fn sources_follow_the_message_once() {
        let source = Layer("connection refused", None);
        let middle = Layer("cannot connect: connection refused", Some(source.into()));
        let error = Layer("the upload failed", Some(middle.into()));
        assert_eq!(
            error_chain(&error),
            "the upload failed: cannot connect: connection refused"
        );
    }
}
