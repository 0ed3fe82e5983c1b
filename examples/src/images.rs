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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    /// An empty folder of this test's own.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("examples-images-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn idx_file(extents: &[u8], data: &[u8]) -> Vec<u8> {
        let axes = u8::try_from(extents.len()).unwrap();
        let sizes = extents.iter().flat_map(|&extent| [0, 0, 0, extent]);
        [0, 0, 8, axes].into_iter().chain(sizes).chain(data.iter().copied()).collect()
    }

    /// A folder of MNIST's files with two images to learn from and these for the test.
    fn mnist_folder(name: &str, images: &[u8], labels: &[u8]) -> PathBuf {
        let folder = folder(name);
        let write = |file: &str, content: &[u8]| fs::write(folder.join(file), content).unwrap();
        write("train-images-idx3-ubyte", &idx_file(&[2, 1, 2], &[0, 255, 7, 8]));
        write("train-labels-idx1-ubyte", &idx_file(&[2], &[3, 9]));
        write("t10k-images-idx3-ubyte", images);
        write("t10k-labels-idx1-ubyte", labels);
        folder
    }

    #[track_caller]
    fn check_error(name: &str, images: &[u8], labels: &[u8], expected: &str) {
        let folder = mnist_folder(name, images, labels);
        let error = mnist(&folder).unwrap_err().to_string();
        fs::remove_dir_all(&folder).unwrap();
        assert!(error.ends_with(expected), "{error}");
    }

    #[test]
    fn idx_files_are_read() {
        let folder = mnist_folder("whole", &idx_file(&[1, 1, 2], &[5, 6]), &idx_file(&[1], &[0]));
        let Split { train, test } = mnist(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!((train.pixels, train.labels, train.extents), (vec![0, 255, 7, 8], vec![3, 9], [1, 1, 2]));
        assert_eq!((test.pixels, test.labels), (vec![5, 6], vec![0]));
    }

    #[test]
    fn what_is_wrong_with_an_idx_file_is_said() {
        let (image, label) = (idx_file(&[1, 1, 2], &[5, 6]), idx_file(&[1], &[0]));
        check_error("size", &idx_file(&[1, 2, 1], &[5, 6]), &label, "found: [1, 1, 2] and [1, 2, 1]");
        check_error("empty", &idx_file(&[0, 1, 2], &[]), &idx_file(&[0], &[]), "found: 0 of 1x2 pixels");
        check_error("short", &image[..17], &label, "found: 1 bytes of data for extents [1, 1, 2]");
        check_error("count", &image, &idx_file(&[2], &[0, 1]), "1 labels, one for each image expected, found: 2");
        check_error("label", &image, &idx_file(&[1], &[10]), "labels from 0 to 9 expected, found: 10 in place 0");
        check_error("kind", &label, &label, "found: 9 bytes");
    }

    #[test]
    fn cifar_records_are_read_and_broken_ones_named() {
        let folder = folder("cifar");
        let record = |label| [&[label][..], &[label; CIFAR_RECORD - 1]].concat();
        for number in 1..=2 {
            fs::write(folder.join(format!("data_batch_{number}.bin")), record(number)).unwrap();
        }
        fs::write(folder.join("test_batch.bin"), record(3)).unwrap();
        let Split { train, test } = cifar10(&folder).unwrap();
        assert_eq!((train.labels, train.pixels.len(), train.pixels[3072]), (vec![1, 2], 2 * 3072, 2));
        assert_eq!((test.labels, test.extents), (vec![3], CIFAR));
        fs::write(folder.join("test_batch.bin"), &record(3)[1..]).unwrap();
        let error = cifar10(&folder).unwrap_err().to_string();
        fs::remove_dir_all(&folder).unwrap();
        assert!(error.ends_with("records of 3073 bytes expected, found: 3072 bytes"), "{error}");
    }
}
