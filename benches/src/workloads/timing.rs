//! [`time`]: a step again and again, until its time is known.

use core::error::Error;
use core::time::Duration;
use std::time::Instant;

use super::Step;

/// Samples at least.
const SAMPLES: usize = 20;
/// And for so long at least.
const ENOUGH: Duration = Duration::from_secs(2);
/// Warm after so long, and [`WARM_STEPS`] steps.
const WARM: Duration = Duration::from_millis(500);
const WARM_STEPS: u32 = 3;
/// A sample is of as many steps as take so long, so that reading the clock costs nothing.
const SAMPLE: Duration = Duration::from_millis(5);

/// What a step takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// The median of the samples.
    pub median: Duration,
    /// The fastest.
    pub min: Duration,
    /// The slowest.
    pub max: Duration,
    /// How many samples there were.
    pub samples: usize,
    /// What the last step answered.
    pub loss: f64,
}

/// Times a step.
///
/// # Errors
/// When the step fails.
pub fn time(step: &mut Step) -> Result<Timing, Box<dyn Error>> {
    let (start, mut warm, mut loss) = (Instant::now(), 0, step()?);
    while start.elapsed() < WARM || warm < WARM_STEPS {
        loss = step()?;
        warm += 1;
    }
    let each = start.elapsed() / warm;
    let steps = u32::try_from(SAMPLE.as_nanos() / each.as_nanos().max(1)).unwrap_or(u32::MAX).max(1);
    let (start, mut samples) = (Instant::now(), Vec::new());
    while start.elapsed() < ENOUGH || samples.len() < SAMPLES {
        let start = Instant::now();
        for _ in 0..steps {
            loss = step()?;
        }
        samples.push(start.elapsed() / steps);
    }
    samples.sort_unstable();
    let [median, min, max] = [samples.len() / 2, 0, samples.len() - 1].map(|place| samples[place]);
    Ok(Timing { median, min, max, samples: samples.len(), loss })
}
