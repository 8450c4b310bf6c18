//! An image and its mask.

use std::path::Path;

use imgpost::leonardo::{self, CanvasImages, Client};
use serde::Serialize;

use super::input;
use super::upload::with_progress;
use crate::args::PrepareArgs;
use crate::context::{Context, Outcome};
use crate::escape;
use crate::failure::Failure;

pub fn canvas(
    context: &Context,
    client: &Client,
    files: [&Path; 2],
    threshold: Option<u8>,
    prepare: &PrepareArgs,
) -> Result<(), Failure> {
    let uploaded = upload_canvas(context, client, files, threshold, prepare)?;
    context.result(&CanvasReport {
        init_id: uploaded.init.id,
        mask_id: uploaded.mask.id,
        width: uploaded.init.size.width,
        height: uploaded.init.size.height,
    })
}

/// Prepares an image and its mask in the same way, and uploads both.
pub fn upload_canvas(
    context: &Context,
    client: &Client,
    [init, mask]: [&Path; 2],
    threshold: Option<u8>,
    prepare: &PrepareArgs,
) -> Result<CanvasImages, Failure> {
    let image = input::image(init, &prepare.options(leonardo::prepare(), None))?;
    input::check_name(mask)?;
    let prepare_mask = match threshold {
        Some(threshold) => image.mask_options().threshold(threshold),
        None => image.mask_options(),
    };
    let mask = prepare_mask.open(mask)?;
    let uploaded = with_progress(context, client, init).upload_canvas(&image, &mask);
    context.finished(init);
    Ok(uploaded?)
}

#[derive(Serialize)]
pub struct CanvasReport {
    init_id: String,
    mask_id: String,
    width: u32,
    height: u32,
}

impl CanvasReport {
    /// The names for `--format`.
    pub const NAMES: &[&str] = &["init_id", "mask_id", "width", "height"];
}

impl Outcome for CanvasReport {
    fn to_lines(&self) -> Vec<String> {
        let Self {
            init_id,
            mask_id,
            width,
            height,
        } = self;
        vec![format!("init {init_id} mask {mask_id} {width}x{height}")]
    }

    fn to_bare(&self) -> Option<String> {
        let ids = [&self.init_id, &self.mask_id].map(|id| escape::line(id));
        Some(ids.join("\t"))
    }
}
