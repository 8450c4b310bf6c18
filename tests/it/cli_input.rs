//! Promise: the command limits what it reads from every stream, and a signal ends it even while it waits for input.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use imgpost::sandbox::Sandbox;
use imgpost::{Limits, PresignedPost};

use crate::support::command::{URL, form, imgpost, refused, run};
use crate::support::fixture;

/// Bytes that a pipe may contain and a process may have read ahead.
const SLACK: u64 = 4 << 20;

#[test]
fn standard_input_is_read_up_to_the_limit_of_an_image() {
    let limit = Limits::default().max_input_bytes;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.jpg");
    let mut child = imgpost()
        .args(["prepare", "-", "-o"])
        .arg(&out)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut taken = 0;
    let block = vec![0; 1 << 20];
    while taken < limit + 2 * SLACK && stdin.write_all(&block).is_ok() {
        taken += block.len() as u64;
    }
    assert!(taken <= limit + SLACK, "{taken}");
    drop(stdin);
    let (code, message) = refused(&child.wait_with_output().unwrap());
    assert_eq!(code, 3);
    let expected = format!("standard input has more than {limit} bytes; give a smaller image");
    assert!(message.contains(&expected), "{message}");
    assert!(!out.exists());
}

#[test]
fn forms_are_read_up_to_a_limit() {
    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("form.json");
    let mut padded = form(&sandbox, "jpg");
    padded.resize(PresignedPost::MAX_JSON_BYTES, b' ');
    std::fs::write(&path, &padded).unwrap();
    assert!(run(imgpost().arg("check").arg(&path)).status.success());
    padded.push(b' ');
    std::fs::write(&path, &padded).unwrap();
    let photo = fixture("images/gray.jpg");
    let mut forms = vec![path.as_path()];
    if cfg!(unix) {
        forms.push(Path::new("/dev/zero"));
    }
    for form in forms {
        for option in ["--raw", "--no-check"] {
            let mut command = imgpost();
            command.arg("post").arg(&photo).arg(option);
            let (code, message) = refused(&run(command.arg("--presigned").arg(form)));
            assert_eq!(code, 5, "{message}");
            assert!(message.contains("has more than 1048576 bytes"), "{message}");
        }
    }
}

#[test]
fn key_files_are_read_up_to_a_limit() {
    let sandbox = Sandbox::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let me = |file: &Path| {
        let mut command = imgpost();
        command.env(URL, sandbox.base_url()).arg("me");
        run(command.arg("--api-key-file").arg(file))
    };
    let mut padded = sandbox.api_key().as_bytes().to_vec();
    padded.resize(64 * 1024, b'\n');
    std::fs::write(&path, &padded).unwrap();
    assert!(me(&path).status.success());
    padded.push(b'\n');
    std::fs::write(&path, &padded).unwrap();
    let mut files = vec![path.as_path()];
    if cfg!(unix) {
        files.push(Path::new("/dev/zero"));
    }
    for file in files {
        let (code, message) = refused(&me(file));
        assert_eq!(code, 2, "{message}");
        let words = "has more than 65536 bytes; give a file that holds the API key alone";
        assert!(message.contains(words), "{message}");
    }
    std::fs::write(&path, b"\xff\xfe").unwrap();
    let (code, message) = refused(&me(&path));
    assert!(code == 2 && message.contains("is not text"), "{message}");
}

#[cfg(unix)]
mod unix {
    use std::io::{BufRead, BufReader, Write};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::path::Path;
    use std::process::{Child, Command, ExitStatus, Stdio};

    use imgpost::sandbox::Sandbox;

    use super::fixture;
    use crate::support::command::{KEY, URL, form, imgpost, json, run};

    /// Sends a signal, such as `INT`.
    fn send(signal: &str, child: &Child) {
        let pid = child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Starts a command that waits for input, as its log shows.
    fn waiting(command: &mut Command) -> Child {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_for("reading", &mut child);
        child
    }

    /// Reads standard error up to a line of the log.
    fn wait_for(words: &str, child: &mut Child) {
        let stderr = child.stderr.as_mut().unwrap();
        let mut lines = BufReader::with_capacity(1, stderr).lines();
        assert!(lines.any(|line| line.unwrap().contains(words)), "{words}");
    }

    fn end(child: Child) -> (ExitStatus, String) {
        let output = child.wait_with_output().unwrap();
        (output.status, String::from_utf8(output.stderr).unwrap())
    }

    #[test]
    fn a_signal_ends_the_reading_of_standard_input() {
        let photo = fixture("images/gray.jpg");
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out.jpg");
        let commands: [&[&Path]; 4] = [
            &["prepare", "-", "-o"].map(Path::new),
            &[
                "prepare".as_ref(),
                &photo,
                "-".as_ref(),
                "--size=64x64".as_ref(),
                "-o".as_ref(),
            ],
            &[
                "post".as_ref(),
                &photo,
                "--presigned".as_ref(),
                "-".as_ref(),
            ],
            &["check", "-"].map(Path::new),
        ];
        for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
            for arguments in commands {
                let mut command = imgpost();
                command.arg("-v").args(arguments);
                if arguments.ends_with(&[Path::new("-o")]) {
                    let several = arguments.len() > 3;
                    command.arg(if several { folder.path() } else { &out });
                }
                let mut child = waiting(&mut command);
                // The command waits although it has received bytes.
                let stdin = child.stdin.as_mut().unwrap();
                stdin.write_all(b"something").unwrap();
                send(signal, &child);
                let stdin = child.stdin.take();
                let (status, messages) = end(child);
                drop(stdin);
                assert_eq!(
                    status.code(),
                    Some(code),
                    "{arguments:?}: {status} {messages}"
                );
                assert!(messages.contains("imgpost: cancelled"), "{messages}");
            }
        }
    }

    #[test]
    fn a_signal_ends_the_wait_for_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let pipe = pipe.to_str().unwrap();
        for arguments in [
            &["prepare", pipe, "-o", "out.jpg"][..],
            &["check", pipe],
            &["me", "--api-key-file", pipe],
            &["upload", pipe],
        ] {
            let mut command = imgpost();
            command.current_dir(folder.path()).arg("-v").args(arguments);
            if arguments[0] == "upload" {
                command.env(KEY, "00000000-0000-4000-8000-000000000000");
            }
            let child = waiting(&mut command);
            send("INT", &child);
            let (status, messages) = end(child);
            assert_eq!(status.code(), Some(130), "{arguments:?}: {messages}");
        }
    }

    #[test]
    fn a_pipe_can_be_an_image_a_form_and_a_key() {
        let sandbox = Sandbox::start().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        std::fs::write(&key, sandbox.api_key()).unwrap();
        let response = folder.path().join("form.json");
        std::fs::write(&response, form(&sandbox, "jpg")).unwrap();
        let photo = fixture("images/gray.jpg");
        let imgpost = Path::new(env!("CARGO_BIN_EXE_imgpost"));
        let script = r#""$1" check <(cat "$2")"#;
        let checked = run(Command::new("bash")
            .args(["-c", script, "bash"])
            .args([imgpost, &response]));
        assert!(checked.status.success(), "{checked:?}");
        let script = r#""$1" upload --size 64x64 --json --api-key-file <(cat "$2") <(cat "$3")"#;
        let output = run(Command::new("bash")
            .args(["-c", script, "bash"])
            .args([imgpost, &key, &photo])
            .env(URL, sandbox.base_url()));
        assert_eq!(json(&output)[0]["width"], 64);
    }

    /// A writer cannot be interrupted while nobody reads.
    #[test]
    fn a_second_signal_ends_the_process_at_once() {
        let (_ours, theirs) = UnixStream::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        while (&theirs).write(&[0; 65536]).is_ok() {}
        theirs.set_nonblocking(false).unwrap();
        let mut command = imgpost();
        command
            .args(["-v", "prepare", "-o", "-"])
            .arg(fixture("images/gray.jpg"))
            .stdout(OwnedFd::from(theirs))
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        wait_for("prepared", &mut child);
        send("INT", &child);
        send("TERM", &child);
        assert_eq!(child.wait().unwrap().code(), Some(143));
    }

    /// As under `nohup` or in the background of a script.
    #[test]
    fn a_signal_that_is_ignored_from_the_start_stays_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out.jpg");
        let mut command = Command::new("sh");
        command
            .args(["-c", r#"trap "" HUP INT; exec "$@""#, "sh"])
            .arg(env!("CARGO_BIN_EXE_imgpost"))
            .args(["-v", "prepare", "-", "-o"])
            .arg(&out);
        let mut child = waiting(&mut command);
        send("HUP", &child);
        send("INT", &child);
        let photo = std::fs::read(fixture("images/gray.jpg")).unwrap();
        child.stdin.take().unwrap().write_all(&photo).unwrap();
        let (status, messages) = end(child);
        assert!(status.success(), "{status}: {messages}");
        assert!(out.exists());
    }
}
