//! The side with the controls: the file, the shape, the size that comes out, and the upload.

use eframe::egui::{self, Button, Color32, ProgressBar, RichText, Ui, vec2};

use crate::app::{Action, App, Picture, Shown};
use crate::choice::{Choice, Loss, SHAPES};
use crate::job::{Job, Sent, Stored};
use crate::told::told;
use crate::{look, preview};

/// Draws it, and gives what was asked for.
pub fn show(app: &mut App, ui: &mut Ui) -> Option<Action> {
    let mut action = None;
    egui::Panel::bottom("service")
        .frame(egui::Frame::new())
        .show_separator_line(false)
        .show(ui, |ui| {
            ui.label(RichText::new(&app.service).small().weak())
        });
    let is_busy = app.job.is_running();

    if let Picture::Shown(picture) = &app.picture {
        about(picture, ui);
    }
    if is_clicked(Button::new("Open…"), !is_busy, ui) {
        action = Some(Action::Pick);
    }
    let Picture::Shown(picture) = &app.picture else {
        return action;
    };

    title(ui, "Shape");
    ui.add_enabled_ui(!is_busy, |ui| shapes(&mut app.choice.ratio, ui));
    outcome(&app.choice, picture, ui);
    ui.add_space(12.0);
    action = action.or(upload_or_cancel(&app.job, ui));
    ui.add_space(4.0);
    egui::ScrollArea::vertical().show(ui, |ui| progress_or_result(&app.job, ui));
    action
}

fn about(picture: &Shown, ui: &mut Ui) {
    let name = RichText::new(preview::name(&picture.path))
        .strong()
        .heading();
    ui.add(egui::Label::new(name).truncate());
    let turned = match picture.is_turned {
        true => ", turned upright",
        false => "",
    };
    ui.weak(format!("{}{turned}", picture.size));
    ui.add_space(4.0);
}

/// Three to a row, all of one width.
fn shapes(chosen: &mut Option<imgpost::AspectRatio>, ui: &mut Ui) {
    let gap = ui.spacing().item_spacing.x;
    let size = vec2(
        (ui.available_width() - 2.0 * gap) / 3.0,
        look::BUTTON_HEIGHT,
    );
    for row in SHAPES.chunks(3) {
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

/// What imgpost plans to do.
fn outcome(choice: &Choice, picture: &Shown, ui: &mut Ui) {
    let plan = match choice.plan(picture.size) {
        Ok(plan) => plan,
        Err(error) => {
            ui.colored_label(look::BAD, told(&error));
            return;
        }
    };
    let hint = match Loss::of(picture.size, plan.crop()) {
        Loss::Nothing => "Nothing is cut off.",
        Loss::Edges => "A few pixels at the edges are cut off.",
        Loss::Part => "Drag on the picture to choose what is kept.",
    };
    ui.label(RichText::new(hint).small().weak());
    title(ui, "Comes out as");
    ui.heading(format!("{} {}", plan.size(), picture.extension));
}

fn upload_or_cancel(job: &Job, ui: &mut Ui) -> Option<Action> {
    if job.is_running() {
        let can_cancel = !matches!(job, Job::Cancelling(_));
        return is_clicked(Button::new("Cancel"), can_cancel, ui).then_some(Action::Cancel);
    }
    let label = match job {
        Job::None => "Upload",
        _ => "Upload again",
    };
    let upload = Button::new(RichText::new(label).color(Color32::WHITE));
    let scope = ui.scope(|ui| {
        look::primary(ui);
        is_clicked(upload, true, ui)
    });
    scope.inner.then_some(Action::Upload)
}

fn progress_or_result(job: &Job, ui: &mut Ui) {
    match job {
        Job::None => {}
        Job::Preparing => progress(0.0, "Preparing…", ui),
        Job::Sending(sent) => progress(sent.share(), &sent.line(), ui),
        Job::Cancelling(sent) => {
            progress(sent.as_ref().map_or(0.0, Sent::share), "Cancelling…", ui);
        }
        Job::Stored(stored) => result(stored, ui),
        Job::Cancelled => {
            ui.label("Cancelled.");
        }
        Job::Failed(why) => {
            look::notice_frame(look::BAD).show(ui, |ui| {
                ui.set_min_width(ui.available_width());
                ui.colored_label(look::BAD, "The upload failed");
                ui.label(why);
            });
        }
    }
}

fn progress(share: f32, line: &str, ui: &mut Ui) {
    let bar = ProgressBar::new(share)
        .fill(look::ACCENT)
        .desired_height(10.0);
    ui.add(bar);
    ui.horizontal(|ui| {
        ui.weak(line);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.weak(format!("{:.0} %", share * 100.0));
        });
    });
}

fn result(stored: &Stored, ui: &mut Ui) {
    look::notice_frame(look::GOOD).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.colored_label(look::GOOD, "Uploaded");
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.small_button("Copy id").clicked() {
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

fn title(ui: &mut Ui, text: &str) {
    ui.add_space(12.0);
    ui.weak(text);
}

/// A button as wide as the panel.
fn is_clicked(button: Button<'_>, is_enabled: bool, ui: &mut Ui) -> bool {
    let size = vec2(ui.available_width(), look::BUTTON_HEIGHT);
    let added = ui.add_enabled_ui(is_enabled, |ui| ui.add_sized(size, button));
    added.inner.clicked()
}
