//! [`Variants`]: lists for batches of different shapes, and the memory that they share.

use core::error::Error;
use core::fmt::{self, Debug};
use core::time::Duration;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use autodiff_core::{
    Backend, Data, DataBuf, DataMut, Execute, Explanation, Passes, Role, Slot, Spec, Tensor, Trace, Watch, WengertList,
};

use super::outline::{has_outline, outline};
use super::{StepError, TraceReport};
use crate::Module;

/// For how many kinds of batches there is a list at a time; the one that was not run for longest gives way.
const VARIANTS: usize = 32;

/// The tensors of a batch as inputs of a list.
pub(crate) struct Batch<B: Backend, X: Module<B>, C: Backend> {
    /// The batch, made of them.
    pub(crate) traced: X::With<C>,
    pub(crate) inputs: Vec<Tensor<Trace<B::Elem>>>,
}

impl<B: Backend, X: Module<B>, C: Backend> Batch<B, X, C> {
    /// Inputs for the tensors of this batch, which `wrap` puts on the backend that is traced.
    pub(crate) fn new(example: &X, wrap: impl Fn(Tensor<Trace<B::Elem>>) -> Tensor<C>) -> Self {
        let mut inputs = Vec::new();
        let traced = example.map_tensors(|leaf, tensor| {
            let input = Tensor::input(join("batch", &format!("{}", leaf.path)), tensor.spec());
            inputs.push(input.clone());
            wrap(input)
        });
        Self { traced, inputs }
    }
}

/// A list that was traced for one kind of batch, what becomes of its inputs, and whatever else is to be kept beside it.
pub(crate) struct Traced<B: Backend, A> {
    pub(crate) list: WengertList<B::Elem>,
    pub(crate) roles: Vec<Role>,
    pub(crate) extra: A,
}

impl<B: Backend, A> Traced<B, A> {
    /// Names, shapes and formats of the tensors that are given.
    fn batch(&self) -> Vec<(String, Spec)> {
        let given = self.list.inputs().iter().zip(&self.roles).filter(|(_, role)| **role == Role::Given);
        given.map(|(var, _)| (self.list[*var].instruction.name().into(), self.list[*var].spec)).collect()
    }
}

/// The list for one kind of batch.
struct Variant<B: Execute, A> {
    /// The batch without its numbers.
    outline: String,
    batch: Vec<(String, Spec)>,
    traced: WengertList<B::Elem>,
    /// The same behind the passes.
    list: WengertList<B::Elem>,
    program: B::Program,
    extra: A,
    /// What each instruction took, if it was measured.
    times: Vec<Duration>,
    /// The number of the last run.
    used: u32,
}

/// Lists for batches of different shapes, run in one memory, in which their kept inputs stay.
pub(crate) struct Variants<B: Execute, A> {
    passes: Passes,
    device: B::Device,
    memory: B::Memory,
    variants: Vec<Variant<B, A>>,
    /// The variant that was run last.
    current: usize,
    traces: Vec<TraceReport>,
    /// The tensors of a batch during a run.
    given: Vec<Tensor<B>>,
}

impl<B: Execute, A> Variants<B, A> {
    pub(crate) fn new(passes: Passes, device: B::Device) -> Self {
        let (variants, traces, given) = (Vec::new(), Vec::new(), Vec::new());
        Self { passes, device, memory: B::Memory::default(), variants, current: 0, traces, given }
    }

    /// Turns to the list for a batch, in run number `at`; one that is missing is traced.
    #[track_caller]
    pub(crate) fn select<X: Module<B>>(&mut self, batch: &X, at: u32, trace: &dyn Tracing<B, A>) {
        // Not empty where the loss panicked while it was traced.
        self.given.clear();
        batch.visit(|_, tensor| self.given.push(tensor.clone()));
        self.current = match self.find(batch) {
            Some(current) => current,
            None => self.add(outline(batch), trace.trace(), at),
        };
        self.variants[self.current].used = at;
    }

    /// Finds the variant for a batch, whose tensors are `given`.
    fn find<X: Module<B>>(&self, batch: &X) -> Option<usize> {
        let fits = |variant: &Variant<B, A>| {
            let specs = variant.batch.iter().map(|(_, spec)| *spec);
            specs.eq(self.given.iter().map(Tensor::spec)) && has_outline(batch, &variant.outline)
        };
        // Mostly it is the one of the run before.
        let (before, from) = self.variants.split_at(self.current.min(self.variants.len()));
        from.iter().chain(before).position(fits).map(|ahead| (self.current + ahead) % self.variants.len())
    }

    #[track_caller]
    fn add(&mut self, outline: String, traced: Traced<B, A>, at: u32) -> usize {
        let (list, passes) = self.passes.run::<B>(&traced.list);
        let (batch, program) = (traced.batch(), B::compile(&list, &traced.roles, self.passes.fuse, &self.device));
        let assignments = list.assignments().len();
        self.traces.push(TraceReport { step: at, batch: batch.clone(), assignments, passes });
        let Traced { list: traced, extra, .. } = traced;
        let variant = Variant { outline, batch, traced, list, program, extra, times: Vec::new(), used: at };
        if self.variants.len() < VARIANTS {
            self.variants.push(variant);
            return self.variants.len() - 1;
        }
        let oldest = (0..VARIANTS).min_by_key(|&number| self.variants[number].used).unwrap_or(0);
        self.variants[oldest] = variant;
        oldest
    }

    /// Runs the list that was turned to on its batch.
    pub(crate) fn run(&mut self, watch: &mut dyn Watch) -> Result<(), StepError> {
        let program = &self.variants[self.current].program;
        let result = B::run_watched(program, &mut self.memory, &self.given, watch);
        self.given.clear();
        result.map_err(StepError::new)
    }

    /// How many tensors the batch of the list has that was turned to.
    pub(crate) fn given(&self) -> usize {
        self.variants[self.current].batch.len()
    }

    pub(crate) fn write(&mut self, input: usize, data: Data<'_, B::Elem>) {
        sound(B::write(&self.variants[self.current].program, &mut self.memory, input, data));
    }

    pub(crate) fn read(&self, slot: Slot, out: DataMut<'_, B::Elem>) -> Result<(), B::Error> {
        B::read(&self.variants[self.current].program, &self.memory, slot, out)
    }

    /// A value of the memory as a tensor.
    pub(crate) fn tensor(&self, slot: Slot, Spec { shape, dtype }: Spec) -> Tensor<B> {
        let mut data = DataBuf::zeros(dtype, shape.elements());
        sound(self.read(slot, data.as_data_mut()));
        Tensor::from_data(data.as_data(), shape, &self.device)
    }

    /// The list that was run last, behind the passes.
    pub(crate) fn list(&self) -> &WengertList<B::Elem> {
        &self.variants[self.current].list
    }

    /// What was kept beside the list that was turned to.
    pub(crate) fn extra(&self) -> &A {
        &self.variants[self.current].extra
    }

    pub(crate) fn traces(&self) -> &[TraceReport] {
        &self.traces
    }

    /// Runs the list that was turned to, and notes what each instruction takes.
    #[cfg(feature = "std")]
    pub(crate) fn profile(&mut self) -> Result<(), StepError> {
        let mut watch = super::Stopwatch::start();
        self.run(&mut watch)?;
        self.variants[self.current].times = watch.into_times();
        Ok(())
    }

    pub(crate) fn explain(&self) -> Explanation<B::Elem> {
        let Variant { traced, program, times, .. } = &self.variants[self.current];
        Explanation::new::<B>(traced, self.passes, program, times)
    }
}

impl<B: Execute, A> Debug for Variants<B, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variants").field("traces", &self.traces).finish_non_exhaustive()
    }
}

/// Who traces a list for a batch that there is none for. A trait, since a closure does not know its caller's line.
pub(crate) trait Tracing<B: Backend, A> {
    #[track_caller]
    fn trace(&self) -> Traced<B, A>;
}

/// `prefix.path`, where the path may be empty.
pub(crate) fn join(prefix: &str, path: &str) -> String {
    if path.is_empty() { prefix.into() } else { format!("{prefix}.{path}") }
}

/// What a program says of values that it keeps: they are of the shapes that it was compiled for.
#[track_caller]
pub(crate) fn sound<R, E: Error>(result: Result<R, E>) -> R {
    match result {
        Ok(value) => value,
        Err(error) => panic!("compiled list: {error}"),
    }
}
