//! The 1,797 handwritten digits that come with the repository, and the reader for files of their kind.

use core::error::Error;
use core::fmt;
use std::io::Read;

use csv::{ByteRecord, ReaderBuilder};
use flate2::read::GzDecoder;

/// Pixels along one side.
pub const SIDE: usize = 8;
/// Pixels of one digit.
pub const PIXELS: usize = SIDE * SIDE;
/// Different labels.
pub const CLASSES: usize = NINE as usize + 1;
/// The value of a pixel that is all ink.
pub const INK: u8 = 16;
/// The last label.
const NINE: u8 = 9;

/// One image and what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digit {
    /// From 0 for paper to [`INK`], row by row.
    pub pixels: [u8; PIXELS],
    /// Below [`CLASSES`].
    pub label: u8,
}

/// The digits of the UCI data set, in their order (see `data/ATTRIBUTION.md`).
///
/// # Errors
/// Never, unless the file in the repository was changed.
pub fn load() -> Result<Vec<Digit>, ReadError> {
    read(&include_bytes!("../data/digits.csv.gz")[..])
}

/// The digits in a gzipped file of comma-separated values: 64 pixels and a label in each line, no header.
///
/// # Errors
/// When the stream is not whole, a line has another number of columns, a value is out of range, or there is no line.
pub fn read(gzip: impl Read) -> Result<Vec<Digit>, ReadError> {
    let mut lines =
        ReaderBuilder::new().has_headers(false).flexible(true).quoting(false).from_reader(GzDecoder::new(gzip));
    let (mut digits, mut record) = (Vec::new(), ByteRecord::new());
    loop {
        let line = lines.position().line();
        match lines.read_byte_record(&mut record) {
            Ok(true) => digits.push(parse(&record, record.position().map_or(line, csv::Position::line))?),
            Ok(false) if digits.is_empty() => return Err(ReadError::Empty),
            Ok(false) => return Ok(digits),
            Err(source) => return Err(ReadError::Stream { line, source }),
        }
    }
}

fn parse(record: &ByteRecord, line: u64) -> Result<Digit, ReadError> {
    if record.len() != PIXELS + 1 {
        return Err(ReadError::Columns { line, found: record.len() });
    }
    let value = |column: usize, what: &'static str, last: u8| {
        let text = String::from_utf8_lossy(&record[column]);
        let number = text.trim().parse::<u8>().ok().filter(|&number| number <= last);
        number.ok_or_else(|| ReadError::Value { line, column: column + 1, what, last, found: text.into_owned() })
    };
    let mut digit = Digit { pixels: [0; PIXELS], label: value(PIXELS, "label", NINE)? };
    for (column, pixel) in digit.pixels.iter_mut().enumerate() {
        *pixel = value(column, "pixel", INK)?;
    }
    Ok(digit)
}

/// Why a file of digits cannot be read. Lines and columns count from 1.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The stream ends early, or is no gzip at all.
    Stream {
        /// The line that was being read.
        line: u64,
        /// What the decoder says.
        source: csv::Error,
    },
    /// A line of another length.
    Columns {
        /// Where.
        line: u64,
        /// How many columns there are.
        found: usize,
    },
    /// Something else than a whole number in range.
    Value {
        /// Where.
        line: u64,
        /// In which column.
        column: usize,
        /// What should stand there.
        what: &'static str,
        /// The largest that it can be.
        last: u8,
        /// What stands there.
        found: String,
    },
    /// No digit at all.
    Empty,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream { line, source } => write!(f, "digits: line {line} cannot be read: {source}"),
            Self::Columns { line, found } => {
                write!(f, "digits: line {line}: {PIXELS} pixels and a label expected, found {found} columns")
            }
            Self::Value { line, column, what, last, found } => {
                write!(f, "digits: line {line}, column {column}: a {what} from 0 to {last} expected, found `{found}`")
            }
            Self::Empty => f.write_str("digits: the file has no lines"),
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Stream { source, .. } => Some(source),
            Self::Columns { .. } | Self::Value { .. } | Self::Empty => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    /// A line of blank pixels, but for one column.
    fn line(column: usize, value: &str) -> String {
        let mut values = vec!["0"; PIXELS + 1];
        values[column - 1] = value;
        values.join(",") + "\n"
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        assert_eq!(read(&gzip(text)[..]).unwrap_err().to_string(), expected);
    }

    #[test]
    fn the_data_set_is_whole() {
        let digits = load().unwrap();
        let of = |label: u8| digits.iter().filter(|digit| digit.label == label).count();
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(of), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(digits[0].pixels[..SIDE], [0, 0, 5, 13, 9, 1, 0, 0]);
        assert_eq!(digits[0].label, 0);
    }

    #[test]
    fn good_lines_are_read() {
        let digits = read(&gzip(&(line(65, "7") + &line(64, "16")))[..]).unwrap();
        assert_eq!((digits[0].label, digits[1].label), (7, 0));
        assert_eq!((digits[0].pixels[63], digits[1].pixels[63]), (0, 16));
    }

    #[test]
    fn a_short_or_long_line_is_named() {
        let expected = "digits: line 2: 64 pixels and a label expected, found 3 columns";
        check_error(&(line(1, "0") + "1,2,3\n"), expected);
        let expected = "digits: line 1: 64 pixels and a label expected, found 66 columns";
        check_error(&line(65, "0,0"), expected);
    }

    #[test]
    fn a_label_out_of_range_is_named() {
        let expected = "digits: line 2, column 65: a label from 0 to 9 expected, found `10`";
        check_error(&(line(1, "0") + &line(65, "10")), expected);
        check_error(&line(65, ""), "digits: line 1, column 65: a label from 0 to 9 expected, found ``");
    }

    #[test]
    fn a_pixel_out_of_range_is_named() {
        for value in ["17", "-1", "3.5", "x", "999", "\""] {
            let expected = format!("digits: line 1, column 3: a pixel from 0 to 16 expected, found `{value}`");
            check_error(&line(3, value), &expected);
        }
    }

    #[test]
    fn an_empty_file_is_an_error() {
        check_error("", "digits: the file has no lines");
    }

    #[test]
    fn a_truncated_file_is_an_error() {
        let whole = &include_bytes!("../data/digits.csv.gz")[..];
        for length in [0, 5, 10, 1000, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
            let error = read(&whole[..length]).unwrap_err();
            assert!(matches!(error, ReadError::Stream { .. }), "{length} bytes: {error}");
        }
        assert!(matches!(read(&b"no gzip at all"[..]), Err(ReadError::Stream { line: 1, .. })));
    }

    #[test]
    fn a_changed_byte_is_an_error() {
        let mut bytes = gzip(&line(65, "7"));
        let checksum = bytes.len() - 8;
        bytes[checksum] ^= 1;
        assert!(matches!(read(&bytes[..]), Err(ReadError::Stream { .. })));
    }
}
