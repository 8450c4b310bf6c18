//! Promise: the window shows a photo upright, uploads exactly what it shows, stays alive meanwhile, can be cancelled and
//! closed at any time, takes files that are dropped, and tells in words what went wrong.
//!
//! Each test starts the real program on a screen of its own and uses it as a person does: by mouse and keyboard, and by
//! reading what is on the screen. Needs Xvfb, Mesa's software renderer and Tesseract: README.md names the packages.
//! With IMGPOST_SCREENSHOT the picture of the README is written to the path it names.

mod support;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use image::{ImageFormat, RgbImage, imageops};
use imgpost::sandbox::{Fault, Sandbox};
use imgpost::{Gravity, Prepare, Size};
use support::hand::{ENTER, ESCAPE, SPACE, TAB, UP};
use support::picture::{
    PANE, Place, bar, kept_rows, lighthouse, mean_difference, noise, place, upright,
};
use support::program::Program;
use support::{clipboard, drop, eyes, until};

/// The posts that ended with something stored.
fn stores(sandbox: &Sandbox) -> usize {
    let is_storage = |path: &str| !path.starts_with("/api/");
    let requests = sandbox.requests();
    let stored = requests.iter().filter(|request| {
        request.method == "POST" && is_storage(&request.path) && request.status == Some(204)
    });
    stored.count()
}

/// The bytes that are stored under the id that the window has copied.
fn stored_under(id: &str, sandbox: &Sandbox) -> Vec<u8> {
    let record = sandbox.client().unwrap().init_image(id).unwrap();
    let url = record.url.unwrap();
    let (_, key) = url.split_once("/imgpost-sandbox/").unwrap();
    sandbox.stored(key).unwrap().bytes
}

#[test]
fn a_photo_on_its_side_is_shown_upright() {
    let program = Program::start(Some(&lighthouse()), None);
    program.screen.wait_for("1200x1600, turned upright");
    program.screen.wait_for("1152x1536 jpg");
    let shot = program.screen.shot();
    let place = place(&shot).unwrap();
    assert!(
        (place.width * 4).abs_diff(place.height * 3) <= 4,
        "{place:?}"
    );
    let expected = upright(&lighthouse(), place.width, place.height);
    let Place {
        left,
        top,
        width,
        height,
    } = place;
    let shown = imageops::crop_imm(&shot, left, top, width, height).to_image();
    let off = mean_difference(&shown, &expected);
    let upside_down = mean_difference(&shown, &imageops::rotate180(&expected));
    assert!(off < 6.0 && off * 4.0 < upside_down, "{off}, {upside_down}");
    assert!(program.close().success());
}

#[test]
fn what_is_stored_is_what_was_shown() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::start(Some(&lighthouse()), Some(&sandbox));
    let screen = &program.screen;
    screen.wait_for("1152x1536 jpg");
    let whole = screen.shot();
    let place = place(&whole).unwrap();

    // Past "Open…" and "As it is".
    for key in [TAB, TAB, TAB, SPACE] {
        screen.press_and_see(key);
    }
    screen.wait_for("1536x1536 jpg");
    let kept = |shot: &RgbImage| kept_rows(shot, &whole, place);
    let (top, bottom) = screen.settled("a square", kept);
    let height = f64::from(place.height);
    assert!(
        (f64::from(bottom - top) / height - 0.75).abs() < 0.02,
        "{top} to {bottom}"
    );
    assert!((f64::from(top) / height - 0.125).abs() < 0.02, "{top}");

    let x = (place.left + place.width / 2) as i32;
    let at = |share: f64| (x, (f64::from(place.top) + height * share) as i32);
    screen.drag(at(0.5), at(0.42));
    let (dragged, _) = screen.settled("the square somewhere else", |shot| {
        kept(shot).filter(|(now, _)| *now + 20 < top)
    });

    screen.click_on("Upload");
    screen.wait_for("Uploaded");
    screen.click_on("Copy");
    let id = clipboard::pasted(screen);
    let stored = stored_under(&id, &sandbox);

    // The point to the pixel of the screen, which has fewer than the photo has thousandths.
    let share = f64::from(dragged) / height;
    let prepared = (360..480).find_map(|y| {
        let prepare = Prepare::default()
            .aspect(1, 1)
            .gravity(Gravity::Focal { x: 500, y });
        let crop = prepare.plan(lighthouse()).unwrap().crop();
        if (f64::from(crop.top) / 1600.0 - share).abs() > 0.006 {
            return None;
        }
        let image = prepare.open(lighthouse()).unwrap();
        (image.bytes() == stored).then_some(image)
    });
    let prepared = prepared.expect("what is stored is the square that was shown");
    assert_eq!(prepared.size(), Size::new(1536, 1536));
    assert_eq!(stores(&sandbox), 1);
    assert!(program.close().success());
}

#[test]
fn the_arrow_keys_move_what_is_kept() {
    let program = Program::start(Some(&lighthouse()), None);
    let screen = &program.screen;
    screen.wait_for("1152x1536 jpg");
    let whole = screen.shot();
    let place = place(&whole).unwrap();
    // "16:9", and from there past "9:16" and "Upload" to the picture.
    for key in [TAB, TAB, TAB, TAB, TAB, TAB, SPACE] {
        screen.press_and_see(key);
    }
    screen.wait_for("1536x864 jpg");
    let kept = |shot: &RgbImage| kept_rows(shot, &whole, place);
    let (before, _) = screen.settled("a wide part", kept);
    for key in [TAB, TAB, TAB, UP, UP, UP, UP, UP] {
        screen.press_and_see(key);
    }
    screen.settled("it moves up", |shot| {
        kept(shot).filter(|(now, _)| now + 20 < before)
    });
    assert!(program.close().success());
}

/// Nearly two minutes for an upload: nobody waits for its end.
fn slowly() -> Fault {
    Fault::ReadSlowly(Duration::from_secs(1))
}

#[test]
fn an_upload_shows_how_far_it_is_and_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start().unwrap();
    let sandbox = sandbox.with_fault(slowly()).with_fault(slowly());
    let program = Program::start(Some(&noise(folder.path())), Some(&sandbox));
    let screen = &program.screen;
    screen.wait_for("1536x1536 png");
    screen.click_on("Upload");
    screen.move_to((5, 5));
    let cancel = screen.find("Cancel");
    let mut last = bar(&screen.shot());
    for _ in 0..2 {
        last = until("the bar goes on", || {
            Some(bar(&screen.shot())).filter(|now| *now > last)
        });
    }
    // The window lives: the button lights up under the mouse.
    let colour = |shot: &RgbImage| *shot.get_pixel(PANE + 40, cancel.1 as u32);
    let before = colour(&screen.shot());
    screen.move_to(cancel);
    until("the button lights up", || {
        (colour(&screen.shot()) != before).then_some(())
    });
    screen.click(cancel);
    screen.wait_for("Cancelled.");

    // By the keyboard.
    screen.click_on("Upload");
    screen.wait_for("Cancel");
    screen.press(ESCAPE);
    screen.wait_for("Cancelled.");
    assert_eq!(stores(&sandbox), 0);

    // And now to the end.
    screen.click_on("Upload");
    screen.wait_for("Uploaded");
    assert_eq!(stores(&sandbox), 1);
    assert!(program.close().success());
}

#[test]
fn closing_the_window_ends_an_upload() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start().unwrap().with_fault(slowly());
    let program = Program::start(Some(&noise(folder.path())), Some(&sandbox));
    program.screen.wait_for("1536x1536 png");
    program.screen.click_on("Upload");
    program.screen.wait_for("MB");
    assert_eq!(program.close().code(), Some(0));
    assert_eq!(stores(&sandbox), 0);
}

#[test]
fn a_file_that_is_dropped_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a photo.jpg");
    std::fs::copy(lighthouse(), &photo).unwrap();
    let program = Program::start(None, None);
    let screen = &program.screen;
    screen.wait_for("Drop a picture here");
    let dragged = drop::drag(screen, program.window, &photo);
    screen.wait_for("Drop to open");
    dragged.let_go();
    screen.wait_for("a photo.jpg");
    screen.wait_for("1200x1600, turned upright");
    assert!(program.close().success());
}

#[test]
fn a_file_is_picked_in_the_dialog_of_the_system() {
    let folder = tempfile::tempdir().unwrap();
    // Without a desktop's portal, the dialog is zenity's. This one has a person in it who chose at once.
    let zenity = folder.path().join("zenity");
    std::fs::write(
        &zenity,
        format!("#!/bin/sh\necho '{}'\n", lighthouse().display()),
    )
    .unwrap();
    std::fs::set_permissions(&zenity, PermissionsExt::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", folder.path().display());
    let program = Program::start_with(None, None, |command| {
        let nowhere = format!("unix:path={}", folder.path().join("none").display());
        command
            .env("PATH", path)
            .env("DBUS_SESSION_BUS_ADDRESS", nowhere)
    });
    program.screen.wait_for("Drop a picture here");
    for key in [TAB, ENTER] {
        program.screen.press_and_see(key);
    }
    program.screen.wait_for("1200x1600, turned upright");
    assert!(program.close().success());
}

#[test]
fn a_file_that_is_no_image_is_told_and_another_can_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let notes = folder.path().join("notes.txt");
    std::fs::write(&notes, "not a picture").unwrap();
    let program = Program::start(Some(&notes), None);
    let screen = &program.screen;
    screen.wait_for("This file cannot be opened");
    screen.wait_for("is not an image; give a JPEG, PNG or WebP file");
    drop::drag(screen, program.window, &lighthouse()).let_go();
    screen.wait_for("1200x1600, turned upright");
    assert!(!eyes::text(&screen.shot()).contains("cannotbeopened"));
    assert!(program.close().success());
}

#[test]
fn a_refusal_is_told_in_full() {
    let message = "Content moderation filter";
    let refusal = Fault::api_error(403, "bad-request", message);
    let sandbox = Sandbox::start().unwrap().with_api_fault(refusal);
    let program = Program::start(Some(&lighthouse()), Some(&sandbox));
    let screen = &program.screen;
    screen.wait_for("1152x1536 jpg");
    screen.click_on("Upload");
    screen.wait_for("The upload failed");
    screen.wait_for(message);
    screen.wait_for("change the prompt or the picture");
    assert_eq!(stores(&sandbox), 0);
    // The next one is not refused.
    screen.click_on("Upload");
    screen.wait_for("Uploaded");
    assert_eq!(stores(&sandbox), 1);
    assert!(program.close().success());
}

#[test]
fn without_a_key_nothing_leaves_this_machine() {
    let program = Program::start(Some(&lighthouse()), None);
    let screen = &program.screen;
    screen.wait_for("Sandbox: nothing leaves this machine");
    screen.wait_for("1152x1536 jpg");
    let Place {
        left,
        top,
        width,
        height,
    } = place(&screen.shot()).unwrap();
    for key in [TAB, TAB, TAB, SPACE] {
        screen.press_and_see(key);
    }
    let middle = ((left + width / 2) as i32, (top + height / 2) as i32);
    screen.drag(middle, (middle.0, middle.1 - 60));
    screen.click_on("Upload");
    screen.wait_for("Uploaded");
    screen.wait_for("1536x1536 jpg");
    // The one of the README.
    if let Some(path) = std::env::var_os("IMGPOST_SCREENSHOT") {
        let saved = screen.shot().save_with_format(path, ImageFormat::Png);
        saved.unwrap();
    }
    assert!(program.close().success());
}
