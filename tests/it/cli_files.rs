//! Promise: `prepare` destroys no file. It checks the whole call before it writes anything, replaces a file only as a
//! whole, and leaves no temporary file behind.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::command::{imgpost, json, refused, run};
use crate::support::{fixture, names};

/// Runs `prepare` with these arguments in `folder`.
fn prepare(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = imgpost();
    command
        .current_dir(folder)
        .args(["prepare", "--json", "--size", "64x64"]);
    run(command.args(arguments))
}

/// A folder with these copies of fixtures.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, from) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(fixture("images").join(from), path).unwrap();
    }
    folder
}

/// The files below a folder, with their contents.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut contents = Vec::new();
    for name in names(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            contents.extend(self::contents(&path));
        }
        contents.push((name, std::fs::read(path).unwrap_or_default()));
    }
    contents
}

#[test]
fn no_output_is_an_input() {
    let folder = folder(&[
        ("a.png", "opaque-alpha.png"),
        ("a.jpg", "gray.jpg"),
        ("b.png", "alpha.png"),
        ("c/d.jpg", "gray.jpg"),
    ]);
    let at = |name: &str| folder.path().join(name);
    std::fs::hard_link(at("a.jpg"), at("c/a.jpg")).unwrap();
    std::fs::hard_link(at("a.jpg"), at("hard.jpg")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("c/d.jpg", at("soft.jpg")).unwrap();
    let before = contents(folder.path());
    let mut calls = vec![
        // The second input is the first output.
        (vec!["a.png", "a.jpg", "-o", "."], "a.jpg"),
        (vec!["a.png", "a.jpg", "--ext", "jpg", "-o", "."], "a.jpg"),
        (vec!["a.jpg", "-o", "a.jpg"], "a.jpg"),
        (vec!["a.jpg", "-o", "./c/../a.jpg"], "a.jpg"),
        (vec!["a.jpg", "-o", "."], "a.jpg"),
        (vec!["b.png", "-o", "."], "b.png"),
        (vec!["a.jpg", "-o", "hard.jpg"], "hard.jpg"),
        (vec!["b.png", "a.jpg", "-o", "c"], "a.jpg"),
    ];
    if cfg!(unix) {
        calls.push((vec!["c/d.jpg", "-o", "soft.jpg"], "soft.jpg"));
        calls.push((vec!["soft.jpg", "-o", "c/d.jpg"], "d.jpg"));
    }
    for (arguments, name) in calls {
        let (code, message) = refused(&prepare(folder.path(), &arguments));
        assert_eq!(code, 2, "{arguments:?}: {message}");
        let words = format!("{name} would overwrite the input ");
        assert!(message.contains(&words), "{arguments:?}: {message}");
        assert_eq!(contents(folder.path()), before, "{arguments:?}");
    }
    // Without transparency, its result is a JPEG.
    let output = prepare(folder.path(), &["a.png", "-o", "c/.."]);
    assert_eq!(json(&output)[0]["extension"], "jpg");
}

#[cfg(unix)]
#[test]
fn standard_input_is_an_input_too() {
    let folder = folder(&[("a.jpg", "gray.jpg")]);
    let path = folder.path().join("a.jpg");
    let before = contents(folder.path());
    let mut command = imgpost();
    command.args(["prepare", "-", "-o"]).arg(&path);
    let output = command.stdin(std::fs::File::open(&path).unwrap()).output();
    let (code, message) = refused(&output.unwrap());
    assert_eq!(code, 2, "{message}");
    assert!(message.contains("would overwrite the input -"), "{message}");
    assert_eq!(contents(folder.path()), before);
}

#[test]
fn two_inputs_with_one_result_are_refused_before_anything_is_written() {
    let folder = folder(&[
        ("first.jpg", "gray.jpg"),
        ("a.jpg", "gray.jpg"),
        ("a.png", "opaque-alpha.png"),
        ("b/a.jpg", "gray.jpg"),
        ("b/a.png", "alpha.png"),
    ]);
    let before = contents(folder.path());
    for [one, other, extension] in [
        ["a.jpg", "a.png", "png"],
        ["a.jpg", "a.png", "jpg"],
        ["a.jpg", "b/a.jpg", "webp"],
        ["a.jpg", "a.jpg", "webp"],
        ["a.jpg", "a.png", ""],
        ["a.png", "b/a.jpg", ""],
    ] {
        let mut arguments = vec!["first.jpg", one, other, "-o", "out"];
        if !extension.is_empty() {
            arguments.extend(["--ext", extension]);
        }
        let (code, message) = refused(&prepare(folder.path(), &arguments));
        assert_eq!(code, 2, "{message}");
        let words = format!("{one} and {other} would both be written to ");
        assert!(message.contains(&words), "{message}");
        assert_eq!(contents(folder.path()), before, "{arguments:?}");
    }
    // One of them has transparency and becomes a PNG.
    let output = prepare(folder.path(), &["a.jpg", "b/a.png", "-o", "out"]);
    assert_eq!(json(&output).len(), 2);
    assert_eq!(names(&folder.path().join("out")), ["a.jpg", "a.png"]);
}

/// A conflict that the names do not reveal is detected before the second file is written.
#[cfg(unix)]
#[test]
fn result_that_is_another_one_by_a_link_is_not_overwritten() {
    let folder = folder(&[("a.jpg", "gray.jpg"), ("b.jpg", "cmyk.jpg")]);
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    std::os::unix::fs::symlink("a.jpg", out.join("b.jpg")).unwrap();
    let output = prepare(folder.path(), &["a.jpg", "b.jpg", "-o", "out"]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("a.jpg and b.jpg would both be written to "),
        "{message}"
    );
    let [other, alone] = ["out", "alone.jpg"].map(|name| folder.path().join(name));
    json(&prepare(folder.path(), &["a.jpg", "-o", "alone.jpg"]));
    let written = std::fs::read(other.join("a.jpg")).unwrap();
    assert_eq!(written, std::fs::read(alone).unwrap());
}

#[test]
fn name_of_the_output_decides_the_format() {
    let folder = folder(&[("a.jpg", "gray.jpg"), ("b.png", "alpha.png")]);
    for (input, output, declared, format) in [
        ("a.jpg", "out.png", "png", image::ImageFormat::Png),
        ("a.jpg", "out.WebP", "webp", image::ImageFormat::WebP),
        ("b.png", "out.jpg", "jpg", image::ImageFormat::Jpeg),
        ("b.png", "out.jpeg", "jpeg", image::ImageFormat::Jpeg),
        ("a.jpg", "out", "jpg", image::ImageFormat::Jpeg),
        ("b.png", "out", "png", image::ImageFormat::Png),
        ("b.png", ".out", "png", image::ImageFormat::Png),
    ] {
        let report = &json(&prepare(folder.path(), &[input, "-o", output]))[0];
        assert_eq!(report["extension"], declared, "{output}");
        let bytes = std::fs::read(folder.path().join(output)).unwrap();
        assert_eq!(image::guess_format(&bytes).unwrap(), format, "{output}");
    }
}

#[test]
fn name_and_extension_must_not_contradict_each_other() {
    let folder = folder(&[("a.jpg", "gray.jpg")]);
    let before = contents(folder.path());
    for (output, extension, words) in [
        ("out.png", "jpg", "--ext jpg contradicts the name out.png"),
        ("out.JPEG", "webp", "--ext webp contradicts"),
        ("out.heic", "jpg", "--ext jpg contradicts"),
        ("out.tif", "png", "--ext png contradicts"),
        ("out.heic", "", "name it .png, .jpg, .jpeg or .webp"),
        ("out.xyz", "", "out.xyz: .xyz files cannot be written"),
    ] {
        let mut arguments = vec!["a.jpg", "-o", output];
        if !extension.is_empty() {
            arguments.extend(["--ext", extension]);
        }
        let (code, message) = refused(&prepare(folder.path(), &arguments));
        assert_eq!(code, 2, "{message}");
        assert!(message.contains(words), "{message}");
        assert_eq!(contents(folder.path()), before);
    }
    for (output, extension) in [
        ("out.jpeg", "jpg"),
        ("out.jpg", "jpeg"),
        ("out.jfif", "jpg"),
        ("out.cache", "webp"),
    ] {
        let arguments = ["a.jpg", "-o", output, "--ext", extension];
        let report = &json(&prepare(folder.path(), &arguments))[0];
        assert_eq!(report["extension"], extension);
    }
}

#[test]
fn several_images_make_no_folder_with_the_name_of_an_image() {
    let folder = folder(&[("a.jpg", "gray.jpg"), ("b.png", "alpha.png")]);
    std::fs::write(folder.path().join("file"), "mine").unwrap();
    let before = contents(folder.path());
    for output in ["out.jpg", "file"] {
        let (code, message) = refused(&prepare(folder.path(), &["a.jpg", "b.png", "-o", output]));
        assert_eq!(code, 2, "{message}");
        assert!(message.contains("is not a folder"), "{message}");
        assert_eq!(contents(folder.path()), before);
    }
}

/// `OUT.part` was the temporary name.
#[cfg(unix)]
#[test]
fn files_beside_the_output_are_left_alone() {
    let long = "n".repeat(250);
    let folder = folder(&[("a.jpg", "gray.jpg")]);
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("file.jpg.part"), "mine").unwrap();
    std::fs::write(at("precious"), "mine").unwrap();
    std::os::unix::fs::symlink("precious", at("link.jpg.part")).unwrap();
    let made = Command::new("mkfifo").arg(at("fifo.jpg.part")).status();
    assert!(made.unwrap().success());
    for name in ["file.jpg", "link.jpg", "fifo.jpg", &format!("{long}.jpeg")] {
        json(&prepare(folder.path(), &["a.jpg", "-o", name]));
    }
    for name in ["file.jpg.part", "precious"] {
        assert_eq!(std::fs::read(at(name)).unwrap(), b"mine", "{name}");
    }
    assert!(at("link.jpg.part").is_symlink());
    // Four results, an input and the existing files.
    assert_eq!(names(folder.path()).len(), 9);
}

#[cfg(unix)]
#[test]
fn output_keeps_its_mode_and_its_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder(&[("a.jpg", "gray.jpg")]);
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("elsewhere")).unwrap();
    std::fs::write(at("elsewhere/out.jpg"), "old").unwrap();
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(at("elsewhere/out.jpg"), mode).unwrap();
    symlink("elsewhere/out.jpg", at("out.jpg")).unwrap();
    symlink("elsewhere/dangling.jpg", at("dangling.jpg")).unwrap();
    for name in ["out.jpg", "dangling.jpg"] {
        json(&prepare(folder.path(), &["a.jpg", "-o", name]));
        assert!(at(name).is_symlink());
        assert!(image::open(at("elsewhere").join(name)).is_ok());
    }
    let metadata = std::fs::metadata(at("elsewhere/out.jpg")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert_eq!(names(&at("elsewhere")), ["dangling.jpg", "out.jpg"]);
}

#[cfg(unix)]
#[test]
fn device_and_standard_output_are_written_to() {
    let folder = folder(&[("a.jpg", "gray.jpg")]);
    let at = |name: &str| folder.path().join(name);
    let made = Command::new("mkfifo").arg(at("fifo")).status();
    assert!(made.unwrap().success());
    let from = at("fifo");
    let reader = std::thread::spawn(move || std::fs::read(from).unwrap());
    json(&prepare(folder.path(), &["a.jpg", "-o", "fifo"]));
    let expected = reader.join().unwrap();
    assert!(image::load_from_memory(&expected).is_ok());
    assert_eq!(names(folder.path()), ["a.jpg", "fifo"]);
    for output in ["-", "/dev/stdout"] {
        let output = prepare(folder.path(), &["a.jpg", "-o", output]);
        assert!(output.stdout == expected);
    }
    // The existing content stays.
    std::fs::write(at("log"), "before").unwrap();
    let log = std::fs::File::options().append(true).open(at("log"));
    let mut command = imgpost();
    command
        .args(["-q", "prepare", "--size", "64x64", "-o", "/dev/fd/1"])
        .arg(at("a.jpg"));
    assert!(command.stdout(log.unwrap()).status().unwrap().success());
    let log = std::fs::read(at("log")).unwrap();
    assert!(log == [b"before", &expected[..]].concat());
}

#[test]
fn concurrent_runs_on_one_output_all_succeed() {
    let folder = folder(&[("a.jpg", "lighthouse.jpg")]);
    let out = folder.path().join("out.jpg");
    json(&prepare(folder.path(), &["a.jpg", "-o", "out.jpg"]));
    let expected = std::fs::read(&out).unwrap();
    let arguments = ["-q", "prepare", "--size", "64x64", "a.jpg", "-o", "out.jpg"];
    let runs: Vec<_> = (0..24)
        .map(|_| {
            imgpost()
                .current_dir(&folder)
                .args(arguments)
                .spawn()
                .unwrap()
        })
        .collect();
    for mut run in runs {
        while run.try_wait().unwrap().is_none() {
            assert!(std::fs::read(&out).unwrap() == expected, "a part was read");
        }
        assert!(run.wait().unwrap().success());
    }
    assert_eq!(names(folder.path()), ["a.jpg", "out.jpg"]);
}

/// The signals come at random times. Whatever the command is doing, it leaves no temporary file and no partial image.
#[cfg(unix)]
#[test]
fn signals_leave_whole_images_only() {
    let folder = folder(&[("a.jpg", "lighthouse.jpg")]);
    let inputs: Vec<_> = (0..8).map(|number| format!("{number}.jpg")).collect();
    for name in &inputs {
        let [from, to] = ["a.jpg", name].map(|name| folder.path().join(name));
        std::fs::copy(from, to).unwrap();
    }
    let null = std::process::Stdio::null;
    for number in 0..12 {
        let out = folder.path().join(format!("out{number}"));
        let mut child = imgpost()
            .args(["-q", "prepare", "--size", "300x400", "--ext", "png", "-o"])
            .arg(&out)
            .args(&inputs)
            .current_dir(&folder)
            .stderr(null())
            .spawn()
            .unwrap();
        while std::fs::read_dir(&out).map_or(0, Iterator::count) == 0 {
            assert!(child.try_wait().unwrap().is_none(), "nothing was written");
        }
        std::thread::sleep(std::time::Duration::from_millis(5 * number));
        let signal = ["-INT", "-TERM", "-HUP"][number as usize % 3];
        let pid = child.id().to_string();
        // A second signal ends the process at once. It may have ended already.
        for _ in 0..=number / 3 % 2 {
            let mut kill = Command::new("kill");
            kill.args([signal, &pid]).stderr(null()).status().unwrap();
        }
        let code = child.wait().unwrap().code();
        assert!(matches!(code, Some(0 | 129 | 130 | 143)), "{code:?}");
        for name in names(&out) {
            assert!(name.ends_with(".png"), "{name}");
            assert!(image::open(out.join(&name)).is_ok(), "{name}");
        }
    }
}
