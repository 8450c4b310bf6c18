//! The program without a window.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::accesskit::Toggled;
use eframe::egui::{DroppedFile, HoveredFile, Key, Modifiers, OutputCommand, Pos2};
use egui_kittest::kittest::{By, NodeT, Queryable};
use egui_kittest::{Harness, Node};
use imgpost_desktop::file_dialog::ShowDialog;
use imgpost_desktop::{App, Service, theme};

use super::painted::Textures;
use super::poll_until_timeout;

/// The running program, and what it painted.
pub struct TestApp {
    pub harness: Harness<'static, Option<App>>,
    pub textures: Textures,
}

impl TestApp {
    /// Starts the program with a photo and a sandbox of its own. No file dialog can be shown.
    pub fn start(photo: Option<&Path>) -> Self {
        Self::start_with(photo, Service::sandbox(), no_dialog())
    }

    pub fn start_with(photo: Option<&Path>, service: Service, dialog: ShowDialog) -> Self {
        let textures = Textures::default();
        let photo = photo.map(Path::to_owned);
        let mut new = Some(move |context: &_| App::new(context, service, dialog, photo));
        let harness = Harness::builder()
            .with_size(theme::WINDOW_SIZE)
            .with_context_setup(theme::apply)
            .renderer(textures.clone())
            .build_ui_state(
                move |ui, app: &mut Option<App>| {
                    if let Some(new) = new.take() {
                        *app = Some(new(ui.ctx()));
                    }
                    if let Some(app) = app {
                        app.ui(ui);
                    }
                },
                None,
            );
        Self { harness, textures }
    }

    /// The first widget whose label or text contains this.
    pub fn find<'a>(&'a self, text: &'a str) -> Option<Node<'a>> {
        self.harness.query_all_by_label_contains(text).next()
    }

    /// All labels and texts.
    fn texts(&self) -> Vec<String> {
        let nodes = self.harness.root().children_recursive();
        let text = |node: Node<'_>| node.accesskit_node().label().or(node.value());
        nodes.filter_map(text).collect()
    }

    pub fn shows(&self, text: &str) -> bool {
        self.find(text).is_some()
    }

    /// Runs frames until a widget contains this text.
    pub fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |app| app.shows(text).then_some(()));
    }

    /// Runs frames until there is a value.
    pub fn wait_until<T>(
        &mut self,
        description: &str,
        mut poll: impl FnMut(&mut Self) -> Option<T>,
    ) -> T {
        let found = poll_until_timeout(|| {
            self.harness.step();
            poll(self)
        });
        found.unwrap_or_else(|| panic!("timed out: {description}; shown: {:?}", self.texts()))
    }

    /// Runs some frames, so that a change that must not happen would have happened.
    pub fn settle(&mut self) {
        self.harness.run_steps(4);
    }

    /// Clicks the widget with exactly this label.
    pub fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.settle();
    }

    pub fn is_enabled(&self, label: &str) -> bool {
        let node = self.harness.get_by_label(label);
        !node.accesskit_node().is_disabled()
    }

    pub fn is_selected(&self, label: &str) -> bool {
        let node = self.harness.get_by_label(label);
        node.accesskit_node().toggled() == Some(Toggled::True)
    }

    pub fn press(&mut self, key: Key) {
        self.press_with(Modifiers::NONE, key);
    }

    pub fn press_with(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.step();
    }

    /// Drags with the left button, over several frames.
    pub fn drag(&mut self, from: Pos2, to: Pos2) {
        self.harness.hover_at(from);
        self.harness.drag_at(from);
        for step in 1..=4_u8 {
            self.harness.hover_at(from.lerp(to, f32::from(step) / 4.0));
        }
        self.harness.drop_at(to);
        self.settle();
    }

    /// Drags a file over the window.
    pub fn hover_file(&mut self, path: &Path) {
        self.harness.input_mut().hovered_files = vec![HoveredFile {
            path: Some(path.into()),
            ..HoveredFile::default()
        }];
        self.harness.step();
    }

    /// Drops a file on the window.
    pub fn drop_file(&mut self, path: &Path) {
        let input = self.harness.input_mut();
        input.hovered_files.clear();
        input.dropped_files = vec![Arc::new(File(path.into()))];
        self.harness.step();
    }

    /// The region that the crop keeps, such as `1200x1200 at 0,200`.
    pub fn crop(&self) -> String {
        self.harness.get_by_label("Crop").value().unwrap()
    }

    /// Clicks "Copy ID" and returns what was copied.
    pub fn copy_id(&mut self) -> String {
        self.harness.get_by_label("Copy ID").click();
        self.wait_until("the ID is copied", |app| {
            let commands = &app.harness.output().platform_output.commands;
            commands.iter().find_map(|command| match command {
                OutputCommand::CopyText(text) => Some(text.clone()),
                _ => None,
            })
        })
    }
}

/// A system without file dialogs.
pub fn no_dialog() -> ShowDialog {
    Box::new(|| Box::new(|| Err("there is none".into())))
}

/// A dialog in which the user chooses this file at once, or cancels.
pub fn dialog(chosen: Option<PathBuf>) -> ShowDialog {
    Box::new(move || {
        let chosen = chosen.clone();
        Box::new(|| Ok(chosen))
    })
}

/// The progress bar's percentage, if there is a progress bar.
pub fn progress(app: &TestApp) -> Option<f64> {
    let bar = By::new().role(eframe::egui::Role::ProgressIndicator);
    app.harness.query(bar)?.accesskit_node().numeric_value()
}

#[derive(Debug)]
struct File(PathBuf);

impl DroppedFile for File {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}
