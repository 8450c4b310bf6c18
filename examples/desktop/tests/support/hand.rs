//! Keys and the mouse, as the X server gets them from a person.

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, InputFocus, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;

use super::screen::Screen;
use super::until;

/// Keys, by X's number for what is on them.
pub const TAB: u32 = 0xff09;
pub const ENTER: u32 = 0xff0d;
pub const ESCAPE: u32 = 0xff1b;
pub const UP: u32 = 0xff52;
pub const SPACE: u32 = 0x20;

pub type At = (i32, i32);

impl Screen {
    fn input(&self, kind: u8, detail: u8, (x, y): At) {
        let (x, y) = (x as i16, y as i16);
        self.x
            .xtest_fake_input(kind, detail, 0, self.root, x, y, 0)
            .unwrap()
            .check()
            .unwrap();
        self.x.flush().unwrap();
    }

    /// What a window manager would do.
    pub fn focus(&self, window: Window) {
        let asked = self
            .x
            .set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME);
        asked.unwrap().check().unwrap();
    }

    pub fn press(&self, key: u32) {
        let first = self.x.setup().min_keycode;
        let count = self.x.setup().max_keycode - first + 1;
        let map = self
            .x
            .get_keyboard_mapping(first, count)
            .unwrap()
            .reply()
            .unwrap();
        let codes = map.keysyms.chunks(map.keysyms_per_keycode.into());
        let mut codes = (first..).zip(codes);
        let (code, _) = codes
            .find(|(_, on_it)| on_it[0] == key)
            .expect("the keyboard has it");
        self.input(KEY_PRESS_EVENT, code, (0, 0));
        self.input(KEY_RELEASE_EVENT, code, (0, 0));
    }

    pub fn move_to(&self, at: At) {
        self.input(MOTION_NOTIFY_EVENT, 0, at);
    }

    /// On a button: what is pressed looks pressed.
    pub fn click(&self, at: At) {
        self.move_to(at);
        self.seen(|| self.input(BUTTON_PRESS_EVENT, 1, at));
        self.seen(|| self.input(BUTTON_RELEASE_EVENT, 1, at));
    }

    /// From one place to another in ten steps, with the button held.
    pub fn drag(&self, from: At, to: At) {
        self.move_to(from);
        self.seen(|| self.input(BUTTON_PRESS_EVENT, 1, from));
        for step in 1..=10 {
            let between = |from: i32, to: i32| from + (to - from) * step / 10;
            self.seen(|| self.move_to((between(from.0, to.0), between(from.1, to.1))));
        }
        self.input(BUTTON_RELEASE_EVENT, 1, to);
    }

    /// Presses a key and sees what comes of it.
    pub fn press_and_see(&self, key: u32) {
        self.seen(|| self.press(key));
    }

    /// Does something, and waits until it shows: of what comes within one frame, egui heeds the first key, and takes a
    /// drag for a click. No hand is that quick.
    fn seen(&self, act: impl FnOnce()) {
        let before = self.shot();
        act();
        until("it can be seen", || (self.shot() != before).then_some(()));
    }
}
