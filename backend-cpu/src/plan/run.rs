//! The executor: carves a step's result out of memory, and finds its operands in what is left.

use autodiff_core::{Composite, DType, Data, DataMut, MaybeSendSync, Primitive, Spec, bf16, f16};

use super::{Amount, Constants, Operand, Plan, PlanStep, RunError, Source, Target, Work, Workspace};
use crate::dispatch::{self, Operands};
use crate::kernels::{IndexError, KernelSet, Side};
use crate::layout::Layout;
use crate::math::Scalar;
use crate::view::{AnyView, View};

/// What is put into a plan.
pub trait Inputs<T>: MaybeSendSync {
    /// How many inputs there are.
    fn count(&self) -> usize;
    /// One of them, in row-major order.
    fn get(&self, place: usize) -> Data<'_, T>;
}

impl<T: Scalar> Inputs<T> for &[Data<'_, T>] {
    fn count(&self) -> usize {
        self.len()
    }
    fn get(&self, place: usize) -> Data<'_, T> {
        self[place]
    }
}

impl<T: Scalar> Plan<'_, T> {
    /// Runs all steps. Nothing is allocated.
    ///
    /// # Errors
    /// When inputs, outputs or workspace have other lengths or formats than the plan says, before any step; when an index
    /// or a label in the data is out of range, at the step that reads it.
    ///
    /// # Panics
    /// Where a plan made by hand contradicts itself.
    pub fn run_in<K: KernelSet<T>>(
        &self,
        workspace: Workspace<'_, T>,
        inputs: &[Data<'_, T>],
        outputs: &mut [DataMut<'_, T>],
    ) -> Result<(), RunError> {
        self.run_with::<K>(workspace, &inputs, outputs, |_| {})
    }

    /// The same for inputs that lie anywhere; `done` is told the number of each step behind it.
    ///
    /// # Errors
    /// As [`run_in`](Self::run_in).
    ///
    /// # Panics
    /// As [`run_in`](Self::run_in).
    pub fn run_with<K: KernelSet<T>>(
        &self,
        mut workspace: Workspace<'_, T>,
        inputs: &dyn Inputs<T>,
        outputs: &mut [DataMut<'_, T>],
        mut done: impl FnMut(usize),
    ) -> Result<(), RunError> {
        self.check_inputs(inputs)?;
        self.check_outputs(outputs)?;
        self.check_workspace(&workspace)?;
        for (number, step) in self.steps.iter().enumerate() {
            let (out, before, after, carved) = carve(step, &mut workspace, outputs);
            let memory = Memory {
                operands: &self.operands[step.first..step.first + step.count],
                inputs,
                constants: self.constants,
                before,
                after,
                carved,
            };
            let result = match step.work {
                Work::Primitive(ref primitive) => step.run::<T, K>(primitive, out, &memory),
                Work::Fused { first, count } => {
                    dispatch::fused::<T, K, _>(&self.fused[first..first + count], step.takes_over, &memory, out);
                    Ok(())
                }
            };
            if let Err(error) = result {
                return Err(RunError::Index { step: number, op: step.work.name(), error });
            }
            done(number);
        }
        Ok(())
    }

    fn check_inputs(&self, inputs: &dyn Inputs<T>) -> Result<(), RunError> {
        if inputs.count() != self.inputs.len() {
            return Err(RunError::Inputs { expected: self.inputs.len(), found: inputs.count() });
        }
        for (place, spec) in self.inputs.iter().enumerate() {
            let data = inputs.get(place);
            let (expected, found) = (amount(spec), Amount { dtype: data.dtype(), len: data.len() });
            if expected != found {
                return Err(RunError::Input { place, expected, found });
            }
        }
        Ok(())
    }

    fn check_outputs(&self, outputs: &[DataMut<'_, T>]) -> Result<(), RunError> {
        if outputs.len() != self.outputs.len() {
            return Err(RunError::Outputs { expected: self.outputs.len(), found: outputs.len() });
        }
        for (place, (spec, data)) in self.outputs.iter().zip(outputs).enumerate() {
            let (expected, found) = (amount(spec), Amount { dtype: data.dtype(), len: data.len() });
            if expected != found {
                return Err(RunError::Output { place, expected, found });
            }
        }
        Ok(())
    }

    fn check_workspace(&self, workspace: &Workspace<'_, T>) -> Result<(), RunError> {
        let lengths = [
            (DType::Elem, workspace.elems.len()),
            (DType::F16, workspace.f16.len()),
            (DType::Bf16, workspace.bf16.len()),
            (DType::Index, workspace.index.len()),
        ];
        for (dtype, len) in lengths {
            let (expected, found) = (Amount { dtype, len: self.workspace.of(dtype) }, Amount { dtype, len });
            if found.len < expected.len {
                return Err(RunError::Workspace { expected, found });
            }
        }
        Ok(())
    }
}

fn amount(spec: &Spec) -> Amount {
    Amount { dtype: spec.dtype, len: spec.shape.elements() }
}

impl PlanStep {
    fn run<T: Scalar, K: KernelSet<T>>(
        &self,
        primitive: &Primitive,
        out: DataMut<'_, T>,
        memory: &Memory<'_, T>,
    ) -> Result<(), IndexError> {
        match (self.takes_over, primitive) {
            (None, _) => return dispatch::apply::<T, K, _>(primitive, memory, &self.spec, out),
            (Some(_), &Primitive::Unary(f)) => dispatch::unary_in_place::<T, K>(f, out),
            (Some(0), &Primitive::Binary(f)) => dispatch::binary_in_place::<T, K>(f, Side::Left, out, memory.get(1)),
            (Some(_), &Primitive::Binary(f)) => dispatch::binary_in_place::<T, K>(f, Side::Right, out, memory.get(0)),
            (Some(_), &Primitive::ScatterAdd { axis }) => {
                return dispatch::scatter_in_place::<T, K, _>(axis, memory, &self.spec, out);
            }
            (Some(_), Primitive::Call(Composite::AddMatMul)) => dispatch::add_matmul_in_place::<T, K, _>(memory, out),
            (Some(_), primitive) => unreachable!("{}: it has no in-place form", primitive.name()),
        }
        Ok(())
    }
}

/// All that a step can read while its result is written.
struct Memory<'m, T> {
    operands: &'m [Operand],
    inputs: &'m dyn Inputs<T>,
    constants: Constants<'m, T>,
    /// The outputs before the one that is written; all of them when none is.
    before: &'m [DataMut<'m, T>],
    /// The outputs after it.
    after: &'m [DataMut<'m, T>],
    carved: Carved<'m, T>,
}

impl<T: Copy> Operands<T> for Memory<'_, T> {
    fn count(&self) -> usize {
        self.operands.len()
    }

    fn get(&self, arg: usize) -> AnyView<'_, T> {
        let Operand { source, dtype, ref layout } = self.operands[arg];
        match source {
            Source::Input(place) => AnyView::new(self.inputs.get(place), layout),
            Source::Constant => AnyView::new(self.constants.of(dtype), layout),
            Source::Workspace => self.carved.view(dtype, layout),
            Source::Output(place) => AnyView::new(self.output(place), layout),
        }
    }
}

impl<T> Memory<'_, T> {
    fn output(&self, place: usize) -> Data<'_, T> {
        let output = match place.checked_sub(self.before.len()) {
            None => &self.before[place],
            // The output that is written lies between the two parts.
            Some(beyond) => &self.after[beyond - 1],
        };
        output.as_data()
    }
}

impl<'a, T> Constants<'a, T> {
    const fn of(&self, dtype: DType) -> Data<'a, T> {
        match dtype {
            DType::Elem => Data::Elem(self.elems),
            DType::F16 => Data::F16(self.f16),
            DType::Bf16 => Data::Bf16(self.bf16),
            DType::Index => Data::Index(self.index),
        }
    }
}

/// The workspace without the slot that is written.
struct Carved<'m, T> {
    elems: Around<'m, T>,
    f16: Around<'m, f16>,
    bf16: Around<'m, bf16>,
    index: Around<'m, i32>,
}

impl<'m, T> Carved<'m, T> {
    const fn whole(workspace: &'m Workspace<'_, T>) -> Self {
        Self {
            elems: Around::whole(workspace.elems),
            f16: Around::whole(workspace.f16),
            bf16: Around::whole(workspace.bf16),
            index: Around::whole(workspace.index),
        }
    }

    fn view<'v>(&'v self, dtype: DType, layout: &'v Layout) -> AnyView<'v, T> {
        match dtype {
            DType::Elem => AnyView::Elem(self.elems.view(layout)),
            DType::F16 => AnyView::F16(self.f16.view(layout)),
            DType::Bf16 => AnyView::Bf16(self.bf16.view(layout)),
            DType::Index => AnyView::Index(self.index.view(layout)),
        }
    }
}

/// A slice in two parts, with something left out between them.
struct Around<'m, X> {
    before: &'m [X],
    after: &'m [X],
    /// Where `after` begins in the slice.
    resumes: usize,
}

impl<'m, X> Around<'m, X> {
    const fn whole(slice: &'m [X]) -> Self {
        Self { before: slice, after: &[], resumes: slice.len() }
    }

    /// The slot from `start` on, and what is around it.
    fn carve(slice: &'m mut [X], (start, len): (usize, usize)) -> (&'m mut [X], Self) {
        let (before, rest) = slice.split_at_mut(start);
        let (slot, after) = rest.split_at_mut(len);
        (slot, Self { before, after, resumes: start + len })
    }

    const fn view<'v>(&'v self, layout: &'v Layout) -> View<'v, X> {
        if layout.offset() < self.before.len() {
            View::new(self.before, layout)
        } else {
            View::without_first(self.resumes, self.after, layout)
        }
    }
}

type Parts<'m, T> = (DataMut<'m, T>, &'m [DataMut<'m, T>], &'m [DataMut<'m, T>], Carved<'m, T>);

/// The slice that a step writes, the outputs before and after it, and the rest of the workspace.
#[inline]
fn carve<'m, T>(
    step: &PlanStep,
    workspace: &'m mut Workspace<'_, T>,
    outputs: &'m mut [DataMut<'_, T>],
) -> Parts<'m, T> {
    let start = match step.target {
        Target::Workspace(start) => start,
        Target::Output(place) => {
            let (before, rest) = outputs.split_at_mut(place);
            let Some((out, after)) = rest.split_first_mut() else { panic!("the plan has no output {place}") };
            return (out.reborrow(), before, after, Carved::whole(workspace));
        }
    };
    // A slot of no elements is carved out of every format but its own.
    let cut = |dtype| if step.spec.dtype == dtype { (start, step.spec.shape.elements()) } else { (0, 0) };
    let (elem, elems) = Around::carve(workspace.elems, cut(DType::Elem));
    let (half, f16) = Around::carve(workspace.f16, cut(DType::F16));
    let (brain, bf16) = Around::carve(workspace.bf16, cut(DType::Bf16));
    let (whole, index) = Around::carve(workspace.index, cut(DType::Index));
    let out = match step.spec.dtype {
        DType::Elem => DataMut::Elem(elem),
        DType::F16 => DataMut::F16(half),
        DType::Bf16 => DataMut::Bf16(brain),
        DType::Index => DataMut::Index(whole),
    };
    (out, outputs, &[], Carved { elems, f16, bf16, index })
}
