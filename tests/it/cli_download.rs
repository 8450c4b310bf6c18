//! Promise: every downloaded result has its own file, and the URLs of the others are reported.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::command::{KEY, URL, imgpost, run};
use crate::support::{fixture, names};

const JOB: &str = "11111111-2222-4333-8444-555555555555";

/// How the server responds to a request.
enum Response {
    Send(Vec<u8>),
    /// Sends these bytes and closes the connection.
    Stall(Vec<u8>),
}

/// Serves an API with one job that has these results, by id and path, and the files at these paths. Its threads end with
/// the process.
fn serve(results: &[(&str, &str)], files: Vec<(&'static str, Response)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let images = results.iter();
    let images = images.map(|(id, path)| json!({"id": id, "url": format!("{url}{path}")}));
    let images: Vec<_> = images.collect();
    let job =
        json!({"generations_by_pk": {"id": JOB, "status": "COMPLETE", "generated_images": images}});
    let mut responses: HashMap<_, _> = files.into_iter().collect();
    responses.insert(
        "/v1/generations/",
        Response::Send(ok(job.to_string().as_bytes())),
    );
    let responses = Arc::new(responses);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let responses = Arc::clone(&responses);
            // A client may close the connection first.
            std::thread::spawn(move || respond(&stream.unwrap(), &responses).ok());
        }
    });
    url
}

fn respond(mut stream: &TcpStream, responses: &HashMap<&str, Response>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().unwrap()?;
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}
    let path = request.split(' ').nth(1).unwrap();
    let found = responses
        .iter()
        .find(|(known, _)| path.starts_with(**known));
    match found {
        None => stream
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        Some((_, Response::Send(bytes))) => stream.write_all(bytes),
        Some((_, Response::Stall(bytes))) => {
            stream.write_all(bytes)?;
            std::thread::sleep(Duration::from_secs(600));
            Ok(())
        }
    }
}

fn ok(body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn tiny(name: &str) -> Vec<u8> {
    std::fs::read(fixture("tiny").join(name)).unwrap()
}

/// The command that downloads the results of the job.
fn wait(url: &str, folder: &Path) -> Command {
    let mut command = imgpost();
    command.env(KEY, JOB).env(URL, url);
    command
        .args(["wait", JOB, "--retries", "0", "--download"])
        .arg(folder);
    command
}

#[test]
fn results_with_one_id_do_not_overwrite_each_other() {
    let url = serve(
        &[
            ("a", "/1"),
            ("a", "/2"),
            ("A", "/3"),
            ("b", "/1"),
            ("", "/1"),
        ],
        vec![
            ("/1", Response::Send(ok(&tiny("baseline.jpg")))),
            ("/2", Response::Send(ok(&tiny("restart.jpg")))),
            ("/3", Response::Send(ok(&tiny("rgb.png")))),
        ],
    );
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // Unlike a file of an earlier download, it has no extension.
    std::fs::write(at("a"), "mine").unwrap();
    // A second download replaces the files.
    for _ in 0..2 {
        let output = run(&mut wait(&url, folder.path()));
        assert!(output.status.success(), "{output:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        let expected = ["a.jpg", "a-2.jpg", "A-3.png", "b.jpg", "result.jpg"];
        let expected = expected.map(|name| at(name).display().to_string());
        assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
        assert_eq!(std::fs::read(at("a.jpg")).unwrap(), tiny("baseline.jpg"));
        assert_eq!(std::fs::read(at("a-2.jpg")).unwrap(), tiny("restart.jpg"));
        assert_eq!(std::fs::read(at("A-3.png")).unwrap(), tiny("rgb.png"));
        assert_eq!(std::fs::read(at("a")).unwrap(), b"mine");
    }
    assert_eq!(names(folder.path()).len(), 6);
}

#[test]
fn results_that_arrived_are_reported_when_others_fail() {
    let url = serve(
        &[("a", "/1"), ("b", "/missing"), ("c", "/cut"), ("d", "/1")],
        vec![
            ("/1", Response::Send(ok(&tiny("baseline.jpg")))),
            (
                "/cut",
                Response::Send([b"HTTP/1.1 200 OK\r\n\r\n", &tiny("rgb.png")[..300]].concat()),
            ),
        ],
    );
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let output = run(&mut wait(&url, folder.path()));
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8(output.stdout).unwrap();
    let expected = [
        at("a.jpg"),
        format!("{url}/missing"),
        format!("{url}/cut"),
        at("d.jpg"),
    ];
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
    let messages = String::from_utf8(output.stderr).unwrap();
    let messages: Vec<_> = messages.lines().collect();
    assert!(
        messages[0].starts_with("imgpost: b: ") && messages[1].starts_with("imgpost: c: "),
        "{messages:?}"
    );
    assert!(
        messages[1].contains("before the whole file arrived"),
        "{messages:?}"
    );
    assert!(
        messages[2].starts_with("imgpost: 2 of 4 results were not downloaded"),
        "{messages:?}"
    );
    assert_eq!(names(folder.path()), ["a.jpg", "d.jpg"]);
    // With --json as well.
    let output = run(wait(&url, folder.path()).arg("--json"));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let images = &report["images"];
    assert_eq!(
        (&images[0]["file"], &images[1]["file"]),
        (&json!(at("a.jpg")), &Value::Null)
    );
    assert_eq!(
        (&images[1]["id"], &images[1]["url"]),
        (&json!("b"), &json!(format!("{url}/missing")))
    );
}

/// The result was paid for, so its URL is printed in any case.
#[test]
fn only_result_that_fails_is_reported_with_its_url() {
    let url = serve(&[("a", "/missing")], vec![]);
    let folder = tempfile::tempdir().unwrap();
    let output = run(&mut wait(&url, folder.path()));
    assert_eq!(output.status.code(), Some(6));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("{url}/missing\n")
    );
    let messages = String::from_utf8(output.stderr).unwrap();
    assert_eq!(messages.lines().count(), 1, "{messages}");
}

/// Whether the first signal ends the download or a second one ends the process at once.
#[cfg(unix)]
#[test]
fn signals_end_a_download_without_a_trace() {
    let image = tiny("rgb.png");
    let url = serve(
        &[("a", "/1"), ("b", "/stall")],
        vec![
            ("/1", Response::Send(ok(&image))),
            ("/stall", Response::Stall(ok(&image)[..200].to_vec())),
        ],
    );
    for (signals, code) in [
        (&["-INT"][..], 130),
        (&["-TERM"], 143),
        (&["-HUP"], 129),
        (&["-TERM", "-TERM"], 143),
        (&["-HUP", "-HUP"], 129),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = wait(&url, folder.path())
            .arg("-q")
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // The first result and the temporary file of the second.
        while names(folder.path()).len() < 2 {
            assert!(child.try_wait().unwrap().is_none(), "it ended early");
            std::thread::sleep(Duration::from_millis(5));
        }
        for signal in signals {
            let pid = child.id().to_string();
            let mut kill = Command::new("kill");
            // The process may have ended already.
            kill.args([signal, &*pid])
                .stderr(std::process::Stdio::null())
                .status()
                .unwrap();
        }
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signals:?}");
        assert_eq!(names(folder.path()), ["a.png"], "{signals:?}");
    }
}

/// SIGHUP is ignored as under `nohup`.
#[cfg(target_os = "linux")]
#[test]
fn ignored_hangup_stays_ignored() {
    let image = tiny("rgb.png");
    let url = serve(
        &[("a", "/stall")],
        vec![("/stall", Response::Stall(ok(&image)[..200].to_vec()))],
    );
    let folder = tempfile::tempdir().unwrap();
    let inner = wait(&url, folder.path());
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' HUP; exec \"$@\"", "sh"])
        .arg(inner.get_program());
    let env = inner
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    let mut child = command
        .args(inner.get_args())
        .envs(env)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while names(folder.path()).is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "it ended early");
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = child.id().to_string();
    let kill = |signal: &str| Command::new("kill").args([signal, &pid]).status().unwrap();
    assert!(kill("-HUP").success());
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none() && names(folder.path()).len() == 1);
    assert!(kill("-TERM").success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(names(folder.path()).is_empty());
}
