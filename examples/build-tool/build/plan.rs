//! What has to be uploaded, told from what is in the folder and what was uploaded before. No I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::manifest::Entry;

/// A picture in the folder.
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

    /// Which files have no id, for a message: `1 picture (a.png) is`.
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
