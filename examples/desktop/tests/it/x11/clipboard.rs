//! Reads the clipboard.

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::ConnectionExt as _;

use super::screen::Screen;
use crate::support::wait_until;

/// Pastes text as soon as there is some.
pub fn paste(screen: &Screen) -> String {
    let [clipboard, text, property] =
        ["CLIPBOARD", "UTF8_STRING", "PASTED"].map(|name| screen.atom(name));
    let window = screen.invisible_window();
    wait_until("text in the clipboard", || {
        let now = x11rb::CURRENT_TIME;
        screen
            .x
            .convert_selection(window, clipboard, text, property, now)
            .unwrap()
            .check()
            .unwrap();
        let has_text = wait_until("a response about the clipboard", || {
            match screen.x.poll_for_event().unwrap()? {
                Event::SelectionNotify(event) => Some(event.property != x11rb::NONE),
                _ => None,
            }
        });
        has_text.then(|| screen.text_property(window, property))
    })
}
