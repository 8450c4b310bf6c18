//! The code that a program includes.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::manifest::Entry;

/// A table of the images, by name, for a module that has a type `Asset`.
pub fn table(entries: &BTreeMap<String, Entry>) -> String {
    let mut code = String::from("// Made by build.rs.\n");
    let _ = writeln!(code, "pub const ASSETS: [Asset; {}] = [", entries.len());
    for (name, entry) in entries {
        let Entry {
            id,
            width,
            height,
            extension,
            ..
        } = entry;
        // What `Debug` makes of a text is a literal of Rust.
        let _ = writeln!(
            code,
            "    Asset {{ name: {name:?}, id: {id:?}, width: {width}, height: {height}, extension: {extension:?} }},"
        );
    }
    code + "];\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_name_or_an_id_holds_stays_in_its_literal() {
        let entry = Entry {
            hash: "0".into(),
            id: "\"];\n".into(),
            width: 8,
            height: 16,
            extension: "png".into(),
        };
        let entries = BTreeMap::from([(r#"a\"{}.png"#.to_owned(), entry)]);
        assert_eq!(
            table(&entries),
            "// Made by build.rs.\n\
             pub const ASSETS: [Asset; 1] = [\n    \
             Asset { name: \"a\\\\\\\"{}.png\", id: \"\\\"];\\n\", width: 8, height: 16, extension: \"png\" },\n\
             ];\n"
        );
    }

    #[test]
    fn no_picture_makes_an_empty_table() {
        assert_eq!(
            table(&BTreeMap::new()),
            "// Made by build.rs.\npub const ASSETS: [Asset; 0] = [\n];\n"
        );
    }
}
