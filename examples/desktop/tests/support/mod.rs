//! A screen, a person in front of it, and the program on it.

pub mod clipboard;
pub mod drop;
pub mod eyes;
pub mod hand;
pub mod program;
pub mod screen;

use std::time::{Duration, Instant};

/// No speed is promised: this is how long something may not happen at all before the test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// Asks again until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(since.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(30));
    }
}
