//! The file around the text: safetensors, a header in JSON and the bytes of the tensors.
//!
//! The header is checked by the safetensors crate's [`Metadata`]. Around it stands code of our own: its reader adds up sizes
//! that a hostile header may have chosen to overflow, and its writer orders the metadata differently in each run.

use core::mem::size_of;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use autodiff_core::{DType, DataBuf, Element, Shape, Spec};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use serde::Serialize;

use crate::{Fault, ReadError, WriteError};

/// The format's name and version, as the metadata say them.
const FORMAT: &str = "autodiff.list";
const VERSION: &str = "1";
/// Where the header begins: behind its length in eight bytes.
const LENGTH: usize = 8;
/// What readers of safetensors accept.
const LONGEST: usize = 100_000_000;

/// How the file stores numbers of a format, where the list's element is `E`.
fn stored<E: Element>(dtype: DType) -> Option<Dtype> {
    Some(match (dtype, E::NAME) {
        (DType::Index, _) => Dtype::I32,
        (DType::F16, _) | (DType::Elem, "f16") => Dtype::F16,
        (DType::Bf16, _) | (DType::Elem, "bf16") => Dtype::BF16,
        (DType::Elem, "f32") => Dtype::F32,
        (DType::Elem, "f64") => Dtype::F64,
        (DType::Elem, _) => return None,
    })
}

/// The header, whose order is that of the names.
#[derive(Serialize)]
struct Header<'a> {
    __metadata__: BTreeMap<&'static str, &'a str>,
    #[serde(flatten)]
    tensors: BTreeMap<&'a str, TensorInfo>,
}

/// The file that holds this text and these tensors, whose names differ.
pub(crate) fn write<E: Element>(text: &str, tensors: &[(&str, Shape, &DataBuf<E>)]) -> Result<Vec<u8>, WriteError> {
    let mut stores = Vec::with_capacity(tensors.len());
    for (name, shape, data) in tensors {
        let dtype = stored::<E>(data.dtype()).ok_or(WriteError::Element { found: E::NAME })?;
        stores.push((dtype, *name, shape, *data));
    }
    // The widest numbers first, so that all of them are aligned.
    stores.sort_by_key(|&(dtype, name, ..)| (core::cmp::Reverse(dtype), name));
    let mut header = Header {
        __metadata__: [("format", FORMAT), ("version", VERSION), ("list", text)].into(),
        tensors: BTreeMap::new(),
    };
    let mut bytes = Vec::new();
    for (dtype, name, shape, data) in stores {
        let start = bytes.len();
        push(&mut bytes, data);
        let info = TensorInfo { dtype, shape: shape.extents().to_vec(), data_offsets: (start, bytes.len()) };
        header.tensors.insert(name, info);
    }
    let mut head = serde_json::to_vec(&header).unwrap_or_else(|error| unreachable!("names and numbers: {error}"));
    head.resize(head.len().next_multiple_of(LENGTH), b' ');
    if head.len() > LONGEST {
        return Err(WriteError::TooLong { bytes: head.len() });
    }
    Ok([&(head.len() as u64).to_le_bytes(), &head[..], &bytes].concat())
}

fn push<E: Element>(bytes: &mut Vec<u8>, data: &DataBuf<E>) {
    fn words<T: Element>(bytes: &mut Vec<u8>, numbers: &[T]) {
        numbers.iter().for_each(|x| bytes.extend_from_slice(&x.bits().to_le_bytes()[..size_of::<T>()]));
    }
    match data {
        DataBuf::Elem(numbers) => words(bytes, numbers),
        DataBuf::F16(numbers) => words(bytes, numbers),
        DataBuf::Bf16(numbers) => words(bytes, numbers),
        DataBuf::Index(numbers) => numbers.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes())),
    }
}

/// A file whose header has been read: its text, and tensors that are taken out one by one.
pub(crate) struct File<'a> {
    header: Metadata,
    left: BTreeSet<String>,
    bytes: &'a [u8],
}

impl<'a> File<'a> {
    pub(crate) fn open(file: &'a [u8]) -> Result<Self, ReadError> {
        let short = |expected| ReadError::Length { expected, found: file.len() };
        let (length, rest) = file.split_first_chunk::<LENGTH>().ok_or_else(|| short(Some(LENGTH)))?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| short(None))?;
        if length > LONGEST {
            return Err(short(None));
        }
        let (header, bytes) = rest.split_at_checked(length).ok_or_else(|| short(Some(LENGTH + length)))?;
        let header: Metadata = serde_json::from_slice(header).map_err(ReadError::Header)?;
        if header.data_len() != bytes.len() {
            return Err(short(header.data_len().checked_add(LENGTH + length)));
        }
        let left = header.offset_keys().into_iter().collect();
        Ok(Self { header, left, bytes })
    }

    /// The list's text, where the metadata say that it is one, of this version.
    pub(crate) fn text(&self) -> Result<&str, ReadError> {
        self.metadata("format", Some(FORMAT))?;
        self.metadata("version", Some(VERSION))?;
        self.metadata("list", None)
    }

    fn metadata(&self, key: &'static str, expected: Option<&'static str>) -> Result<&str, ReadError> {
        let found = self.header.metadata().as_ref().and_then(|metadata| metadata.get(key));
        match found {
            Some(found) if expected.is_none_or(|expected| found == expected) => Ok(found),
            _ => Err(ReadError::Metadata { key, expected, found: found.cloned() }),
        }
    }

    /// Whether there is a tensor of this name that was not taken.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.left.contains(name)
    }

    /// The shape of a tensor that was not taken.
    pub(crate) fn shape(&self, name: &str) -> Result<Shape, Fault> {
        let extents = &self.info(name)?.shape;
        let shape = Shape::try_new(extents).filter(|shape| shape.checked_elements().is_some());
        shape.ok_or_else(|| Fault::Extents { tensor: name.into(), found: extents.clone() })
    }

    /// The numbers of a tensor of this shape and format, each tensor once: it may be large.
    pub(crate) fn take<E: Element>(&mut self, name: &str, spec: Spec) -> Result<DataBuf<E>, Fault> {
        let info = self.info(name)?;
        if info.shape != spec.shape.extents() {
            return Err(Fault::Shape { tensor: name.into(), expected: spec.shape, found: info.shape.clone() });
        }
        match stored::<E>(spec.dtype) {
            Some(expected) if expected == info.dtype => {}
            expected => return Err(Fault::Format { tensor: name.into(), expected, found: info.dtype }),
        }
        let (start, end) = info.data_offsets;
        let data = pull(spec.dtype, &self.bytes[start..end]);
        self.left.remove(name);
        Ok(data)
    }

    fn info(&self, name: &str) -> Result<&TensorInfo, Fault> {
        let info = if self.has(name) { self.header.info(name) } else { None };
        info.ok_or_else(|| Fault::Missing { tensor: name.into() })
    }

    /// Nothing is left over.
    pub(crate) fn close(mut self) -> Result<(), ReadError> {
        self.left.pop_first().map_or(Ok(()), |tensor| Err(ReadError::Unused { tensor }))
    }
}

fn pull<E: Element>(dtype: DType, bytes: &[u8]) -> DataBuf<E> {
    fn words<T: Element>(bytes: &[u8]) -> Vec<T> {
        let word = |chunk: &[u8]| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            T::from_bits(u64::from_le_bytes(word))
        };
        bytes.chunks_exact(size_of::<T>()).map(word).collect()
    }
    match dtype {
        DType::Elem => DataBuf::Elem(words(bytes)),
        DType::F16 => DataBuf::F16(words(bytes)),
        DType::Bf16 => DataBuf::Bf16(words(bytes)),
        DType::Index => {
            let (words, _) = bytes.as_chunks();
            DataBuf::Index(words.iter().map(|&word| i32::from_le_bytes(word)).collect())
        }
    }
}
