//! A screen, a person in front of it, and the program on it.

pub mod clipboard;
pub mod drop;
pub mod eyes;
pub mod hand;
pub mod picture;
pub mod program;
pub mod screen;

use std::time::{Duration, Instant};

/// No speed is promised: this is how long something may not happen at all before the test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// Asks again until there is an answer.
pub fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    patiently(ask).unwrap_or_else(|| panic!("waited in vain: {what}"))
}

/// Asks again until there is an answer, or for so long that there will be none.
pub fn patiently<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let since = Instant::now();
    while since.elapsed() < PATIENCE {
        let answer = ask();
        if answer.is_some() {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    None
}
