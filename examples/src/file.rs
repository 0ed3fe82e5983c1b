//! Files as bytes, unpacked where they are gzipped; whether one can be written; what is said when it is not what was
//! expected.

use core::error::Error;
use core::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

/// How a gzipped file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What messages call a text that no path leads to.
pub const EMBEDDED: &str = "the built-in text";

/// The bytes of a file, unpacked where it is gzipped.
///
/// # Errors
/// When it cannot be read, or its packing is damaged.
pub fn bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    let failed = |error: std::io::Error| FileError::new(path, "a readable file", error);
    let packed = fs::read(path).map_err(failed)?;
    unpacked(&packed).map_err(failed)
}

/// A text: that of a file, or where none is named one that is built in; both may be gzipped.
///
/// # Errors
/// When it cannot be read or is no UTF-8.
pub fn text(path: Option<&Path>, embedded: &[u8]) -> Result<String, FileError> {
    let name = path.unwrap_or(Path::new(EMBEDDED));
    let content = match path {
        Some(path) => bytes(path)?,
        None => unpacked(embedded).map_err(|error| FileError::new(name, "a gzipped text", error))?,
    };
    String::from_utf8(content).map_err(|error| FileError::new(name, "a text in UTF-8", error))
}

/// What is packed; the bytes themselves where they are not gzipped.
///
/// # Errors
/// When the packing is damaged.
pub fn unpacked(packed: &[u8]) -> std::io::Result<Vec<u8>> {
    if !packed.starts_with(&GZIP) {
        return Ok(packed.to_vec());
    }
    let mut whole = Vec::new();
    MultiGzDecoder::new(packed).read_to_end(&mut whole)?;
    Ok(whole)
}

/// Makes the file, if there is none yet, and the folders it lies in: so that it is known before the work that fills it.
///
/// # Errors
/// When the file cannot be written.
pub fn check_writable(path: &Path) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let file = fs::create_dir_all(folder).and_then(|()| File::options().append(true).create(true).open(path));
    file.map(drop).map_err(|error| unwritable(path, error))
}

/// A file cannot be written, for this reason.
pub(crate) fn unwritable(path: &Path, error: std::io::Error) -> FileError {
    FileError::new(path, "a file that can be written", error)
}

/// A file is not what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    path: PathBuf,
    expected: String,
    found: String,
}

impl FileError {
    /// What was expected of this file, and what was found.
    #[must_use]
    pub fn new(path: &Path, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self { path: path.into(), expected: expected.to_string(), found: found.to_string() }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} expected, found: {}", self.path.display(), self.expected, self.found)
    }
}

impl Error for FileError {}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn gzip_is_unpacked_and_the_rest_is_left() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"some text").unwrap();
        let packed = encoder.finish().unwrap();
        assert_eq!(unpacked(&packed).unwrap(), b"some text");
        assert_eq!(unpacked(b"some text").unwrap(), b"some text");
        assert!(unpacked(&packed[..packed.len() - 3]).is_err());
        assert!(unpacked(&GZIP).is_err());
    }

    #[test]
    fn a_text_is_utf8() {
        assert_eq!(text(None, "süß".as_bytes()).unwrap(), "süß");
        let error = text(None, &[b'a', 0xff]).unwrap_err().to_string();
        assert!(error.starts_with("the built-in text: a text in UTF-8 expected, found: invalid utf-8"), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = bytes(Path::new("no/such/file")).unwrap_err().to_string();
        assert!(error.starts_with("no/such/file: a readable file expected, found: "), "{error}");
    }

    #[test]
    fn a_path_that_cannot_be_written_is_named() {
        for path in ["Cargo.toml/loss.svg", "src"] {
            let error = check_writable(Path::new(path)).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{path}: a file that can be written expected, found: ")), "{error}");
        }
    }
}
