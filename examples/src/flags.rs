//! Values of command-line flags that a program cannot work with are refused with a sentence that says so.

use core::error::Error;
use core::fmt;

/// A number above zero that is neither infinite nor NaN.
///
/// # Errors
/// When the text is something else.
pub fn positive(text: &str) -> Result<f64, NotInRange> {
    in_range(text, "a number above 0", |number| number > 0.0 && number.is_finite())
}

/// A number from 0 to 100.
///
/// # Errors
/// When the text is something else.
pub fn percent(text: &str) -> Result<f64, NotInRange> {
    in_range(text, "a number from 0 to 100", |number| (0.0..=100.0).contains(&number))
}

/// How wide a layer is.
///
/// # Errors
/// When the text is something else than a whole number from 1 to 4096.
pub fn width(text: &str) -> Result<usize, NotInRange> {
    whole(text, 4096, "a whole number from 1 to 4096")
}

/// How many numbers the vector of a word has: those of a large text have to fit into memory.
///
/// # Errors
/// When the text is something else than a whole number from 1 to 1024.
pub fn vector(text: &str) -> Result<usize, NotInRange> {
    whole(text, 1024, "a whole number from 1 to 1024")
}

/// How many channels a convolution answers: each is as large as an image, for every image at once.
///
/// # Errors
/// When the text is something else than a whole number from 1 to 256.
pub fn channels(text: &str) -> Result<usize, NotInRange> {
    whole(text, 256, "a whole number from 1 to 256")
}

fn whole(text: &str, most: usize, expected: &'static str) -> Result<usize, NotInRange> {
    text.parse().ok().filter(|number| (1..=most).contains(number)).ok_or(NotInRange { expected })
}

fn in_range(text: &str, expected: &'static str, fits: impl Fn(f64) -> bool) -> Result<f64, NotInRange> {
    text.parse().ok().filter(|&number| fits(number)).ok_or(NotInRange { expected })
}

/// The value of a flag is not what can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotInRange {
    expected: &'static str,
}

impl fmt::Display for NotInRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} expected", self.expected)
    }
}

impl Error for NotInRange {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_usable_numbers_pass() {
        assert_eq!((positive("0.003"), percent("96")), (Ok(0.003), Ok(96.0)));
        for text in ["0", "-1", "-0", "NaN", "inf", "1e999", "", "fast"] {
            assert!(positive(text).is_err(), "{text}");
        }
        assert_eq!((width("1"), width("4096")), (Ok(1), Ok(4096)));
        for text in ["0", "4097", "-3", "2.5", ""] {
            assert!(width(text).is_err(), "{text}");
        }
        assert_eq!((vector("1024"), channels("256")), (Ok(1024), Ok(256)));
        for (found, most) in [(vector("65535"), 1024), (channels("4096"), 256), (channels("0"), 256)] {
            assert_eq!(found.unwrap_err().to_string(), format!("a whole number from 1 to {most} expected"));
        }
        for text in ["-0.1", "100.1", "NaN"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }
}
