//! [`ConfusionMatrix`]: what was taken for what, and what follows from it for each class and for all.

use core::fmt::Display;

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, Index};

use crate::init::count;

/// How often each class was taken for each: counts on the host.
///
/// ```text
/// precision   of those taken for a class, the part that belongs to it
/// recall      of those that belong to a class, the part taken for it
/// f1          2 precision recall / (precision + recall)
/// ```
///
/// A part of nothing is 0, as scikit-learn has it with `zero_division=0`: the precision of a class that was never answered, the
/// recall of one that never occurred. Both count in averages.
///
/// ```
/// use nn::metrics::ConfusionMatrix;
/// let mut matrix = ConfusionMatrix::new(3);
/// for (truth, answer) in [(0, 0), (0, 0), (0, 1), (1, 1)] {
///     matrix.count(truth, answer);
/// }
/// assert_eq!((matrix.correct(), matrix.total(), matrix.accuracy()), (3, 4, 0.75));
/// assert_eq!((matrix.scores(0).recall, matrix.scores(1).precision), (2.0 / 3.0, 0.5));
/// assert_eq!(matrix.scores(2).f1, 0.0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: usize,
    /// A row for each true class, a column for each answer.
    counts: Vec<u64>,
}

/// Precision, recall and their harmonic mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    /// Of those taken for a class, the part that belongs to it.
    pub precision: f64,
    /// Of those that belong to a class, the part taken for it.
    pub recall: f64,
    /// The harmonic mean of both; that of all classes is the mean of theirs.
    pub f1: f64,
}

/// What the scores of all classes together are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// The mean over the classes.
    Macro,
    /// Those of all examples at once: where each has one class and one answer, all three are the accuracy.
    Micro,
    /// The mean over the classes, each weighted by how often it occurs.
    Weighted,
}

impl ConfusionMatrix {
    /// No answers yet, for classes numbered from 0.
    ///
    /// # Panics
    /// When there are more cells than memory can hold.
    #[must_use]
    #[track_caller]
    pub fn new(classes: usize) -> Self {
        let most = isize::MAX.cast_unsigned() / size_of::<u64>();
        let Some(cells) = classes.checked_mul(classes).filter(|&cells| cells <= most) else {
            panic!("confusion matrix: {classes} classes have more cells than memory can hold");
        };
        Self { classes, counts: vec![0; cells] }
    }

    /// Counts one answer.
    ///
    /// # Panics
    /// When one of them is no class.
    #[track_caller]
    pub fn count(&mut self, truth: usize, answer: usize) {
        let cell = self.cell(truth, answer);
        self.counts[cell] += 1;
    }

    /// Counts a batch of answers, which are read: not in a trace.
    ///
    /// # Panics
    /// When the shapes differ, or one of them is no class.
    #[track_caller]
    pub fn add<B: Backend>(&mut self, answers: &Index<B>, labels: &Index<B>) {
        let (shape, found) = (answers.shape(), labels.shape());
        assert!(shape == found, "confusion matrix: answers and labels must have one shape: {shape} and {found}");
        for (answer, label) in answers.to_vec().into_iter().zip(labels.to_vec()) {
            self.count(self.class(label), self.class(answer));
        }
    }

    /// How many classes there are.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.classes
    }

    /// How often `truth` was taken for `answer`.
    ///
    /// # Panics
    /// When one of them is no class.
    #[must_use]
    #[track_caller]
    pub fn get(&self, truth: usize, answer: usize) -> u64 {
        self.counts[self.cell(truth, answer)]
    }

    /// How many answers were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many were right.
    #[must_use]
    pub fn correct(&self) -> u64 {
        (0..self.classes).map(|class| self.get(class, class)).sum()
    }

    /// The part that was right; 0 of nothing.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        part(self.correct(), self.total())
    }

    /// How often a class occurred.
    ///
    /// # Panics
    /// When it is no class.
    #[must_use]
    #[track_caller]
    pub fn support(&self, class: usize) -> u64 {
        (0..self.classes).map(|answer| self.get(class, answer)).sum()
    }

    /// How often a class was answered.
    ///
    /// # Panics
    /// When it is no class.
    #[must_use]
    #[track_caller]
    pub fn answered(&self, class: usize) -> u64 {
        (0..self.classes).map(|truth| self.get(truth, class)).sum()
    }

    /// Precision, recall and F1 of one class.
    ///
    /// # Panics
    /// When it is no class.
    #[must_use]
    #[track_caller]
    pub fn scores(&self, class: usize) -> Scores {
        let (right, answered, occurred) = (self.get(class, class), self.answered(class), self.support(class));
        // The harmonic mean of right / answered and right / occurred.
        Scores {
            precision: part(right, answered),
            recall: part(right, occurred),
            f1: part(2 * right, answered + occurred),
        }
    }

    /// Precision, recall and F1 of all classes together.
    #[must_use]
    pub fn average(&self, average: Average) -> Scores {
        let weight: &dyn Fn(usize) -> f64 = match average {
            Average::Micro => {
                let all = self.accuracy();
                return Scores { precision: all, recall: all, f1: all };
            }
            Average::Macro => &|_| 1.0 / count(self.classes),
            Average::Weighted => &|class| part(self.support(class), self.total()),
        };
        // From 0, where the sum of no numbers is -0.
        let mean = |score: fn(Scores) -> f64| {
            (0..self.classes).fold(0.0, |sum, own| sum + weight(own) * score(self.scores(own)))
        };
        Scores { precision: mean(|own| own.precision), recall: mean(|own| own.recall), f1: mean(|own| own.f1) }
    }

    #[track_caller]
    fn cell(&self, truth: usize, answer: usize) -> usize {
        self.class(truth) * self.classes + self.class(answer)
    }

    #[track_caller]
    fn class<T: TryInto<usize> + Display + Copy>(&self, number: T) -> usize {
        let classes = self.classes;
        match number.try_into() {
            Ok(class) if class < classes => class,
            _ => panic!("confusion matrix: {number} is none of {classes} classes"),
        }
    }
}

/// `part / whole`; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53 are exact")]
fn part(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
