//! [`Stopwatch`]: how long each instruction of a program takes.

use core::time::Duration;
use std::time::Instant;

use alloc::vec::Vec;

use autodiff_core::Watch;

/// The time between each instruction and the one before.
pub(crate) struct Stopwatch {
    last: Instant,
    times: Vec<Duration>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { last: Instant::now(), times: Vec::new() }
    }

    pub(crate) fn into_times(self) -> Vec<Duration> {
        self.times
    }
}

impl Watch for Stopwatch {
    fn done(&mut self, _: usize) {
        let now = Instant::now();
        self.times.push(now - self.last);
        self.last = now;
    }
}
