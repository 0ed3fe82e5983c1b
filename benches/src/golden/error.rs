//! [`SetError`]: what is wrong with a directory of golden values.

use core::error::Error;
use core::fmt;
use std::io;
use std::path::PathBuf;

use safetensors::SafeTensorError;

/// Why a set, or one tensor of it, cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum SetError {
    /// A file is not there, or cannot be read.
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The manifest is no manifest.
    Manifest {
        /// The file.
        path: PathBuf,
        /// What was expected, with line and column.
        source: serde_json::Error,
    },
    /// The manifest contradicts itself, or is of another version.
    Claim {
        /// The file.
        path: PathBuf,
        /// What is spoken of.
        what: String,
        /// What should stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A file of tensors is broken.
    Safetensors {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SafeTensorError,
    },
    /// A tensor is not in its file.
    Missing {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
    },
    /// A tensor is not what the manifest says.
    Tensor {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// Format and shape by the manifest.
        expected: String,
        /// Format and shape, or the number, in the file.
        found: String,
    },
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, source } => write!(f, "{} cannot be read: {source}", path.display()),
            Self::Manifest { path, source } => write!(f, "{} is no manifest: {source}", path.display()),
            Self::Claim { path, what, expected, found } => {
                write!(f, "{}: {what}: {expected} expected, {found} found", path.display())
            }
            Self::Safetensors { path, source } => write!(f, "{} is no safetensors file: {source}", path.display()),
            Self::Missing { file, tensor } => write!(f, "{file} holds no tensor {tensor}"),
            Self::Tensor { file, tensor, expected, found } => {
                write!(f, "{file}, tensor {tensor}: {expected} expected, {found} found")
            }
        }
    }
}

impl Error for SetError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            Self::Manifest { source, .. } => Some(source),
            Self::Safetensors { source, .. } => Some(source),
            Self::Claim { .. } | Self::Missing { .. } | Self::Tensor { .. } => None,
        }
    }
}
