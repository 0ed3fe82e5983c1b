//! What can be wrong with a file.

use core::error::Error;
use core::fmt;

use alloc::string::String;
use alloc::vec::Vec;

use autodiff_core::{Shape, SpecError};
use safetensors::Dtype;

/// Why bytes are not a list.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The file ends before or after its end.
    Length {
        /// How many bytes it should have, or at least has; `None` where that is beyond any.
        expected: Option<usize>,
        /// How many bytes there are.
        found: usize,
    },
    /// The header is not one of safetensors.
    Header(serde_json::Error),
    /// The header's metadata do not speak of a list that is known here.
    Metadata {
        /// The key.
        key: &'static str,
        /// What it should say; `None` where any text will do.
        expected: Option<&'static str>,
        /// What it says, if it is there.
        found: Option<String>,
    },
    /// The list's text is not as documented: the line is one of the text's.
    Text(serde_json::Error),
    /// A list of another element.
    Element {
        /// What was asked for.
        expected: &'static str,
        /// What the list has.
        found: String,
    },
    /// A row that makes no value.
    Value {
        /// The value's number.
        value: usize,
        /// Why.
        fault: Fault,
    },
    /// A row that names no output.
    Output {
        /// The name.
        name: String,
        /// Why.
        fault: Fault,
    },
    /// A tensor that no row speaks of.
    Unused {
        /// Its name.
        tensor: String,
    },
}

/// What is wrong with a row of a list.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Values are numbered from 0, in the order of the rows.
    Number {
        /// The number in the row.
        found: usize,
    },
    /// The name stands for another value already.
    Name {
        /// The name.
        name: String,
    },
    /// No earlier row makes this value.
    Unknown {
        /// Its number.
        value: usize,
    },
    /// The file has no tensor of this name that was not read already.
    Missing {
        /// The name.
        tensor: String,
    },
    /// A tensor of another shape.
    Shape {
        /// Its name.
        tensor: String,
        /// The shape in the list.
        expected: Shape,
        /// The extents in the file.
        found: Vec<usize>,
    },
    /// A tensor of too many axes or elements.
    Extents {
        /// Its name.
        tensor: String,
        /// The extents in the file.
        found: Vec<usize>,
    },
    /// A tensor of another format.
    Format {
        /// Its name.
        tensor: String,
        /// How the list's format is stored, if it can be.
        expected: Option<Dtype>,
        /// The format in the file.
        found: Dtype,
    },
    /// The operation refuses its arguments, or the input's shape is too large.
    Spec(SpecError),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { expected: Some(expected), found } => {
                write!(f, "the file has {found} bytes where {expected} are due")
            }
            Self::Length { expected: None, found } => {
                write!(f, "the file has {found} bytes, and its header claims more than any has")
            }
            Self::Header(error) => write!(f, "the header is not one of safetensors: {error}"),
            Self::Metadata { key, expected, found } => {
                write!(f, "`{key}` in the metadata should be ")?;
                match expected {
                    Some(expected) => write!(f, "`{expected}`")?,
                    None => f.write_str("the text of a list")?,
                }
                match found {
                    Some(found) => write!(f, ", found `{found}`"),
                    None => f.write_str(", and is not there"),
                }
            }
            Self::Text(error) => write!(f, "the list's text: {error}"),
            Self::Element { expected, found } => write!(f, "a list of {expected} is expected, found one of `{found}`"),
            Self::Value { value, fault } => write!(f, "value {value}: {fault}"),
            Self::Output { name, fault } => write!(f, "output `{name}`: {fault}"),
            Self::Unused { tensor } => write!(f, "tensor `{tensor}` is neither an input's value nor data of the list"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { found } => write!(f, "the row in its place is numbered {found}"),
            Self::Name { name } => write!(f, "another value is called `{name}`"),
            Self::Unknown { value } => write!(f, "no earlier row makes value {value}"),
            Self::Missing { tensor } => write!(f, "tensor `{tensor}` is not in the file, or was read already"),
            Self::Shape { tensor, expected, found } => {
                write!(f, "tensor `{tensor}` should have shape {expected}, found {found:?}")
            }
            Self::Extents { tensor, found } => write!(f, "tensor `{tensor}` of shape {found:?} is too large"),
            Self::Format { tensor, expected: Some(expected), found } => {
                write!(f, "tensor `{tensor}` should be stored in {expected:?}, found {found:?}")
            }
            Self::Format { tensor, expected: None, found } => {
                write!(f, "tensor `{tensor}` in {found:?} holds no elements of the list")
            }
            Self::Spec(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Header(error) | Self::Text(error) => Some(error),
            Self::Value { fault: Fault::Spec(error), .. } => Some(error),
            _ => None,
        }
    }
}
