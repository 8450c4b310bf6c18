//! Types of files as forms declare them.

/// The content type to send a file with that is uploaded unchanged. `declared` is what its form or URL declares, and
/// `detect` recognizes the file: it is called if `declared` is not one type.
pub(crate) fn for_file<E>(
    declared: Option<&str>,
    detect: impl FnOnce() -> Result<Option<&'static str>, E>,
) -> Result<Option<&str>, E> {
    let declared = declared.filter(|declared| !declared.is_empty());
    let is_single = |declared: &str| !is_partial(declared) && !declared.contains(',');
    if declared.is_some_and(is_single) {
        return Ok(declared);
    }
    let detected = detect()?;
    let fits = |detected: &&str| declared.is_none_or(|declared| covers(declared, detected));
    Ok(detected.filter(fits).or(declared))
}

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
    fn a_range_is_narrowed_to_the_type_of_the_file() {
        let jpeg = Some("image/jpeg");
        for (declared, detected, expected) in [
            (None, jpeg, jpeg),
            (None, None, None),
            (Some("image/png"), jpeg, Some("image/png")),
            (Some("image/"), jpeg, jpeg),
            (Some("image/*"), jpeg, jpeg),
            (Some("image/png, image/jpeg"), jpeg, jpeg),
            (Some(""), jpeg, jpeg),
            (Some(""), None, None),
            // The storage takes the value as it was signed.
            (Some("image/"), Some("video/mp4"), Some("image/")),
            (Some("image/"), None, Some("image/")),
        ] {
            let chosen = for_file(declared, || Ok::<_, ()>(detected));
            assert_eq!(chosen, Ok(expected), "{declared:?} {detected:?}");
        }
    }

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
