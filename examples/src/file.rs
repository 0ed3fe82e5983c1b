//! Files as bytes, unpacked where they are gzipped; files written whole or not at all; what is said when one is not what
//! was expected.

use core::error::Error;
use core::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
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
    let failed = |error: io::Error| FileError::new(path, "a readable file", error);
    let packed = fs::read(path).map_err(failed)?;
    unpacked(&packed).map_err(failed)
}

/// The file of this name in a folder; the gzipped one, with `.gz` behind its name, where only that is there.
#[must_use]
pub fn in_folder(folder: &Path, name: &str) -> Option<PathBuf> {
    [folder.join(name), folder.join(format!("{name}.gz"))].into_iter().find(|path| path.exists())
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
pub fn unpacked(packed: &[u8]) -> io::Result<Vec<u8>> {
    if !packed.starts_with(&GZIP) {
        return Ok(packed.to_vec());
    }
    let mut whole = Vec::new();
    MultiGzDecoder::new(packed).read_to_end(&mut whole)?;
    Ok(whole)
}

/// Whether [`write()`] would find a place, so that it is known before the work that fills it. Makes the folders that the file
/// lies in, and leaves no other trace.
///
/// # Errors
/// When the file cannot be written.
pub fn check_writable(path: &Path) -> Result<(), FileError> {
    Draft::new(path).map(drop).map_err(|error| unwritable(path, error))
}

/// Writes a whole file, and makes the folders it lies in. Where that fails, what was there before stays.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, content: &[u8]) -> Result<(), FileError> {
    Draft::new(path).and_then(|draft| draft.finish(content)).map_err(|error| unwritable(path, error))
}

/// A file cannot be written, for this reason.
pub(crate) fn unwritable(path: &Path, reason: impl fmt::Display) -> FileError {
    FileError::new(path, "a file that can be written", reason)
}

/// A file beside the one that it is to replace, which goes away unless it does: a full disk then costs nothing that was
/// there before. What is no regular file, a device or a pipe, is written itself.
struct Draft {
    file: File,
    /// Where the draft lies, and where it belongs.
    paths: Option<(PathBuf, PathBuf)>,
}

impl Draft {
    fn new(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
        // A link stays, and the file that it leads to is replaced.
        let target = path.canonicalize().unwrap_or_else(|_| path.into());
        match File::options().append(true).open(&target) {
            Ok(file) if !file.metadata()?.is_file() => Ok(Self { file, paths: None }),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Self::beside(target),
        }
    }

    fn beside(target: PathBuf) -> io::Result<Self> {
        let mut name = target.file_name().ok_or(ErrorKind::InvalidFilename)?.to_owned();
        // Two programs may write the same file at once.
        name.push(format!(".{}.part", std::process::id()));
        let draft = target.with_file_name(name);
        Ok(Self { file: File::create(&draft)?, paths: Some((draft, target)) })
    }

    fn finish(mut self, content: &[u8]) -> io::Result<()> {
        self.file.write_all(content)?;
        let Some((draft, target)) = &self.paths else { return Ok(()) };
        // Some file systems only now say that the disk is full.
        self.file.sync_all()?;
        fs::rename(draft, target)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some((draft, _)) = &self.paths {
            // It is no longer there where it has replaced the other.
            let _ = fs::remove_file(draft);
        }
    }
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
pub(crate) mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// An empty folder of a test's own.
    pub(crate) fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("examples-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    pub(crate) fn gzipped(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_unpacked_and_the_rest_is_left() {
        let packed = gzipped(b"some text");
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
        for path in ["Cargo.toml/loss.svg", "src", ""] {
            for outcome in [check_writable(Path::new(path)), write(Path::new(path), b"new")] {
                let error = outcome.unwrap_err().to_string();
                assert!(error.starts_with(&format!("{path}: a file that can be written expected, found: ")), "{error}");
            }
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_device_is_named() {
        let error = write(Path::new("/dev/full"), b"new").unwrap_err().to_string();
        assert!(error.starts_with("/dev/full: a file that can be written expected, found: No space left"), "{error}");
        write(Path::new("/dev/null"), b"new").unwrap();
    }

    /// The names in a folder.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        entries.collect()
    }

    #[test]
    fn a_file_is_written_whole_or_stays_as_it_was() {
        let folder = folder("written");
        let path = folder.join("some/sheet.png");
        check_writable(&path).unwrap();
        assert_eq!(names(&folder.join("some")), [""; 0]);
        for content in [&b"the old one"[..], b"new"] {
            write(&path, content).unwrap();
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        // As when the disk is full in the middle.
        Draft::new(&path).unwrap().file.write_all(b"a fragment").unwrap();
        check_writable(&path).unwrap();
        assert_eq!(
            (fs::read(&path).unwrap(), names(&folder.join("some"))),
            (b"new".to_vec(), vec!["sheet.png".into()])
        );
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_link_stays_and_leads_to_the_new_file() {
        let folder = folder("link");
        let (path, link) = (folder.join("sheet.png"), folder.join("link.png"));
        write(&path, b"old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!((fs::read(&path).unwrap(), link.is_symlink()), (b"new".to_vec(), true));
        fs::remove_dir_all(&folder).unwrap();
    }
}
