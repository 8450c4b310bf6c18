//! Keys and the mouse, as the X server receives them from a user.

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, InputFocus, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;

use super::screen::Screen;
use crate::support::wait_until;

/// Keysyms of X.
pub const TAB: u32 = 0xff09;
pub const SPACE: u32 = 0x20;

/// From the top left corner of the screen.
pub type Position = (i16, i16);

impl Screen {
    fn send_input(&self, event: u8, detail: u8, (x, y): Position) {
        self.x
            .xtest_fake_input(event, detail, 0, self.root, x, y, 0)
            .unwrap()
            .check()
            .unwrap();
        self.x.flush().unwrap();
    }

    /// Gives a window the keyboard, as a window manager does.
    pub fn focus(&self, window: Window) {
        let now = x11rb::CURRENT_TIME;
        let focused = self.x.set_input_focus(InputFocus::PARENT, window, now);
        focused.unwrap().check().unwrap();
    }

    pub fn press(&self, key: u32) {
        let code = self.keycode(key);
        self.send_input(KEY_PRESS_EVENT, code, (0, 0));
        self.send_input(KEY_RELEASE_EVENT, code, (0, 0));
    }

    /// Waits after each key until the window shows a change. egui handles only one Tab per frame.
    pub fn press_slowly(&self, keys: &[u32]) {
        for key in keys {
            self.wait_for_change(|| self.press(*key));
        }
    }

    fn keycode(&self, key: u32) -> u8 {
        let (first, last) = (self.x.setup().min_keycode, self.x.setup().max_keycode);
        let mapping = self.x.get_keyboard_mapping(first, last - first + 1);
        let mapping = mapping.unwrap().reply().unwrap();
        let keys = mapping.keysyms.chunks(mapping.keysyms_per_keycode.into());
        let mut keys = (first..).zip(keys);
        let found = keys.find(|(_, keysyms)| keysyms[0] == key);
        found.expect("the keyboard has the key").0
    }

    /// Moves the mouse to a widget that reacts to it.
    pub fn hover(&self, position: Position) {
        self.wait_for_change(|| self.send_input(MOTION_NOTIFY_EVENT, 0, position));
    }

    /// Drags with the left button, slowly enough that egui does not take it for a click.
    pub fn drag(&self, from: Position, to: Position) {
        self.send_input(MOTION_NOTIFY_EVENT, 0, from);
        self.wait_for_change(|| self.send_input(BUTTON_PRESS_EVENT, 1, from));
        for step in 1..=10 {
            let between = |from: i16, to: i16| from + (to - from) * step / 10;
            let position = (between(from.0, to.0), between(from.1, to.1));
            self.wait_for_change(|| self.send_input(MOTION_NOTIFY_EVENT, 0, position));
        }
        self.send_input(BUTTON_RELEASE_EVENT, 1, to);
    }

    fn wait_for_change(&self, act: impl FnOnce()) {
        let before = self.pixels();
        act();
        wait_until("the window changes", || {
            (self.pixels() != before).then_some(())
        });
    }
}
