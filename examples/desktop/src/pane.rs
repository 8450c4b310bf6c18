//! The side with the picture: what will be kept of it, and the point that can be dragged.

use eframe::egui::{
    self, Color32, CursorIcon, EventFilter, Key, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, pos2,
};

use crate::app::{App, Picture, Shown};
use crate::choice::{Choice, Loss, Point};
use crate::look;
use crate::view::View;

/// A small picture is enlarged so many times at most, to be seen.
const MAX_SCALE: f32 = 4.0;

/// Thousandths of a side that an arrow key moves the point.
const STEP: i16 = 20;

/// Draws it, and moves the point where it was dragged to.
pub fn show(app: &mut App, ui: &mut Ui) {
    let is_busy = app.job.is_running();
    let is_hovered = ui.input(|input| !input.raw.hovered_files.is_empty());
    match &app.picture {
        // Words would be read through the cover.
        Picture::Nothing | Picture::Unreadable(_) if is_hovered => {}
        Picture::Nothing => hint(ui, "Drop a picture here", "or choose one with Open…"),
        Picture::Opening => {
            ui.centered_and_justified(|ui| ui.spinner());
        }
        Picture::Unreadable(why) => problem(ui, why),
        Picture::Shown(picture) => draw(picture, &mut app.choice, is_busy, ui),
    }
    if is_hovered {
        let told = match is_busy {
            true => "An upload is under way: cancel it first",
            false => "Drop to open",
        };
        cover(ui, told);
    }
}

fn draw(picture: &Shown, choice: &mut Choice, is_busy: bool, ui: &mut Ui) {
    let view = View::fit(picture.size, ui.available_rect_before_wrap(), MAX_SCALE);
    let place = view.place();
    let sense = match is_busy {
        true => Sense::hover(),
        false => Sense::click_and_drag(),
    };
    let mut response = ui.allocate_rect(place, sense);
    let before = choice.focus;
    if let Some(position) = response.interact_pointer_pos() {
        choice.focus = view.point_at(position);
        response.request_focus();
    }
    if response.has_focus() {
        choice.focus = moved_by_keys(choice.focus, response.id, ui);
    }
    if choice.focus != before {
        response.mark_changed();
    }
    if !is_busy {
        response = response.on_hover_cursor(CursorIcon::Move);
    }

    let painter = ui.painter();
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    painter.image(picture.texture.id(), place, whole, Color32::WHITE);
    let Ok(plan) = choice.plan(picture.size) else {
        return;
    };
    let kept = view.on_screen(plan.crop());
    for cut in around(kept, place) {
        painter.rect_filled(cut, 0.0, look::DIMMED);
    }
    let line = match response.has_focus() {
        true => Stroke::new(2.0, look::ACCENT),
        false => Stroke::new(2.0, Color32::WHITE),
    };
    painter.rect_stroke(kept, 0.0, line, StrokeKind::Inside);
    if Loss::of(picture.size, plan.crop()) == Loss::Part {
        mark(view.position_of(choice.focus), painter);
    }
}

/// The arrow keys belong to the picture while it has the focus; otherwise they would take the focus elsewhere.
fn moved_by_keys(point: Point, id: egui::Id, ui: &Ui) -> Point {
    let arrows = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
    ui.input(|input| {
        let pressed = |key| input.num_presses(key) as i16 * STEP;
        point.moved(
            pressed(Key::ArrowRight) - pressed(Key::ArrowLeft),
            pressed(Key::ArrowDown) - pressed(Key::ArrowUp),
        )
    })
}

/// The four parts of `whole` around `inner`; some may be empty.
fn around(inner: Rect, whole: Rect) -> [Rect; 4] {
    let part = |left, top, right, bottom| Rect::from_min_max(pos2(left, top), pos2(right, bottom));
    [
        part(whole.left(), whole.top(), whole.right(), inner.top()),
        part(whole.left(), inner.bottom(), whole.right(), whole.bottom()),
        part(whole.left(), inner.top(), inner.left(), inner.bottom()),
        part(inner.right(), inner.top(), whole.right(), inner.bottom()),
    ]
}

fn mark(at: Pos2, painter: &egui::Painter) {
    painter.circle_filled(at, 9.0, Color32::from_black_alpha(110));
    painter.circle_stroke(at, 9.0, Stroke::new(1.5, Color32::WHITE));
    painter.circle_filled(at, 2.5, Color32::WHITE);
}

/// Two lines in the middle of a dashed frame.
fn hint(ui: &mut Ui, first: &str, second: &str) {
    let place = ui.available_rect_before_wrap();
    let corners = [
        place.left_top(),
        place.right_top(),
        place.right_bottom(),
        place.left_bottom(),
        place.left_top(),
    ];
    let line = Stroke::new(1.5, ui.visuals().weak_text_color());
    let dashes = egui::Shape::dashed_line(&corners, line, 7.0, 6.0);
    ui.painter().extend(dashes);
    in_the_middle(ui, 52.0, |ui| {
        ui.heading(first);
        ui.weak(second);
    });
}

/// What is wrong with the file that was given.
fn problem(ui: &mut Ui, why: &str) {
    in_the_middle(ui, 120.0, |ui| {
        ui.set_max_width(ui.available_width().min(440.0));
        look::notice_frame(look::BAD).show(ui, |ui| {
            ui.colored_label(look::BAD, "This file cannot be opened");
            ui.label(why);
        });
        ui.add_space(8.0);
        ui.weak("Drop another one here, or choose one with Open…");
    });
}

/// Something of about this height.
fn in_the_middle(ui: &mut Ui, height: f32, content: impl FnOnce(&mut Ui)) {
    ui.add_space((ui.available_height() - height).max(0.0) / 2.0);
    ui.vertical_centered(content);
}

/// Over everything on this side.
fn cover(ui: &Ui, told: &str) {
    let place = ui.max_rect().expand(12.0);
    let painter = ui.painter();
    painter.rect_filled(place, 8.0, look::CANVAS.gamma_multiply(0.9));
    let line = Stroke::new(2.0, look::ACCENT);
    painter.rect_stroke(place, 8.0, line, StrokeKind::Inside);
    let font = egui::TextStyle::Heading.resolve(ui.style());
    let middle = egui::Align2::CENTER_CENTER;
    painter.text(place.center(), middle, told, font, Color32::WHITE);
}
