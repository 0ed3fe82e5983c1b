//! The ways to run a case: eager, traced, compiled, nested.

use core::fmt;

use autodiff_core::{Autodiff, Backend, DataBuf, Element, Execute, Index, Passes, Tensor, Trace, WengertList};
use conformance::{Erased, Place};

use super::call::{Call, Outputs, Unsupported};
use super::manifest::{Case, Format};
use super::tensors::{Array, GoldenSet};
use super::{SetError, compare::Wrong};

/// On which backend a case is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `Autodiff<B>`: values and gradients, as they are computed.
    Eager,
    /// `Autodiff<Trace>`: values and gradients written into one list, which the planned executor runs.
    Traced,
    /// The same list behind all passes.
    Compiled,
    /// `Autodiff<Autodiff<B>>`: values and gradients, and Hessian-vector products where the set has them.
    Nested,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eager => "eager",
            Self::Traced => "traced",
            Self::Compiled => "compiled",
            Self::Nested => "nested",
        })
    }
}

/// Runs a list once on these inputs: its outputs, or what went wrong.
type RunList<E> = fn(&WengertList<E>, &[DataBuf<E>]) -> Result<Vec<DataBuf<E>>, String>;

/// A backend whose type is forgotten, so that every operation is compiled once for each element and not for each backend.
pub(super) struct Engine<E: Element> {
    device: Place<E>,
    execute: RunList<E>,
    /// A list behind all passes.
    simplify: fn(&WengertList<E>) -> WengertList<E>,
}

impl<E: Element> Engine<E> {
    /// This backend on its default device.
    pub(super) fn of<B: Execute<Elem = E>>() -> Self {
        Self {
            device: Place::of::<B>(B::Device::default()),
            execute: |list, inputs| {
                let device = B::Device::default();
                let shapes = list.inputs().iter().map(|var| list[*var].spec.shape);
                let inputs = inputs.iter().zip(shapes);
                let inputs: Vec<_> = inputs.map(|(x, shape)| Tensor::from_data(x.as_data(), shape, &device)).collect();
                B::evaluate(list, &inputs, &device).map_err(|error| error.to_string())
            },
            simplify: |list| Passes::default().run::<B>(list).0,
        }
    }
}

/// What a case computed. A gradient is none where the loss does not depend on the input: it counts as zeros.
#[derive(Debug)]
pub(super) struct Computed {
    pub(super) outputs: Vec<(String, Array)>,
    pub(super) gradients: Vec<(String, Option<Array>)>,
    pub(super) products: Vec<(String, Option<Array>)>,
}

/// Why a case did not pass.
#[derive(Debug)]
pub(super) enum Stop {
    Unsupported(Unsupported),
    Broken(SetError),
    Run(String),
    Wrong(Wrong),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(what) => write!(f, "{what}, and may not be skipped"),
            Self::Broken(error) => write!(f, "{error}"),
            Self::Run(message) => f.write_str(message),
            Self::Wrong(wrong) => write!(f, "{wrong}"),
        }
    }
}

impl From<Unsupported> for Stop {
    fn from(unsupported: Unsupported) -> Self {
        Self::Unsupported(unsupported)
    }
}

impl From<SetError> for Stop {
    fn from(error: SetError) -> Self {
        Self::Broken(error)
    }
}

/// Runs a case in elements `E`.
pub(super) fn compute<E: Element>(
    engine: &Engine<E>,
    mode: Mode,
    set: &GoldenSet,
    case: &Case,
) -> Result<Computed, Stop> {
    let given = Given::<Erased<E>>::read(set, case, &engine.device)?;
    match mode {
        Mode::Eager => Ok(eager(case, &given)?),
        Mode::Traced => traced(engine, case, &given, WengertList::clone),
        Mode::Compiled => traced(engine, case, &given, engine.simplify),
        Mode::Nested => nested(engine, set, case, &given),
    }
}

/// What goes in: the operation's inputs, and a cotangent for each output that takes part in the gradient.
struct Given<B: Backend> {
    inputs: Vec<(String, Tensor<B>)>,
    cotangents: Vec<(String, Tensor<B>)>,
    device: B::Device,
}

/// What comes out.
struct Derived<B: Backend> {
    outputs: Outputs<B>,
    gradients: Vec<(String, Option<Tensor<B>>)>,
}

impl<B: Backend> Given<B> {
    fn read(set: &GoldenSet, case: &Case, device: &B::Device) -> Result<Self, SetError> {
        let mut given = Self { inputs: Vec::new(), cotangents: Vec::new(), device: device.clone() };
        for input in &case.inputs {
            let array = set.tensor(case, &format!("in.{}", input.name), input.dtype, &input.shape)?;
            given.inputs.push((input.name.clone(), upload(array, device)));
        }
        for output in case.outputs.iter().filter(|output| output.ct) {
            let array = set.tensor(case, &format!("ct.{}", output.name), Format::F64, &output.shape)?;
            given.cotangents.push((output.name.clone(), upload(array, device)));
        }
        Ok(given)
    }

    /// The same on a device of another backend, where `f` puts a tensor: told its name and whether it has a gradient.
    fn map<C: Backend>(
        &self,
        case: &Case,
        device: C::Device,
        f: impl Fn(&str, bool, &Tensor<B>) -> Tensor<C>,
    ) -> Given<C> {
        let has_gradient = case.inputs.iter().map(|input| input.grad);
        let inputs = self.inputs.iter().zip(has_gradient);
        let cotangents = self.cotangents.iter();
        Given {
            inputs: inputs.map(|((name, x), grad)| (name.clone(), f(&format!("in.{name}"), grad, x))).collect(),
            cotangents: cotangents.map(|(name, ct)| (name.clone(), f(&format!("ct.{name}"), false, ct))).collect(),
            device,
        }
    }

    /// On the backend that differentiates this one.
    fn recorded(&self, case: &Case) -> Given<Autodiff<B>> {
        let wrap = |grad: bool| if grad { Tensor::variable } else { Tensor::constant_of };
        self.map(case, self.device.clone(), |_, grad, x| wrap(grad)(x.clone()))
    }

    fn all(&self) -> impl Iterator<Item = &Tensor<B>> {
        self.inputs.iter().chain(&self.cotangents).map(|(_, tensor)| tensor)
    }

    /// The outputs, and the gradients of `sum(cotangent * output)`.
    fn derive(&self, case: &Case) -> Result<Derived<B>, Unsupported> {
        let recorded = self.recorded(case);
        let outputs = Call::run(case, &recorded.inputs, &recorded.device)?;
        let variables = recorded.inputs.iter().zip(&case.inputs).filter(|(_, input)| input.grad && case.has_grad);
        let variables: Vec<_> = variables.map(|((name, x), _)| (name, x)).collect();
        let products = outputs.iter().flat_map(|(name, y)| {
            let cotangent = recorded.cotangents.iter().find(|(of, _)| of == name);
            cotangent.map(|(_, cotangent)| (y * cotangent).sum())
        });
        let wrt: Vec<_> = variables.iter().map(|(_, x)| *x).collect();
        let gradients = match products.reduce(|a, b| a + b) {
            Some(sum) => sum.grad(&wrt),
            None => vec![None; wrt.len()],
        };
        Ok(Derived {
            outputs: outputs.into_iter().map(|(name, y)| (name, y.value().clone())).collect(),
            gradients: variables.iter().map(|(name, _)| (*name).clone()).zip(gradients).collect(),
        })
    }
}

fn eager<E: Element>(case: &Case, given: &Given<Erased<E>>) -> Result<Computed, Unsupported> {
    let derived = given.derive(case)?;
    Ok(Computed {
        outputs: derived.outputs.iter().map(|(name, y)| (name.clone(), download(y))).collect(),
        gradients: derived.gradients.iter().map(|(name, g)| (name.clone(), g.as_ref().map(download))).collect(),
        products: Vec::new(),
    })
}

/// As one list, of which `rewrite` makes what is run.
fn traced<E: Element>(
    engine: &Engine<E>,
    case: &Case,
    given: &Given<Erased<E>>,
    rewrite: impl Fn(&WengertList<E>) -> WengertList<E>,
) -> Result<Computed, Stop> {
    let inputs = given.map(case, (), |name, _, x| Tensor::<Trace<E>>::input(name, x.spec()));
    let derived = inputs.derive(case)?;
    let outputs = derived.outputs.iter().map(|(name, y)| (format!("out.{name}"), y));
    let gradients = derived.gradients.iter().filter_map(|(name, g)| Some((format!("grad.{name}"), g.as_ref()?)));
    let named: Vec<_> = outputs.chain(gradients).collect();
    let list = WengertList::new(
        &inputs.all().collect::<Vec<_>>(),
        &named.iter().map(|(name, value)| (&name[..], *value)).collect::<Vec<_>>(),
    );
    let mut results = planned(engine, &rewrite(&list), given)?.into_iter();
    let outputs = derived.outputs.into_iter().zip(&mut results).map(|((name, _), y)| (name, y)).collect();
    let gradients = derived.gradients.into_iter().map(|(name, g)| (name, g.and_then(|_| results.next()))).collect();
    Ok(Computed { outputs, gradients, products: Vec::new() })
}

/// The outputs of a list, run by the planned executor.
fn planned<E: Element>(
    engine: &Engine<E>,
    list: &WengertList<E>,
    given: &Given<Erased<E>>,
) -> Result<Vec<Array>, Stop> {
    let specs: Vec<_> = list.outputs().iter().map(|(_, var)| list[*var].spec).collect();
    let inputs: Vec<_> = given.all().map(Tensor::to_data).collect();
    let outputs = (engine.execute)(list, &inputs).map_err(Stop::Run)?;
    let array = |(output, spec): (&DataBuf<E>, &autodiff_core::Spec)| Array {
        format: if spec.dtype.is_float() { Format::F64 } else { Format::I64 },
        shape: spec.shape.extents().to_vec(),
        values: output.to_f64(),
    };
    Ok(outputs.iter().zip(&specs).map(array).collect())
}

fn nested<E: Element>(
    engine: &Engine<E>,
    set: &GoldenSet,
    case: &Case,
    given: &Given<Erased<E>>,
) -> Result<Computed, Stop> {
    let inner = given.recorded(case);
    let derived = inner.derive(case)?;
    let products = if case.has_hvp { products(engine, set, case, &inner, &derived)? } else { Vec::new() };
    let value = |(name, g): &(String, Option<Tensor<Autodiff<Erased<E>>>>)| {
        (name.clone(), g.as_ref().map(|g| download(g.value())))
    };
    Ok(Computed {
        outputs: derived.outputs.iter().map(|(name, y)| (name.clone(), download(y.value()))).collect(),
        gradients: derived.gradients.iter().map(value).collect(),
        products,
    })
}

/// The products of the Hessian with the case's direction, jointly over all inputs with a gradient: the gradient of
/// `sum(v * gradient)`.
fn products<E: Element>(
    engine: &Engine<E>,
    set: &GoldenSet,
    case: &Case,
    inner: &Given<Autodiff<Erased<E>>>,
    derived: &Derived<Autodiff<Erased<E>>>,
) -> Result<Vec<(String, Option<Array>)>, SetError> {
    let mut projected = None;
    for (name, gradient) in &derived.gradients {
        let shape = &case.inputs.iter().find(|input| input.name == *name).map_or(&[][..], |input| &input.shape);
        let direction: Tensor<Erased<E>> =
            upload(set.tensor(case, &format!("v.{name}"), Format::F64, shape)?, &engine.device);
        if let Some(gradient) = gradient {
            let term = (gradient * Tensor::constant_of(direction)).sum();
            projected = Some(projected.map_or_else(|| term.clone(), |sum: Tensor<_>| sum + &term));
        }
    }
    let named = |name: &String| inner.inputs.iter().find(|(own, _)| own == name).map(|(_, x)| x);
    let wrt: Vec<_> = derived.gradients.iter().filter_map(|(name, _)| named(name)).collect();
    let rows = projected.map_or_else(|| vec![None; wrt.len()], |projected| projected.grad(&wrt));
    let names = derived.gradients.iter().map(|(name, _)| name.clone());
    Ok(names.zip(rows).map(|(name, row)| (name, row.as_ref().map(download))).collect())
}

fn upload<B: Backend>(array: &Array, device: &B::Device) -> Tensor<B> {
    match array.format {
        Format::F64 | Format::Bool => {
            let elements: Vec<B::Elem> = array.values.iter().map(|&value| B::Elem::from_f64(value)).collect();
            Tensor::from_slice(&elements, &array.shape[..], device)
        }
        Format::I64 => {
            #[expect(clippy::cast_possible_truncation, reason = "whole numbers were read as such of 32 bits")]
            let indices: Vec<i32> = array.values.iter().map(|&value| value as i32).collect();
            Index::from_slice(&indices, &array.shape[..], device).tensor().clone()
        }
    }
}

fn download<B: Backend>(tensor: &Tensor<B>) -> Array {
    let format = if tensor.dtype().is_float() { Format::F64 } else { Format::I64 };
    Array { format, shape: tensor.shape().extents().to_vec(), values: tensor.to_data().to_f64() }
}
