//! A small network that has learnt to read digits says what generated images look like.

use core::error::Error;
use core::fmt;
use std::path::Path;

use autodiff_core::{Backend, Element, Execute, Index, Tensor};
use nn::{Context, Flatten, Keys, Layer, Linear, ReLU, Reduction, TrainStep, cross_entropy};
use optim::Adam;

use crate::batches::{Batch, percent_right, rows};
use crate::digits::CLASSES;
use crate::fit::shuffled_rows;
use crate::promise::at_least;
use crate::say;
use crate::sheet::write_png;

/// Hidden units.
const HIDDEN: usize = 128;
/// Steps of its training at least, how often it sees every digit at least, and the digits in a step.
const STEPS: usize = 1500;
const EPOCHS: usize = 5;
const SIZE: usize = 64;
/// Images read at once.
const AT_ONCE: usize = 500;
/// Images on a sheet, and in one of its rows.
const ON_SHEET: usize = 100;
const ACROSS: usize = 20;

type Network<B> = (Flatten, Linear<B>, ReLU, Linear<B>);

/// A classifier of digits, and how good it is.
#[derive(Clone, Debug)]
pub struct Judge<B: Backend> {
    network: Network<B>,
    /// The part of the test images that it reads right, in percent.
    pub accuracy: f64,
    /// How sure it is of the test images.
    pub confidence: f64,
}

impl<B: Execute> Judge<B> {
    /// Learns from images `[N, ..]` with labels, and is tested on others.
    ///
    /// # Errors
    /// When a step of its training fails.
    pub fn new(train: &Batch<B>, test: &Batch<B>, key: &Index<B>) -> Result<Self, Box<dyn Error>> {
        let (count, mut keys) = (train.0.shape()[0], Keys::from_key(key.fold_in(0)));
        let pixels = train.0.shape().elements() / count.max(1);
        let network: Network<B> =
            (Flatten::default(), Linear::new(pixels, HIDDEN, &mut keys), ReLU, Linear::new(HIDDEN, CLASSES, &mut keys));
        let size = SIZE.min(count);
        let mut step = TrainStep::compile(network, Adam::new(1e-3), loss, &rows(train, &vec![0; size]));
        let plan = (0..).flat_map(|epoch| shuffled_rows(count, size, epoch, &key.fold_in(1)));
        for chosen in plan.take(STEPS.max(EPOCHS * (count / size))) {
            step.run(&rows(train, &chosen))?;
        }
        let mut judge = Self { network: step.model(), accuracy: 0.0, confidence: 0.0 };
        judge.accuracy = percent_right(test, AT_ONCE, |x| judge.logits(x));
        judge.confidence = judge.verdict(&test.0).confidence;
        Ok(judge)
    }

    fn logits(&self, images: &Tensor<B>) -> Tensor<B> {
        self.network.forward(images, &mut Context::evaluation())
    }

    /// What it takes these images for.
    #[must_use]
    pub fn verdict(&self, images: &Tensor<B>) -> Verdict {
        let probabilities = self.logits(images).softmax(-1);
        let mut counts = [0; CLASSES];
        for answer in probabilities.argmax(-1).to_vec() {
            if let Some(count) = usize::try_from(answer).ok().and_then(|answer| counts.get_mut(answer)) {
                *count += 1;
            }
        }
        Verdict { confidence: 100.0 * probabilities.max_axes(&[-1]).mean().item().into_f64(), counts }
    }
}

fn loss<B: Backend>(network: &Network<B>, (x, labels): &Batch<B>, ctx: &mut Context<B>) -> Tensor<B> {
    cross_entropy(&network.forward(x, ctx), labels, Reduction::Mean)
}

/// Writes the first of drawn digits `[N, rows, columns]` to a PNG file, trains a judge and says what it takes all of them for.
///
/// # Errors
/// When the file cannot be written, or a step of the judge's training fails.
pub fn exhibit<B: Execute>(
    drawn: &Tensor<B>,
    sheet: &Path,
    (train, test): (&Batch<B>, &Batch<B>),
    key: &Index<B>,
) -> Result<Verdict, Box<dyn Error>> {
    let count = drawn.shape()[0];
    write_png(sheet, &drawn.slice(0, ..ON_SHEET.min(count)), ACROSS)?;
    say!("{} drawn digits are in {}", ON_SHEET.min(count), sheet.display());
    let judge = Judge::new(train, test, key)?;
    say!("the judge reads {:.2}% of the test digits, mean confidence {:.1}%", judge.accuracy, judge.confidence);
    let verdict = judge.verdict(drawn);
    say!("{count} drawn digits: {verdict}");
    Ok(verdict)
}

/// What images were taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The mean of the largest probability, in percent.
    pub confidence: f64,
    /// How many images were taken for each digit.
    pub counts: [usize; CLASSES],
}

impl Verdict {
    /// Holds the verdict against a promise: this confidence, and every digit at least once.
    ///
    /// # Errors
    /// When the images are less good than that.
    pub fn check(&self, least: Option<f64>) -> Result<(), Box<dyn Error>> {
        at_least("the mean confidence", self.confidence, least)?;
        match self.counts.iter().position(|&count| count == 0) {
            Some(digit) if least.is_some() => Err(format!("no image was taken for a {digit}").into()),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let occurring = self.counts.iter().filter(|&&count| count > 0).count();
        write!(f, "mean confidence {:.1}%, {occurring} of {CLASSES} digits occur", self.confidence)?;
        for (digit, count) in self.counts.iter().enumerate() {
            write!(f, "{} {digit}: {count}", if digit == 0 { ";" } else { "," })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use backend_cpu::{Cpu, CpuDevice};

    use super::*;

    /// One image of each digit: a single bright pixel in another place.
    fn plain() -> Batch<Cpu<f32>> {
        let labels = Index::iota(CLASSES, &CpuDevice);
        (labels.one_hot(CLASSES).reshape([CLASSES, 1, 2, 5]), labels)
    }

    #[test]
    fn it_learns_and_says_what_it_sees() {
        let digits = plain();
        let judge = Judge::new(&digits, &digits, &Index::key(0, &CpuDevice)).unwrap();
        assert_eq!(judge.accuracy, 100.0);
        let verdict = judge.verdict(&rows(&digits, &[3, 3, 5, 3]).0);
        assert_eq!(verdict.counts, [0, 0, 0, 3, 0, 1, 0, 0, 0, 0]);
        assert!(verdict.confidence > 90.0 && judge.confidence > 90.0);
        let blurred = judge.verdict(&digits.0.mean_keepdim(&[0]));
        assert!(blurred.confidence < 50.0, "{blurred}");
    }

    #[test]
    fn a_verdict_is_held_against_a_promise() {
        let mut verdict = Verdict { confidence: 85.0, counts: [1; CLASSES] };
        assert!(verdict.check(Some(80.0)).is_ok());
        assert_eq!(verdict.check(Some(90.0)).unwrap_err().to_string(), "the mean confidence is 85.0000, below 90");
        verdict.counts[4] = 0;
        assert_eq!(verdict.check(Some(80.0)).unwrap_err().to_string(), "no image was taken for a 4");
        assert!(verdict.check(None).is_ok());
        let text = "mean confidence 85.0%, 9 of 10 digits occur; 0: 1, 1: 1, 2: 1, 3: 1, 4: 0, ";
        assert!(verdict.to_string().starts_with(text), "{verdict}");
    }
}
