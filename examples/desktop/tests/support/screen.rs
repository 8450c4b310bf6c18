//! A screen of its own: Xvfb, as large as the window.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use image::RgbImage;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{Atom, ConnectionExt, ImageFormat, MapState, Window, WindowClass};
use x11rb::rust_connection::RustConnection;

pub const WIDTH: u16 = 900;
pub const HEIGHT: u16 = 640;

/// A screen. There is no window manager: the one window lies at its top left corner.
pub struct Screen {
    pub x: RustConnection,
    pub root: Window,
    pub display: String,
    xvfb: Child,
}

impl Screen {
    pub fn start() -> Self {
        let size = format!("{WIDTH}x{HEIGHT}x24");
        let mut xvfb = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-nolisten",
                "tcp",
                "-noreset",
                "-screen",
                "0",
                &size,
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("Xvfb: {error}: install xvfb"));
        let mut number = String::new();
        let stdout = xvfb.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut number).unwrap();
        let display = format!(":{}", number.trim());
        let (x, _) = RustConnection::connect(Some(&display))
            .unwrap_or_else(|error| panic!("Xvfb gave display {display:?}: {error}"));
        let root = x.setup().roots[0].root;
        Self {
            x,
            root,
            display,
            xvfb,
        }
    }

    /// What is on it now.
    pub fn shot(&self) -> RgbImage {
        let format = ImageFormat::Z_PIXMAP;
        let asked = self
            .x
            .get_image(format, self.root, 0, 0, WIDTH, HEIGHT, u32::MAX);
        let pixels = asked.unwrap().reply().unwrap().data;
        let rgb = pixels
            .chunks_exact(4)
            .flat_map(|bgrx| [bgrx[2], bgrx[1], bgrx[0]]);
        let (width, height) = (u32::from(WIDTH), u32::from(HEIGHT));
        RgbImage::from_raw(width, height, rgb.collect()).expect("32 bits a pixel")
    }

    /// The program's window, when it is there.
    pub fn window(&self) -> Option<Window> {
        let tree = self.x.query_tree(self.root).unwrap().reply().unwrap();
        tree.children.into_iter().find(|window| {
            let attributes = self.x.get_window_attributes(*window).unwrap().reply();
            let is_seen = attributes.is_ok_and(|it| it.map_state == MapState::VIEWABLE);
            let geometry = self.x.get_geometry(*window).unwrap().reply();
            is_seen && geometry.is_ok_and(|it| (it.width, it.height) == (WIDTH, HEIGHT))
        })
    }

    pub fn atom(&self, name: &str) -> Atom {
        let asked = self.x.intern_atom(false, name.as_bytes());
        asked.unwrap().reply().unwrap().atom
    }

    /// A window that is not seen, to take part in drops and selections.
    pub fn unseen_window(&self) -> Window {
        let window = self.x.generate_id().unwrap();
        let created = self.x.create_window(
            x11rb::COPY_DEPTH_FROM_PARENT,
            window,
            self.root,
            -10,
            -10,
            1,
            1,
            0,
            WindowClass::INPUT_OUTPUT,
            x11rb::COPY_FROM_PARENT,
            &Default::default(),
        );
        created.unwrap().check().unwrap();
        window
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.xvfb.kill();
        let _ = self.xvfb.wait();
    }
}
