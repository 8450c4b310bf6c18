//! Finds addresses with their fields in JSON.

use std::collections::HashSet;

use super::json::Json;
use super::members::{
    Candidate, addresses_of, aws_address, decoded_body, distinct, fields_of, headers_of,
};
use super::names::{Role, plain, role};
use super::{Pairs, Shape, curl, flat, html, report};
use crate::presigned::{PresignedPostError, PresignedPut};

/// How many members deep a form may be. Lists and strings that contain JSON do not count.
const MAX_DEPTH: usize = 4;

/// How many strings that contain JSON may contain each other.
const MAX_STRINGS: usize = 2;

/// Reads all presigned uploads; there is at least one.
pub(super) fn read(json: &Json) -> Result<Vec<Shape>, PresignedPostError> {
    let mut finder = Finder::default();
    finder.walk(json, &Place::default());
    let Finder {
        mut posts,
        mut puts,
        failures,
        ..
    } = finder;
    if let Some(error) = failures.conflict {
        return Err(error);
    }
    if posts.is_empty() {
        // A signed URL may be for anything; one with a method says what it is for.
        if puts.iter().any(|(_, is_declared)| *is_declared) {
            puts.retain(|(_, is_declared)| *is_declared);
        }
        posts.extend(puts.into_iter().map(|(put, _)| put));
    }
    let mut seen = HashSet::new();
    posts.retain(|shape| seen.insert(shape.clone()));
    if !posts.is_empty() {
        return Ok(posts);
    }
    Err(match report::api_error(json) {
        Some(message) => PresignedPostError::Api { message },
        None => failures
            .incomplete
            .unwrap_or_else(|| PresignedPostError::NoForm {
                found: report::keys(json),
            }),
    })
}

#[derive(Default)]
struct Finder {
    posts: Vec<Shape>,
    /// With whether a method says that it is a PUT.
    puts: Vec<(Shape, bool)>,
    failures: Failures,
}

/// Why parts of the JSON are not a form.
#[derive(Default)]
struct Failures {
    /// Two candidates that differ.
    conflict: Option<PresignedPostError>,
    /// An address without fields, or fields without an address. The first one is reported.
    incomplete: Option<PresignedPostError>,
}

/// Where in the JSON a value is.
#[derive(Clone, Default)]
struct Place {
    path: String,
    depth: usize,
    strings: usize,
}

impl Place {
    fn member(&self, name: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self {
            path: format!("{}{dot}{name}", self.path),
            depth: self.depth + 1,
            strings: self.strings,
        }
    }
}

impl Finder {
    fn walk(&mut self, json: &Json, place: &Place) {
        match json {
            Json::Object(members) => self.object(members, place),
            Json::List(items) => items.iter().for_each(|item| self.walk(item, place)),
            Json::Text(text) if place.strings < MAX_STRINGS => self.string(text, place),
            _ => {}
        }
    }

    /// A string may contain JSON, as the `body` of an API gateway does, or another text that is read.
    fn string(&mut self, text: &str, place: &Place) {
        let inner = Place {
            strings: place.strings + 1,
            ..place.clone()
        };
        if let Some(json) = Json::parse_inner(text) {
            self.walk(&json, &inner);
        } else if let Some(line) = curl::find(text) {
            match curl::read(line) {
                Ok(shape @ Shape::Post { .. }) => self.posts.push(shape),
                Ok(shape @ Shape::Put { .. }) => self.puts.push((shape, true)),
                Err(error) => self.incomplete(error),
            }
        } else if text.trim_start().starts_with("<form") {
            if let Ok(shapes) = html::read(text) {
                self.posts.extend(shapes);
            }
        } else if place.path.is_empty() && super::is_url(text) {
            let (url, headers) = (text.to_owned(), Pairs::new());
            self.puts.push((Shape::Put { url, headers }, false));
        }
    }

    fn object(&mut self, members: &[(String, Json)], place: &Place) {
        let found_fields = fields_of(members);
        let consumed: Vec<_> = found_fields
            .iter()
            .map(|found| found.name.clone())
            .collect();
        self.candidate(members, found_fields, place);
        if place.depth == MAX_DEPTH {
            return;
        }
        for (name, value) in members {
            let is_skipped = matches!(role(name), Role::Headers | Role::Download);
            if is_skipped || consumed.contains(name) {
                continue;
            }
            match decoded_body(members, name, value) {
                Some(body) => self.walk(&body, &place.member(name)),
                None => self.walk(value, &place.member(name)),
            }
        }
    }

    /// Reads an object as an upload.
    fn candidate(
        &mut self,
        members: &[(String, Json)],
        found_fields: Vec<Candidate<Pairs>>,
        place: &Place,
    ) {
        let addresses = addresses_of(members);
        let mut methods = members
            .iter()
            .filter(|(name, _)| plain(name).ends_with("method"));
        let method = methods.find_map(|(_, value)| value.as_text().map(str::to_ascii_lowercase));
        let is_put = method.as_deref() == Some("put");
        let is_upload = matches!(method.as_deref(), None | Some("put" | "post"));
        let located = |name: &str| place.member(name).path;
        let address = match distinct(addresses) {
            Ok(address) => address,
            // Without fields, it is only an object with several addresses.
            Err(_) if found_fields.is_empty() && !is_put => return,
            Err([one, other]) => {
                return self.conflict("addresses", &located(&one), &located(&other));
            }
        };
        let found_fields = match distinct(found_fields) {
            Ok(found) => found,
            Err([one, other]) if address.is_some() => {
                return self.conflict("sets of fields", &located(&one), &located(&other));
            }
            Err(_) => return,
        };
        let fields = match found_fields {
            Some(fields) => Some(fields),
            None => flat::read(members).map(|value| Candidate {
                name: String::from("policy"),
                value,
            }),
        };
        match (address, fields) {
            (Some(address), Some(fields)) => self.posts.push(Shape::Post {
                url: address.value,
                fields: fields.value,
            }),
            (Some(_), None) if !is_upload => {}
            (Some(address), None) if is_put || PresignedPut::is_signed(&address.value) => {
                let headers = headers_of(members);
                let (url, is_declared) = (address.value, is_put || !headers.is_empty());
                self.puts.push((Shape::Put { url, headers }, is_declared));
            }
            (Some(address), None) => {
                let unreadable = |(name, value): &&(String, Json)| {
                    role(name) == Role::Fields && !value.is_empty()
                };
                self.incomplete(match members.iter().find(unreadable) {
                    Some((name, _)) => PresignedPostError::Fields {
                        name: located(name),
                    },
                    None => PresignedPostError::NoFields {
                        address: located(&address.name),
                    },
                });
            }
            (None, Some(fields)) => match aws_address(members, &fields.value) {
                Some(url) => self.posts.push(Shape::Post {
                    url,
                    fields: fields.value,
                }),
                None => self.incomplete(PresignedPostError::NoAddress {
                    fields: located(&fields.name),
                }),
            },
            (None, None) => {}
        }
    }

    fn conflict(&mut self, what: &'static str, one: &str, other: &str) {
        self.failures
            .conflict
            .get_or_insert(PresignedPostError::Differing {
                what,
                names: [one.into(), other.into()],
            });
    }

    fn incomplete(&mut self, error: PresignedPostError) {
        self.failures.incomplete.get_or_insert(error);
    }
}
