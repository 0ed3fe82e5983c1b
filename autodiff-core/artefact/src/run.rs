//! Running an artefact: its weights and what is given, by the names of the inputs.

use core::error::Error;
use core::fmt;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, DataBuf, Element, Execute, Spec, Tensor};

use crate::Artefact;

impl<E: Element> Artefact<E> {
    /// The outputs, in the order of the list, computed assignment by assignment. A weight may be given too, and then what is
    /// given counts.
    ///
    /// # Errors
    /// When something is given that is no input, an input has neither a value nor a weight, or one does not fit.
    ///
    /// # Panics
    /// When an index is out of range: a list from outside is better [`run`](Self::run).
    #[track_caller]
    pub fn eval<B: Backend<Elem = E>>(
        &self,
        given: &[(&str, &Tensor<B>)],
        device: &B::Device,
    ) -> Result<Vec<Tensor<B>>, GivenError> {
        Ok(self.list().eval(&self.all_inputs(given, device)?))
    }

    /// The same by a plan of the whole list, which is made for this one run: where an index is out of range, it is an error.
    ///
    /// To run a list many times, compile [`list`](Self::list) by [`Execute::compile`] and write the
    /// [`weights`](Self::weights) once, as inputs that are kept.
    ///
    /// ```
    /// use artefact::Artefact;
    /// use autodiff_core::{DataBuf, Index, Spec, Tensor, WengertList};
    /// use backend_cpu::Cpu;
    ///
    /// let specs = [("table", Spec::elem([3, 2])), ("row", Spec::index([1]))];
    /// let list = WengertList::<f32>::trace(&specs, |v| [("y", v[0].index_select(0, &v[1].to_index()))]);
    /// let table = DataBuf::Elem(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    /// let artefact = Artefact::new(list, [("table".into(), table)])?;
    ///
    /// let run = |row| artefact.run::<Cpu<f32>>(&[("row", Index::new(&[row], [1]).tensor())], &Default::default());
    /// assert_eq!(run(2)?, [DataBuf::Elem(vec![5.0, 6.0])]);
    /// assert!(run(3).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`eval`](Self::eval), and those of the backend.
    #[track_caller]
    pub fn run<B: Execute<Elem = E>>(
        &self,
        given: &[(&str, &Tensor<B>)],
        device: &B::Device,
    ) -> Result<Vec<DataBuf<E>>, RunError<B::Error>> {
        let inputs = self.all_inputs(given, device).map_err(RunError::Given)?;
        B::evaluate(self.list(), &inputs, device).map_err(RunError::Backend)
    }

    fn all_inputs<B: Backend<Elem = E>>(
        &self,
        given: &[(&str, &Tensor<B>)],
        device: &B::Device,
    ) -> Result<Vec<Tensor<B>>, GivenError> {
        let mut placed: Vec<Option<Tensor<B>>> = vec![None; self.list().inputs().len()];
        for &(name, tensor) in given {
            let place = self.list().input(name).ok_or_else(|| GivenError::Unknown { name: name.into() })?;
            if placed[place].replace(tensor.clone()).is_some() {
                return Err(GivenError::Twice { name: name.into() });
            }
        }
        let inputs = placed.into_iter().zip(self.inputs());
        inputs
            .map(|(tensor, (name, expected, weight))| match (tensor, weight) {
                (Some(tensor), _) if tensor.spec() == expected => Ok(tensor),
                (Some(tensor), _) => Err(GivenError::Spec { name: name.into(), expected, found: tensor.spec() }),
                (None, Some(weight)) => Ok(Tensor::from_data(weight.as_data(), expected.shape, device)),
                (None, None) => Err(GivenError::Missing { name: name.into(), expected }),
            })
            .collect()
    }
}

/// Why what is given to a run is not what the list takes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum GivenError {
    /// The list has no input of this name.
    Unknown {
        /// The name.
        name: String,
    },
    /// A tensor is given twice.
    Twice {
        /// Its name.
        name: String,
    },
    /// An input has no weight and is not given.
    Missing {
        /// Its name.
        name: String,
        /// Shape and format in the list.
        expected: Spec,
    },
    /// An input of another shape or format.
    Spec {
        /// Its name.
        name: String,
        /// Shape and format in the list.
        expected: Spec,
        /// Shape and format given.
        found: Spec,
    },
}

impl fmt::Display for GivenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name } => write!(f, "the list has no input `{name}`"),
            Self::Twice { name } => write!(f, "input `{name}` is given twice"),
            Self::Missing { name, expected } => write!(f, "input `{name}` of the list is {expected}, and not given"),
            Self::Spec { name, expected, found } => {
                write!(f, "input `{name}` of the list is {expected}, {found} given")
            }
        }
    }
}

impl Error for GivenError {}

/// Why a run has no result.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RunError<E> {
    /// What is given is not what the list takes.
    Given(GivenError),
    /// The backend's own error.
    Backend(E),
}

impl<E: fmt::Display> fmt::Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(error) => fmt::Display::fmt(error, f),
            Self::Backend(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl<E: Error + 'static> Error for RunError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Given(error) => Some(error),
            Self::Backend(error) => Some(error),
        }
    }
}
