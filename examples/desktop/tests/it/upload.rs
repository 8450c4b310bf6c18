//! Promise: an upload shows its progress, can be cancelled at any time, and says how it ended.

use imgpost::leonardo::Client;
use imgpost::sandbox::{Fault, Sandbox};
use imgpost_desktop::Service;

use eframe::egui::Key;

use crate::support::app::{TestApp, no_dialog, progress};
use crate::support::{lighthouse, noise, service, slow_upload, stored_bytes, stored_count};

#[test]
fn upload_shows_its_progress_and_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start().unwrap();
    let sandbox = sandbox.with_fault(slow_upload()).with_fault(slow_upload());
    let photo = noise(folder.path());
    let mut app = TestApp::start_with(Some(&photo), service(&sandbox), no_dialog());
    app.wait_for("1536x1536 png");
    app.click("Upload");
    app.wait_for("of 9.4 MB");
    // Frames are drawn and the bar moves while the worker sends.
    let mut last = progress(&app).unwrap();
    for _ in 0..2 {
        last = app.wait_until("the progress bar moves", |app| {
            progress(app).filter(|now| *now > last)
        });
    }
    assert!(last < 100.0, "{last}");
    app.click("Cancel");
    app.wait_for("Cancelled.");
    assert_eq!(progress(&app), None);

    app.click("Upload again");
    app.wait_for("of 9.4 MB");
    app.press(Key::Escape);
    app.wait_for("Cancelled.");
    assert_eq!(stored_count(&sandbox), 0);

    app.click("Upload again");
    app.wait_for("Uploaded");
    assert!(app.shows("1536x1536 png, 94"));
    assert_eq!(stored_count(&sandbox), 1);
}

#[test]
fn closing_the_window_ends_an_upload() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start().unwrap().with_fault(slow_upload());
    let photo = noise(folder.path());
    let mut app = TestApp::start_with(Some(&photo), service(&sandbox), no_dialog());
    app.wait_for("1536x1536 png");
    app.click("Upload");
    app.wait_for("of 9.4 MB");
    // Waits for the worker.
    drop(app);
    assert_eq!(stored_count(&sandbox), 0);
}

#[test]
fn copied_id_is_the_id_of_the_stored_image() {
    let sandbox = Sandbox::start().unwrap();
    let mut app = TestApp::start_with(Some(&lighthouse()), service(&sandbox), no_dialog());
    app.wait_for("1152x1536 jpg");
    app.click("Upload");
    app.wait_for("Uploaded");
    let id = app.copy_id();
    assert!(app.shows(&id));
    let stored = stored_bytes(&id, &sandbox);
    let kilobytes = stored.len() as f64 / 1e3;
    assert!(app.shows(&format!("1152x1536 jpg, {kilobytes:.0} kB")));
}

#[test]
fn rejection_is_reported_with_what_to_do() {
    let message = "Content moderation filter";
    let rejection = Fault::api_error(403, "bad-request", message);
    let sandbox = Sandbox::start().unwrap().with_api_fault(rejection);
    let mut app = TestApp::start_with(Some(&lighthouse()), service(&sandbox), no_dialog());
    app.wait_for("1152x1536 jpg");
    app.click("Upload");
    app.wait_for("The upload failed");
    assert!(app.shows(message));
    assert!(app.shows("change the prompt or the"));
    assert_eq!(stored_count(&sandbox), 0);
    // Only the first request is rejected.
    app.click("Upload again");
    app.wait_for("Uploaded");
    assert_eq!(stored_count(&sandbox), 1);
}

#[test]
fn invalid_settings_are_reported_by_the_upload() {
    let error = Client::builder("key").base_url("nowhere").build().err();
    let error = error.expect("the address is invalid").to_string();
    let service = Service::new(Err(error.clone()), "API at nowhere");
    let mut app = TestApp::start_with(Some(&lighthouse()), service, no_dialog());
    app.wait_for("1152x1536 jpg");
    assert!(app.shows("API at nowhere"));
    app.click("Upload");
    app.wait_for("The upload failed");
    assert!(app.shows(&error));
}

#[test]
fn sandbox_needs_no_key_and_says_so() {
    let mut app = TestApp::start_with(Some(&lighthouse()), Service::sandbox(), no_dialog());
    app.wait_for("1152x1536 jpg");
    assert!(app.shows("Sandbox: nothing leaves this machine"));
    app.click("Upload");
    app.wait_for("Uploaded");
}
