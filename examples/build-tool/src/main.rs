//! A program that refers to images by their ids: prints the table that its build script generated.
//!
//! `cargo run --manifest-path examples/build-tool/Cargo.toml` needs no key; the README describes what happens without one.

#![forbid(unsafe_code)]

mod assets {
    include!(concat!(env!("OUT_DIR"), "/assets.rs"));
}

use assets::{ASSETS, Asset, asset};

/// A name that is not in `assets/` would not compile.
const HARBOR: Asset = asset("harbor.png");

fn main() {
    for Asset {
        name,
        id,
        width,
        height,
        extension,
    } in ASSETS
    {
        println!("{name:<16} {id} {width}x{height} {extension}");
    }
    println!("the harbor is {}", HARBOR.id);
}
