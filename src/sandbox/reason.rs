//! Why a request was rejected, in one line, from the body of the response.

use serde_json::Value;

use super::http::Response;

/// The code and the message of an error response. `None` for a success.
pub(super) fn of(response: &Response) -> Option<String> {
    let body = String::from_utf8_lossy(response.body.as_slice());
    match response.content_type() {
        // Version 2 of the API reports errors with status 200.
        Some("application/json") => of_json(&serde_json::from_str(&body).ok()?),
        _ if response.status < 400 => None,
        Some("application/xml") => of_xml(&body),
        _ => {
            let first = body.lines().next().unwrap_or_default();
            (!first.is_empty()).then(|| first.to_owned())
        }
    }
}

fn of_json(json: &Value) -> Option<String> {
    if let Some(message) = json["error"].as_str() {
        return Some(join(json["code"].as_str(), message));
    }
    let error = json.get("errors")?.get(0)?;
    let code = error["extensions"]["code"].as_str();
    Some(join(code, error["message"].as_str()?))
}

fn of_xml(xml: &str) -> Option<String> {
    let document = roxmltree::Document::parse(xml).ok()?;
    let text = |name| {
        let mut children = document.root_element().children();
        children.find(|child| child.has_tag_name(name))?.text()
    };
    Some(join(text("Code"), text("Message").unwrap_or_default()))
}

fn join(code: Option<&str>, message: &str) -> String {
    match code {
        Some(code) => format!("{code}: {message}"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn code_and_message_of_every_form_of_error_are_found() {
        let v1 = json!({"error": "no such id", "path": "$", "code": "not-found"});
        let v2 = json!({"errors": [{"message": "no model", "extensions": {"code": "x"}}]});
        let xml =
            "<?xml version=\"1.0\"?>\n<Error><Code>A</Code><Message>b &amp; c</Message></Error>";
        for (response, reason) in [
            (Response::json(404, &v1), Some("not-found: no such id")),
            (Response::json(200, &v2), Some("x: no model")),
            (Response::new(403, "application/xml", xml), Some("A: b & c")),
            (Response::text(421, "not ours\n"), Some("not ours")),
            (Response::json(200, &json!({"id": 1})), None),
            (
                Response::new(201, "application/xml", "<PostResponse/>"),
                None,
            ),
            (Response::text(502, ""), None),
        ] {
            assert_eq!(of(&response).as_deref(), reason);
        }
    }
}
