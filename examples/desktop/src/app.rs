//! The program without its window: the state, and how the user and the worker change it.

use std::path::PathBuf;

use eframe::egui::{self, Key, Modifiers};
use imgpost::{Extension, Region, Size};

use crate::crop::Crop;
use crate::file_dialog::{FileDialog, ShowDialog};
use crate::preview::{self, Preview};
use crate::service::Service;
use crate::upload_state::UploadState;
use crate::worker::{Event, Worker};
use crate::{sidebar, theme, viewer};

/// The state behind the window.
pub struct App {
    pub(crate) image: ImageState,
    pub(crate) crop: Crop,
    pub(crate) upload: UploadState,
    /// Why no file was opened.
    pub(crate) notice: Option<String>,
    pub(crate) service_label: String,
    dialog: FileDialog,
    worker: Worker,
    /// Declared after the worker, which uses it until it is dropped.
    _service: Service,
}

pub(crate) enum ImageState {
    None,
    Opening,
    Opened(OpenedImage),
    /// The file cannot be opened, with the error message.
    Failed(String),
}

pub(crate) struct OpenedImage {
    pub path: PathBuf,
    pub size: Size,
    pub is_rotated: bool,
    pub extension: Extension,
    pub texture: egui::TextureHandle,
}

/// What the user asks for.
pub(crate) enum Action {
    ShowDialog,
    Open(PathBuf),
    Upload,
    Cancel,
}

impl App {
    /// Starts the worker and opens the photo, if there is one.
    pub fn new(
        context: &egui::Context,
        service: Service,
        show_dialog: ShowDialog,
        photo: Option<PathBuf>,
    ) -> Self {
        let mut app = Self {
            image: ImageState::None,
            crop: Crop::default(),
            upload: UploadState::default(),
            notice: None,
            service_label: service.label.clone(),
            dialog: FileDialog::new(show_dialog),
            worker: Worker::start(service.client.clone(), context.clone()),
            _service: service,
        };
        if let Some(photo) = photo {
            app.open(photo);
        }
        app
    }

    /// Draws one frame and handles its input.
    pub fn ui(&mut self, ui: &mut egui::Ui) {
        let context = ui.ctx().clone();
        self.receive_events(&context);
        let mut actions = actions_from_input(&context);
        let result_before = self.planned_result();
        egui::Panel::right("sidebar")
            .exact_size(theme::SIDEBAR_WIDTH)
            .resizable(false)
            .frame(theme::sidebar_frame())
            .show(ui, |ui| actions.extend(sidebar::show(self, ui)));
        egui::CentralPanel::default()
            .frame(theme::viewer_frame())
            .show(ui, |ui| viewer::show(self, ui));
        if self.planned_result() != result_before {
            // What was uploaded is no longer what is on the screen. The sidebar has been drawn with it.
            self.upload.clear();
            context.request_repaint();
        }
        for action in actions {
            self.perform(action, &context);
        }
    }

    fn receive_events(&mut self, context: &egui::Context) {
        for event in self.worker.events() {
            match event {
                Event::Opened(preview) => self.show_preview(preview, context),
                Event::NotOpened(error) => {
                    set_title("imgpost", context);
                    self.image = ImageState::Failed(error);
                }
                Event::Upload(event) => self.upload.apply(event),
            }
        }
        match self.dialog.poll() {
            Some(Ok(path)) => self.open(path),
            Some(Err(error)) => self.notice = Some(no_dialog(&error)),
            None => {}
        }
    }

    fn show_preview(&mut self, preview: Preview, context: &egui::Context) {
        let name = preview::file_name(&preview.path);
        set_title(&format!("{name} - imgpost"), context);
        let smooth =
            egui::TextureOptions::LINEAR.with_mipmap_mode(Some(egui::TextureFilter::Linear));
        self.image = ImageState::Opened(OpenedImage {
            path: preview.path,
            size: preview.size,
            is_rotated: preview.is_rotated,
            extension: preview.extension,
            texture: context.load_texture("image", preview.pixels, smooth),
        });
    }

    /// The region that an upload would keep, and the size of its result.
    fn planned_result(&self) -> Option<(Region, Size)> {
        let ImageState::Opened(image) = &self.image else {
            return None;
        };
        let plan = self.crop.plan(image.size).ok()?;
        Some((plan.crop(), plan.size()))
    }

    fn perform(&mut self, action: Action, context: &egui::Context) {
        match action {
            Action::ShowDialog => {
                self.notice = None;
                self.dialog.open(context);
            }
            Action::Open(path) => self.open(path),
            Action::Upload => self.start_upload(),
            Action::Cancel => {
                if self.upload.cancel() {
                    self.worker.cancel();
                }
            }
        }
    }

    fn open(&mut self, path: PathBuf) {
        if self.upload.is_running() {
            // The window shows the image that is being uploaded.
            let name = preview::file_name(&path);
            self.notice = Some(format!(
                "{name} was not opened because an upload is running. Cancel it or wait for its end, then open the \
                 file again."
            ));
            return;
        }
        self.notice = None;
        self.image = ImageState::Opening;
        self.crop.focus = Crop::default().focus;
        self.upload.clear();
        self.worker.open(path);
    }

    fn start_upload(&mut self) {
        if let ImageState::Opened(image) = &self.image
            && self.upload.start()
        {
            let prepare = self.crop.prepare(image.extension);
            self.worker.upload(image.path.clone(), prepare);
        }
    }
}

fn set_title(title: &str, context: &egui::Context) {
    context.send_viewport_cmd(egui::ViewportCommand::Title(title.into()));
}

/// Dropped files, Ctrl+O and Escape.
fn actions_from_input(context: &egui::Context) -> Vec<Action> {
    context.input_mut(|input| {
        let mut actions = Vec::new();
        // Removed from the input, because egui may run a frame twice.
        let dropped = std::mem::take(&mut input.raw.dropped_files);
        actions.extend(dropped.first().map(|file| Action::Open(file.path().into())));
        if input.consume_key(Modifiers::COMMAND, Key::O) {
            actions.push(Action::ShowDialog);
        }
        if input.key_pressed(Key::Escape) {
            actions.push(Action::Cancel);
        }
        actions
    })
}

fn no_dialog(error: &str) -> String {
    let install = if cfg!(any(windows, target_os = "macos")) {
        ""
    } else {
        " To get a dialog, install xdg-desktop-portal or zenity."
    };
    format!(
        "No file dialog can be shown. Drop a file on this window, or start the program with the path of the \
         file.{install} (Error: {error})"
    )
}
