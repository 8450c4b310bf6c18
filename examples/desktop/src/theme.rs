//! Colors, fonts and distances.

use eframe::egui::{
    self, Color32, CornerRadius, FontFamily, FontId, Frame, Margin, Stroke, TextStyle, Theme, Ui,
    vec2,
};

pub const ACCENT: Color32 = Color32::from_rgb(64, 132, 246);
const ACCENT_HOVERED: Color32 = Color32::from_rgb(100, 158, 255);
const ACCENT_DARK: Color32 = Color32::from_rgb(38, 74, 140);
/// The background of the image.
pub const VIEWER: Color32 = Color32::from_rgb(20, 21, 24);
const SIDEBAR: Color32 = Color32::from_rgb(31, 33, 38);
const BUTTON: Color32 = Color32::from_rgb(50, 53, 61);
const BUTTON_HOVERED: Color32 = Color32::from_rgb(72, 77, 89);
const TEXT: Color32 = Color32::from_rgb(226, 228, 233);
const WEAK: Color32 = Color32::from_rgb(162, 167, 178);
pub const GOOD: Color32 = Color32::from_rgb(134, 214, 166);
pub const BAD: Color32 = Color32::from_rgb(255, 144, 136);
/// Drawn over the parts outside the crop.
pub const DIMMED: Color32 = Color32::from_black_alpha(165);

pub const WINDOW_SIZE: [f32; 2] = [900.0, 640.0];
pub const SIDEBAR_WIDTH: f32 = 320.0;
pub const BUTTON_HEIGHT: f32 = 34.0;

/// Sets the style, once. The theme is always dark, because colors are easier to judge on a dark background.
pub fn apply(context: &egui::Context) {
    context.set_theme(Theme::Dark);
    context.style_mut_of(Theme::Dark, |style| {
        let font = |size| FontId::new(size, FontFamily::Proportional);
        style.text_styles = [
            (TextStyle::Small, font(12.5)),
            (TextStyle::Body, font(14.5)),
            (TextStyle::Button, font(14.5)),
            (TextStyle::Heading, font(20.0)),
            (
                TextStyle::Monospace,
                FontId::new(11.5, FontFamily::Monospace),
            ),
        ]
        .into();
        style.spacing.item_spacing = vec2(8.0, 8.0);
        style.spacing.button_padding = vec2(12.0, 6.0);
        let visuals = &mut style.visuals;
        visuals.panel_fill = SIDEBAR;
        visuals.weak_text_color = Some(WEAK);
        visuals.selection.bg_fill = ACCENT_DARK;
        visuals.selection.stroke = Stroke::new(1.0, Color32::WHITE);
        let widgets = &mut visuals.widgets;
        for widget in [
            &mut widgets.noninteractive,
            &mut widgets.inactive,
            &mut widgets.hovered,
            &mut widgets.active,
            &mut widgets.open,
        ] {
            widget.corner_radius = CornerRadius::same(6);
            widget.fg_stroke.color = TEXT;
            widget.expansion = 0.0;
        }
        widgets.inactive.weak_bg_fill = BUTTON;
        widgets.hovered.weak_bg_fill = BUTTON_HOVERED;
        widgets.hovered.bg_stroke = Stroke::NONE;
        // egui draws a focused widget like a pressed one.
        widgets.active.weak_bg_fill = BUTTON_HOVERED;
        widgets.active.bg_stroke = Stroke::new(2.0, ACCENT);
    });
}

/// Highlights the buttons that follow in this `Ui`.
pub fn highlight(ui: &mut Ui) {
    let widgets = &mut ui.visuals_mut().widgets;
    widgets.inactive.weak_bg_fill = ACCENT;
    widgets.hovered.weak_bg_fill = ACCENT_HOVERED;
    widgets.active.weak_bg_fill = ACCENT_HOVERED;
    widgets.active.bg_stroke = Stroke::new(2.0, Color32::WHITE);
}

/// The frame of the controls.
pub fn sidebar_frame() -> Frame {
    Frame::new().fill(SIDEBAR).inner_margin(Margin::same(20))
}

/// The frame of the image.
pub fn viewer_frame() -> Frame {
    Frame::new().fill(VIEWER).inner_margin(Margin::same(24))
}

/// A box for a result or an error.
pub fn notice_frame(color: Color32) -> Frame {
    Frame::new()
        .fill(color.gamma_multiply(0.08))
        .stroke(Stroke::new(1.0, color.gamma_multiply(0.5)))
        .corner_radius(CornerRadius::same(6))
        .inner_margin(Margin::same(12))
}
