//! Finds conditions that nothing meets.

use super::condition::Condition;

/// The field, or `content-length-range`, whose conditions contradict each other: storage rejects every post.
pub(super) fn find(conditions: &[Condition]) -> Option<&str> {
    let mut fields = conditions.iter().filter_map(Condition::name);
    fields
        .find(|name| !is_possible(conditions, name))
        .or_else(|| (!has_size(conditions)).then_some("content-length-range"))
}

/// Whether some value of a field meets all conditions for it.
fn is_possible(conditions: &[Condition], name: &str) -> bool {
    let is_about = |condition: &&Condition| {
        let about = condition.name();
        about.is_some_and(|about| about.eq_ignore_ascii_case(name))
    };
    let conditions: Vec<_> = conditions.iter().filter(is_about).collect();
    let allowed = |value: &str| conditions.iter().all(|c| c.allows(Some(value)));
    let mut longest = "";
    for condition in &conditions {
        match condition {
            Condition::Equals { value, .. } => return allowed(value),
            Condition::In { values, .. } => return values.iter().any(|value| allowed(value)),
            Condition::StartsWith { prefix, .. } if prefix.len() > longest.len() => {
                longest = prefix;
            }
            _ => {}
        }
    }
    // No list of forbidden values contains everything that begins with a prefix.
    let mut prefixes = conditions.iter().filter_map(|condition| match condition {
        Condition::StartsWith { prefix, .. } => Some(prefix),
        _ => None,
    });
    prefixes.all(|prefix| longest.starts_with(prefix.as_str()))
}

/// Whether some size is in all ranges.
fn has_size(conditions: &[Condition]) -> bool {
    let (mut least, mut most) = (0, u64::MAX);
    for condition in conditions {
        if let Condition::ContentLength { min, max } = condition {
            least = least.max(*min);
            most = most.min(*max);
        }
    }
    least <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(conditions: &str) -> Option<String> {
        let json: Vec<serde_json::Value> = serde_json::from_str(conditions).unwrap();
        let conditions: Vec<_> = json.iter().flat_map(Condition::read).collect();
        find(&conditions).map(str::to_owned)
    }

    #[test]
    fn conditions_that_nothing_meets_are_found() {
        for (conditions, field) in [
            (r#"[{"bucket":"a"},{"bucket":"b"}]"#, "bucket"),
            (r#"[{"key":"a"},["eq","$Key","b"]]"#, "key"),
            (r#"[{"key":"a/1"},["starts-with","$key","b/"]]"#, "key"),
            (
                r#"[["starts-with","$key","a/"],["starts-with","$key","b/"]]"#,
                "key",
            ),
            (r#"[["in","$acl",["a","b"]],{"acl":"c"}]"#, "acl"),
            (r#"[["in","$acl",["a"]],["not-in","$acl",["a"]]]"#, "acl"),
            (r#"[{"acl":"a"},["not-in","$acl",["a"]]]"#, "acl"),
            (r#"[["content-length-range",5,4]]"#, "content-length-range"),
            (
                r#"[["content-length-range",0,4],["content-length-range",5,9]]"#,
                "content-length-range",
            ),
        ] {
            assert_eq!(found(conditions).as_deref(), Some(field), "{conditions}");
        }
        for conditions in [
            "[]",
            r#"[{"bucket":"a"},{"bucket":"a"},["starts-with","$bucket",""]]"#,
            r#"[["starts-with","$key","a/"],["starts-with","$key","a/b/"],{"key":"a/b/c"}]"#,
            r#"[["in","$acl",["a","b"]],["not-in","$acl",["a"]]]"#,
            r#"[["starts-with","$acl","a"],["not-in","$acl",["a"]]]"#,
            r#"[["content-length-range",0,5],["content-length-range",5,9]]"#,
            r#"[["near","$key","a"],{"key":"b"}]"#,
        ] {
            assert_eq!(found(conditions), None, "{conditions}");
        }
    }
}
