//! Results into a folder, each under its id.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use imgpost::leonardo::{Client, Error};

use crate::context::Context;
use crate::failure::Failure;

/// The longest name that is made of an id; those of the API have 36 characters.
const MAX_NAME: usize = 100;

/// Downloads the results with these ids and URLs, and gives the file of each that arrived. One that fails does not keep
/// the others from being downloaded.
pub fn download(
    context: &Context,
    client: &Client,
    folder: &Path,
    results: &[(String, String)],
) -> (Vec<Option<PathBuf>>, Result<(), Failure>) {
    let mut names = Names::default();
    let mut failures = Vec::new();
    let mut files = Vec::new();
    for (id, url) in results {
        let spinner = context.spinner(format!("downloading {id}"));
        let downloaded = client.download_into(url, folder, &names.next(id));
        drop(spinner);
        files.push(match downloaded {
            Ok(downloaded) => Some(downloaded.path),
            Err(error) => {
                failures.push((id, failure(&error)));
                None
            }
        });
    }
    (files, outcome(context, failures, results.len()))
}

fn failure(error: &Error) -> Failure {
    match error {
        // A folder that cannot be written to is no failure of an image.
        Error::Core(imgpost::Error::File(_)) => Failure::usage(format!("{error:#}")),
        error => Failure::of(error),
    }
}

/// One failure of one download is the failure of the command; of several, each is reported here.
fn outcome(
    context: &Context,
    mut failures: Vec<(&String, Failure)>,
    count: usize,
) -> Result<(), Failure> {
    if context.cancel_token().is_cancelled() && !failures.is_empty() {
        return Err(Failure::download_cancelled(count - failures.len(), count));
    }
    if count == 1
        && let Some((_, failure)) = failures.pop()
    {
        return Err(failure);
    }
    for (id, failure) in &failures {
        context.fail(&format!("{id}: {failure}"));
    }
    Failure::of_downloads(failures.len(), count)
}

/// The names that were given in this call: results with one id do not overwrite each other. What an earlier call put
/// there under the same id is the same result.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    fn next(&mut self, id: &str) -> String {
        let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let mut name: String = id.chars().filter(plain).take(MAX_NAME).collect();
        if name.is_empty() {
            name = "result".into();
        }
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        // Some file systems do not distinguish case.
        let free = candidates.find(|name| self.0.insert(name.to_ascii_lowercase()));
        free.expect("there is no end of numbers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_of_a_call_gets_a_name_of_its_own() {
        let mut names = Names::default();
        let given = ["a", "b", "a", "A", "a-2", "../a", "", "/", "c/../../d"];
        let expected = [
            "a", "b", "a-2", "A-3", "a-2-2", "a-4", "result", "result-2", "cd",
        ];
        assert_eq!(given.map(|id| names.next(id)), expected);
        assert_eq!(names.next(&"x".repeat(1000)).len(), MAX_NAME);
    }
}
