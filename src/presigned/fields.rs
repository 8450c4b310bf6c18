//! Fields of a form by name: S3 matches names in any capitalisation, and the first of a name counts.

pub(crate) fn value<'a>(
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    name: &str,
) -> Option<&'a str> {
    let mut fields = fields.into_iter();
    fields.find_map(|(n, value)| n.eq_ignore_ascii_case(name).then_some(value))
}
