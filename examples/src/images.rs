//! Labelled images: MNIST's and CIFAR-10's files, and the digits that come with the repository.

use core::error::Error;
use std::path::Path;

use autodiff_core::{Backend, Index, Interpolation};

use crate::batches::Batch;
use crate::digits::{self, INK, SIDE};
use crate::file::{FileError, bytes};

/// How an IDX file of bytes begins, but for the number of its axes.
const IDX_BYTES: [u8; 3] = [0, 0, 8];
/// Extents of a CIFAR image, and the bytes of one with its label.
const CIFAR: [usize; 3] = [3, 32, 32];
const CIFAR_RECORD: usize = 1 + 3 * 32 * 32;

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

/// MNIST: the four IDX files of a folder, gzipped or not, under their usual names.
///
/// # Errors
/// When a file is missing or is not what it should be.
pub fn mnist(folder: &Path) -> Result<Split, FileError> {
    let part = |name: &str| {
        let file = |kind: &str| {
            let plain = folder.join(format!("{name}-{kind}-ubyte"));
            let packed = folder.join(format!("{name}-{kind}-ubyte.gz"));
            if plain.exists() { plain } else { packed }
        };
        let (images, labels) = (file("images-idx3"), file("labels-idx1"));
        let ([count, rows, columns], pixels) = idx(&images)?;
        let ([labelled], labels_read) = idx(&labels)?;
        if count != labelled {
            return Err(FileError::new(&labels, format!("{count} labels, one for each image"), labelled));
        }
        check_labels(&labels, &labels_read)?;
        if pixels.is_empty() {
            return Err(FileError::new(&images, "at least one image", format!("{count} of {rows}x{columns} pixels")));
        }
        Ok(Images { pixels, extents: [1, rows, columns], ink: u8::MAX, labels: labels_read })
    };
    let (train, test) = (part("train")?, part("t10k")?);
    if train.extents != test.extents {
        let sizes = format!("{:?} and {:?}", train.extents, test.extents);
        return Err(FileError::new(folder, "images of one size to learn from and for the test", sizes));
    }
    Ok(Split { train, test })
}

/// Extents and bytes of an IDX file.
fn idx<const R: usize>(path: &Path) -> Result<([usize; R], Vec<u8>), FileError> {
    let content = bytes(path)?;
    let wrong = |found: String| FileError::new(path, format!("an IDX file of bytes with {R} axes"), found);
    let (head, data) = content.split_at_checked(4 + 4 * R).ok_or_else(|| wrong(format!("{} bytes", content.len())))?;
    if head[..3] != IDX_BYTES || usize::from(head[3]) != R {
        return Err(wrong(format!("one that begins with {:02x?}", &head[..4])));
    }
    let mut extents = [0; R];
    for (extent, bytes) in extents.iter_mut().zip(head[4..].chunks_exact(4)) {
        *extent = bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte));
    }
    let whole = extents.iter().try_fold(1_usize, |product, &extent| product.checked_mul(extent));
    if whole != Some(data.len()) {
        return Err(wrong(format!("{} bytes of data for extents {extents:?}", data.len())));
    }
    Ok((extents, data.to_vec()))
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

/// CIFAR-10's binary records: `train.bin` or `data_batch_*.bin`, and `test.bin` or `test_batch.bin`, gzipped or not.
///
/// # Errors
/// When a file is missing or is not what it should be.
pub fn cifar10(folder: &Path) -> Result<Split, FileError> {
    let part = |name: &str| {
        let names = [format!("{name}.bin"), format!("{name}.bin.gz"), format!("{name}_batch.bin")];
        let batches = (1..=5).map(|number| format!("data_batch_{number}.bin")).filter(|_| name == "train");
        let found: Vec<_> =
            names.into_iter().chain(batches).map(|name| folder.join(name)).filter(|path| path.exists()).collect();
        if found.is_empty() {
            return Err(FileError::new(&folder.join(format!("{name}.bin")), "a file", "none"));
        }
        let mut images = Images { pixels: Vec::new(), extents: CIFAR, ink: u8::MAX, labels: Vec::new() };
        for path in found {
            let content = bytes(&path)?;
            if content.is_empty() || !content.len().is_multiple_of(CIFAR_RECORD) {
                let expected = format!("records of {CIFAR_RECORD} bytes");
                return Err(FileError::new(&path, expected, format!("{} bytes", content.len())));
            }
            let labels: Vec<u8> = content.chunks_exact(CIFAR_RECORD).map(|record| record[0]).collect();
            check_labels(&path, &labels)?;
            images.labels.extend(labels);
            images.pixels.extend(content.chunks_exact(CIFAR_RECORD).flat_map(|record| &record[1..]));
        }
        Ok(images)
    };
    Ok(Split { train: part("train")?, test: part("test")? })
}

/// Both data sets have ten classes.
fn check_labels(path: &Path, labels: &[u8]) -> Result<(), FileError> {
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
