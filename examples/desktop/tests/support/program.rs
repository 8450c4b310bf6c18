//! The program itself, on a screen.

use std::path::Path;
use std::process::{Child, Command, ExitStatus};

use imgpost::sandbox::Sandbox;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ClientMessageEvent, ConnectionExt as _, EventMask, Window};

use super::screen::Screen;
use super::until;

/// The running program, its screen, and its window.
pub struct Program {
    pub screen: Screen,
    pub window: Window,
    child: Child,
}

impl Program {
    /// Starts it with a photo, if any, and with this sandbox for an API, or its own.
    pub fn start(photo: Option<&Path>, sandbox: Option<&Sandbox>) -> Self {
        Self::start_with(photo, sandbox, |command| command)
    }

    /// The same, with something else about the command.
    pub fn start_with(
        photo: Option<&Path>,
        sandbox: Option<&Sandbox>,
        change: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let screen = Screen::start();
        let mut command = Command::new(env!("CARGO_BIN_EXE_imgpost-desktop"));
        command
            .args(photo)
            .env("DISPLAY", &screen.display)
            // Whatever graphics card there is: the same pixels everywhere.
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env_remove("LEONARDO_API_KEY")
            .env_remove("LEONARDO_BASE_URL");
        if let Some(sandbox) = sandbox {
            command
                .env("LEONARDO_API_KEY", sandbox.api_key())
                .env("LEONARDO_BASE_URL", sandbox.base_url());
        }
        let mut child = change(&mut command).spawn().unwrap();
        let window = until("a window on the screen", || {
            let ended = child.try_wait().unwrap();
            assert_eq!(
                ended, None,
                "it ended at once: README.md says what it needs"
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

    /// Closes the window, as the cross in its title does, and waits for the end.
    pub fn close(mut self) -> ExitStatus {
        let screen = &self.screen;
        let [protocols, delete] =
            ["WM_PROTOCOLS", "WM_DELETE_WINDOW"].map(|name| screen.atom(name));
        let message = ClientMessageEvent::new(32, self.window, protocols, [delete, 0, 0, 0, 0]);
        let sent = screen
            .x
            .send_event(false, self.window, EventMask::NO_EVENT, message);
        sent.unwrap().check().unwrap();
        screen.x.flush().unwrap();
        until("the end of the program", || self.child.try_wait().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let thread = std::thread::current();
            let name = thread.name().unwrap_or("window").to_owned() + ".png";
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
            let saved = self.screen.shot().save(&path);
            eprintln!("what was on the screen: {} ({saved:?})", path.display());
        }
        // Both fail where it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
