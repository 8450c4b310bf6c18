//! A program that knows the ids of its images: prints the table that its build script made.
//!
//! `cargo run --manifest-path examples/build-tool/Cargo.toml` — needs no key; `build.rs` says what it does then.

#![forbid(unsafe_code)]

mod assets;

use assets::{ASSETS, Asset, asset};

/// A name that is not in `assets/` would not compile.
const HARBOUR: Asset = asset("harbour.png");

fn main() {
    for asset in ASSETS {
        let Asset {
            name,
            id,
            width,
            height,
            extension,
        } = asset;
        println!("{name:<16} {id} {width}x{height} {extension}");
    }
    println!("the harbour is {}", HARBOUR.id);
}
