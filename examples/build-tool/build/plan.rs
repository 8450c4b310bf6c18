//! What has to be uploaded, told from what is in the folder and what was uploaded before. No I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::manifest::Entry;

/// An image in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its path in the folder, with slashes.
    pub name: String,
    /// The hash of what is in it and of what it is prepared as.
    pub hash: String,
}

/// A content that has no id yet, whether its file is new or was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub hash: String,
    /// All the files that have it, at least one.
    pub names: Vec<String>,
}

/// What there is, and what there is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Of every file whose content has an id.
    pub entries: BTreeMap<String, Entry>,
    /// Each content once.
    pub uploads: Vec<Upload>,
    /// Files that had an id and are no longer there.
    pub gone: Vec<String>,
}

impl Plan {
    /// The content of a file decides, not its name or its time: what was renamed or copied has an id.
    pub fn new(assets: &[Asset], known: &BTreeMap<String, Entry>) -> Self {
        // Of two ids of one content, that of the first name: any rule will do, as long as it is one.
        let mut by_hash = BTreeMap::new();
        for entry in known.values() {
            by_hash.entry(entry.hash.as_str()).or_insert(entry);
        }
        let mut plan = Self::default();
        for Asset { name, hash } in assets {
            let own = known.get(name).filter(|entry| entry.hash == *hash);
            let entry = own.or_else(|| by_hash.get(hash.as_str()).copied());
            let same = |upload: &&mut Upload| upload.hash == *hash;
            match (entry, plan.uploads.iter_mut().find(same)) {
                (Some(entry), _) => {
                    plan.entries.insert(name.clone(), entry.clone());
                }
                (None, Some(upload)) => upload.names.push(name.clone()),
                (None, None) => plan.uploads.push(Upload {
                    hash: hash.clone(),
                    names: vec![name.clone()],
                }),
            }
        }
        let there: BTreeSet<_> = assets.iter().map(|asset| &asset.name).collect();
        let gone = known.keys().filter(|name| !there.contains(name));
        plan.gone = gone.cloned().collect();
        plan
    }

    /// Which files have no id, for a message: `1 image (a.png) is`.
    pub fn missing(&self) -> String {
        let names = self.uploads.iter().flat_map(|upload| &upload.names);
        let names: Vec<&str> = names.map(String::as_str).collect();
        let shown = names[..names.len().min(3)].join(", ");
        match names.len() {
            1 => format!("1 picture ({shown}) is"),
            all @ ..=3 => format!("{all} pictures ({shown}) are"),
            all => format!("{all} pictures ({shown}, …) are"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (there, uploads, gone) = (self.entries.len(), self.uploads.len(), self.gone.len());
        write!(f, "{there} known, {uploads} to upload, {gone} gone")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["a.png", "b.png", "c/d.png"];

    fn asset(name: &str, hash: &str) -> Asset {
        Asset {
            name: name.into(),
            hash: hash.into(),
        }
    }

    /// A file that was uploaded, with an id of its own.
    fn manifest(files: &[(&str, &str)]) -> BTreeMap<String, Entry> {
        let entry = |(name, hash): &(&str, &str)| Entry {
            hash: (*hash).into(),
            id: format!("id of {name}"),
            width: 8,
            height: 8,
            extension: "png".into(),
        };
        let files = files.iter();
        files.map(|file| (file.0.into(), entry(file))).collect()
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

    #[test]
    fn nothing_comes_of_nothing() {
        assert_eq!(Plan::new(&[], &BTreeMap::new()), Plan::default());
    }

    #[test]
    fn what_is_new_is_uploaded() {
        let plan = Plan::new(&[asset("a.png", "1"), asset("b.png", "2")], &manifest(&[]));
        assert_eq!(uploads(&plan), [("1", vec!["a.png"]), ("2", vec!["b.png"])]);
        assert!(plan.entries.is_empty() && plan.gone.is_empty());
    }

    #[test]
    fn what_is_as_it_was_keeps_its_id() {
        let known = manifest(&[("a.png", "1")]);
        let plan = Plan::new(&[asset("a.png", "1")], &known);
        assert_eq!(plan.entries, known);
        assert!(plan.uploads.is_empty() && plan.gone.is_empty());
    }

    #[test]
    fn what_was_changed_is_uploaded_and_is_not_gone() {
        let plan = Plan::new(&[asset("a.png", "2")], &manifest(&[("a.png", "1")]));
        assert_eq!(uploads(&plan), [("2", vec!["a.png"])]);
        assert!(plan.entries.is_empty() && plan.gone.is_empty());
    }

    #[test]
    fn what_was_renamed_keeps_its_id_under_the_new_name() {
        let plan = Plan::new(&[asset("b.png", "1")], &manifest(&[("a.png", "1")]));
        assert_eq!(plan.entries["b.png"].id, "id of a.png");
        assert!(plan.uploads.is_empty());
        assert_eq!(plan.gone, ["a.png"]);
    }

    #[test]
    fn two_that_changed_places_take_their_ids_along() {
        let known = manifest(&[("a.png", "1"), ("b.png", "2")]);
        let plan = Plan::new(&[asset("a.png", "2"), asset("b.png", "1")], &known);
        assert_eq!(plan.entries["a.png"].id, "id of b.png");
        assert_eq!(plan.entries["b.png"].id, "id of a.png");
        assert!(plan.uploads.is_empty() && plan.gone.is_empty());
    }

    #[test]
    fn a_new_content_of_several_files_is_uploaded_once() {
        let assets = NAMES.map(|name| asset(name, "1"));
        assert_eq!(
            uploads(&Plan::new(&assets, &manifest(&[]))),
            [("1", NAMES.to_vec())]
        );
    }

    #[test]
    fn of_two_ids_of_a_content_each_file_keeps_its_own_and_a_copy_takes_the_first() {
        let known = manifest(&[("a.png", "1"), ("b.png", "1")]);
        let plan = Plan::new(&NAMES.map(|name| asset(name, "1")), &known);
        let ids: Vec<_> = plan.entries.values().map(|entry| &entry.id).collect();
        assert_eq!(ids, ["id of a.png", "id of b.png", "id of a.png"]);
    }

    #[test]
    fn what_was_deleted_is_gone() {
        let plan = Plan::new(&[], &manifest(&[("a.png", "1"), ("b.png", "2")]));
        assert_eq!(plan.gone, ["a.png", "b.png"]);
        assert!(plan.entries.is_empty() && plan.uploads.is_empty());
    }

    /// Three files, each missing or of one of three contents.
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
    fn it_holds_for_every_folder_and_every_manifest() {
        let mut cases = 0;
        for files in folders() {
            for earlier in folders() {
                let assets: Vec<_> = files.iter().map(|(name, hash)| asset(name, hash)).collect();
                let known = manifest(&earlier);
                let plan = Plan::new(&assets, &known);
                for Asset { name, hash } in &assets {
                    let uploads = plan.uploads.iter();
                    let to_upload: Vec<_> = uploads.filter(|u| u.names.contains(name)).collect();
                    match plan.entries.get(name) {
                        Some(entry) => {
                            assert!(to_upload.is_empty());
                            assert_eq!(entry.hash, *hash);
                            assert!(known.values().any(|known| known == entry));
                            let own = known.get(name).filter(|own| own.hash == *hash);
                            assert!(own.is_none_or(|own| own == entry));
                        }
                        None => {
                            assert_eq!(to_upload.len(), 1);
                            assert_eq!(to_upload[0].hash, *hash);
                            assert!(known.values().all(|known| known.hash != *hash));
                        }
                    }
                }
                let hashes: BTreeSet<_> = plan.uploads.iter().map(|upload| &upload.hash).collect();
                assert_eq!(hashes.len(), plan.uploads.len());
                let named = plan.uploads.iter().map(|upload| upload.names.len());
                assert_eq!(plan.entries.len() + named.sum::<usize>(), assets.len());
                let there = |name: &str| files.iter().any(|file| file.0 == name);
                let mut names = earlier.iter().map(|file| file.0);
                assert!(plan.gone.iter().all(|name| !there(name)));
                assert!(names.all(|name| there(name) || plan.gone.iter().any(|gone| gone == name)));
                assert!(plan.gone.iter().all(|name| known.contains_key(name)));

                // When it is carried out there is nothing left to do.
                let mut after = plan.entries;
                for Upload { hash, names } in plan.uploads {
                    let uploaded = names.iter().map(|name| (name.as_str(), hash.as_str()));
                    after.extend(manifest(&uploaded.collect::<Vec<_>>()));
                }
                let then = Plan::new(&assets, &after);
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
    fn a_message_names_the_first_that_are_missing() {
        let missing = |count: usize| {
            let assets: Vec<_> = (0..count)
                .map(|n| asset(&format!("{n}.png"), "1"))
                .collect();
            Plan::new(&assets, &manifest(&[])).missing()
        };
        assert_eq!(missing(1), "1 picture (0.png) is");
        assert_eq!(missing(2), "2 pictures (0.png, 1.png) are");
        assert_eq!(missing(3), "3 pictures (0.png, 1.png, 2.png) are");
        assert_eq!(missing(9), "9 pictures (0.png, 1.png, 2.png, …) are");
    }
}
