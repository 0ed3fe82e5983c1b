//! MNIST's files: bytes behind a head that says how many along each axis.

use std::path::Path;

use crate::file::{FileError, bytes, in_folder};
use crate::images::{Images, Split, check_labels};

/// How an IDX file of bytes begins, but for the number of its axes.
const IDX_BYTES: [u8; 3] = [0, 0, 8];

/// MNIST: the four IDX files of a folder, gzipped or not, under their usual names.
///
/// # Errors
/// When a file is missing or is not what it should be.
pub fn mnist(folder: &Path) -> Result<Split, FileError> {
    let part = |name: &str| {
        let file = |kind: &str| {
            let plain = format!("{name}-{kind}-ubyte");
            in_folder(folder, &plain).unwrap_or_else(|| folder.join(plain))
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::file::tests::folder;

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
}
