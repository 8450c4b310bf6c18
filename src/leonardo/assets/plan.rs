//! Decides which images are uploaded, from the images in the folder and the entries of the manifest. No I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::manifest::ManifestEntry;

/// An image in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Image {
    /// Its path in the folder, with slashes.
    pub name: String,
    /// The hash of its content and of the options.
    pub hash: String,
}

/// A content without an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upload {
    pub hash: String,
    /// The files with this content, at least one.
    pub names: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// An entry for every file whose content has an id, sorted by name.
    pub entries: Vec<ManifestEntry>,
    /// Each content once.
    pub uploads: Vec<Upload>,
    /// Files that have an entry and no longer exist.
    pub gone: Vec<String>,
}

impl Plan {
    /// Images are identified by their content, not by name or time: a file that was renamed or copied has an id. `images` are
    /// sorted by name.
    pub fn new(images: &[Image], known: &[ManifestEntry]) -> Self {
        // If a content has two ids, a file keeps its own, and a copy gets the first.
        let mut by_hash = BTreeMap::new();
        let mut own = BTreeMap::new();
        for entry in known {
            by_hash.entry(entry.hash.as_str()).or_insert(entry);
            own.entry((entry.file.as_str(), entry.hash.as_str()))
                .or_insert(entry);
        }
        let mut plan = Self::default();
        for Image { name, hash } in images {
            let own = own.get(&(name.as_str(), hash.as_str()));
            if let Some(entry) = own.or_else(|| by_hash.get(hash.as_str())) {
                plan.entries.push(ManifestEntry {
                    file: name.clone(),
                    ..ManifestEntry::clone(entry)
                });
            } else if let Some(upload) = plan.uploads.iter_mut().find(|u| u.hash == *hash) {
                upload.names.push(name.clone());
            } else {
                plan.uploads.push(Upload {
                    hash: hash.clone(),
                    names: vec![name.clone()],
                });
            }
        }
        let existing: BTreeSet<_> = images.iter().map(|image| &image.name).collect();
        let gone: BTreeSet<_> = known
            .iter()
            .map(|entry| &entry.file)
            .filter(|name| !existing.contains(name))
            .collect();
        plan.gone = gone.into_iter().cloned().collect();
        plan
    }

    /// The files without an id, for a message: `1 image (a.png) is`.
    pub fn missing(&self) -> String {
        let names = self.uploads.iter().flat_map(|upload| &upload.names);
        let names: Vec<&str> = names.map(String::as_str).collect();
        let shown = names[..names.len().min(3)].join(", ");
        match names.len() {
            1 => format!("1 image ({shown}) is"),
            all @ ..=3 => format!("{all} images ({shown}) are"),
            all => format!("{all} images ({shown}, …) are"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (known, uploads, gone) = (self.entries.len(), self.uploads.len(), self.gone.len());
        write!(f, "{known} known, {uploads} to upload, {gone} gone")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["a.png", "b.png", "c/d.png"];

    fn image(name: &str, hash: &str) -> Image {
        Image {
            name: name.into(),
            hash: hash.into(),
        }
    }

    /// Files that were uploaded, each with an id of its own.
    fn manifest(files: &[(&str, &str)]) -> Vec<ManifestEntry> {
        let entry = |(name, hash): &(&str, &str)| ManifestEntry {
            file: (*name).into(),
            id: format!("id of {name}"),
            width: 8,
            height: 8,
            extension: "png".into(),
            hash: (*hash).into(),
            api: "x".into(),
        };
        files.iter().map(entry).collect()
    }

    fn uploads(plan: &Plan) -> Vec<(&str, Vec<&str>)> {
        let uploads = plan.uploads.iter();
        uploads
            .map(|upload| {
                let names = upload.names.iter().map(String::as_str);
                (upload.hash.as_str(), names.collect())
            })
            .collect()
    }

    fn ids(plan: &Plan) -> Vec<(&str, &str)> {
        let entries = plan.entries.iter();
        entries
            .map(|entry| (entry.file.as_str(), entry.id.as_str()))
            .collect()
    }

    #[test]
    fn nothing_is_planned_for_nothing() {
        assert_eq!(Plan::new(&[], &[]), Plan::default());
    }

    #[test]
    fn new_files_are_uploaded() {
        let plan = Plan::new(&[image("a.png", "1"), image("b.png", "2")], &[]);
        assert_eq!(uploads(&plan), [("1", vec!["a.png"]), ("2", vec!["b.png"])]);
        assert!(plan.entries.is_empty() && plan.gone.is_empty());
    }

    #[test]
    fn unchanged_file_keeps_its_id() {
        let known = manifest(&[("a.png", "1")]);
        let plan = Plan::new(&[image("a.png", "1")], &known);
        assert_eq!(plan.entries, known);
        assert!(plan.uploads.is_empty() && plan.gone.is_empty());
    }

    #[test]
    fn changed_file_is_uploaded_and_is_not_gone() {
        let plan = Plan::new(&[image("a.png", "2")], &manifest(&[("a.png", "1")]));
        assert_eq!(uploads(&plan), [("2", vec!["a.png"])]);
        assert!(plan.entries.is_empty() && plan.gone.is_empty());
    }

    #[test]
    fn renamed_file_keeps_its_id() {
        let plan = Plan::new(&[image("b.png", "1")], &manifest(&[("a.png", "1")]));
        assert_eq!(ids(&plan), [("b.png", "id of a.png")]);
        assert!(plan.uploads.is_empty());
        assert_eq!(plan.gone, ["a.png"]);
    }

    #[test]
    fn files_that_changed_places_keep_their_ids() {
        let known = manifest(&[("a.png", "1"), ("b.png", "2")]);
        let plan = Plan::new(&[image("a.png", "2"), image("b.png", "1")], &known);
        assert_eq!(
            ids(&plan),
            [("a.png", "id of b.png"), ("b.png", "id of a.png")]
        );
        assert!(plan.uploads.is_empty() && plan.gone.is_empty());
    }

    #[test]
    fn both_sides_of_a_merge_are_used() {
        let known = manifest(&[("a.png", "1"), ("a.png", "2"), ("b.png", "3")]);
        for hash in ["1", "2"] {
            let plan = Plan::new(&[image("a.png", hash), image("b.png", "3")], &known);
            assert_eq!(plan.entries[0].hash, hash);
            assert!(plan.uploads.is_empty() && plan.gone.is_empty());
        }
    }

    #[test]
    fn new_content_of_several_files_is_uploaded_once() {
        let images = NAMES.map(|name| image(name, "1"));
        assert_eq!(uploads(&Plan::new(&images, &[])), [("1", NAMES.to_vec())]);
    }

    #[test]
    fn file_keeps_its_own_id_and_a_copy_gets_the_first() {
        let known = manifest(&[("a.png", "1"), ("b.png", "1")]);
        let plan = Plan::new(&NAMES.map(|name| image(name, "1")), &known);
        let ids: Vec<_> = ids(&plan).into_iter().map(|(_, id)| id).collect();
        assert_eq!(ids, ["id of a.png", "id of b.png", "id of a.png"]);
    }

    #[test]
    fn deleted_files_are_gone() {
        let plan = Plan::new(&[], &manifest(&[("a.png", "1"), ("b.png", "2")]));
        assert_eq!(plan.gone, ["a.png", "b.png"]);
        assert!(plan.entries.is_empty() && plan.uploads.is_empty());
    }

    /// Three files, each missing or with one of three contents.
    fn folders() -> Vec<Vec<(&'static str, &'static str)>> {
        let mut folders = vec![vec![]];
        for name in NAMES {
            let with = |folder: &Vec<_>| {
                let contents =
                    ["1", "2", "3"].map(|hash| [folder.clone(), vec![(name, hash)]].concat());
                [vec![folder.clone()], contents.to_vec()].concat()
            };
            folders = folders.iter().flat_map(with).collect();
        }
        folders
    }

    #[test]
    fn plan_is_right_for_every_folder_and_every_manifest() {
        let mut cases = 0;
        for files in folders() {
            for earlier in folders() {
                let images: Vec<_> = files.iter().map(|(name, hash)| image(name, hash)).collect();
                let known = manifest(&earlier);
                let plan = Plan::new(&images, &known);
                for Image { name, hash } in &images {
                    let uploads = plan.uploads.iter();
                    let to_upload: Vec<_> = uploads.filter(|u| u.names.contains(name)).collect();
                    if let Some(entry) = plan.entries.iter().find(|entry| entry.file == *name) {
                        assert!(to_upload.is_empty());
                        assert_eq!(entry.hash, *hash);
                        assert!(known.iter().any(|known| known.id == entry.id));
                        let own = known.iter().find(|known| known.file == *name);
                        let own = own.filter(|own| own.hash == *hash);
                        assert!(own.is_none_or(|own| own == entry));
                    } else {
                        assert_eq!(to_upload.len(), 1);
                        assert_eq!(to_upload[0].hash, *hash);
                        assert!(known.iter().all(|known| known.hash != *hash));
                    }
                }
                let hashes: BTreeSet<_> = plan.uploads.iter().map(|upload| &upload.hash).collect();
                assert_eq!(hashes.len(), plan.uploads.len());
                let named = plan.uploads.iter().map(|upload| upload.names.len());
                assert_eq!(plan.entries.len() + named.sum::<usize>(), images.len());
                let exists = |name: &str| files.iter().any(|file| file.0 == name);
                let gone = earlier
                    .iter()
                    .map(|file| file.0)
                    .filter(|name| !exists(name));
                assert_eq!(plan.gone, gone.collect::<Vec<_>>());

                // After it is carried out, nothing is left to do.
                let mut after = plan.entries;
                for Upload { hash, names } in plan.uploads {
                    let uploaded = names.iter().map(|name| (name.as_str(), hash.as_str()));
                    after.extend(manifest(&uploaded.collect::<Vec<_>>()));
                }
                after.sort_by(|a, b| a.file.cmp(&b.file));
                let then = Plan::new(&images, &after);
                assert_eq!(
                    (then.entries, then.uploads, then.gone),
                    (after, vec![], vec![])
                );
                cases += 1;
            }
        }
        assert_eq!(cases, 64 * 64);
    }

    #[test]
    fn message_names_the_first_missing_files() {
        let missing = |count: usize| {
            let images: Vec<_> = (0..count)
                .map(|n| image(&format!("{n}.png"), &n.to_string()))
                .collect();
            Plan::new(&images, &[]).missing()
        };
        assert_eq!(missing(1), "1 image (0.png) is");
        assert_eq!(missing(2), "2 images (0.png, 1.png) are");
        assert_eq!(missing(3), "3 images (0.png, 1.png, 2.png) are");
        assert_eq!(missing(9), "9 images (0.png, 1.png, 2.png, …) are");
    }
}
