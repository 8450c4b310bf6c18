//! What was copied.

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::ConnectionExt as _;

use super::screen::Screen;
use super::{drop, until};

/// Pastes: asks whoever copied something for its text, until there is some.
pub fn pasted(screen: &Screen) -> String {
    let [clipboard, text, place] =
        ["CLIPBOARD", "UTF8_STRING", "PASTED"].map(|name| screen.atom(name));
    let window = screen.unseen_window();
    until("something was copied", || {
        let now = x11rb::CURRENT_TIME;
        let asked = screen
            .x
            .convert_selection(window, clipboard, text, place, now);
        asked.unwrap().check().unwrap();
        let answered = until("an answer about the clipboard", || {
            match screen.x.poll_for_event().unwrap()? {
                Event::SelectionNotify(told) => Some(told.property != x11rb::NONE),
                _ => None,
            }
        });
        answered.then(|| drop::property(screen, window, place))
    })
}
