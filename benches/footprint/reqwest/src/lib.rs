//! An empty crate, to measure its dependencies.
