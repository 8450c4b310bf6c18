//! Characters that must not reach a terminal or a log. The `imgpost` command includes this file too, so there is one
//! list.

/// Whether `c` can control a terminal, break a line, reorder the text around it or hide in it.
///
/// U+200C and U+200D are printable: Persian, Indic scripts and emoji need them.
pub(crate) fn is_unprintable(c: char) -> bool {
    // C0, DEL and C1.
    c.is_control()
        || matches!(c,
            '\u{ad}'                    // soft hyphen
            | '\u{61c}'                 // Arabic letter mark
            | '\u{180e}'                // Mongolian vowel separator
            | '\u{200b}'                // zero-width space
            | '\u{200e}'..='\u{200f}'   // left-to-right and right-to-left marks
            | '\u{2028}'..='\u{202e}'   // line and paragraph separators, bidirectional embeddings and overrides
            | '\u{2060}'..='\u{206f}'   // word joiner, invisible operators, bidirectional isolates
            | '\u{feff}'                // byte order mark
            | '\u{fff9}'..='\u{fffb}'   // interlinear annotations
            | '\u{1bca0}'..='\u{1bca3}' // shorthand format controls
            | '\u{1d173}'..='\u{1d17a}' // musical format controls
            | '\u{e0000}'..='\u{e007f}' // tags
        )
}
