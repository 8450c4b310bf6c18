//! File names and keys with unusual characters.

use std::collections::BTreeMap;

use imgpost::multipart::Form;
use imgpost::{Receipt, Uploader};
use serde_json::{Value, json};

use crate::support::s3::{Kind, Server, Storage};

const FILENAME: &str = "${filename}";

/// Realistic file names; the last one has `longest` bytes.
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

fn request(key: String) -> Value {
    json!({"key": key, "fields": {}, "conditions": []})
}

fn request_with_201(key: String) -> Value {
    let status = json!({"success_action_status": "201"});
    json!({"key": key, "fields": status, "conditions": [status]})
}

/// Posts each file with its form. Returns the receipts and the stored files.
fn post(
    server: &Server,
    requests: &[Value],
    names: &[String],
) -> (Vec<Receipt>, BTreeMap<String, Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let uploader = Uploader::default();
    let mut receipts = Vec::new();
    for (form, name) in server.presign(requests).iter().zip(names) {
        let path = folder.path().join(name);
        std::fs::write(&path, name).unwrap();
        receipts.push(uploader.upload_file(form, &path, None).unwrap());
    }
    (receipts, server.objects())
}

/// File systems limit file names to about 254 bytes.
#[test]
fn receipt_has_the_key_with_the_file_name() {
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
    // The responses to the second half contain the key.
    let requests = (0..2 * names.len()).map(|n| {
        if n < names.len() {
            request(key(n, FILENAME))
        } else {
            request_with_201(key(n, FILENAME))
        }
    });
    let requests: Vec<_> = requests.collect();
    let twice = [names.as_slice(), &names].concat();
    for kind in Kind::ALL {
        let (receipts, objects) = post(&Server::start(kind), &requests, &twice);
        assert_eq!(objects.len(), requests.len());
        for (n, receipt) in receipts.iter().enumerate() {
            let named = key(n, plain[n % names.len()]);
            // s3s-fs does not expand ${filename}, which shows only in responses with the key. Without them, the receipt
            // contains the key that AWS would use.
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

/// File names given to `Form`, which does not convert them to plain ASCII.
#[test]
fn quoted_file_name_is_read_unchanged() {
    let names = names(300);
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let requests = (0..names.len()).map(|n| request(format!("{n}/{FILENAME}")));
        let forms = server.presign(&requests.collect::<Vec<_>>());
        for (form, name) in forms.iter().zip(&names) {
            let fields = form.fields().fold(Form::new(), |fields, (name, value)| {
                fields.field(name, value)
            });
            let content = name.as_bytes();
            let body = fields.file("file", name, "text/plain", content).unwrap();
            let mut bytes = Vec::new();
            std::io::copy(&mut body.reader(), &mut bytes).unwrap();
            let (status, response) = server.post_raw(&body.content_type(), &bytes);
            assert_eq!(status, 204, "{kind}, {name}: {response}");
        }
        let objects = server.objects();
        assert_eq!(objects.len(), names.len());
        for (n, name) in names.iter().enumerate() {
            let in_key = match kind {
                // MiniStack decodes headers as Latin-1, and does not decode the `%22` that browsers write for a quote.
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
fn file_is_stored_under_a_key_of_any_characters() {
    for kind in Kind::ALL {
        let names = match kind {
            Kind::MiniStack => names(300),
            // s3s-fs stores a key as a file name of twice its length, which the file system limits.
            Kind::S3sFs => names(120),
        };
        let keys: Vec<_> = names
            .iter()
            .map(|name| format!("a b/\"c\"/{name}"))
            .collect();
        let requests: Vec<_> = keys.iter().cloned().map(request).collect();
        let plain = vec![String::from("a.txt"); keys.len()];
        let (receipts, objects) = post(&Server::start(kind), &requests, &plain);
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
