//! [`Inference`]: a forward pass compiled into one list.

use core::fmt::{self, Debug};

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use autodiff_core::{
    Backend, DataBuf, DataMut, Execute, Explanation, Passes, Role, Slot, Spec, Tensor, Trace, WengertList,
};

use crate::compile::{Batch, Traced, Tracing, Variants, join, sound};
use crate::module::{moved, same_backend};
use crate::{Context, Kind, Leaf, Module, StepError, TraceReport};

/// What is traced.
type Forward<B, M, X, Y> = dyn Fn(
    &<M as Module<B>>::With<Trace<<B as Backend>::Elem>>,
    &<X as Module<B>>::With<Trace<<B as Backend>::Elem>>,
    &mut Context<Trace<<B as Backend>::Elem>>,
) -> Y;

/// A model's answer to a batch as one list, traced once and executed again and again: a forward pass in evaluation mode, or
/// whatever else is computed of a model and a batch.
///
/// The function is generic over the backend, as the loss of a [`TrainStep`](crate::TrainStep) is; it answers a tensor, an
/// index, or tuples, vectors and structs of them. One that needs gradients lifts its tensors to
/// [`Autodiff`](autodiff_core::Autodiff) itself. A batch of other shapes is served too: the function is traced again for it,
/// once.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Backend, Context, Inference, Keys, Layer, Linear, Tanh};
///
/// type Model<B> = (Linear<B>, Tanh, Linear<B>);
///
/// fn forward<B: Backend>(model: &Model<B>, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
///     model.forward(x, ctx)
/// }
///
/// let mut keys = Keys::<Cpu<f32>>::new(1, &Default::default());
/// let model: Model<_> = (Linear::new(3, 8, &mut keys), Tanh, Linear::new(8, 2, &mut keys));
/// let x = Tensor::new(&[-1.0, 0.5, 2.0], [1, 3]);
/// let mut inference = Inference::compile(&model, forward, &x);
/// assert_eq!(inference.run(&x)?.to_vec(), model.forward(&x, &mut Context::evaluation()).to_vec());
/// # Ok::<(), nn::StepError>(())
/// ```
pub struct Inference<B: Execute, M: Module<B>, X: Module<B>, Y> {
    forward: Box<Forward<B, M, X, Y>>,
    /// The model as it was given: its structure.
    model: M,
    kept: Kept,
    variants: Variants<B, Y>,
    runs: u32,
}

impl<B: Execute, M: Module<B>, X: Module<B>, Y: Module<Trace<B::Elem>>> Inference<B, M, X, Y> {
    /// Traces the function on a model, for batches of the example's shapes.
    ///
    /// # Panics
    /// When the function panics: a shape that does not fit is found here.
    #[must_use]
    #[track_caller]
    pub fn compile<F>(model: &M, forward: F, example: &X) -> Self
    where
        F: Fn(&M::With<Trace<B::Elem>>, &X::With<Trace<B::Elem>>, &mut Context<Trace<B::Elem>>) -> Y + 'static,
    {
        Self::compile_with(model, forward, example, Passes::default())
    }

    /// The same, where the list goes through these passes.
    ///
    /// # Panics
    /// As [`compile`](Self::compile).
    #[must_use]
    #[track_caller]
    pub fn compile_with<F>(model: &M, forward: F, example: &X, passes: Passes) -> Self
    where
        F: Fn(&M::With<Trace<B::Elem>>, &X::With<Trace<B::Elem>>, &mut Context<Trace<B::Elem>>) -> Y + 'static,
    {
        let mut device = None;
        let mut found = |_: &Leaf<'_>, tensor: &Tensor<B>| {
            device.get_or_insert_with(|| tensor.device().clone());
        };
        model.visit(&mut found);
        example.visit(found);
        let variants = Variants::new(passes, device.unwrap_or_default());
        let mut inference =
            Self { forward: Box::new(forward), model: model.clone(), kept: specs(model), variants, runs: 0 };
        inference.select(example);
        inference.set_model(model);
        inference
    }

    /// Gives parameters and buffers the values of another model of the same structure; what is compiled stays compiled.
    ///
    /// # Panics
    /// When its parameters and buffers have other names, shapes or formats.
    #[track_caller]
    pub fn set_model(&mut self, model: &M) {
        let (expected, found) = (&self.kept, specs(model));
        let [count, given] = [expected.len(), found.len()];
        assert!(count == given, "inference: compiled for {count} parameters and buffers, {given} given");
        for ((name, expected), (other, found)) in expected.iter().zip(&found) {
            let same = name == other && expected == found;
            assert!(same, "inference: compiled for `{name}` of {expected}, given `{other}` of {found}");
        }
        for (number, value) in kept(model).map(|(_, value)| value).enumerate() {
            self.variants.write(number, value.to_data().as_data());
        }
    }

    /// The function's answer to a batch.
    ///
    /// # Errors
    /// When an index in the batch is out of range.
    ///
    /// # Panics
    /// When the function panics where it meets shapes that none before had.
    #[track_caller]
    pub fn run(&mut self, batch: &X) -> Result<Y::With<B>, StepError> {
        self.compute(batch)?;
        let mut number = 0;
        Ok(self.variants.extra().map_tensors(|_, placeholder| {
            number += 1;
            self.variants.tensor(Slot::Output(number - 1), placeholder.spec())
        }))
    }

    /// Computes the answer to a batch and leaves it where it is, to be [`read`](Self::read): that way nothing is allocated.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Panics
    /// As [`run`](Self::run).
    #[track_caller]
    pub fn compute(&mut self, batch: &X) -> Result<(), StepError> {
        self.select(batch);
        self.variants.run(&mut ())
    }

    /// The same, noting what each instruction takes, which [`explain`](Self::explain) then tells.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Panics
    /// As [`run`](Self::run).
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn profile(&mut self, batch: &X) -> Result<(), StepError> {
        self.select(batch);
        self.variants.profile()
    }

    /// Copies a tensor of the last answer, the one of this number, in row-major order.
    ///
    /// # Panics
    /// When there is none of this number, or `out` has another length or format.
    #[track_caller]
    pub fn read(&self, number: usize, out: DataMut<'_, B::Elem>) {
        sound(self.variants.read(Slot::Output(number), out));
    }

    #[track_caller]
    fn select(&mut self, batch: &X) {
        let pass = ForwardPass { model: &self.model, forward: &*self.forward, kept: &self.kept, example: batch };
        self.runs = self.runs.wrapping_add(1);
        self.variants.select(batch, self.runs, &pass);
    }

    /// The list for the batch that it was run on last. Its inputs are parameters, buffers and the batch.
    #[must_use]
    pub fn list(&self) -> &WengertList<B::Elem> {
        self.variants.list()
    }

    /// The values of the list's kept inputs, by name: parameters and buffers. With the list they are all that is needed to run
    /// it elsewhere, as crate `artefact` writes them.
    #[must_use]
    pub fn weights(&self) -> Vec<(String, DataBuf<B::Elem>)> {
        let value = |(number, (name, spec)): (usize, &(String, Spec))| {
            (name.clone(), self.variants.tensor(Slot::Input(number), *spec).to_data())
        };
        self.kept.iter().enumerate().map(value).collect()
    }

    /// When the function was traced, and for which batches.
    #[must_use]
    pub fn traces(&self) -> &[TraceReport] {
        self.variants.traces()
    }

    /// What became of the list for the batch that it was run on last: see [`TrainStep::explain`](crate::TrainStep::explain).
    #[must_use]
    pub fn explain(&self) -> Explanation<B::Elem> {
        self.variants.explain()
    }
}

impl<B: Execute, M: Module<B>, X: Module<B>, Y> Debug for Inference<B, M, X, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inference").field("variants", &self.variants).finish_non_exhaustive()
    }
}

/// Names, shapes and formats of parameters, then of buffers, as the lists' inputs are called.
type Kept = Vec<(String, Spec)>;

/// Parameters, then buffers.
fn kept<B: Backend, M: Module<B>>(model: &M) -> impl Iterator<Item = (String, Tensor<B>)> {
    model.named_parameters().into_iter().chain(model.named_buffers())
}

fn specs<B: Backend, M: Module<B>>(model: &M) -> Kept {
    kept(model).map(|(name, value)| (join("model", &name), value.spec())).collect()
}

/// A function to be traced.
struct ForwardPass<'a, B: Backend, M: Module<B>, X: Module<B>, Y> {
    model: &'a M,
    forward: &'a Forward<B, M, X, Y>,
    kept: &'a Kept,
    example: &'a X,
}

impl<B: Backend, M: Module<B>, X: Module<B>, Y: Module<Trace<B::Elem>>> Tracing<B, Y> for ForwardPass<'_, B, M, X, Y> {
    #[track_caller]
    fn trace(&self) -> Traced<B, Y> {
        let mut inputs: Vec<_> = self.kept.iter().map(|(name, spec)| Tensor::input(&name[..], *spec)).collect();
        let (mut parameters, mut buffers) = (0, self.model.named_parameters().len());
        let next = |place: &mut usize| {
            *place += 1;
            inputs[*place - 1].clone()
        };
        let model = self.model.map_tensors(|leaf, tensor| match leaf.kind {
            Kind::Param => next(&mut parameters),
            Kind::Buffer => next(&mut buffers),
            Kind::Tensor => moved(tensor, &()),
        });
        let batch = Batch::<B, X, Trace<B::Elem>>::new(self.example, |input| input);
        let answer = (self.forward)(&model, &batch.traced, &mut Context::evaluation());
        let mut roles = alloc::vec![Role::Kept; inputs.len()];
        roles.resize(inputs.len() + batch.inputs.len(), Role::Given);
        inputs.extend(batch.inputs);
        let mut outputs = Vec::new();
        answer.visit(|leaf, tensor| outputs.push((join("answer", &format!("{}", leaf.path)), tensor.clone())));
        let named: Vec<_> = outputs.iter().map(|(name, value)| (&name[..], value)).collect();
        let list = WengertList::new(&inputs.iter().collect::<Vec<_>>(), &named);
        // What it was computed from is not kept.
        let extra = same_backend(&answer, |_, tensor| Tensor::input("", tensor.spec()));
        Traced { list, roles, extra }
    }
}
