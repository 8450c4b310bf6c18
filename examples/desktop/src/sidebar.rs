//! The controls: the file, the aspect ratio, the size of the result, and the upload.

use eframe::egui::{self, Button, Color32, ProgressBar, RichText, Ui, vec2};

use crate::app::{Action, App, ImageState, OpenedImage};
use crate::crop::{Crop, Loss, RATIOS};
use crate::upload_state::{Sent, Stored, UploadState};
use crate::{preview, theme};

/// Draws the controls and returns what the user asks for.
pub fn show(app: &mut App, ui: &mut Ui) -> Option<Action> {
    egui::Panel::bottom("service")
        .frame(egui::Frame::new())
        .show_separator_line(false)
        .show(ui, |ui| {
            ui.label(RichText::new(&app.service_label).small().weak())
        });
    // A long error message needs more space than a small window has.
    let scrolled = egui::ScrollArea::vertical().show(ui, |ui| show_controls(app, ui));
    scrolled.inner
}

fn show_controls(app: &mut App, ui: &mut Ui) -> Option<Action> {
    let is_busy = app.upload.is_running();
    if let ImageState::Opened(image) = &app.image {
        show_file(image, ui);
    }
    let is_open_clicked = is_clicked(Button::new("Open…"), !is_busy, ui);
    let action = is_open_clicked.then_some(Action::ShowDialog);
    if let Some(notice) = &app.notice {
        show_notice(notice, ui);
    }
    let ImageState::Opened(image) = &app.image else {
        return action;
    };

    show_title("Aspect ratio", ui);
    ui.add_enabled_ui(!is_busy, |ui| show_ratios(&mut app.crop.ratio, ui));
    show_plan(&app.crop, image, ui);
    ui.add_space(12.0);
    // The scope gives both buttons the same ID, so that the second keeps the focus of the first.
    let upload = ui.scope(|ui| show_upload_or_cancel(&app.upload, ui));
    ui.add_space(4.0);
    show_progress_or_result(&app.upload, ui);
    action.or(upload.inner)
}

fn show_file(image: &OpenedImage, ui: &mut Ui) {
    let name = RichText::new(preview::file_name(&image.path))
        .strong()
        .heading();
    ui.add(egui::Label::new(name).truncate());
    let rotated = if image.is_rotated {
        ", rotated upright"
    } else {
        ""
    };
    ui.weak(format!("{}{rotated}", image.size));
    ui.add_space(4.0);
}

/// Three buttons of the same width per row.
fn show_ratios(chosen: &mut Option<imgpost::AspectRatio>, ui: &mut Ui) {
    let gap = ui.spacing().item_spacing.x;
    let size = vec2(
        (ui.available_width() - 2.0 * gap) / 3.0,
        theme::BUTTON_HEIGHT,
    );
    for row in RATIOS.chunks(3) {
        ui.horizontal(|ui| {
            for (label, ratio) in row {
                let button = Button::new(*label).selected(chosen == ratio);
                if ui.add_sized(size, button).clicked() {
                    *chosen = *ratio;
                }
            }
        });
    }
}

/// What imgpost will do.
fn show_plan(crop: &Crop, image: &OpenedImage, ui: &mut Ui) {
    let plan = match crop.plan(image.size) {
        Ok(plan) => plan,
        Err(error) => {
            ui.colored_label(theme::BAD, format!("{:#}", imgpost::Error::from(error)));
            return;
        }
    };
    let hint = match Loss::from_region(image.size, plan.crop()) {
        Loss::Nothing => "Nothing is cropped.",
        Loss::Edges => "A few pixels at the edges are cropped.",
        Loss::Part => "Drag on the image to move the crop.",
    };
    ui.label(RichText::new(hint).small().weak());
    show_title("Result", ui);
    ui.heading(format!("{} {}", plan.size(), image.extension));
}

fn show_upload_or_cancel(state: &UploadState, ui: &mut Ui) -> Option<Action> {
    if state.is_running() {
        let can_cancel = !matches!(state, UploadState::Cancelling(_));
        return is_clicked(Button::new("Cancel"), can_cancel, ui).then_some(Action::Cancel);
    }
    let label = if *state == UploadState::None {
        "Upload"
    } else {
        "Upload again"
    };
    let button = Button::new(RichText::new(label).color(Color32::WHITE));
    theme::highlight(ui);
    is_clicked(button, true, ui).then_some(Action::Upload)
}

fn show_progress_or_result(state: &UploadState, ui: &mut Ui) {
    match state {
        UploadState::None => {}
        UploadState::Preparing => show_progress(0.0, "Preparing…", ui),
        UploadState::Sending(sent) => show_progress(sent.fraction(), &sent.text(), ui),
        UploadState::Cancelling(sent) => {
            let fraction = sent.as_ref().map_or(0.0, Sent::fraction);
            show_progress(fraction, "Cancelling…", ui);
        }
        UploadState::Stored(stored) => show_stored(stored, ui),
        UploadState::Cancelled => {
            ui.label("Cancelled.");
        }
        UploadState::Failed(error) => {
            theme::notice_frame(theme::BAD).show(ui, |ui| {
                ui.set_min_width(ui.available_width());
                ui.colored_label(theme::BAD, "The upload failed");
                ui.label(error);
            });
        }
    }
}

fn show_progress(fraction: f32, text: &str, ui: &mut Ui) {
    let bar = ProgressBar::new(fraction)
        .fill(theme::ACCENT)
        .desired_height(10.0);
    ui.add(bar);
    ui.horizontal(|ui| {
        ui.weak(text);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.weak(format!("{:.0} %", fraction * 100.0));
        });
    });
}

fn show_stored(stored: &Stored, ui: &mut Ui) {
    theme::notice_frame(theme::GOOD).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.colored_label(theme::GOOD, "Uploaded");
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.small_button("Copy ID").clicked() {
                    ui.ctx().copy_text(stored.id.clone());
                }
            });
        });
        ui.label(RichText::new(&stored.id).monospace());
        let kilobytes = stored.bytes as f64 / 1e3;
        let (size, extension) = (stored.size, stored.extension);
        ui.weak(format!("{size} {extension}, {kilobytes:.0} kB"));
    });
}

fn show_notice(notice: &str, ui: &mut Ui) {
    theme::notice_frame(theme::BAD).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.label(RichText::new(notice).small());
    });
}

fn show_title(text: &str, ui: &mut Ui) {
    ui.add_space(12.0);
    ui.weak(text);
}

/// A button as wide as the sidebar.
fn is_clicked(button: Button<'_>, is_enabled: bool, ui: &mut Ui) -> bool {
    let size = vec2(ui.available_width(), theme::BUTTON_HEIGHT);
    let added = ui.add_enabled_ui(is_enabled, |ui| ui.add_sized(size, button));
    added.inner.clicked()
}
