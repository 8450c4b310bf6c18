//! Promise: the window shows a file upright, however the user opens it, and says why it cannot.

use std::path::Path;
use std::sync::mpsc;

use eframe::egui::{Color32, Key, Modifiers, ViewportCommand, ViewportId};
use imgpost::sandbox::Sandbox;
use imgpost::{Extension, Fit, PrepareOptions};
use imgpost_desktop::Service;

use crate::support::app::{TestApp, dialog};
use crate::support::{lighthouse, noise, service, slow_upload};

#[test]
fn rotated_photo_is_painted_upright() {
    let mut app = TestApp::start(Some(&lighthouse()));
    app.wait_for("1200x1600, rotated upright");
    assert!(app.shows("1152x1536 jpg"));
    assert!(app.shows("Nothing is cropped."));

    app.settle();
    let (texture, rect) = app.textures.image(app.harness.output());
    assert_eq!(rect.width() * 4.0, rect.height() * 3.0);
    let [width, height] = texture.size;
    let expected = PrepareOptions::default()
        .size(width as u32, height as u32)
        .fit(Fit::Fill)
        .extension(Extension::Png)
        .open(lighthouse())
        .unwrap();
    let expected = image::load_from_memory(expected.bytes()).unwrap().to_rgb8();
    let difference = |pixels: &mut dyn Iterator<Item = &Color32>| {
        let expected = expected.pixels();
        let differences = expected.zip(pixels).flat_map(|(expected, pixel)| {
            let pixel = [pixel.r(), pixel.g(), pixel.b()];
            [0, 1, 2].map(|channel| u64::from(expected.0[channel].abs_diff(pixel[channel])))
        });
        differences.sum::<u64>() / (width * height * 3) as u64
    };
    let upright = difference(&mut texture.pixels.iter());
    let upside_down = difference(&mut texture.pixels.iter().rev());
    assert!(upright <= 1 && upside_down > 20, "{upright}, {upside_down}");
}

#[test]
fn window_without_a_file_says_what_to_do() {
    let app = TestApp::start(None);
    assert!(app.shows("Drop an image here"));
    assert!(!app.shows("Upload") && !app.shows("Result"));
}

#[test]
fn dropped_file_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a photo.jpg");
    std::fs::copy(lighthouse(), &photo).unwrap();
    let mut app = TestApp::start(None);
    app.hover_file(&photo);
    assert!(app.shows("Drop to open"));
    app.drop_file(&photo);
    app.wait_for("a photo.jpg");
    assert!(app.shows("1200x1600, rotated upright"));
    assert!(!app.shows("Drop to open"));
}

#[test]
fn title_names_the_file_on_screen() {
    let mut app = TestApp::start(None);
    let mut title_after_drop = |path: &Path| {
        app.drop_file(path);
        app.wait_until("a title", |app| {
            let viewports = &app.harness.output().viewport_output;
            let commands = &viewports[&ViewportId::ROOT].commands;
            commands.iter().find_map(|command| match command {
                ViewportCommand::Title(title) => Some(title.clone()),
                _ => None,
            })
        })
    };
    assert_eq!(title_after_drop(&lighthouse()), "lighthouse.jpg - imgpost");
    assert_eq!(title_after_drop(Path::new("missing.jpg")), "imgpost");
}

#[test]
fn file_from_the_dialog_is_opened() {
    // With the first Tab, "Open…" has the focus.
    let by_keyboard = [(Modifiers::NONE, Key::Tab), (Modifiers::NONE, Key::Enter)];
    let by_shortcut = [(Modifiers::COMMAND, Key::O)];
    for keys in [by_keyboard.as_slice(), &by_shortcut] {
        let dialog = dialog(Some(lighthouse()));
        let mut app = TestApp::start_with(None, Service::sandbox(), dialog);
        for (modifiers, key) in keys {
            app.press_with(*modifiers, *key);
        }
        app.wait_for("1200x1600, rotated upright");
    }
}

#[test]
fn cancelled_dialog_changes_nothing() {
    let (shown, is_shown) = mpsc::channel();
    let dialog = Box::new(move || {
        shown.send(()).unwrap();
        dialog(None)()
    });
    let mut app = TestApp::start_with(Some(&lighthouse()), Service::sandbox(), dialog);
    app.wait_for("1200x1600");
    for _ in 0..2 {
        app.click("Open…");
        app.wait_until("the dialog is shown again", |app| {
            app.click("Open…");
            is_shown.try_iter().nth(1)
        });
    }
    app.settle();
    assert!(app.shows("1200x1600") && !app.shows("No file dialog"));
}

#[test]
fn missing_dialog_is_reported_with_what_to_do() {
    let mut app = TestApp::start(None);
    app.click("Open…");
    app.wait_for("No file dialog can be shown");
    assert!(app.shows("Drop a file on this window, or start the program with the path"));
    assert!(app.shows("there is none"));
    app.drop_file(&lighthouse());
    app.wait_for("1200x1600, rotated upright");
    assert!(!app.shows("No file dialog"));
}

#[test]
fn unreadable_file_is_reported_and_another_can_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let notes = folder.path().join("notes.txt");
    std::fs::write(&notes, "not an image").unwrap();
    let mut app = TestApp::start(Some(&notes));
    app.wait_for("This file cannot be opened");
    assert!(app.shows("JPEG, PNG or WebP"));
    assert!(!app.shows("Upload"));
    app.drop_file(&lighthouse());
    app.wait_for("1200x1600, rotated upright");
    assert!(!app.shows("cannot be opened"));

    app.drop_file(&folder.path().join("missing.jpg"));
    app.wait_for("os error 2");
}

#[test]
fn file_opened_during_an_upload_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start().unwrap().with_fault(slow_upload());
    let dialog = dialog(Some(lighthouse()));
    let mut app = TestApp::start_with(Some(&noise(folder.path())), service(&sandbox), dialog);
    app.wait_for("1536x1536 png");
    app.click("Upload");
    app.wait_for("Cancel");
    app.hover_file(&lighthouse());
    assert!(app.shows("An upload is running: cancel it first"));
    app.drop_file(&lighthouse());
    app.wait_for("lighthouse.jpg was not opened because an upload is running");
    assert!(app.shows("noise.png") && app.shows("Cancel"));

    app.click("Cancel");
    app.wait_for("Cancelled.");
    app.drop_file(&lighthouse());
    app.wait_for("1200x1600, rotated upright");
    assert!(!app.shows("was not opened"));
}
