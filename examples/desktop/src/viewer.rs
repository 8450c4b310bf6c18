//! The image, and the crop that the user moves on it.

use eframe::egui::{
    self, Color32, CursorIcon, EventFilter, Key, Layout, Pos2, Rect, RichText, Role, Sense, Stroke,
    StrokeKind, Ui, UiBuilder, WidgetInfo, pos2,
};
use imgpost::Region;

use crate::app::{App, ImageState, OpenedImage};
use crate::crop::{Crop, Loss, Point};
use crate::theme;
use crate::transform::Transform;

/// Small images are enlarged at most so many times.
const MAX_SCALE: f32 = 4.0;

/// How far an arrow key moves the focus, in thousandths of a side.
const STEP: i16 = 20;

/// Draws the image and moves the crop.
pub fn show(app: &mut App, ui: &mut Ui) {
    let is_busy = app.upload.is_running();
    let is_file_hovering = ui.input(|input| !input.raw.hovered_files.is_empty());
    match &app.image {
        // The text would show through the overlay.
        ImageState::None | ImageState::Failed(_) if is_file_hovering => {}
        ImageState::None => show_hint(ui, "Drop an image here", "or choose one with Open…"),
        ImageState::Opening => {
            ui.centered_and_justified(|ui| ui.spinner());
        }
        ImageState::Failed(error) => show_error(ui, error),
        ImageState::Opened(image) => show_image(image, &mut app.crop, is_busy, ui),
    }
    if is_file_hovering {
        let text = if is_busy {
            "An upload is running: cancel it first"
        } else {
            "Drop to open"
        };
        show_overlay(ui, text);
    }
}

fn show_image(image: &OpenedImage, crop: &mut Crop, is_busy: bool, ui: &mut Ui) {
    let transform = Transform::fit(image.size, ui.available_rect_before_wrap(), MAX_SCALE);
    let sense = if is_busy {
        Sense::hover()
    } else {
        Sense::click_and_drag()
    };
    let mut response = ui.allocate_rect(transform.rect(), sense);
    if !is_busy {
        if let Some(position) = response.interact_pointer_pos() {
            crop.focus = transform.point_from_screen(position);
            response.request_focus();
        }
        if response.has_focus() {
            crop.focus = moved_by_keys(crop.focus, response.id, ui);
        }
        response = response.on_hover_cursor(CursorIcon::Move);
    }

    let painter = ui.painter();
    let whole_texture = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    painter.image(
        image.texture.id(),
        transform.rect(),
        whole_texture,
        Color32::WHITE,
    );
    // The sidebar shows the error.
    let Ok(plan) = crop.plan(image.size) else {
        return;
    };
    response.widget_info(|| widget_info(plan.crop(), !is_busy));
    let kept = transform.region_to_screen(plan.crop());
    for removed in surroundings(kept, transform.rect()) {
        painter.rect_filled(removed, 0.0, theme::DIMMED);
    }
    let color = if response.has_focus() {
        theme::ACCENT
    } else {
        Color32::WHITE
    };
    painter.rect_stroke(kept, 0.0, Stroke::new(2.0, color), StrokeKind::Inside);
    if Loss::from_region(image.size, plan.crop()) == Loss::Part {
        draw_handle(transform.point_to_screen(crop.focus), painter);
    }
}

/// Describes the crop to screen readers and tests.
fn widget_info(region: Region, is_enabled: bool) -> WidgetInfo {
    let mut info = WidgetInfo::labeled(Role::Image, is_enabled, "Crop");
    let Region {
        left,
        top,
        width,
        height,
        ..
    } = region;
    info.current_text_value = Some(format!("{width}x{height} at {left},{top}"));
    info
}

/// The arrow keys move the crop while the image has the focus. Otherwise egui moves the focus with them.
fn moved_by_keys(point: Point, id: egui::Id, ui: &Ui) -> Point {
    let arrows = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
    ui.input(|input| {
        let steps = |key| input.num_presses(key) as i16 * STEP;
        point.moved(
            steps(Key::ArrowRight) - steps(Key::ArrowLeft),
            steps(Key::ArrowDown) - steps(Key::ArrowUp),
        )
    })
}

/// The four parts of `outer` around `inner`; some may be empty.
fn surroundings(inner: Rect, outer: Rect) -> [Rect; 4] {
    let part = |left, top, right, bottom| Rect::from_min_max(pos2(left, top), pos2(right, bottom));
    [
        part(outer.left(), outer.top(), outer.right(), inner.top()),
        part(outer.left(), inner.bottom(), outer.right(), outer.bottom()),
        part(outer.left(), inner.top(), inner.left(), inner.bottom()),
        part(inner.right(), inner.top(), outer.right(), inner.bottom()),
    ]
}

fn draw_handle(center: Pos2, painter: &egui::Painter) {
    painter.circle_filled(center, 9.0, Color32::from_black_alpha(110));
    painter.circle_stroke(center, 9.0, Stroke::new(1.5, Color32::WHITE));
    painter.circle_filled(center, 2.5, Color32::WHITE);
}

/// Two lines of text in a dashed frame.
fn show_hint(ui: &mut Ui, first: &str, second: &str) {
    let rect = ui.available_rect_before_wrap();
    let corners = [
        rect.left_top(),
        rect.right_top(),
        rect.right_bottom(),
        rect.left_bottom(),
        rect.left_top(),
    ];
    let line = Stroke::new(1.5, ui.visuals().weak_text_color());
    let dashes = egui::Shape::dashed_line(&corners, line, 7.0, 6.0);
    ui.painter().extend(dashes);
    centered(ui, 52.0, |ui| {
        ui.heading(first);
        ui.weak(second);
    });
}

fn show_error(ui: &mut Ui, error: &str) {
    centered(ui, 120.0, |ui| {
        ui.set_max_width(ui.available_width().min(440.0));
        theme::notice_frame(theme::BAD).show(ui, |ui| {
            ui.colored_label(theme::BAD, "This file cannot be opened");
            ui.label(error);
        });
        ui.add_space(8.0);
        ui.weak("Drop another file here, or choose one with Open…");
    });
}

/// Centers content of about this height.
fn centered(ui: &mut Ui, height: f32, content: impl FnOnce(&mut Ui)) {
    ui.add_space((ui.available_height() - height).max(0.0) / 2.0);
    ui.vertical_centered(content);
}

/// Covers the image with a text while a file is dragged over the window.
fn show_overlay(ui: &mut Ui, text: &str) {
    let rect = ui.max_rect().expand(12.0);
    let painter = ui.painter();
    painter.rect_filled(rect, 8.0, theme::VIEWER.gamma_multiply(0.9));
    let line = Stroke::new(2.0, theme::ACCENT);
    painter.rect_stroke(rect, 8.0, line, StrokeKind::Inside);
    let layout = Layout::centered_and_justified(egui::Direction::TopDown);
    let mut overlay = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout));
    overlay.heading(RichText::new(text).color(Color32::WHITE));
}
