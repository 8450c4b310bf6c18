//! Uploads the images in `assets/` that are new or changed, keeps their ids in `assets.jsonl`, and generates the table that
//! `src/main.rs` includes.

#![forbid(unsafe_code)]

use imgpost::leonardo::{self, assets::AssetOptions};

fn main() {
    AssetOptions::new(leonardo::prepare().within(512, 512)).build("assets");
}
