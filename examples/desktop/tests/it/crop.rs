//! Promise: what is uploaded is the crop on the screen, and a result belongs to the crop on the screen.

use eframe::egui::{Key, Pos2, Rect, vec2};
use egui_kittest::kittest::Queryable;
use imgpost::sandbox::{Fault, Sandbox};
use imgpost::{Gravity, Size, leonardo};

use crate::support::app::{TestApp, no_dialog};
use crate::support::painted::crop_frame;
use crate::support::{lighthouse, noise, service, slow_upload, stored_bytes, stored_count};

fn start(sandbox: &Sandbox) -> TestApp {
    let mut app = TestApp::start_with(Some(&lighthouse()), service(sandbox), no_dialog());
    app.wait_for("1152x1536 jpg");
    app
}

fn image_rect(app: &TestApp) -> Rect {
    app.harness.get_by_label("Crop").rect()
}

fn drag_up(app: &mut TestApp) {
    let center = image_rect(app).center();
    app.drag(center, center - vec2(0.0, 60.0));
}

fn upload(app: &mut TestApp) {
    app.click("Upload");
    app.wait_for("Uploaded");
}

#[test]
fn upload_stores_the_crop_on_the_screen() {
    let sandbox = Sandbox::start().unwrap();
    let mut app = start(&sandbox);
    app.click("1:1");
    assert!(app.is_selected("1:1") && !app.is_selected("Original"));
    assert!(app.shows("1200x1200 jpg"));
    assert!(app.shows("Drag on the image to move the crop."));
    assert_eq!(app.crop(), "1200x1200 at 0,200");

    drag_up(&mut app);
    let image = image_rect(&app);
    let frame = crop_frame(app.harness.output());
    assert_eq!(frame.size(), vec2(image.width(), image.width()));
    let top = (frame.top() - image.top()) / image.height() * 1600.0;
    assert_eq!(app.crop(), format!("1200x1200 at 0,{top:.0}"));
    assert!(top > 0.0 && top < 100.0, "{top}");

    upload(&mut app);
    assert_eq!(stored_count(&sandbox), 1);
    let stored = stored_bytes(&app.copy_id(), &sandbox);
    let expected = (0..=1000).map(|y| {
        let focus = Gravity::Focal { x: 500, y };
        leonardo::prepare().aspect(1, 1).gravity(focus)
    });
    let expected = expected
        .filter(|prepare| prepare.plan(lighthouse()).unwrap().crop().top == top.round() as u32)
        .map(|prepare| prepare.open(lighthouse()).unwrap())
        .find(|image| image.bytes() == stored);
    let expected = expected.expect("the stored image is the crop on the screen");
    assert_eq!(expected.size(), Size::new(1200, 1200));
}

#[test]
fn arrow_keys_move_the_crop() {
    let sandbox = Sandbox::start().unwrap();
    let mut app = start(&sandbox);
    // "Open…" has the focus after the first Tab, then the six aspect ratios.
    for key in [Key::Tab; 6] {
        app.press(key);
    }
    app.press(Key::Space);
    app.settle();
    assert!(app.is_selected("16:9"));
    assert_eq!(app.crop(), "1200x672 at 0,464");
    // "9:16", "Upload", and the image.
    for key in [Key::Tab, Key::Tab, Key::Tab] {
        app.press(key);
    }
    assert!(app.harness.get_by_label("Crop").is_focused());
    for key in [Key::ArrowUp; 5] {
        app.press(key);
    }
    app.settle();
    assert_eq!(app.crop(), "1200x672 at 0,304");
    app.press(Key::ArrowDown);
    app.settle();
    assert_eq!(app.crop(), "1200x672 at 0,336");
    // The image is as wide as the crop.
    app.press(Key::ArrowLeft);
    app.settle();
    assert_eq!(app.crop(), "1200x672 at 0,336");
}

#[test]
fn moving_the_crop_clears_the_result() {
    let sandbox = Sandbox::start().unwrap();
    let mut app = start(&sandbox);
    app.click("1:1");
    upload(&mut app);
    assert!(app.shows("Upload again") && app.shows("Copy ID"));
    drag_up(&mut app);
    assert!(!app.shows("Uploaded") && !app.shows("Copy ID"));
    assert!(!app.shows("Upload again"));

    upload(&mut app);
    // A click moves the crop like a drag.
    let center = image_rect(&app).center();
    app.drag(center, center);
    assert!(!app.shows("Uploaded"));
    upload(&mut app);
    app.harness.get_by_label("Crop").focus();
    app.settle();
    assert!(app.shows("Uploaded"));
    app.press(Key::ArrowUp);
    app.settle();
    assert!(!app.shows("Uploaded"));
}

#[test]
fn changing_the_aspect_ratio_clears_the_result() {
    let sandbox = Sandbox::start().unwrap();
    let mut app = start(&sandbox);
    upload(&mut app);
    app.click("Original");
    assert!(app.shows("Uploaded"));
    app.click("4:3");
    assert!(!app.shows("Uploaded"));
}

#[test]
fn changing_the_crop_clears_an_error() {
    let rejection = Fault::api_error(403, "bad-request", "Content moderation filter");
    let sandbox = Sandbox::start().unwrap().with_api_fault(rejection);
    let mut app = start(&sandbox);
    app.click("Upload");
    app.wait_for("The upload failed");
    app.click("16:9");
    assert!(!app.shows("The upload failed"));
}

#[test]
fn drag_that_keeps_the_crop_keeps_the_result() {
    let sandbox = Sandbox::start().unwrap();
    let mut app = start(&sandbox);
    upload(&mut app);
    let before = app.crop();
    // The whole image is kept, so there is nothing to move.
    drag_up(&mut app);
    assert_eq!(app.crop(), before);
    assert!(app.shows("Uploaded"));
}

#[test]
fn another_image_clears_the_result_and_centers_the_crop() {
    let sandbox = Sandbox::start().unwrap();
    let mut app = start(&sandbox);
    app.click("1:1");
    drag_up(&mut app);
    upload(&mut app);
    app.drop_file(&lighthouse());
    app.wait_for("1200x1200 jpg");
    assert!(!app.shows("Uploaded"));
    assert_eq!(app.crop(), "1200x1200 at 0,200");
}

#[test]
fn crop_cannot_change_during_an_upload() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start().unwrap().with_fault(slow_upload());
    let photo = noise(folder.path());
    let mut app = TestApp::start_with(Some(&photo), service(&sandbox), no_dialog());
    app.wait_for("1536x1536 png");
    app.click("16:9");
    let before = app.crop();
    app.harness.get_by_label("Crop").focus();
    app.settle();
    // Unlike a click, this leaves the focus on the image.
    app.harness.get_by_label("Upload").click_accesskit();
    app.harness.step();
    app.harness.key_press(Key::ArrowUp);
    app.settle();
    assert!(app.shows("Cancel"));
    assert_eq!(app.crop(), before);
    for label in ["Open…", "Original", "1:1"] {
        assert!(!app.is_enabled(label), "{label}");
    }
    assert!(app.is_enabled("Cancel"));
    app.click("9:16");
    drag_up(&mut app);
    let below: Pos2 = image_rect(&app).center_bottom() - vec2(0.0, 1.0);
    app.drag(below, below);
    assert_eq!(app.crop(), before);
    assert!(app.is_selected("16:9"));
}
