//! [`GoldenSet`]: a manifest and the tensors that it speaks of.

use alloc::collections::BTreeMap;
use std::fs;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::SetError;
use super::manifest::{Case, Format, Manifest};

/// A set of golden values, read whole.
#[derive(Debug)]
pub struct GoldenSet {
    manifest: Manifest,
    files: BTreeMap<String, BTreeMap<String, Array>>,
}

/// Numbers and their extents. Every format of the sets is exact in `f64`, whole numbers where they fit 32 bits, as an index must.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array {
    pub(super) format: Format,
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f64>,
}

impl GoldenSet {
    /// Reads a directory.
    ///
    /// # Errors
    /// When the manifest or a file that it names is not there or broken.
    pub fn read(directory: &Path) -> Result<Self, SetError> {
        let manifest = Manifest::read(&directory.join("manifest.json"))?;
        let mut files = BTreeMap::new();
        for case in &manifest.cases {
            if !files.contains_key(&case.file) {
                files.insert(case.file.clone(), read_tensors(&directory.join(&case.file))?);
            }
        }
        Ok(Self { manifest, files })
    }

    pub(super) fn cases(&self) -> &[Case] {
        &self.manifest.cases
    }

    /// A tensor of a case, which the manifest says to be of this format and shape.
    pub(super) fn tensor(&self, case: &Case, name: &str, format: Format, shape: &[usize]) -> Result<&Array, SetError> {
        let (file, tensor) = (&case.file, format!("{}/{name}", case.id));
        let Some(array) = self.files.get(file).and_then(|tensors| tensors.get(&tensor)) else {
            return Err(SetError::Missing { file: file.clone(), tensor });
        };
        if (array.format, &array.shape[..]) == (format, shape) {
            return Ok(array);
        }
        let spec = |format: Format, shape: &[usize]| format!("{format:?} of shape {shape:?}");
        let (expected, found) = (spec(format, shape), spec(array.format, &array.shape));
        Err(SetError::Tensor { file: file.clone(), tensor, expected, found })
    }
}

fn read_tensors(path: &Path) -> Result<BTreeMap<String, Array>, SetError> {
    let bytes = fs::read(path).map_err(|source| SetError::Read { path: path.into(), source })?;
    let tensors =
        SafeTensors::deserialize(&bytes).map_err(|source| SetError::Safetensors { path: path.into(), source })?;
    let mut arrays = BTreeMap::new();
    for (name, view) in tensors.iter() {
        let array = Array::decode(&view).map_err(|(expected, found)| SetError::Tensor {
            file: path.display().to_string(),
            tensor: name.into(),
            expected: expected.into(),
            found,
        })?;
        arrays.insert(name.into(), array);
    }
    Ok(arrays)
}

impl Array {
    /// The numbers of a tensor, or what was expected instead of what.
    fn decode(view: &TensorView<'_>) -> Result<Self, (&'static str, String)> {
        let (format, values) = match view.dtype() {
            Dtype::F64 => (Format::F64, words(view.data()).map(f64::from_le_bytes).collect()),
            Dtype::I64 => {
                (Format::I64, words(view.data()).map(i64::from_le_bytes).map(whole).collect::<Result<_, _>>()?)
            }
            Dtype::U8 => (Format::Bool, view.data().iter().map(|&byte| bit(byte)).collect::<Result<_, _>>()?),
            other => return Err(("one of F64, I64, U8", format!("{other:?}"))),
        };
        Ok(Self { format, shape: view.shape().to_vec(), values })
    }
}

/// The bytes of each number of eight; the library has checked that none is left over.
fn words(data: &[u8]) -> impl Iterator<Item = [u8; 8]> {
    data.as_chunks().0.iter().copied()
}

fn whole(value: i64) -> Result<f64, (&'static str, String)> {
    match i32::try_from(value) {
        Ok(value) => Ok(value.into()),
        Err(_) => Err(("whole numbers of 32 bits", value.to_string())),
    }
}

fn bit(byte: u8) -> Result<f64, (&'static str, String)> {
    if byte < 2 { Ok(byte.into()) } else { Err(("0 or 1", byte.to_string())) }
}
