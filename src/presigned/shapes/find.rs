//! Finds addresses with their fields in JSON.

use super::json::Json;
use super::names::{Role, plain, role};
use super::{Pairs, Shape, curl, flat, html, pairs, report};
use crate::presigned::{PresignedPostError, PresignedPut, fields};

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
    let mut found: Vec<Shape> = Vec::new();
    for shape in posts {
        if !found.contains(&shape) {
            found.push(shape);
        }
    }
    if !found.is_empty() {
        return Ok(found);
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

/// A member of an object by the role its name has.
struct Candidate<T> {
    name: String,
    value: T,
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

/// The one value of all candidates, or the names of two that differ.
fn distinct<T: PartialEq>(
    candidates: Vec<Candidate<T>>,
) -> Result<Option<Candidate<T>>, [String; 2]> {
    let mut candidates = candidates.into_iter();
    let Some(first) = candidates.next() else {
        return Ok(None);
    };
    match candidates.find(|other| other.value != first.value) {
        Some(other) => Err([first.name, other.name]),
        None => Ok(Some(first)),
    }
}

fn addresses_of(members: &[(String, Json)]) -> Vec<Candidate<String>> {
    let mut addresses = Vec::new();
    let mut hosts = Vec::new();
    for (name, value) in members {
        match (role(name), value) {
            (Role::Address, Json::Text(text)) if !text.trim().is_empty() => {
                addresses.push(Candidate {
                    name: name.clone(),
                    value: with_scheme(text),
                });
            }
            (Role::Host, Json::Text(text)) if !text.trim().is_empty() => {
                let text = text.trim();
                let is_bare = !text.contains("://") && !text.starts_with("//");
                let value = if is_bare {
                    format!("https://{text}")
                } else {
                    with_scheme(text)
                };
                let name = name.clone();
                hosts.push(Candidate { name, value });
            }
            (Role::AddressHolder, Json::Object(inner)) => addresses.extend(addresses_of(inner)),
            _ => {}
        }
    }
    // A host beside an address says no more than the address does.
    if addresses.is_empty() {
        hosts
    } else {
        addresses
    }
}

/// An address that begins with its host is that of the page it stands on, which is https.
fn with_scheme(text: &str) -> String {
    let text = text.trim();
    if text.starts_with("//") {
        format!("https:{text}")
    } else {
        text.to_owned()
    }
}

fn fields_of(members: &[(String, Json)]) -> Vec<Candidate<Pairs>> {
    let mut found = Vec::new();
    for (name, value) in members {
        let is_named = role(name) == Role::Fields;
        // Where nothing is named so, fields are recognized by the policy among them.
        let may_be_fields = is_named || !matches!(role(name), Role::Headers | Role::Download);
        let Some(value) = Some(value).filter(|_| may_be_fields).and_then(pairs::read) else {
            continue;
        };
        if value.is_empty() || !is_named && !is_signed(&value) {
            continue;
        }
        found.push(Candidate {
            name: name.clone(),
            value,
        });
    }
    let has_address = !addresses_of(members).is_empty();
    let (named, others): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|found| role(&found.name) == Role::Fields);
    // Of several, only those that are signed can be meant.
    let signed = |found: &Vec<Candidate<Pairs>>| found.iter().any(|f| is_signed(&f.value));
    if signed(&named) {
        named
            .into_iter()
            .filter(|found| is_signed(&found.value))
            .collect()
    } else if has_address && !others.is_empty() {
        others
    } else {
        named
    }
}

/// Whether the names are those of a form, and not of a flat response that has its own address.
fn is_signed(pairs: &Pairs) -> bool {
    let has = |name| fields::value(super::super::pairs(pairs), name).is_some();
    let names_address = pairs
        .iter()
        .any(|(name, _)| matches!(role(name), Role::Address | Role::Host));
    has("policy") && !names_address
}

fn headers_of(members: &[(String, Json)]) -> Pairs {
    let mut headers = members
        .iter()
        .filter(|(name, _)| role(name) == Role::Headers);
    let headers = headers.find_map(|(_, value)| pairs::read(value));
    headers.unwrap_or_default()
}

/// The body of an API gateway's response that is encoded in base64.
fn decoded_body(members: &[(String, Json)], name: &str, value: &Json) -> Option<Json> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let is_encoded = members
        .iter()
        .any(|(name, value)| plain(name) == "isbase64encoded" && value.as_text() == Some("true"));
    let text = value.as_text().filter(|_| is_encoded && name == "body")?;
    let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    Some(Json::Text(text))
}

/// The address of a bucket at AWS, which Froala's clients build of its name and region.
fn aws_address(members: &[(String, Json)], fields: &Pairs) -> Option<String> {
    let mut names = fields.iter().map(|(name, _)| plain(name));
    if !names.any(|name| matches!(name.as_str(), "xamzsignature" | "awsaccesskeyid")) {
        return None;
    }
    let value = |name: &str| {
        let mut members = members.iter();
        let value = members.find_map(|(n, value)| (plain(n) == name).then_some(value));
        let value = value?.as_text()?;
        let is_label =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        let is_name = !value.is_empty() && value.chars().all(is_label);
        is_name.then_some(value)
    };
    let (bucket, region) = (value("bucket")?, value("region")?);
    let region = match region
        .strip_prefix("s3")
        .map(|rest| rest.trim_start_matches(['-', '.']))
    {
        Some("") => "us-east-1",
        Some(region) => region,
        None => region,
    };
    let domain = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    // A certificate does not cover a bucket with a dot in its name.
    Some(if bucket.contains('.') {
        format!("https://s3.{region}.{domain}/{bucket}")
    } else {
        format!("https://{bucket}.s3.{region}.{domain}/")
    })
}
