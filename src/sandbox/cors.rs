//! Cross-origin requests ([Fetch](https://fetch.spec.whatwg.org/#http-cors-protocol)): web pages of any origin may call the
//! API and the storage. Both require secrets of a page: the API key, a form, or an unguessable key. The sandbox's own
//! page lists all of them, so other origins cannot read it.

use super::http::{Incoming, Response};

/// The response to a preflight request: the permission for the request that the browser announces.
pub(super) fn preflight(request: &Incoming<'_>) -> Option<Response> {
    request.header("origin")?;
    request.header("access-control-request-method")?;
    if request.method != "OPTIONS" {
        return None;
    }
    let mut response = Response::text(204, "");
    let methods = "DELETE, GET, HEAD, POST, PUT";
    response.add_header("Access-Control-Allow-Methods", methods);
    // A wildcard would not cover Authorization.
    if let Some(names) = request.header("access-control-request-headers") {
        response.add_header("Access-Control-Allow-Headers", names);
    }
    response.add_header("Access-Control-Max-Age", "600");
    Some(response)
}

/// Lets the page that sent the request read the response.
pub(super) fn allow(request: &Incoming<'_>, response: &mut Response) {
    if request.header("origin").is_some() {
        response.add_header("Access-Control-Allow-Origin", "*");
        response.add_header("Access-Control-Expose-Headers", "*");
    }
}
