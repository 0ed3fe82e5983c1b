//! [`TrainStep`]: forward, backward and update as one step, computed as it is written or compiled into one list.

mod compiled;
mod eager;
mod instance;
mod traced;

use core::fmt;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use autodiff_core::{Autodiff, Backend, Execute, Explanation, Passes, Tensor, Trace, WengertList};
use optim::Optimizer;

use crate::compile::{StepError, TraceReport};
use crate::{Context, Module};

use compiled::{Compiled, Numbers, Replay};
use eager::Eager;

/// A training step: the loss of a model on a batch, its gradients, and the update of each parameter.
///
/// The loss is a function that is generic over the backend. [`TrainStep::eager`] runs it as it is written, every time.
/// [`TrainStep::compile`] runs it once, on [`Trace`], and makes one [`WengertList`] of the whole step, which is then executed
/// again and again. Both do the same operations in the same order, so that they agree bit by bit.
///
/// A parameter that occurs several times in the model is updated once, with the sum of its gradients. One that the loss
/// does not depend on stays as it is, and so does its state. What changes from step to step is an input of the list: the
/// learning rate, the number of the step, the random key.
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::{Backend, Context, Keys, Layer, Linear, Module, Reduction, Tanh, TrainStep, mse_loss};
/// use optim::Sgd;
///
/// type Model<B> = (Linear<B>, Tanh, Linear<B>);
///
/// fn loss<B: Backend>(model: &Model<B>, (x, t): &(Tensor<B>, Tensor<B>), ctx: &mut Context<B>) -> Tensor<B> {
///     mse_loss(&model.forward(x, ctx), t, Reduction::Mean)
/// }
///
/// let mut keys = Keys::<Cpu<f32>>::new(1, &Default::default());
/// let model: Model<_> = (Linear::new(1, 8, &mut keys), Tanh, Linear::new(8, 1, &mut keys));
/// let x = Tensor::new(&[-1.0, -0.5, 0.5, 1.0], [4, 1]);
/// let batch = (x.clone(), &x * &x);
///
/// let mut compiled = TrainStep::compile(model.clone(), Sgd::new(0.1), loss, &batch);
/// let mut eager = TrainStep::eager(model, Sgd::new(0.1), loss);
/// let first = compiled.run(&batch).unwrap();
/// assert_eq!(first, eager.run(&batch).unwrap());
/// for _ in 0..300 {
///     assert_eq!(compiled.run(&batch).unwrap(), eager.run(&batch).unwrap());
/// }
/// assert!(compiled.run(&batch).unwrap() < first / 10.0);
/// let trained = compiled.model();
/// assert_eq!(trained.forward(&batch.0, &mut Context::evaluation()).shape(), [4, 1]);
/// ```
pub struct TrainStep<B: Backend, M: Module<B>, X: Module<B>, O> {
    /// The model as it was given: its structure, on which the values below are put.
    model: M,
    optimizer: O,
    engine: Engine<B, M, X, O>,
    lr: f64,
    steps: u32,
    seed: u64,
}

/// A model or batch on which gradients are recorded.
type Recorded<B, M> = <M as Module<B>>::With<Autodiff<B>>;

enum Engine<B: Backend, M: Module<B>, X: Module<B>, O> {
    Eager(Eager<B, Recorded<B, M>, Recorded<B, X>>),
    Compiled(Box<dyn Replay<B, M, X, O>>),
}

impl<B: Backend, M: Module<B>, X: Module<B>, O: Optimizer> TrainStep<B, M, X, O> {
    /// A step that is computed operation by operation.
    ///
    /// # Panics
    /// When the optimizer's settings contradict each other.
    #[must_use]
    #[track_caller]
    pub fn eager<F>(model: M, optimizer: O, loss: F) -> Self
    where
        F: Fn(&M::With<Autodiff<B>>, &X::With<Autodiff<B>>, &mut Context<Autodiff<B>>) -> Tensor<Autodiff<B>> + 'static,
    {
        let engine = Engine::Eager(Eager::new(&model, &optimizer, Box::new(loss)));
        Self { lr: optimizer.base_lr(), model, optimizer, engine, steps: 0, seed: 0 }
    }

    /// A step that is traced, on a batch of the example's shapes, and then executed as one list.
    ///
    /// A batch of other shapes is served too: the step is traced again for it, once, and both lists run in one memory;
    /// [`traces`](Self::traces) reports it. So it is with what a batch holds beside tensors, a number or the variant of an enum.
    /// Parameters, the optimizer's state and buffers are updated in place. Once it has run, the step itself allocates nothing, nor
    /// do the kernels of `Cpu`, and of `Faer` where the loop runs inside its device.
    ///
    /// # Panics
    /// When the loss panics: a shape that does not fit is found here. When the loss has more than one element, or the
    /// optimizer's settings contradict each other.
    #[must_use]
    #[track_caller]
    pub fn compile<F>(model: M, optimizer: O, loss: F, example: &X) -> Self
    where
        B: Execute,
        M: 'static,
        X: 'static,
        O: 'static,
        F: Fn(
                &M::With<Autodiff<Trace<B::Elem>>>,
                &X::With<Autodiff<Trace<B::Elem>>>,
                &mut Context<Autodiff<Trace<B::Elem>>>,
            ) -> Tensor<Autodiff<Trace<B::Elem>>>
            + 'static,
    {
        Self::compile_with(model, optimizer, loss, example, Passes::default())
    }

    /// The same, where the list goes through these passes.
    ///
    /// # Panics
    /// As [`compile`](Self::compile).
    #[must_use]
    #[track_caller]
    pub fn compile_with<F>(model: M, optimizer: O, loss: F, example: &X, passes: Passes) -> Self
    where
        B: Execute,
        M: 'static,
        X: 'static,
        O: 'static,
        F: Fn(
                &M::With<Autodiff<Trace<B::Elem>>>,
                &X::With<Autodiff<Trace<B::Elem>>>,
                &mut Context<Autodiff<Trace<B::Elem>>>,
            ) -> Tensor<Autodiff<Trace<B::Elem>>>
            + 'static,
    {
        let compiled = Compiled::<B, M, X>::new((&model, &optimizer), Box::new(loss), example, passes);
        let engine = Engine::Compiled(Box::new(compiled));
        Self { lr: optimizer.base_lr(), model, optimizer, engine, steps: 0, seed: 0 }
    }

    /// The same step with another seed of its random numbers, which is 0 by default.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Does the step on a batch and answers the loss before it. After an error nothing has changed.
    ///
    /// # Errors
    /// When the step was compiled and an index in the batch is out of range.
    ///
    /// # Panics
    /// When the loss panics: at once if the step is eager, and where a compiled one meets shapes that none before had.
    #[track_caller]
    pub fn run(&mut self, batch: &X) -> Result<B::Elem, StepError> {
        let (key, numbers) = self.numbers();
        let loss = match &mut self.engine {
            Engine::Eager(eager) => eager.run(&self.model, &self.optimizer, batch, self.lr, key),
            Engine::Compiled(compiled) => compiled.run((&self.model, &self.optimizer), batch, &numbers)?,
        };
        self.steps += 1;
        Ok(loss)
    }

    /// The same, noting what each instruction of a compiled step takes, which [`explain`](Self::explain) then tells.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Panics
    /// As [`run`](Self::run).
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn profile(&mut self, batch: &X) -> Result<B::Elem, StepError> {
        let numbers = self.numbers().1;
        let Engine::Compiled(compiled) = &mut self.engine else { return self.run(batch) };
        let loss = compiled.profile((&self.model, &self.optimizer), batch, &numbers)?;
        self.steps += 1;
        Ok(loss)
    }

    /// What the next step is given beside the batch: its random key, and everything as a compiled one takes it.
    fn numbers(&self) -> ([i32; 2], Numbers<B::Elem>) {
        let key = step_key(self.seed, self.steps);
        (key, Numbers::new(self.lr, self.steps + 1, key))
    }

    /// The model with the parameters and buffers that training has led to so far; tied ones are tied.
    #[must_use]
    pub fn model(&self) -> M {
        match &self.engine {
            Engine::Eager(eager) => {
                let values = eager.values();
                self.model.with_parameters(&values.parameters).with_buffers(&values.buffers)
            }
            Engine::Compiled(compiled) => compiled.model(&self.model),
        }
    }

    /// The model whose parameters are what the optimizer keeps of them in the slot of this name, with the buffers of
    /// [`model`](Self::model): `ema`, the average that [`Ema`](optim::Ema) takes.
    ///
    /// None where a parameter has no slot of this name and of its own shape.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// use nn::{Backend, Context, Param, TrainStep};
    /// use optim::{Ema, Sgd};
    ///
    /// fn loss<B: Backend>(x: &Param<B>, (): &(), _: &mut Context<B>) -> Tensor<B> {
    ///     x.value() * 4.0
    /// }
    ///
    /// let x = Param::new(Tensor::<Cpu<f64>>::scalar(9.0, &Default::default()));
    /// let mut step = TrainStep::compile(x, Ema::new(0.75, Sgd::new(1.0)), loss, &());
    /// step.run(&()).unwrap();
    /// step.run(&()).unwrap();
    /// assert_eq!(step.model().item(), 1.0);
    /// assert_eq!(step.model_from_state("ema").unwrap().item(), 0.75 * 5.0 + 0.25 * 1.0);
    /// assert!(step.model_from_state("exp_avg").is_none());
    /// ```
    #[must_use]
    pub fn model_from_state(&self, slot: &str) -> Option<M> {
        let model = self.model();
        let slots = match &self.engine {
            Engine::Eager(eager) => eager.slot(slot)?,
            Engine::Compiled(compiled) => compiled.slot(slot)?,
        };
        Some(model.with_parameters(&slots))
    }

    /// The learning rate of the next step.
    #[must_use]
    pub const fn lr(&self) -> f64 {
        self.lr
    }

    /// Changes the learning rate; a compiled step stays compiled.
    pub const fn set_lr(&mut self, lr: f64) {
        self.lr = lr;
    }

    /// How many steps were done.
    #[must_use]
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// When a compiled step was traced, and for which batches; empty for an eager one.
    #[must_use]
    pub fn traces(&self) -> &[TraceReport] {
        match &self.engine {
            Engine::Eager(_) => &[],
            Engine::Compiled(compiled) => compiled.traces(),
        }
    }

    /// The list of a compiled step, for the batch that it was run on last.
    ///
    /// Its inputs are the parameters, the optimizer's state, the buffers, the batch, `lr`, `step` and `key`; its outputs the
    /// loss and what changes of the first three.
    #[must_use]
    pub fn list(&self) -> Option<&WengertList<B::Elem>> {
        match &self.engine {
            Engine::Eager(_) => None,
            Engine::Compiled(compiled) => Some(compiled.list()),
        }
    }

    /// What became of the list of a compiled step, for the batch that it was run on last: as it was traced, behind each pass,
    /// as it is run, with what each assignment costs; the instructions, with their times after [`profile`](Self::profile); and
    /// where values lie.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// use nn::{Backend, Context, Param, TrainStep};
    /// use optim::Sgd;
    ///
    /// fn loss<B: Backend>(x: &Param<B>, (): &(), _: &mut Context<B>) -> Tensor<B> {
    ///     x.value().square().sum()
    /// }
    ///
    /// let x = Param::new(Tensor::<Cpu<f32>>::new(&[3.0, 4.0], [2]));
    /// let mut step = TrainStep::compile(x, Sgd::new(0.1), loss, &());
    /// step.profile(&())?;
    /// let explanation = step.explain().unwrap();
    /// println!("{explanation}");
    /// assert_eq!(explanation.times.len(), explanation.instructions.len());
    /// assert!(explanation.memory.bytes < explanation.memory.sum());
    /// # Ok::<(), nn::StepError>(())
    /// ```
    #[must_use]
    pub fn explain(&self) -> Option<Explanation<B::Elem>> {
        match &self.engine {
            Engine::Eager(_) => None,
            Engine::Compiled(compiled) => Some(compiled.explain()),
        }
    }
}

impl<B: Backend, M: Module<B>, X: Module<B>, O: Optimizer> fmt::Debug for TrainStep<B, M, X, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let engine = match &self.engine {
            Engine::Eager(_) => "eager",
            Engine::Compiled(_) => "compiled",
        };
        f.debug_struct("TrainStep")
            .field("engine", &engine)
            .field("optimizer", &self.optimizer)
            .field("lr", &self.lr)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

/// The random key of a step: the output of SplitMix64 after so many steps from the seed.
///
/// (Steele, Lea and Flood, *Fast splittable pseudorandom number generators*, OOPSLA 2014, figure 16.)
fn step_key(seed: u64, step: u32) -> [i32; 2] {
    let mut z = seed.wrapping_add((u64::from(step) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    #[expect(clippy::cast_possible_truncation, reason = "the halves of 64 bits")]
    let halves = [z as u32, (z >> 32) as u32];
    halves.map(u32::cast_signed)
}

/// The state of each parameter before the first step, and what its slots are called.
struct State<B: Backend> {
    names: Vec<Vec<&'static str>>,
    values: Vec<Vec<Tensor<B>>>,
}

#[track_caller]
fn initial_state<B: Backend, O: Optimizer>(optimizer: &O, names: &[String], parameters: &[Tensor<B>]) -> State<B> {
    let mut state = State { names: Vec::with_capacity(names.len()), values: Vec::with_capacity(names.len()) };
    for (name, parameter) in names.iter().zip(parameters) {
        let (slots, values): (Vec<_>, Vec<_>) = optimizer.initial_state(name, parameter).into_iter().unzip();
        for (place, slot) in slots.iter().enumerate() {
            assert!(!slots[..place].contains(slot), "optimizer: parameter `{name}` has two slots `{slot}`: {slots:?}");
        }
        state.names.push(slots);
        state.values.push(values);
    }
    state
}
