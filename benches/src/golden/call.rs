//! [`Call`]: a case as an operation sees it, which notes what the operation has read.

use alloc::collections::BTreeSet;
use core::cell::RefCell;
use core::fmt;

use autodiff_core::{Backend, Index, Tensor};
use serde_json::Value;

use super::manifest::{Case, Format};

/// The results of an operation by name. Those that the case does not ask for are not looked at.
pub(super) type Outputs<B> = Vec<(String, Tensor<B>)>;

/// An operation.
pub(super) type Function<B> = fn(&Call<'_, B>) -> Result<Outputs<B>, Unsupported>;

/// What a case asks for and nothing here answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsupported {
    /// The operation.
    Operation,
    /// An attribute, or the value that it has.
    Attribute {
        /// What it is called.
        name: String,
        /// What it says, as JSON.
        value: String,
    },
    /// An input that nothing reads, that is not there, or that is of another format.
    Input(String),
    /// An output that is not computed.
    Output(String),
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation => write!(f, "the operation is unknown"),
            Self::Attribute { name, value } => write!(f, "attribute {name} = {value} is not handled"),
            Self::Input(name) => write!(f, "input {name} is not handled"),
            Self::Output(name) => write!(f, "output {name} is not computed"),
        }
    }
}

/// A case as an operation sees it: attributes and inputs by name.
pub(super) struct Call<'a, B: Backend> {
    case: &'a Case,
    inputs: &'a [(String, Tensor<B>)],
    device: &'a B::Device,
    read: RefCell<BTreeSet<&'a str>>,
}

impl<'a, B: Backend> Call<'a, B> {
    /// The outputs that the case asks for, in its order.
    ///
    /// An attribute or an input that the operation did not read is not supported: it may change the result.
    pub(super) fn run(
        case: &'a Case,
        inputs: &'a [(String, Tensor<B>)],
        device: &'a B::Device,
    ) -> Result<Outputs<B>, Unsupported> {
        let function = super::ops::find(&case.op).ok_or(Unsupported::Operation)?;
        let call = Self { case, inputs, device, read: RefCell::default() };
        let mut outputs = function(&call)?;
        call.all_read()?;
        let output = |wanted: &String| {
            let place = outputs.iter().position(|(name, _)| name == wanted);
            place.map(|place| outputs.swap_remove(place)).ok_or_else(|| Unsupported::Output(wanted.clone()))
        };
        case.outputs.iter().map(|wanted| &wanted.name).map(output).collect()
    }

    fn all_read(&self) -> Result<(), Unsupported> {
        let read = self.read.borrow();
        for (name, value) in &self.case.attrs {
            if !value.is_null() && !read.contains(&name[..]) {
                return Err(Unsupported::Attribute { name: name.clone(), value: value.to_string() });
            }
        }
        match self.inputs.iter().find(|(name, _)| !read.contains(&name[..])) {
            Some((name, _)) => Err(Unsupported::Input(name.clone())),
            None => Ok(()),
        }
    }

    /// All inputs in order.
    pub(super) fn tensors(&self) -> Vec<Tensor<B>> {
        self.read.borrow_mut().extend(self.inputs.iter().map(|(name, _)| &name[..]));
        self.inputs.iter().map(|(_, tensor)| tensor.clone()).collect()
    }

    /// Where the inputs are, for what is made of attributes alone.
    pub(super) const fn device(&self) -> &'a B::Device {
        self.device
    }

    /// What all inputs are called, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.inputs.iter().map(|(name, _)| name.clone())
    }

    /// An input, where the case has one of this name.
    pub(super) fn given(&self, name: &str) -> Option<&'a Tensor<B>> {
        let (name, tensor) = self.inputs.iter().find(|(own, _)| own == name)?;
        self.read.borrow_mut().insert(name);
        Some(tensor)
    }

    /// An input of numbers.
    pub(super) fn tensor(&self, name: &str) -> Result<&'a Tensor<B>, Unsupported> {
        match self.given(name) {
            Some(tensor) if tensor.dtype().is_float() => Ok(tensor),
            _ => Err(Unsupported::Input(name.into())),
        }
    }

    /// An input of indices.
    pub(super) fn index(&self, name: &str) -> Result<Index<B>, Unsupported> {
        match self.given(name) {
            Some(tensor) if !tensor.dtype().is_float() => Ok(tensor.to_index()),
            _ => Err(Unsupported::Input(name.into())),
        }
    }

    /// Whether an input holds truth values, which are numbers 0 and 1 here.
    pub(super) fn is_mask(&self, name: &str) -> bool {
        self.case.inputs.iter().any(|input| input.name == name && input.dtype == Format::Bool)
    }

    /// An attribute, where it is given.
    pub(super) fn option<T: Attribute>(&self, name: &str) -> Result<Option<T>, Unsupported> {
        let Some((name, value)) = self.case.attrs.get_key_value(name).filter(|(_, value)| !value.is_null()) else {
            return Ok(None);
        };
        self.read.borrow_mut().insert(name);
        match T::from_json(value) {
            Some(attribute) => Ok(Some(attribute)),
            None => Err(Unsupported::Attribute { name: name.clone(), value: value.to_string() }),
        }
    }

    /// An attribute that must be given.
    pub(super) fn attribute<T: Attribute>(&self, name: &str) -> Result<T, Unsupported> {
        let absent = || Unsupported::Attribute { name: name.into(), value: "null".into() };
        self.option(name)?.ok_or_else(absent)
    }

    /// What to answer when an attribute has a value that is not known.
    pub(super) fn unknown<T>(&self, name: &str) -> Result<T, Unsupported> {
        let value = self.case.attrs.get(name).unwrap_or(&Value::Null).to_string();
        Err(Unsupported::Attribute { name: name.into(), value })
    }

    /// An attribute that only repeats what the shapes say, or that can have one value only.
    pub(super) fn expect<T: Attribute + PartialEq>(&self, name: &str, expected: T) -> Result<(), Unsupported> {
        match self.option::<T>(name)? {
            Some(found) if found != expected => self.unknown(name),
            _ => Ok(()),
        }
    }
}

/// The only result, under the name that such have.
pub(super) fn one<B: Backend>(y: Tensor<B>) -> Outputs<B> {
    vec![("y".into(), y)]
}

/// What an attribute can be.
pub(super) trait Attribute: Sized {
    /// None where the value is something else.
    fn from_json(value: &Value) -> Option<Self>;
}

impl Attribute for f64 {
    /// JSON has neither infinities nor NaN: the sets write them as strings.
    fn from_json(value: &Value) -> Option<Self> {
        match value.as_str() {
            Some("inf") => Some(Self::INFINITY),
            Some("-inf") => Some(Self::NEG_INFINITY),
            Some("nan") => Some(Self::NAN),
            Some(_) => None,
            None => value.as_f64(),
        }
    }
}

impl Attribute for bool {
    fn from_json(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Attribute for usize {
    fn from_json(value: &Value) -> Option<Self> {
        value.as_u64()?.try_into().ok()
    }
}

impl Attribute for isize {
    fn from_json(value: &Value) -> Option<Self> {
        value.as_i64()?.try_into().ok()
    }
}

impl Attribute for String {
    fn from_json(value: &Value) -> Option<Self> {
        value.as_str().map(Self::from)
    }
}

impl<T: Attribute> Attribute for Vec<T> {
    fn from_json(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::from_json).collect()
    }
}

impl<T: Attribute, const N: usize> Attribute for [T; N] {
    fn from_json(value: &Value) -> Option<Self> {
        Vec::from_json(value)?.try_into().ok()
    }
}
