//! The real program on a screen of its own.

use std::path::Path;
use std::process::{Child, Command, ExitStatus};

use imgpost::sandbox::Sandbox;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ClientMessageEvent, ConnectionExt as _, EventMask, Window};

use super::screen::Screen;
use crate::support::wait_until;

pub struct Program {
    pub screen: Screen,
    pub window: Window,
    child: Child,
}

impl Program {
    /// Starts the program with this sandbox as its API, or without a key, and waits for its window.
    pub fn start(sandbox: Option<&Sandbox>) -> Self {
        let screen = Screen::start();
        let mut command = Command::new(env!("CARGO_BIN_EXE_imgpost-desktop"));
        command
            .env("DISPLAY", &screen.display)
            // The same result with and without a graphics card.
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env_remove("LEONARDO_API_KEY");
        if let Some(sandbox) = sandbox {
            command
                .env("LEONARDO_API_KEY", sandbox.api_key())
                .env("LEONARDO_BASE_URL", sandbox.base_url());
        }
        let mut child = command.spawn().unwrap();
        let window = wait_until("a window", || {
            let status = child.try_wait().unwrap();
            assert_eq!(
                status, None,
                "the program has ended; README.md lists the packages it needs"
            );
            screen.window()
        });
        screen.focus(window);
        Self {
            screen,
            window,
            child,
        }
    }

    /// The window's title.
    pub fn title(&self) -> String {
        let property = self.screen.atom("_NET_WM_NAME");
        self.screen.text_property(self.window, property)
    }

    /// Closes the window like the button in its title bar and waits for the end of the program.
    pub fn close(mut self) -> ExitStatus {
        let screen = &self.screen;
        let [protocols, delete] =
            ["WM_PROTOCOLS", "WM_DELETE_WINDOW"].map(|name| screen.atom(name));
        let message = ClientMessageEvent::new(32, self.window, protocols, [delete, 0, 0, 0, 0]);
        let no_events = EventMask::NO_EVENT;
        let sent = screen.x.send_event(false, self.window, no_events, message);
        sent.unwrap().check().unwrap();
        screen.x.flush().unwrap();
        wait_until("the end of the program", || self.child.try_wait().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("failed.png");
            let saved = self.screen.screenshot().save(&path);
            eprintln!("screenshot: {} ({saved:?})", path.display());
        }
        // Fail if the program has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
