//! Drops a file on a window like a file manager, by the XDND protocol, version 5.

use std::path::Path;

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ClientMessageEvent, ConnectionExt as _, EventMask, PropMode, SELECTION_NOTIFY_EVENT,
    SelectionNotifyEvent, SelectionRequestEvent, Window,
};
use x11rb::wrapper::ConnectionExt as _;

use super::screen::{HEIGHT, Screen, WIDTH};
use crate::support::wait_until;

const VERSION: u32 = 5;

/// Drops a file in the middle of a window and waits until the window has accepted it.
pub fn drop_file(screen: &Screen, target: Window, file: &Path) {
    let source = screen.invisible_window();
    let selection = screen.atom("XdndSelection");
    let owned = screen
        .x
        .set_selection_owner(source, selection, x11rb::CURRENT_TIME);
    owned.unwrap().check().unwrap();
    let send = |name: &str, data: [u32; 5]| {
        let message = ClientMessageEvent::new(32, target, screen.atom(name), data);
        let no_events = EventMask::NO_EVENT;
        let sent = screen.x.send_event(false, target, no_events, message);
        sent.unwrap().check().unwrap();
    };

    let format = screen.atom("text/uri-list");
    send("XdndEnter", [source, VERSION << 24, format, 0, 0]);
    let center = u32::from(WIDTH / 2) << 16 | u32::from(HEIGHT / 2);
    let copy = screen.atom("XdndActionCopy");
    let now = x11rb::CURRENT_TIME;
    send("XdndPosition", [source, 0, center, now, copy]);

    let uri_list = format!("file://{}\r\n", file.display());
    let (mut is_accepted, mut is_read) = (false, false);
    wait_until("the window accepts the file", || {
        match screen.x.poll_for_event().unwrap()? {
            Event::ClientMessage(message) if message.type_ == screen.atom("XdndStatus") => {
                is_accepted = message.data.as_data32()[1] & 1 == 1;
            }
            Event::SelectionRequest(request) if request.selection == selection => {
                assert_eq!(request.target, format);
                respond(screen, &request, uri_list.as_bytes());
                is_read = true;
            }
            _ => {}
        }
        (is_accepted && is_read).then_some(())
    });

    send("XdndDrop", [source, 0, now, 0, 0]);
    let finished = screen.atom("XdndFinished");
    wait_until("the window has read the file's name", || {
        match screen.x.poll_for_event().unwrap()? {
            Event::ClientMessage(message) if message.type_ == finished => {
                let accepted = message.data.as_data32()[1] & 1;
                assert_eq!(accepted, 1, "the window refused the drop");
                Some(())
            }
            _ => None,
        }
    });
}

/// Writes the content into the property that the window asks for.
fn respond(screen: &Screen, request: &SelectionRequestEvent, content: &[u8]) {
    let (window, property, format) = (request.requestor, request.property, request.target);
    let mode = PropMode::REPLACE;
    let written = screen
        .x
        .change_property8(mode, window, property, format, content);
    written.unwrap().check().unwrap();
    let notification = SelectionNotifyEvent {
        response_type: SELECTION_NOTIFY_EVENT,
        sequence: 0,
        time: request.time,
        requestor: window,
        selection: request.selection,
        target: format,
        property,
    };
    let no_events = EventMask::NO_EVENT;
    let sent = screen.x.send_event(false, window, no_events, notification);
    sent.unwrap().check().unwrap();
}
