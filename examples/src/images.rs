//! Labelled images: what the readers of MNIST's and CIFAR-10's files answer, and the digits that come with the repository.

use core::error::Error;
use std::path::Path;

use autodiff_core::{Backend, Index, Interpolation};

use crate::batches::Batch;
use crate::digits::{self, INK, SIDE};
use crate::file::FileError;
use crate::idx::mnist;

/// Images of one size with a label each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// From 0 to `ink`, image by image, channel by channel, row by row.
    pub pixels: Vec<u8>,
    /// Channels, rows, columns.
    pub extents: [usize; 3],
    /// The value of a pixel that is counted as 1.
    pub ink: u8,
    /// One for each image.
    pub labels: Vec<u8>,
}

impl Images {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The first of them, at most so many.
    #[must_use]
    pub fn first(mut self, count: usize) -> Self {
        self.labels.truncate(count);
        self.pixels.truncate(self.labels.len() * self.extents.iter().product::<usize>());
        self
    }

    /// As a batch: pixels from 0 to 1, `[N, channels, rows, columns]`, and labels.
    #[must_use]
    pub fn tensors<B: Backend>(&self, device: &B::Device) -> Batch<B> {
        let [channels, rows, columns] = self.extents;
        let pixels: Vec<i32> = self.pixels.iter().copied().map(i32::from).collect();
        let labels: Vec<i32> = self.labels.iter().copied().map(i32::from).collect();
        let pixels = Index::from_slice(&pixels, [self.len(), channels, rows, columns], device);
        (pixels.to_elem() / f64::from(self.ink), Index::from_slice(&labels, [self.len()], device))
    }
}

/// Images to learn from and images for the test.
#[derive(Clone, Debug)]
pub struct Split {
    /// To learn from.
    pub train: Images,
    /// For the test.
    pub test: Images,
}

/// Handwritten digits: MNIST's where its folder is given, else those of the repository.
///
/// # Errors
/// When a file is missing or is not what it should be.
pub fn handwritten(folder: Option<&Path>) -> Result<Split, Box<dyn Error>> {
    Ok(match folder {
        Some(folder) => mnist(folder)?,
        None => embedded()?,
    })
}

/// Both MNIST and CIFAR-10 have ten classes.
pub(crate) fn check_labels(path: &Path, labels: &[u8]) -> Result<(), FileError> {
    match labels.iter().position(|&label| label > 9) {
        Some(place) => Err(FileError::new(path, "labels from 0 to 9", format!("{} in place {place}", labels[place]))),
        None => Ok(()),
    }
}

/// The 1,797 digits of the repository, 8x8 pixels: the last fifth is for the test, since other people wrote it.
///
/// # Errors
/// Never, unless the file in the repository was changed.
pub fn embedded() -> Result<Split, digits::ReadError> {
    let digits = digits::load()?;
    let images = |digits: &[digits::Digit]| Images {
        pixels: digits.iter().flat_map(|digit| digit.pixels).collect(),
        extents: [1, SIDE, SIDE],
        ink: INK,
        labels: digits.iter().map(|digit| digit.label).collect(),
    };
    let (train, test) = digits.split_at(digits.len() / 5 * 4);
    Ok(Split { train: images(train), test: images(test) })
}

/// Images brought to a size, for a network that takes no other.
///
/// # Panics
/// When they are no images.
#[must_use]
#[track_caller]
pub fn resized<B: Backend>((images, labels): &Batch<B>, size: [usize; 2]) -> Batch<B> {
    let images = if images.shape().extents().ends_with(&size) {
        images.clone()
    } else {
        images.interpolate(size, Interpolation::Linear { align_corners: false })
    };
    (images, labels.clone())
}
