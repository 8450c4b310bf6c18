//! A virtual screen (Xvfb) of the size of the window. There is no window manager; the window is at the top left.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use image::RgbImage;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt, ImageFormat, MapState, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use super::input::Position;

pub const WIDTH: u16 = 900;
pub const HEIGHT: u16 = 640;

pub struct Screen {
    pub x: RustConnection,
    pub root: Window,
    pub display: String,
    xvfb: Child,
}

impl Screen {
    pub fn start() -> Self {
        let mut xvfb = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset"])
            .args(["-screen", "0", &format!("{WIDTH}x{HEIGHT}x24")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start Xvfb: {error}; install xvfb"));
        let mut number = String::new();
        let stdout = xvfb.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut number).unwrap();
        let display = format!(":{}", number.trim());
        let (x, _) = RustConnection::connect(Some(&display))
            .unwrap_or_else(|error| panic!("cannot connect to Xvfb at {display:?}: {error}"));
        let root = x.setup().roots[0].root;
        Self {
            x,
            root,
            display,
            xvfb,
        }
    }

    /// What is on the screen now, in the format of the X server.
    pub fn pixels(&self) -> Vec<u8> {
        let format = ImageFormat::Z_PIXMAP;
        let reply = self
            .x
            .get_image(format, self.root, 0, 0, WIDTH, HEIGHT, u32::MAX);
        reply.unwrap().reply().unwrap().data
    }

    pub fn pixel(&self, (x, y): Position) -> [u8; 4] {
        let index = (x as usize + y as usize * usize::from(WIDTH)) * 4;
        let pixel = &self.pixels()[index..index + 4];
        pixel.try_into().unwrap()
    }

    pub fn screenshot(&self) -> RgbImage {
        let pixels = self.pixels();
        let rgb = pixels
            .chunks_exact(4)
            .flat_map(|bgrx| [bgrx[2], bgrx[1], bgrx[0]]);
        let (width, height) = (u32::from(WIDTH), u32::from(HEIGHT));
        RgbImage::from_raw(width, height, rgb.collect()).expect("32 bits per pixel")
    }

    /// The program's window, once it is visible.
    pub fn window(&self) -> Option<Window> {
        let tree = self.x.query_tree(self.root).unwrap().reply().unwrap();
        tree.children.into_iter().find(|window| {
            let attributes = self.x.get_window_attributes(*window).unwrap().reply();
            let is_visible = attributes.is_ok_and(|it| it.map_state == MapState::VIEWABLE);
            let geometry = self.x.get_geometry(*window).unwrap().reply();
            is_visible && geometry.is_ok_and(|it| (it.width, it.height) == (WIDTH, HEIGHT))
        })
    }

    pub fn atom(&self, name: &str) -> Atom {
        let reply = self.x.intern_atom(false, name.as_bytes());
        reply.unwrap().reply().unwrap().atom
    }

    pub fn text_property(&self, window: Window, property: Atom) -> String {
        let any = AtomEnum::ANY;
        let reply = self.x.get_property(false, window, property, any, 0, 1024);
        String::from_utf8(reply.unwrap().reply().unwrap().value).unwrap()
    }

    /// A window that takes part in drops and pastes.
    pub fn invisible_window(&self) -> Window {
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
