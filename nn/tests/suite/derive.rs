//! `#[derive(Module)]`: every kind of type, names, and the way to another backend and back.

use core::marker::PhantomData;

use autodiff_core::{Index, Tensor};
use backend_cpu::Cpu;
use nn::{Backend, Buffer, Keys, Linear, Module, Param, ReLU};

type F32 = Cpu<f32>;
type F64 = Cpu<f64>;

fn keys() -> Keys<F32> {
    Keys::new(5, &Default::default())
}

fn names<B: Backend, M: Module<B>>(module: &M) -> Vec<String> {
    module.named_parameters().into_iter().map(|(name, _)| name).collect()
}

/// To `f64` and back nothing may change: every `f32` is an `f64`.
#[track_caller]
fn check_round_trip<M: Module<F32>>(module: &M) {
    let wide = module.to::<F64>(&Default::default());
    let back: M = wide.to::<F32>(&Default::default());
    assert_eq!(names(module), names(&wide));
    assert_eq!(names(module), names(&back));
    for ((old, new), (name, wide)) in module.parameters().iter().zip(back.parameters()).zip(wide.named_parameters()) {
        assert_eq!(old.spec(), new.spec(), "{name}");
        assert_eq!(old.to_vec(), new.to_vec(), "{name}");
        assert_eq!(old.to_vec().into_iter().map(f64::from).collect::<Vec<_>>(), wide.to_vec(), "{name}");
    }
}

#[derive(Clone, Debug, Module)]
struct Block<B: Backend> {
    first: Linear<B>,
    second: Option<Linear<B>>,
    r#type: usize,
}

#[derive(Clone, Debug, Module)]
struct Net<B>
where
    B: Backend,
{
    blocks: Vec<Block<B>>,
    pair: (Linear<B>, ReLU),
    scale: Param<B>,
    seen: Buffer<B>,
    classes: Index<B>,
    marker: PhantomData<B>,
    #[module(skip)]
    describe: fn() -> &'static str,
}

fn net() -> Net<F32> {
    let mut keys = keys();
    let mut linear = || Linear::new(2, 2, &mut keys);
    let device = Default::default();
    Net {
        blocks: vec![
            Block { first: linear(), second: None, r#type: 1 },
            Block { first: linear(), second: Some(linear()), r#type: 2 },
        ],
        pair: (linear(), ReLU),
        scale: Param::new(Tensor::ones([], &device)),
        seen: Buffer::new(Tensor::zeros([2], &device)),
        classes: Index::new(&[3, 1], [2]),
        marker: PhantomData,
        describe: || "a net",
    }
}

#[test]
fn nested_fields_have_dotted_names() {
    let net = net();
    let expected = [
        "blocks.0.first.weight",
        "blocks.0.first.bias",
        "blocks.1.first.weight",
        "blocks.1.first.bias",
        "blocks.1.second.weight",
        "blocks.1.second.bias",
        "pair.0.weight",
        "pair.0.bias",
        "scale",
    ];
    assert_eq!(names(&net), expected);
    assert_eq!(net.num_parameters(), 4 * 6 + 1);
    assert_eq!(net.named_buffers()[0].0, "seen");
    check_round_trip(&net);
}

#[test]
fn what_holds_no_numbers_is_carried_along() {
    let wide = net().to::<F64>(&Default::default());
    assert_eq!((wide.describe)(), "a net");
    assert_eq!(wide.blocks[1].r#type, 2);
    assert_eq!(wide.classes.to_vec(), [3, 1]);
    assert!(wide.blocks[0].second.is_none());
}

/// Generic over inner modules only, with a lifetime, a constant, and a parameter that stands for no module.
#[derive(Clone, Debug, Module)]
struct Wrap<'a, M, T: Clone + core::fmt::Debug, const N: usize>([M; N], #[module(skip)] &'a T, Box<M>);

#[test]
fn a_type_generic_over_modules_is_a_module_wherever_they_are() {
    let mut keys = keys();
    let tag = String::from("tag");
    let mut linear = || Linear::without_bias(1, 3, &mut keys);
    let wrap = Wrap([linear(), linear()], &tag, Box::new(linear()));
    assert_eq!(names(&wrap), ["0.0.weight", "0.1.weight", "2.weight"]);
    assert_eq!(wrap.to::<F64>(&Default::default()).1, "tag");
    check_round_trip(&wrap);
}

/// Generic over both.
#[derive(Clone, Debug, Module)]
struct Both<B: Backend, M> {
    own: Param<B>,
    inner: M,
}

#[derive(Clone, Debug, Module)]
enum Choice<B: Backend, M> {
    Nothing,
    Single(Linear<B>),
    Several(Param<B>, M),
    Named { weight: Param<B>, inner: M },
}

#[test]
fn an_enum_visits_the_variant_it_is() {
    let mut keys = keys();
    let param = || Param::new(Tensor::<F32>::ones([1], &Default::default()));
    let single: Choice<F32, ()> = Choice::Single(Linear::new(1, 1, &mut keys));
    assert_eq!(names(&single), ["weight", "bias"]);
    let several = Choice::Several(param(), param());
    assert_eq!(names(&several), ["0", "1"]);
    let named = Choice::Named { weight: param(), inner: Both { own: param(), inner: [param()] } };
    assert_eq!(names(&named), ["weight", "inner.own", "inner.inner.0"]);
    assert!(names(&Choice::<F32, ()>::Nothing).is_empty());
    check_round_trip(&single);
    check_round_trip(&several);
    check_round_trip(&named);
}

#[derive(Clone, Copy, Debug, Module)]
enum Never {}

#[derive(Clone, Copy, Debug, PartialEq, Module)]
enum Mode {
    Fast,
    Slow { steps: usize },
}

#[test]
fn types_without_tensors_are_modules_on_every_backend() {
    let mode = [Mode::Fast, Mode::Slow { steps: 3 }];
    assert_eq!(Module::<F32>::to::<F64>(&mode, &Default::default()), mode);
    let none: Option<Never> = None;
    assert_eq!(Module::<F32>::num_parameters(&none), 0);
}

/// The decoder's weight is the encoder's.
#[derive(Clone, Debug, Module)]
struct Tied<B: Backend> {
    encoder: Linear<B>,
    decoder: Param<B>,
    again: Vec<Linear<B>>,
}

#[test]
fn a_tied_parameter_is_one_parameter_on_every_backend() {
    let encoder = Linear::new(2, 2, &mut keys());
    let tied = Tied { decoder: encoder.weight.clone(), again: vec![encoder.clone(); 2], encoder };
    let wide = tied.to::<F64>(&Default::default());
    let back: Tied<F32> = wide.to(&Default::default());
    for count in [names(&tied), names(&wide), names(&back)] {
        assert_eq!(count, ["encoder.weight", "encoder.bias"]);
    }
    assert_eq!(tied.num_parameters(), 6);
    assert_eq!(wide.encoder.weight.id(), wide.decoder.id());
    assert_eq!(back.encoder.weight.id(), tied.decoder.id());
    let changed = tied.with_parameters(&[Tensor::zeros([2, 2], &Default::default()), tied.parameters()[1].clone()]);
    assert_eq!(changed.again[1].weight.to_vec(), [0.0; 4]);
    assert_eq!(changed.decoder.to_vec(), [0.0; 4]);
}

#[test]
#[should_panic(expected = "module: `own` is [3], [2] given")]
fn a_parameter_of_another_shape_is_refused() {
    let zeros = |n: usize| Tensor::<F32>::zeros([n], &Default::default());
    let module = Both { own: Param::new(zeros(3)), inner: () };
    let _ = module.with_parameters(&[zeros(2)]);
}

#[test]
#[should_panic(expected = "module: 2 values given for 1 of its kind")]
fn another_number_of_parameters_is_refused() {
    let zeros = Tensor::<F32>::zeros([3], &Default::default());
    let _ = Param::new(zeros.clone()).with_parameters(&[zeros.clone(), zeros]);
}
