//! The manifest: what the cases of a set are.

use alloc::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::SetError;

/// The version of the format that is read here.
const FORMAT: &str = "golden-1";

/// The cases of a set. Fields that only people read are left out.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    format: String,
    case_count: usize,
    pub(super) cases: Vec<Case>,
}

/// One operation at one point.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) op: String,
    pub(super) attrs: Map<String, Value>,
    pub(super) file: String,
    pub(super) inputs: Vec<Input>,
    pub(super) outputs: Vec<Output>,
    pub(super) has_grad: bool,
    pub(super) has_hvp: bool,
    pub(super) grad_alts: Vec<String>,
    pub(super) tol: Tolerances,
}

/// An argument of the operation.
#[derive(Debug, Deserialize)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) dtype: Format,
    pub(super) shape: Vec<usize>,
    /// Whether the set holds a gradient for it.
    pub(super) grad: bool,
}

/// A result of the operation.
#[derive(Debug, Deserialize)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) dtype: Format,
    pub(super) shape: Vec<usize>,
    /// Whether the set holds a cotangent for it.
    pub(super) ct: bool,
}

/// The number formats of the sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    F64,
    I64,
    Bool,
}

/// How near is near enough, by element.
#[derive(Debug, Deserialize)]
pub(super) struct Tolerances {
    pub(super) f64: Tolerance,
    /// None where single precision is not to be checked.
    pub(super) f32: Option<Tolerance>,
    /// For Hessian-vector products.
    pub(super) f64_hvp: Option<Tolerance>,
}

/// `|got - want| <= rtol |want| + atol s`, with `s` the larger of 1 and the largest number that is wanted, where `scaled`.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Tolerance {
    pub(super) rtol: f64,
    pub(super) atol: f64,
    /// In place of `atol` for gradients.
    grad_atol: Option<f64>,
    pub(super) scaled: bool,
}

impl Tolerance {
    /// The tolerance of gradients.
    pub(super) fn of_gradients(self) -> Self {
        Self { atol: self.grad_atol.unwrap_or(self.atol), ..self }
    }
}

impl Manifest {
    pub(super) fn read(path: &Path) -> Result<Self, SetError> {
        let text = fs::read_to_string(path).map_err(|source| SetError::Read { path: path.into(), source })?;
        let manifest: Self =
            serde_json::from_str(&text).map_err(|source| SetError::Manifest { path: path.into(), source })?;
        manifest.check(path)?;
        Ok(manifest)
    }

    /// Whether it is what it says.
    fn check(&self, path: &Path) -> Result<(), SetError> {
        let claim = |what: &str, expected: String, found: String| {
            if expected == found {
                return Ok(());
            }
            Err(SetError::Claim { path: path.into(), what: what.into(), expected, found })
        };
        claim("format", FORMAT.into(), self.format.clone())?;
        claim("number of cases", self.case_count.to_string(), self.cases.len().to_string())?;
        let unmeasured = |case: &&Case| case.has_hvp && case.tol.f64_hvp.is_none();
        if let Some(case) = self.cases.iter().find(unmeasured) {
            let what = format!("case {}", case.id);
            return claim(&what, "a tolerance of its Hessian-vector product".into(), "none".into());
        }
        let mut ids = BTreeSet::new();
        match self.cases.iter().find(|case| !ids.insert(&case.id)) {
            Some(twice) => claim("cases", "one of each id".into(), format!("{} twice", twice.id)),
            None => Ok(()),
        }
    }
}
