//! Downloads results into a folder, each under its id.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use imgpost::leonardo::{Client, Error};

use crate::context::Context;
use crate::failure::Failure;

/// The longest file name made of an id. Ids of the API have 36 characters.
const MAX_NAME: usize = 100;

/// Downloads the results with these ids and URLs. Returns the file of each, or `None` for those that failed. The failure of
/// one does not affect the others.
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
        // The folder cannot be written to, which is not the failure of an image.
        Error::Core(imgpost::Error::File(_)) => Failure::usage(format!("{error:#}")),
        error => Failure::from_error(error),
    }
}

/// The failure of a single download is that of the command. Of several downloads, each failure is reported here.
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
    let failed = failures.len();
    for (id, failure) in failures {
        context.fail(&failure.of_result(id));
    }
    Failure::of_downloads(failed, count)
}

/// The names that this call has used, so that results with the same id do not overwrite each other. A file of an earlier
/// call under the same id is the same result.
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
        free.expect("numbers do not run out")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_has_its_own_name() {
        let mut names = Names::default();
        let given = ["a", "b", "a", "A", "a-2", "../a", "", "/", "c/../../d"];
        let expected = [
            "a", "b", "a-2", "A-3", "a-2-2", "a-4", "result", "result-2", "cd",
        ];
        assert_eq!(given.map(|id| names.next(id)), expected);
        assert_eq!(names.next(&"x".repeat(1000)).len(), MAX_NAME);
    }
}
