//! Enums of texts that others define: an unknown text is kept unchanged.

/// Defines an enum with a variant for each known text, and `Other` for the rest, that is read, written and displayed as
/// the text.
macro_rules! open_enum {
    ($(#[$attribute:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            /// Any other text.
            Other(String),
        }

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)*
                    other => Self::Other(other.into()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::from(text.as_str()))
            }
        }
    };
}

pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    open_enum! {
        /// A letter.
        Letter {
            /// The first.
            A = "a",
        }
    }

    #[test]
    fn every_text_reads_back() {
        for text in ["a", "b", ""] {
            let json = format!("\"{text}\"");
            let letter: Letter = serde_json::from_str(&json).unwrap();
            assert_eq!(letter.to_string(), text);
            assert_eq!(serde_json::to_string(&letter).unwrap(), json);
        }
        assert_eq!(Letter::from("a"), Letter::A);
        assert_eq!(Letter::from("b"), Letter::Other("b".into()));
    }
}
