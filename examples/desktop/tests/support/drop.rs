//! The other end of a drop: what a file manager does, by the XDND protocol, version 5.

use std::path::Path;

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, PropMode, SELECTION_NOTIFY_EVENT,
    SelectionNotifyEvent, Window,
};
use x11rb::wrapper::ConnectionExt as _;

use super::screen::{HEIGHT, Screen, WIDTH};
use super::until;

const VERSION: u32 = 5;

/// A file that hangs on the mouse, over the middle of a window that said it takes it.
pub struct Dragged<'a> {
    screen: &'a Screen,
    source: Window,
    target: Window,
    uri: String,
}

/// Enters the window with a file, and waits until it accepts it and has read its name.
pub fn drag<'a>(screen: &'a Screen, target: Window, file: &Path) -> Dragged<'a> {
    let source = screen.unseen_window();
    let selection = screen.atom("XdndSelection");
    let owned = screen
        .x
        .set_selection_owner(source, selection, x11rb::CURRENT_TIME);
    owned.unwrap().check().unwrap();
    let dragged = Dragged {
        screen,
        source,
        target,
        uri: format!("file://{}\r\n", file.display()),
    };
    let list = screen.atom("text/uri-list");
    dragged.tell("XdndEnter", [source, VERSION << 24, list, 0, 0]);
    let middle = u32::from(WIDTH / 2) << 16 | u32::from(HEIGHT / 2);
    let copy = screen.atom("XdndActionCopy");
    dragged.tell(
        "XdndPosition",
        [source, 0, middle, x11rb::CURRENT_TIME, copy],
    );
    let (mut is_accepted, mut is_read) = (false, false);
    until("the window takes what is dragged", || {
        match screen.x.poll_for_event().unwrap()? {
            Event::ClientMessage(message) if message.type_ == screen.atom("XdndStatus") => {
                is_accepted = message.data.as_data32()[1] & 1 == 1;
            }
            Event::SelectionRequest(asked) if asked.selection == selection => {
                assert_eq!(asked.target, list);
                let (to, property) = (asked.requestor, asked.property);
                let bytes = dragged.uri.as_bytes();
                let written =
                    screen
                        .x
                        .change_property8(PropMode::REPLACE, to, property, list, bytes);
                written.unwrap().check().unwrap();
                let done = SelectionNotifyEvent {
                    response_type: SELECTION_NOTIFY_EVENT,
                    sequence: 0,
                    time: asked.time,
                    requestor: to,
                    selection,
                    target: list,
                    property,
                };
                let sent = screen.x.send_event(false, to, EventMask::NO_EVENT, done);
                sent.unwrap().check().unwrap();
                is_read = true;
            }
            _ => {}
        }
        (is_accepted && is_read).then_some(())
    });
    dragged
}

impl Dragged<'_> {
    fn tell(&self, name: &str, data: [u32; 5]) {
        let kind = self.screen.atom(name);
        let message = ClientMessageEvent::new(32, self.target, kind, data);
        let x = &self.screen.x;
        let sent = x.send_event(false, self.target, EventMask::NO_EVENT, message);
        sent.unwrap().check().unwrap();
    }

    /// Lets it go, and waits until the window says that it has it.
    pub fn let_go(self) {
        self.tell("XdndDrop", [self.source, 0, x11rb::CURRENT_TIME, 0, 0]);
        let finished = self.screen.atom("XdndFinished");
        until("the window has what was dropped", || {
            match self.screen.x.poll_for_event().unwrap()? {
                Event::ClientMessage(message) if message.type_ == finished => {
                    assert_eq!(message.data.as_data32()[1] & 1, 1, "it was refused");
                    Some(())
                }
                _ => None,
            }
        });
    }
}

/// What is in a property, as text.
pub fn property(screen: &Screen, window: Window, property: u32) -> String {
    let any = AtomEnum::ANY;
    let asked = screen.x.get_property(true, window, property, any, 0, 1024);
    String::from_utf8(asked.unwrap().reply().unwrap().value).unwrap()
}
