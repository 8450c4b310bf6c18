//! An error as a person reads it: in imgpost's own words, with what is behind it.

use std::error::Error;

/// The message, and that of every source. imgpost's own messages say what to do next.
pub fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let behind = error.to_string();
        // Those of other crates may repeat the words of their source.
        if !text.ends_with(&behind) {
            text += &format!(": {behind}");
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use imgpost::Prepare;

    #[test]
    fn the_source_is_told_too() {
        let error = Prepare::default().open("missing.jpg").unwrap_err();
        let text = told(&error);
        assert!(text.starts_with("missing.jpg: cannot be read: "), "{text}");
    }
}
