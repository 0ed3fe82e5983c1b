//! [`Subject`]: the backend under test on one device, and how a result of it is held against the reference.

use core::any::type_name;
use core::fmt::Display;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Axes, Backend, DType, Data, Element, Order, Primitive, Shape, Spec, Tensor};

use crate::failure::{Failure, Outcome};
use crate::format::Format;
use crate::host::Host;
use crate::reference::{self, Exact};
use crate::tolerance::Tolerance;

/// A backend under test, on one device: no property mixes tensors of two.
#[derive(Debug)]
pub(crate) struct Subject<B: Backend> {
    property: &'static str,
    pub(crate) device: B::Device,
}

/// How the elements of an input lie in the memory of a backend that has views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// In row-major order.
    Dense,
    /// As a transposed view of a tensor in column-major order.
    Transposed,
    /// As every second element along the last axis.
    Stepped,
    /// As a view that runs backwards.
    Flipped,
    /// As a window that starts behind its tensor's first element and ends before the last.
    Window,
}

impl Layout {
    pub(crate) const ALL: [Self; 5] = [Self::Dense, Self::Transposed, Self::Stepped, Self::Flipped, Self::Window];
}

impl<B: Backend> Subject<B> {
    /// This device, for the property that the function is.
    pub(crate) fn of<F>(_property: F, device: &B::Device) -> Self {
        Self { property: type_name::<F>(), device: device.clone() }
    }

    /// A tensor of these numbers, rounded to their format.
    pub(crate) fn put(&self, host: &Host) -> Tensor<B> {
        let rounded = host.rounded::<B::Elem>();
        let shape = rounded.spec.shape;
        match rounded.spec.dtype {
            DType::Elem => Tensor::from_data(Data::Elem(&convert(&rounded.values)), shape, &self.device),
            DType::F16 => Tensor::from_data(Data::F16(&convert(&rounded.values)), shape, &self.device),
            DType::Bf16 => Tensor::from_data(Data::Bf16(&convert(&rounded.values)), shape, &self.device),
            DType::Index => {
                #[expect(clippy::cast_possible_truncation, reason = "the cases hold indices")]
                let values: Vec<i32> = rounded.values.iter().map(|&x| x as i32).collect();
                Tensor::from_data(Data::Index(&values), shape, &self.device)
            }
        }
    }

    /// The same, in one layout or another.
    pub(crate) fn put_as(&self, host: &Host, layout: Layout) -> Tensor<B> {
        let shape = host.spec.shape;
        // What lies beside the elements, here 77, must never be seen.
        let Some(last) = shape.rank().checked_sub(1) else { return self.put_scalar(host, layout) };
        match layout {
            Layout::Dense => self.put(host),
            Layout::Transposed => {
                let reverse: Vec<usize> = (0..shape.rank()).rev().collect();
                let order = Order::try_new(&reverse).unwrap_or_else(|| unreachable!("every axis is named once"));
                let stored = of(&Primitive::Permute { order }, &[host], shape.permuted(&order));
                self.put(&stored).permute(&reverse.iter().map(|axis| axis.cast_signed()).collect::<Vec<_>>())
            }
            Layout::Stepped => {
                let values = host.values.iter().flat_map(|&x| [77.0, x]).collect();
                let stored = Host { spec: host.spec.reshaped(shape.with(last, 2 * shape[last])), values };
                self.put(&stored).slice_step(-1, 1.min(shape[last]).., 2)
            }
            Layout::Flipped => {
                let axes = Axes::all(shape.rank());
                let stored = of(&Primitive::Flip { axes }, &[host], shape);
                self.put(&stored).flip(&axes.iter().map(usize::cast_signed).collect::<Vec<_>>())
            }
            Layout::Window => {
                let row = shape.with(0, 1);
                let row = Host { spec: host.spec.reshaped(row), values: vec![77.0; row.elements()] };
                let stored = of(&Primitive::Concat { axis: 0 }, &[&row, host, &row], shape.with(0, shape[0] + 2));
                self.put(&stored).slice(0, 1..=shape[0])
            }
        }
    }

    /// A scalar has no axis to be viewed along but can be one element of many.
    fn put_scalar(&self, host: &Host, layout: Layout) -> Tensor<B> {
        if layout == Layout::Dense {
            return self.put(host);
        }
        let stored = Host { spec: host.spec.reshaped([3].into()), values: vec![77.0, host.values[0], 77.0] };
        self.put(&stored).slice(0, 1..2).reshape(Shape::SCALAR)
    }

    /// The primitive's result on the backend.
    pub(crate) fn apply(&self, op: &Primitive, inputs: &[Tensor<B>], out: &Spec) -> Tensor<B> {
        let raw: Vec<&B::Tensor> = inputs.iter().map(Tensor::raw).collect();
        Tensor::from_raw(B::apply(op, &raw, out, &self.device))
    }

    /// Holds a primitive against the reference, for inputs in every layout.
    pub(crate) fn check(&self, op: &Primitive, inputs: &[Host]) -> Outcome {
        let inputs: Vec<Host> = inputs.iter().map(Host::rounded::<B::Elem>).collect();
        let out = self.infer(op, &inputs)?;
        let exact = reference::apply(op, &inputs.iter().collect::<Vec<_>>(), &out);
        let tolerance = Tolerance::of(op, out.dtype);
        for turn in 0..=Layout::ALL.len() {
            // First all dense, then each input in another layout.
            let layout = |arg: usize| if turn == 0 { Layout::Dense } else { Layout::ALL[(turn + arg) % 5] };
            let tensors: Vec<_> = inputs.iter().enumerate().map(|(arg, x)| self.put_as(x, layout(arg))).collect();
            let label = || describe(op, &inputs, (!inputs.is_empty()).then(|| layout(0)));
            self.compare(&label, &self.apply(op, &tensors, &out), &out, &exact, tolerance)?;
            if inputs.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// What the result will be; the cases are meant to be valid.
    pub(crate) fn infer(&self, op: &Primitive, inputs: &[Host]) -> Result<Spec, Failure> {
        let specs: Vec<Spec> = inputs.iter().map(|input| input.spec).collect();
        op.infer(&specs).map_err(|error| self.failure(describe(op, inputs, None), 0, error, "a valid case"))
    }

    /// Holds a tensor against the exact result: shape, format, device, and each element.
    pub(crate) fn compare(
        &self,
        label: &dyn Fn() -> String,
        found: &Tensor<B>,
        out: &Spec,
        exact: &Exact,
        tolerance: Tolerance,
    ) -> Outcome {
        let data = found.to_data();
        let answered = Spec { dtype: data.dtype(), ..found.spec() };
        if *found.device() != self.device {
            return Err(self.failure(label(), 0, format!("{:?}", found.device()), format!("{:?}", self.device)));
        }
        let wanted = Wanted { out, format: Format::of::<B::Elem>(out.dtype), exact, tolerance };
        match wanted.judge([found.spec(), answered], &data.to_f64()) {
            Ok(()) => Ok(()),
            Err((place, found, expected)) => Err(self.failure(label(), place, found, expected)),
        }
    }

    /// Holds a tensor against numbers that it must have exactly.
    pub(crate) fn equal(&self, label: &str, found: &Tensor<B>, expected: &Host) -> Outcome {
        let exact = Exact::new(expected.values.clone());
        self.compare(&|| label.to_string(), found, &expected.spec, &exact, Tolerance::Exact)
    }

    /// Two tensors must agree in every bit.
    pub(crate) fn same_bits(&self, label: &str, found: &Tensor<B>, expected: &Tensor<B>) -> Outcome {
        let (found_data, expected_data) = (found.to_data(), expected.to_data());
        if found.spec() == expected.spec() && found_data.same_bits(&expected_data) {
            return Ok(());
        }
        Err(self.failure(label.to_string(), 0, format!("{found_data:?}"), format!("{expected_data:?}")))
    }

    /// A condition must hold.
    pub(crate) fn hold(&self, label: &str, holds: bool, found: impl Display, expected: impl Display) -> Outcome {
        if holds { Ok(()) } else { Err(self.failure(label.to_string(), 0, found, expected)) }
    }

    /// This property does not hold.
    pub(crate) fn failure(&self, op: String, place: usize, found: impl Display, expected: impl Display) -> Failure {
        let (found, expected) = (found.to_string(), expected.to_string());
        Failure { property: self.property, device: format!("{:?}", self.device), op, place, found, expected }
    }
}

/// What a result is held against; the same code for every backend.
struct Wanted<'a> {
    out: &'a Spec,
    format: Format,
    exact: &'a Exact,
    tolerance: Tolerance,
}

impl Wanted<'_> {
    /// The first place that is wrong, what stands there and what should; `specs` are those of the tensor and of its data.
    fn judge(&self, specs: [Spec; 2], found: &[f64]) -> Result<(), (usize, String, String)> {
        if specs != [*self.out; 2] || found.len() != self.exact.values.len() {
            let found = format!("{:?} with {} elements of format {}", specs[0], found.len(), specs[1].dtype);
            return Err((0, found, format!("{:?}", self.out)));
        }
        for (place, found) in found.iter().enumerate() {
            let (exact, scale) = (self.exact.values[place], self.exact.scale[place]);
            if !self.tolerance.accepts(&self.format, *found, exact, scale) {
                let rounded = self.format.round(exact);
                let expected = format!("{rounded:e} ({exact:e} rounded), {:?} of {scale:e}", self.tolerance);
                return Err((place, format!("{found:e}"), expected));
            }
        }
        Ok(())
    }
}

/// Numbers that the element holds exactly.
fn convert<E: Element>(values: &[f64]) -> Vec<E> {
    values.iter().map(|&x| E::from_f64(x)).collect()
}

/// What the reference makes of a movement.
fn of(op: &Primitive, inputs: &[&Host], shape: Shape) -> Host {
    let spec = inputs[0].spec.reshaped(shape);
    Host { spec, values: reference::apply(op, inputs, &spec).values }
}

/// An operation as failures name it.
pub(crate) fn describe(op: &Primitive, inputs: &[Host], layout: Option<Layout>) -> String {
    let specs: Vec<String> = inputs.iter().map(|input| input.spec.to_string()).collect();
    let layout = layout.map(|layout| format!(", first input {layout:?}")).unwrap_or_default();
    format!("{}({}{op}){layout}", op.name(), specs.join(", "))
}
