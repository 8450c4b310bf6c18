//! The window: what it knows, what it does with what the user and the worker say, and its two sides.

use std::path::PathBuf;

use eframe::egui::{self, Key, Modifiers};
use imgpost::{Extension, Size};

use crate::choice::Choice;
use crate::dialog::Dialog;
use crate::job::Job;
use crate::preview::Preview;
use crate::service::Service;
use crate::worker::{Event, Worker};
use crate::{look, pane, panel};

/// What the window shows and knows.
pub struct App {
    pub picture: Picture,
    pub choice: Choice,
    pub job: Job,
    pub service: String,
    dialog: Dialog,
    worker: Worker,
    /// After the worker, so that what it uses goes away last.
    _service: Service,
}

/// The picture, if there is one.
pub enum Picture {
    Nothing,
    Opening,
    Shown(Shown),
    Unreadable(String),
}

/// A picture that was opened, on the screen.
pub struct Shown {
    pub path: PathBuf,
    pub size: Size,
    pub is_turned: bool,
    pub extension: Extension,
    pub texture: egui::TextureHandle,
}

/// What the user asks for.
pub enum Action {
    Pick,
    Open(PathBuf),
    Upload,
    Cancel,
}

impl App {
    /// The window with this photo, or with none yet.
    pub fn new(context: &egui::Context, photo: Option<PathBuf>) -> Self {
        look::apply(context);
        let service = Service::from_env();
        let mut app = Self {
            picture: Picture::Nothing,
            choice: Choice::default(),
            job: Job::default(),
            service: service.label.clone(),
            dialog: Dialog::default(),
            worker: Worker::start(service.client.clone(), context.clone()),
            _service: service,
        };
        if let Some(photo) = photo {
            app.open(photo);
        }
        app
    }

    fn open(&mut self, path: PathBuf) {
        // The worker does one thing at a time; and what is drawn is what is being uploaded.
        if self.job.is_running() {
            return;
        }
        self.picture = Picture::Opening;
        self.choice.focus = Choice::default().focus;
        self.job.forget();
        self.worker.open(path);
    }

    fn upload(&mut self) {
        if let Picture::Shown(picture) = &self.picture
            && self.job.begin()
        {
            let prepare = self.choice.prepare(picture.extension);
            self.worker.upload(picture.path.clone(), prepare);
        }
    }

    fn cancel(&mut self) {
        if self.job.cancel() {
            self.worker.cancel();
        }
    }

    fn receive(&mut self, context: &egui::Context) {
        for event in self.worker.events() {
            match event {
                Event::Opened(preview) => self.picture = Picture::Shown(shown(preview, context)),
                Event::NotOpened(why) => self.picture = Picture::Unreadable(why),
                Event::Job(event) => self.job.told(event),
            }
        }
        if let Some(path) = self.dialog.picked() {
            self.open(path);
        }
    }

    fn act(&mut self, action: Action, context: &egui::Context, frame: &eframe::Frame) {
        match action {
            Action::Pick => self.dialog.show(context, frame),
            Action::Open(path) => self.open(path),
            Action::Upload => self.upload(),
            Action::Cancel => self.cancel(),
        }
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let context = ui.ctx().clone();
        self.receive(&context);
        let mut actions = from_keys_and_drops(&context);
        egui::Panel::right("controls")
            .exact_size(look::PANEL_WIDTH)
            .resizable(false)
            .frame(look::panel_frame())
            .show(ui, |ui| actions.extend(panel::show(self, ui)));
        egui::CentralPanel::default()
            .frame(look::canvas_frame())
            .show(ui, |ui| pane::show(self, ui));
        for action in actions {
            self.act(action, &context, frame);
        }
    }
}

/// A file that was dropped, Ctrl+O and Escape.
fn from_keys_and_drops(context: &egui::Context) -> Vec<Action> {
    context.input_mut(|input| {
        let mut actions = Vec::new();
        // Taken, because a frame may be run twice.
        let dropped = std::mem::take(&mut input.raw.dropped_files);
        actions.extend(dropped.first().map(|file| Action::Open(file.path().into())));
        if input.consume_key(Modifiers::COMMAND, Key::O) {
            actions.push(Action::Pick);
        }
        if input.key_pressed(Key::Escape) {
            actions.push(Action::Cancel);
        }
        actions
    })
}

fn shown(preview: Preview, context: &egui::Context) -> Shown {
    let smooth = egui::TextureOptions::LINEAR.with_mipmap_mode(Some(egui::TextureFilter::Linear));
    Shown {
        path: preview.path,
        size: preview.size,
        is_turned: preview.is_turned,
        extension: preview.extension,
        texture: context.load_texture("picture", preview.pixels, smooth),
    }
}
