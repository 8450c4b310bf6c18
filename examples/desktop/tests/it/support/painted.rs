//! What the program painted.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use eframe::egui::epaint::{ClippedShape, ImageData};
use eframe::egui::{ColorImage, FullOutput, Rect, Shape, TextureId, TexturesDelta};
use egui_kittest::TestRenderer;

/// Keeps the textures instead of uploading them to a graphics card.
#[derive(Clone, Default)]
pub struct Textures(Rc<RefCell<HashMap<TextureId, Arc<ColorImage>>>>);

impl TestRenderer for Textures {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        for (id, deltas) in delta.set.drain() {
            for delta in deltas.into_iter().filter(|delta| delta.pos.is_none()) {
                let ImageData::Color(image) = delta.image;
                self.0.borrow_mut().insert(id, image);
            }
        }
        delta.free.clear();
    }
}

impl Textures {
    /// The image in the viewer: its texture and its rectangle on the screen.
    pub fn image(&self, output: &FullOutput) -> (Arc<ColorImage>, Rect) {
        let mut meshes = shapes(output).filter_map(|shape| match shape {
            Shape::Mesh(mesh) if mesh.texture_id != TextureId::default() => Some(mesh),
            _ => None,
        });
        let mesh = meshes.next().expect("an image is painted");
        let texture = self.0.borrow()[&mesh.texture_id].clone();
        (texture, mesh.calc_bounds())
    }
}

/// The frame around the crop: the only unfilled rectangle with a border of this width.
pub fn crop_frame(output: &FullOutput) -> Rect {
    let mut frames = shapes(output).filter_map(|shape| match shape {
        Shape::Rect(rect) if rect.fill.a() == 0 && rect.stroke.width == 2.0 => Some(rect.rect),
        _ => None,
    });
    frames.next().expect("a crop is painted")
}

fn shapes(output: &FullOutput) -> impl Iterator<Item = &Shape> {
    let clipped = output.shapes.iter();
    clipped.flat_map(|ClippedShape { shape, .. }| match shape {
        Shape::Vec(shapes) => shapes.as_slice(),
        shape => std::slice::from_ref(shape),
    })
}
