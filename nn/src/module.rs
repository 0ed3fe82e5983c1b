//! [`Module`]: whatever holds tensors and can be carried to another backend: models, batches, optimizer state.

mod containers;
mod param;
mod walk;

use core::fmt::Debug;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use autodiff_core::{Autodiff, Backend, DType, Data, DataBuf, Element, Gradients, Tensor};

pub use param::{Buffer, Param, ParamId};
pub use walk::{Kind, Leaf, Path, Walk};

/// Whatever holds tensors: a layer, a network, a batch of examples.
///
/// **For model authors**: `#[derive(Clone, Debug, Module)]` on a struct or an enum that is generic over `B: Backend`, over
/// inner modules, or both. [`Param`]s are trained, [`Buffer`]s are kept, tensors and numbers are carried along. Names are
/// those of the fields, joined by dots: `layers.1.weight`.
///
/// **For authors of containers**: the one required method builds the same thing on another backend from its parts, each
/// handed to the [`Walk`]:
///
/// ```
/// use nn::{Backend, Module, Walk};
///
/// #[derive(Clone, Debug)]
/// struct Pair<M>(M, M);
///
/// impl<B: Backend, M: Module<B>> Module<B> for Pair<M> {
///     type With<C: Backend> = Pair<M::With<C>>;
///     fn map<C: Backend>(&self, walk: &mut Walk<'_, B, C>) -> Pair<M::With<C>> {
///         Pair(walk.field("first", &self.0), walk.field("second", &self.1))
///     }
/// }
///
/// use nn::Param;
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// let weight = Param::new(Tensor::<Cpu<f32>>::new(&[1.0, 2.0], [2]));
/// let pair = Pair(weight.clone(), Param::new(Tensor::new(&[3.0], [1])));
/// let names: Vec<_> = pair.named_parameters().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["first", "second"]);
/// // A clone is the same parameter: one name, one number counted.
/// assert_eq!(Pair(weight.clone(), weight).num_parameters(), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a module on the backend `{B}`",
    note = "a model derives it: `#[derive(Clone, Debug, Module)]`, generic over `B: Backend`, not over one given backend",
    note = "a field that holds no tensors can be marked `#[module(skip)]`"
)]
pub trait Module<B: Backend>: Clone + Debug {
    /// The same thing on another backend.
    type With<C: Backend>: Module<C, With<B> = Self>;

    /// The same thing on another backend: its parts, each converted by `walk`, in a fixed order.
    fn map<C: Backend>(&self, walk: &mut Walk<'_, B, C>) -> Self::With<C>;

    /// The same thing with every tensor converted by `f`; a tied parameter is converted once, and stays tied.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// use nn::Module;
    /// let batch = (Tensor::<Cpu<f64>>::new(&[1.0, 2.0], [2]), 7);
    /// let (x, n) = batch.map_tensors::<Cpu<f64>>(|_, x| x * 10.0);
    /// assert_eq!((x.to_vec(), n), (vec![10.0, 20.0], 7));
    /// ```
    fn map_tensors<C: Backend>(&self, mut f: impl FnMut(&Leaf<'_>, &Tensor<B>) -> Tensor<C>) -> Self::With<C> {
        Walk::over(self, &mut f)
    }

    /// Every tensor once, with its name and kind.
    fn visit(&self, mut f: impl FnMut(&Leaf<'_>, &Tensor<B>)) {
        self.map_tensors::<B>(|leaf, tensor| {
            f(leaf, tensor);
            tensor.clone()
        });
    }

    /// The parameters with their names, each once, in the order of the fields.
    #[must_use]
    fn named_parameters(&self) -> Vec<(String, Tensor<B>)> {
        named(self, Kind::Param)
    }

    /// The parameters, each once, in the order of the fields.
    #[must_use]
    fn parameters(&self) -> Vec<Tensor<B>> {
        self.named_parameters().into_iter().map(|(_, value)| value).collect()
    }

    /// How many numbers are trained.
    #[must_use]
    fn num_parameters(&self) -> usize {
        self.parameters().iter().map(|value| value.shape().elements()).sum()
    }

    /// The buffers with their names, each once, in the order of the fields.
    #[must_use]
    fn named_buffers(&self) -> Vec<(String, Tensor<B>)> {
        named(self, Kind::Buffer)
    }

    /// The same thing with other parameters, in the order of [`Module::parameters`].
    ///
    /// # Panics
    /// When their number, or the shape or format of one, is not that of the parameters.
    #[must_use]
    #[track_caller]
    fn with_parameters(&self, values: &[Tensor<B>]) -> Self {
        replace(self, Kind::Param, values)
    }

    /// The same thing with other buffers, in the order of [`Module::named_buffers`].
    ///
    /// # Panics
    /// When their number, or the shape or format of one, is not that of the buffers.
    #[must_use]
    #[track_caller]
    fn with_buffers(&self, values: &[Tensor<B>]) -> Self {
        replace(self, Kind::Buffer, values)
    }

    /// The same thing on another backend or device, each number rounded to the other element.
    ///
    /// ```
    /// use backend_cpu::Cpu;
    /// use nn::{Keys, Linear, Module};
    /// let layer = Linear::<Cpu<f32>>::new(3, 2, &mut Keys::new(0, &Default::default()));
    /// let wide = layer.to::<Cpu<f64>>(&Default::default());
    /// assert_eq!(wide.weight.to_vec()[0], f64::from(layer.weight.to_vec()[0]));
    /// ```
    #[must_use]
    fn to<C: Backend>(&self, device: &C::Device) -> Self::With<C> {
        self.map_tensors(|_, tensor| moved(tensor, device))
    }

    /// The same thing with its parameters, and other numbers that are no buffers, in another format.
    ///
    /// Inside a loss function this is **mixed precision**: the model computes in halves, while the parameters that are
    /// trained stay what they are, since the gradient of a cast is cast back. Buffers keep their format: running statistics
    /// want its precision. (Micikevicius et al., *Mixed precision training*, ICLR 2018, section 3.1.)
    ///
    /// ```
    /// use autodiff_core::{DType, Tensor};
    /// use backend_cpu::Cpu;
    /// use nn::{Backend, Context, Keys, Linear, Module, Reduction, TrainStep, mse_loss};
    /// use optim::Sgd;
    ///
    /// fn loss<B: Backend>(model: &Linear<B>, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
    ///     let y = model.to_dtype(DType::Bf16).forward(&x.cast(DType::Bf16)).cast(DType::Elem);
    ///     mse_loss(&y, x, Reduction::Mean)
    /// }
    ///
    /// let model = Linear::<Cpu<f32>>::new(4, 4, &mut Keys::new(0, &Default::default()));
    /// let x = Tensor::new(&[1.0, 2.0, 3.0, 4.0], [1, 4]);
    /// let mut step = TrainStep::compile(model, Sgd::new(0.01), loss, &x);
    /// let first = step.run(&x).unwrap();
    /// assert!((0..50).map(|_| step.run(&x).unwrap()).last().unwrap() < first / 10.0);
    /// assert_eq!(step.model().weight.dtype(), DType::Elem);
    /// ```
    #[must_use]
    #[track_caller]
    fn to_dtype(&self, dtype: DType) -> Self {
        same_backend(self, |leaf, tensor| {
            let kept = leaf.kind == Kind::Buffer || !tensor.dtype().is_float();
            if kept { tensor.clone() } else { tensor.cast(dtype) }
        })
    }

    /// The same thing where gradients are recorded: each parameter becomes one variable, the rest are constants.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// use nn::{Module, Param};
    /// let weight = Param::new(Tensor::<Cpu<f64>>::new(&[3.0], [1]));
    /// let tied = (weight.clone(), weight).variables();
    /// let loss = (tied.0.value() * tied.1.value()).sum();
    /// let gradients = nn::gradients(&tied, &loss.backward());
    /// assert_eq!(gradients.len(), 1);
    /// assert_eq!(gradients[0].as_ref().unwrap().to_vec(), [6.0]); // 2 w
    /// ```
    #[must_use]
    fn variables(&self) -> Self::With<Autodiff<B>> {
        self.map_tensors(|leaf, tensor| match leaf.kind {
            Kind::Param => Tensor::variable(tensor.clone()),
            Kind::Buffer | Kind::Tensor => Tensor::constant_of(tensor.clone()),
        })
    }
}

/// The gradients of a model's parameters, in the order of [`Module::parameters`]; `None` for one that the loss does not
/// depend on.
#[must_use]
pub fn gradients<B: Backend, M: Module<Autodiff<B>>>(model: &M, found: &Gradients<B>) -> Vec<Option<Tensor<B>>> {
    model.parameters().iter().map(|variable| found.get(variable).cloned()).collect()
}

fn named<B: Backend, M: Module<B>>(module: &M, kind: Kind) -> Vec<(String, Tensor<B>)> {
    let mut found = Vec::new();
    module.visit(|leaf, tensor| {
        if leaf.kind == kind {
            found.push((leaf.path.to_string(), tensor.clone()));
        }
    });
    found
}

#[track_caller]
fn replace<B: Backend, M: Module<B>>(module: &M, kind: Kind, values: &[Tensor<B>]) -> M {
    let old = named(module, kind);
    assert!(old.len() == values.len(), "module: {} values given for {} of its kind", values.len(), old.len());
    for ((name, old), new) in old.iter().zip(values) {
        let (old, new) = (old.spec(), new.spec());
        assert!(old == new, "module: `{name}` is {old}, {new} given");
    }
    let mut values = values.iter();
    same_backend(module, |leaf, tensor| {
        let replacement = if leaf.kind == kind { values.next() } else { None };
        replacement.unwrap_or(tensor).clone()
    })
}

/// Maps to the module's own backend. The first map does nothing but name the type from which the second leads back: that
/// `M::With<B>` is `M` itself is true, but nothing tells the compiler.
pub(crate) fn same_backend<B: Backend, M: Module<B>>(
    module: &M,
    f: impl FnMut(&Leaf<'_>, &Tensor<B>) -> Tensor<B>,
) -> M {
    module.map_tensors::<B>(|_, tensor| tensor.clone()).map_tensors::<B>(f)
}

/// The same numbers on another backend.
pub(crate) fn moved<B: Backend, C: Backend>(tensor: &Tensor<B>, device: &C::Device) -> Tensor<C> {
    let shape = tensor.shape();
    match tensor.to_data() {
        DataBuf::Elem(elements) => {
            let elements: Vec<_> = elements.into_iter().map(|x| C::Elem::from_f64(x.into_f64())).collect();
            Tensor::from_slice(&elements, shape, device)
        }
        DataBuf::F16(elements) => Tensor::from_data(Data::F16(&elements), shape, device),
        DataBuf::Bf16(elements) => Tensor::from_data(Data::Bf16(&elements), shape, device),
        DataBuf::Index(elements) => Tensor::from_data(Data::Index(&elements), shape, device),
    }
}
