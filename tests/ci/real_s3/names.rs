//! Names with everything in them that may stand in a name.

use std::collections::BTreeMap;

use imgpost::multipart::Form;
use imgpost::{Receipt, Uploader};
use serde_json::{Value, json};

use crate::support::s3::{Kind, Server, Storage};

const FILENAME: &str = "${filename}";

/// As people name their files; the last one is so long.
fn names(longest: usize) -> Vec<String> {
    let awkward = [
        "plain.txt",
        "a space.txt",
        "a \"quote\".txt",
        "Straße \u{1F30A}.txt",
        "back\\slash.txt",
        "100%41+b&c.txt",
    ];
    let long = "x".repeat(longest - 4) + ".txt";
    let mut names: Vec<_> = awkward.map(str::to_owned).into();
    names.push(long);
    names
}

fn ask(key: String) -> Value {
    json!({"key": key, "fields": {}, "conditions": []})
}

fn ask_201(key: String) -> Value {
    let status = json!({"success_action_status": "201"});
    json!({"key": key, "fields": status, "conditions": [status]})
}

/// Posts each file with its form; gives the receipts, and what is stored then.
fn post(
    server: &Server,
    asked: &[Value],
    names: &[String],
) -> (Vec<Receipt>, BTreeMap<String, Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let uploader = Uploader::default();
    let mut receipts = Vec::new();
    for (form, name) in server.presign(asked).iter().zip(names) {
        let path = folder.path().join(name);
        std::fs::write(&path, name).unwrap();
        receipts.push(uploader.upload_file(form, &path, None).unwrap());
    }
    (receipts, server.objects())
}

/// 254 bytes are about the most a file may have in its name on disk.
#[test]
fn a_receipt_has_the_key_that_the_files_name_made() {
    let names = names(254);
    let long = "x".repeat(100) + ".txt";
    let plain = [
        "plain.txt",
        "a_space.txt",
        "a__quote_.txt",
        "Stra_e__.txt",
        "back_slash.txt",
        "100_41_b_c.txt",
        &long,
    ];
    let key = |n: usize, name: &str| format!("{n}/{name}");
    // The second half is for answers that tell the key.
    let asked = (0..2 * names.len()).map(|n| {
        if n < names.len() {
            ask(key(n, FILENAME))
        } else {
            ask_201(key(n, FILENAME))
        }
    });
    let asked: Vec<_> = asked.collect();
    let twice = [names.as_slice(), &names].concat();
    for kind in Kind::ALL {
        let (receipts, objects) = post(&Server::start(kind), &asked, &twice);
        assert_eq!(objects.len(), asked.len());
        for (n, receipt) in receipts.iter().enumerate() {
            let named = key(n, plain[n % names.len()]);
            // s3s-fs puts no name into a key, and tells so only where it is asked to tell the key. The receipt has
            // what AWS makes of it otherwise.
            let (stored, in_receipt) = match (kind, n < names.len()) {
                (Kind::MiniStack, _) => (named.clone(), named),
                (Kind::S3sFs, true) => (key(n, FILENAME), named),
                (Kind::S3sFs, false) => (key(n, FILENAME), key(n, FILENAME)),
            };
            assert_eq!(receipt.key, Some(in_receipt), "{kind}");
            assert_eq!(objects[&stored], twice[n].as_bytes(), "{kind}");
        }
    }
}

/// The names a form of our making may have, which are not made plain ASCII as ours are.
#[test]
fn a_name_is_read_as_it_was_quoted() {
    let names = names(300);
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let asked = (0..names.len()).map(|n| ask(format!("{n}/{FILENAME}")));
        let forms = server.presign(&asked.collect::<Vec<_>>());
        for (form, name) in forms.iter().zip(&names) {
            let fields = form.fields().fold(Form::new(), |fields, (name, value)| {
                fields.field(name, value)
            });
            let content = name.as_bytes();
            let body = fields.file("file", name, "text/plain", content).unwrap();
            let mut bytes = Vec::new();
            std::io::copy(&mut body.reader(), &mut bytes).unwrap();
            let (status, answer) = server.post_raw(&body.content_type(), &bytes);
            assert_eq!(status, 204, "{kind}, {name}: {answer}");
        }
        let objects = server.objects();
        assert_eq!(objects.len(), names.len());
        for (n, name) in names.iter().enumerate() {
            let in_key = match kind {
                // It takes the bytes of a header for Latin-1, and a quote as browsers write it for what it says.
                Kind::MiniStack => {
                    let read: String = name.bytes().map(char::from).collect();
                    read.replace('"', "%22")
                }
                Kind::S3sFs => FILENAME.into(),
            };
            assert_eq!(objects[&format!("{n}/{in_key}")], name.as_bytes(), "{kind}");
        }
    }
}

#[test]
fn a_key_of_any_characters_is_the_one_it_is_stored_under() {
    for kind in Kind::ALL {
        let names = match kind {
            Kind::MiniStack => names(300),
            // It makes a file name of twice that length out of a key, and disks have a limit.
            Kind::S3sFs => names(120),
        };
        let keys: Vec<_> = names
            .iter()
            .map(|name| format!("a b/\"c\"/{name}"))
            .collect();
        let asked: Vec<_> = keys.iter().cloned().map(ask).collect();
        let plain = vec![String::from("a.txt"); keys.len()];
        let (receipts, objects) = post(&Server::start(kind), &asked, &plain);
        for (receipt, key) in receipts.iter().zip(&keys) {
            assert_eq!(receipt.key.as_ref(), Some(key), "{kind}");
        }
        assert_eq!(objects.keys().collect::<Vec<_>>(), sorted(&keys), "{kind}");
    }
}

fn sorted(keys: &[String]) -> Vec<&String> {
    let mut keys: Vec<_> = keys.iter().collect();
    keys.sort();
    keys
}
