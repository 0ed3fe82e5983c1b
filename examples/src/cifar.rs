//! CIFAR-10's binary files: records of a label and the pixels of three colours.

use std::path::{Path, PathBuf};

use crate::file::{FileError, bytes, in_folder};
use crate::images::{Images, Split, check_labels};

/// Extents of an image, and the bytes of one with its label.
const EXTENTS: [usize; 3] = [3, 32, 32];
const RECORD: usize = 1 + 3 * 32 * 32;

/// What the files to learn from are called, and those for the test.
type Naming = [&'static [&'static str]; 2];

/// As the original archive has it, and with the five parts joined.
const ARCHIVE: Naming = [
    &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
    &["test_batch.bin"],
];
const JOINED: Naming = [&["train.bin"], &["test.bin"]];

/// CIFAR-10's binary records: `train.bin` and `test.bin`, or `data_batch_*.bin` and `test_batch.bin`, gzipped or not. Of the
/// batches as many are read as there are.
///
/// # Errors
/// When a file is missing or is not what it should be, and when the folder has files of both namings.
pub fn cifar10(folder: &Path) -> Result<Split, FileError> {
    let [train, test] = naming(folder)?;
    Ok(Split { train: images(folder, train)?, test: images(folder, test)? })
}

/// One naming for a folder: the other's files would be the same images again.
fn naming(folder: &Path) -> Result<Naming, FileError> {
    let first = |naming: Naming| there(folder, &naming.concat()).into_iter().next();
    let found = match (first(JOINED), first(ARCHIVE)) {
        (Some(_), None) => return Ok(JOINED),
        (None, Some(_)) => return Ok(ARCHIVE),
        (None, None) => "none of them".into(),
        (Some(joined), Some(archive)) => format!("{} and {}", joined.display(), archive.display()),
    };
    Err(FileError::new(folder, "either train.bin and test.bin, or data_batch_*.bin and test_batch.bin,", found))
}

/// Those of these files that are in a folder.
fn there(folder: &Path, names: &[&str]) -> Vec<PathBuf> {
    names.iter().filter_map(|name| in_folder(folder, name)).collect()
}

/// The images of these files, those that are there.
fn images(folder: &Path, names: &[&str]) -> Result<Images, FileError> {
    let paths = there(folder, names);
    if paths.is_empty() {
        return Err(FileError::new(folder, format!("{}, gzipped or not,", names.join(" or ")), "none"));
    }
    let mut images = Images { pixels: Vec::new(), extents: EXTENTS, ink: u8::MAX, labels: Vec::new() };
    for path in paths {
        let content = bytes(&path)?;
        if content.is_empty() || !content.len().is_multiple_of(RECORD) {
            let expected = format!("records of {RECORD} bytes");
            return Err(FileError::new(&path, expected, format!("{} bytes", content.len())));
        }
        let labels: Vec<u8> = content.chunks_exact(RECORD).map(|record| record[0]).collect();
        check_labels(&path, &labels)?;
        images.labels.extend(labels);
        images.pixels.extend(content.chunks_exact(RECORD).flat_map(|record| &record[1..]));
    }
    Ok(images)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::file::tests::{folder, gzipped};

    fn record(label: u8) -> Vec<u8> {
        [&[label][..], &[label; RECORD - 1]].concat()
    }

    #[test]
    fn records_are_read_and_broken_ones_named() {
        let folder = folder("cifar");
        for number in 1..=2 {
            fs::write(folder.join(format!("data_batch_{number}.bin")), record(number)).unwrap();
        }
        fs::write(folder.join("test_batch.bin"), record(3)).unwrap();
        let Split { train, test } = cifar10(&folder).unwrap();
        assert_eq!((train.labels, train.pixels.len(), train.pixels[3072]), (vec![1, 2], 2 * 3072, 2));
        assert_eq!((test.labels, test.extents), (vec![3], EXTENTS));
        fs::write(folder.join("test_batch.bin"), &record(3)[1..]).unwrap();
        let error = cifar10(&folder).unwrap_err().to_string();
        fs::remove_dir_all(&folder).unwrap();
        assert!(error.ends_with("records of 3073 bytes expected, found: 3072 bytes"), "{error}");
    }

    #[test]
    fn a_gzipped_file_is_read_where_it_is_the_only_one() {
        for [train, test] in [JOINED, ARCHIVE].map(|naming| naming.map(|names| names[0])) {
            let folder = folder(&format!("cifar-packed-{train}"));
            let write = |name: &str, content: &[u8]| fs::write(folder.join(name), content).unwrap();
            write(&format!("{train}.gz"), &gzipped(&record(1)));
            write(&format!("{test}.gz"), &gzipped(&record(2)));
            let split = cifar10(&folder).unwrap();
            assert_eq!((split.train.labels, split.test.labels), (vec![1], vec![2]));
            write(train, &record(3));
            assert_eq!(cifar10(&folder).unwrap().train.labels, [3], "{train} counts twice");
            fs::remove_dir_all(&folder).unwrap();
        }
    }

    #[test]
    fn a_folder_has_one_naming() {
        let folder = folder("cifar-names");
        let error = || cifar10(&folder).unwrap_err().to_string();
        assert!(error().ends_with("test_batch.bin, expected, found: none of them"), "{}", error());
        fs::write(folder.join("train.bin"), record(1)).unwrap();
        assert!(error().ends_with(": test.bin, gzipped or not, expected, found: none"), "{}", error());
        fs::write(folder.join("test_batch.bin"), record(1)).unwrap();
        assert!(error().contains("train.bin and ") && error().ends_with("/test_batch.bin"), "{}", error());
        fs::remove_dir_all(&folder).unwrap();
    }
}
