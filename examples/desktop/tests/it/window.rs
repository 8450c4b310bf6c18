//! Promise: the real program opens a window, takes a dropped file, uploads the crop that the user chose, fills the
//! clipboard, and ends when its window is closed.
//!
//! Needs Xvfb and Mesa's software renderer; README.md lists the packages.

use std::path::Path;

use imgpost::sandbox::Sandbox;

use crate::support::{lighthouse, stored_bytes, stored_count, wait_until};
use crate::x11::clipboard::paste;
use crate::x11::drop::drop_file;
use crate::x11::input::{Position, SPACE, TAB};
use crate::x11::program::Program;

// Positions in the window.
const BACKGROUND: Position = (5, 5);
const ON_THE_PHOTO: Position = (290, 450);
const UPLOAD: Position = (740, 362);

#[test]
fn real_window_takes_a_drop_and_uploads_it() {
    let sandbox = Sandbox::start().unwrap();
    let program = drop_crop_and_upload(Some(&sandbox));
    assert_eq!(stored_count(&sandbox), 1);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let screenshot = program.screen.screenshot();
    screenshot.save(folder.join("window.png")).unwrap();
    let corner = screenshot.get_pixel(0, 0);
    assert!(screenshot.pixels().any(|pixel| pixel != corner));

    // From "Upload again" to "Copy ID", which looks the same when it is pressed.
    program.screen.press_slowly(&[TAB]);
    program.screen.press(SPACE);
    let stored = stored_bytes(&paste(&program.screen), &sandbox);
    assert!(stored.starts_with(b"\xff\xd8"), "{:?}", &stored[..4]);
    assert!(program.close().success());
}

/// Run it to renew the screenshot in README.md.
#[test]
#[ignore = "changes screenshot.png"]
fn screenshot_for_the_readme() {
    let program = drop_crop_and_upload(None);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshot.png");
    program.screen.screenshot().save(path).unwrap();
    assert!(program.close().success());
}

/// Drops the lighthouse on the program's window, drags a square to its upper part, and uploads that.
fn drop_crop_and_upload(sandbox: Option<&Sandbox>) -> Program {
    let program = Program::start(sandbox);
    let screen = &program.screen;
    drop_file(screen, program.window, &lighthouse());
    wait_until("the photo is shown", || {
        let has_title = program.title() == "lighthouse.jpg - imgpost";
        (has_title && screen.pixel(ON_THE_PHOTO) != screen.pixel(BACKGROUND)).then_some(())
    });
    // "Open…", "Original", "1:1".
    screen.press_slowly(&[TAB, TAB, TAB, SPACE]);
    screen.drag((290, 320), (290, 260));
    // The button changes its color after the window has handled the drag.
    screen.hover(UPLOAD);
    // From the image, the last widget, to "Open…", six aspect ratios, and "Upload".
    screen.press_slowly(&[TAB; 8]);
    screen.press_slowly(&[SPACE]);
    wait_until("the result is shown", || {
        // Nothing else in the window is green.
        let is_green = |bgrx: &&[u8]| bgrx[1] > bgrx[0].max(bgrx[2]).saturating_add(20);
        let pixels = screen.pixels();
        let greens = pixels.chunks_exact(4).filter(is_green);
        (greens.count() > 100).then_some(())
    });
    program
}
