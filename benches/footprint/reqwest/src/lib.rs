//! Nothing of its own: what counts is what it depends on.
