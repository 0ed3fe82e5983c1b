//! [`Artefact`]: a list, and values of some of its inputs.

use core::error::Error;
use core::fmt;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{DType, DataBuf, Element, Spec, WengertList};

/// A list together with its weights, the values of some of its inputs: what is needed to run it without the code that made
/// it. Inputs without a value are given at each run.
///
/// ```
/// use artefact::Artefact;
/// use autodiff_core::{DataBuf, Spec, Tensor, WengertList};
/// use backend_cpu::Cpu;
///
/// let specs = [("w", Spec::elem([2, 1])), ("x", Spec::elem([1, 2]))];
/// let list = WengertList::<f32>::trace(&specs, |v| [("y", v[1].matmul(&v[0]))]);
/// let weights = [("w".into(), DataBuf::Elem(vec![10.0, 1.0]))];
/// let bytes = Artefact::new(list, weights)?.to_bytes()?;
///
/// // Elsewhere, from the bytes alone:
/// let artefact = Artefact::<f32>::from_bytes(&bytes)?;
/// let x = Tensor::<Cpu<f32>>::new(&[2.0, 3.0], [1, 2]);
/// let outputs = artefact.eval(&[("x", &x)], &Default::default())?;
/// assert_eq!(outputs[0].item(), 23.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Artefact<E: Element> {
    list: WengertList<E>,
    /// For each input of the list, in its order: the value, in the input's format and of its length.
    weights: Vec<Option<DataBuf<E>>>,
}

impl<E: Element> Artefact<E> {
    /// A list and the values of the inputs of these names, in row-major order.
    ///
    /// # Errors
    /// When the list has no input of such a name, one is named twice, or format or number of elements are not the input's.
    pub fn new(
        list: WengertList<E>,
        weights: impl IntoIterator<Item = (String, DataBuf<E>)>,
    ) -> Result<Self, WeightError> {
        let mut placed = vec![None; list.inputs().len()];
        for (name, value) in weights {
            let Some(place) = list.input(&name) else { return Err(WeightError::Unknown { name }) };
            let expected = list[list.inputs()[place]].spec;
            let found = (value.dtype(), value.len());
            if found != (expected.dtype, expected.shape.elements()) {
                return Err(WeightError::Spec { name, expected, found });
            }
            if placed[place].replace(value).is_some() {
                return Err(WeightError::Twice { name });
            }
        }
        Ok(Self::placed(list, placed))
    }

    /// With a value or none for each input, which fits.
    pub(crate) const fn placed(list: WengertList<E>, weights: Vec<Option<DataBuf<E>>>) -> Self {
        Self { list, weights }
    }

    /// The list.
    #[must_use]
    pub const fn list(&self) -> &WengertList<E> {
        &self.list
    }

    /// The inputs that have a value, and their values, in the order of the list.
    pub fn weights(&self) -> impl Iterator<Item = (&str, &DataBuf<E>)> {
        self.inputs().filter_map(|(name, _, value)| Some((name, value?)))
    }

    /// The inputs without a value, in the order of the list: what must be given to run it.
    pub fn given(&self) -> impl Iterator<Item = (&str, Spec)> {
        self.inputs().filter(|(_, _, value)| value.is_none()).map(|(name, spec, _)| (name, spec))
    }

    /// The list and the weights, apart.
    #[must_use]
    pub fn into_parts(self) -> (WengertList<E>, Vec<(String, DataBuf<E>)>) {
        let names = self.list.inputs().iter().map(|&var| String::from(self.list[var].instruction.name()));
        let weights = names.zip(self.weights).filter_map(|(name, value)| Some((name, value?))).collect();
        (self.list, weights)
    }

    /// Name, shape and format, and the value of each input.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = (&str, Spec, Option<&DataBuf<E>>)> {
        let known = self.list.inputs().iter().map(|&var| &self.list[var]);
        known.zip(&self.weights).map(|(input, value)| (input.instruction.name(), input.spec, value.as_ref()))
    }
}

/// Why values are not the weights of a list.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum WeightError {
    /// The list has no input of this name.
    Unknown {
        /// The name.
        name: String,
    },
    /// An input has two values.
    Twice {
        /// Its name.
        name: String,
    },
    /// Another format, or another number of elements.
    Spec {
        /// The input's name.
        name: String,
        /// Shape and format in the list.
        expected: Spec,
        /// Format and number of elements given.
        found: (DType, usize),
    },
}

impl fmt::Display for WeightError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name } => write!(f, "the list has no input `{name}`"),
            Self::Twice { name } => write!(f, "input `{name}` has two values"),
            Self::Spec { name, expected, found: (dtype, len) } => {
                let count = expected.shape.elements();
                write!(
                    f,
                    "input `{name}` is {expected}: {count} elements in {}, {len} in {dtype} given",
                    expected.dtype
                )
            }
        }
    }
}

impl Error for WeightError {}
