//! Types of files as forms declare them.

/// Whether a form that declares `declared` may be posted with a file of type `file`: the same type, one of a list, or a
/// range such as `image/*`.
pub(super) fn covers(declared: &str, file: &str) -> bool {
    declared.split(',').any(|item| {
        let (item, file) = (normal(item), normal(file));
        let prefix = item.split('*').next().unwrap_or_default();
        item == file || is_partial(&item) && file.starts_with(prefix)
    })
}

/// Whether a value is a range or a prefix and no type, such as `image/*`, `image/` or nothing at all.
pub(super) fn is_partial(content_type: &str) -> bool {
    content_type.is_empty() || content_type.ends_with('/') || content_type.ends_with('*')
}

/// `image/jpg` is no registered type, and is written by those who mean `image/jpeg`.
pub(super) fn normal(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    match essence.trim().to_ascii_lowercase().as_str() {
        "image/jpg" => "image/jpeg".into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_lists_cover_what_is_in_them() {
        for (declared, file, covered) in [
            ("image/jpeg", "image/jpeg", true),
            ("image/jpg", "image/jpeg", true),
            ("IMAGE/JPEG; q=1", "image/jpeg", true),
            ("image/*", "image/webp", true),
            ("image/", "image/webp", true),
            ("*/*", "image/png", true),
            ("*", "image/png", true),
            ("", "image/png", true),
            ("image/png, image/jpeg", "image/jpeg", true),
            ("image/png,image/webp", "image/jpeg", false),
            ("video/*", "image/jpeg", false),
            ("image/png", "image/jpeg", false),
        ] {
            assert_eq!(covers(declared, file), covered, "{declared} {file}");
        }
    }
}
