//! A list in which every primitive and every composite occurs, in which numbers of every format are stored, and its inputs.

use autodiff_core::Window;
use autodiff_core::{
    ArgReduce, Axes, Binary, Compare, Composite, DType, Data, DataBuf, Element, Order, Primitive, Reduce, Scalar,
    Shape, Slide, Spec, Tensor, Trace, Unary, WengertList, bf16, f16,
};

/// Name, shape and format of each input.
pub(crate) fn inputs() -> Vec<(&'static str, Spec)> {
    vec![
        ("x", Spec::elem([2, 3])),
        ("a", Spec::elem([3, 4])),
        ("half", Spec::elem([2, 3]).cast(DType::F16)),
        ("brain", Spec::elem([2]).cast(DType::Bf16)),
        ("i", Spec::index([2, 3])),
        ("label", Spec::index([2])),
        ("image", Spec::elem([1, 2, 5, 5])),
        ("kernel", Spec::elem([2, 1, 3, 3])),
        ("pooled", Spec::elem([1, 2, 3, 3])),
        ("weight", Spec::elem([3])),
        ("q", Spec::elem([1, 2, 3])),
        ("k", Spec::elem([1, 4, 3])),
        ("v", Spec::elem([1, 4, 2])),
        ("mask", Spec::elem([1, 2, 4])),
        ("sum", Spec::elem([2, 4])),
    ]
}

/// Numbers for an input: small ones, and indices from 0 to 2.
pub(crate) fn numbers<E: Element>(spec: Spec) -> DataBuf<E> {
    let small = |place: usize| f64::from(u8::try_from((place * 7 + 3) % 11).unwrap()) / 4.0 - 1.25;
    let places = 0..spec.shape.elements();
    match spec.dtype {
        DType::Elem => DataBuf::Elem(places.map(|place| E::from_f64(small(place))).collect()),
        DType::F16 => DataBuf::F16(places.map(|place| f16::from_f64(small(place))).collect()),
        DType::Bf16 => DataBuf::Bf16(places.map(|place| bf16::from_f64(small(place))).collect()),
        DType::Index => DataBuf::Index(places.map(|place| i32::try_from(place % 3).unwrap()).collect()),
    }
}

/// Numbers that a list must hold to the bit.
pub(crate) const DELICATE: [u64; 8] = [
    0x3fb9_9999_9999_999a, // 0.1
    0x8000_0000_0000_0000, // -0
    0x7ff0_0000_0000_0000, // infinity
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000, // NaN
    0xfff0_0000_0000_0001, // a signalling NaN
    0x0000_0000_0000_0001, // the smallest
    0x7fef_ffff_ffff_ffff, // the largest
];

/// Each of them and what it is applied to, by name.
pub(crate) fn applications() -> Vec<(Primitive, Vec<&'static str>)> {
    let mut all: Vec<(Primitive, Vec<&'static str>)> = Vec::new();
    let mut push = |op, args: &[&'static str]| all.push((op, args.to_vec()));
    for bits in DELICATE {
        push(Primitive::Constant { value: Scalar::new(f64::from_bits(bits)), dtype: DType::Elem }, &[]);
    }
    push(Primitive::Iota { len: 5 }, &[]);
    push(Primitive::RandomBits { shape: Shape::new(&[2, 2]), bits: 24 }, &["label"]);
    for to in [DType::Elem, DType::F16, DType::Bf16, DType::Index] {
        push(Primitive::Cast { to }, &["i"]);
    }
    Unary::ALL.into_iter().for_each(|f| push(Primitive::Unary(f), &["x"]));
    Binary::ALL.into_iter().for_each(|f| push(Primitive::Binary(f), &["x", "x"]));
    Compare::ALL.into_iter().for_each(|f| push(Primitive::Compare(f), &["half", "half"]));
    push(Primitive::Select, &["x", "i", "i"]);
    Reduce::ALL.into_iter().for_each(|kind| push(Primitive::Reduce { kind, axes: Axes::one(1) }, &["x"]));
    for kind in [ArgReduce::Max, ArgReduce::Min] {
        push(Primitive::ArgReduce { kind, axis: 1 }, &["x"]);
    }
    push(Primitive::CumSum { axis: 0, reverse: true }, &["x"]);
    push(Primitive::ArgSort { descending: false }, &["half"]);
    push(Primitive::MatMul, &["x", "a"]);
    windows(&mut push);
    push(Primitive::Reshape { shape: Shape::new(&[3, 1, 2]) }, &["x"]);
    push(Primitive::Permute { order: Order::try_new(&[1, 0]).unwrap() }, &["x"]);
    push(Primitive::Flip { axes: Axes::all(2) }, &["x"]);
    push(Primitive::Broadcast { shape: Shape::new(&[4, 2]) }, &["brain"]);
    push(Primitive::Pad { axis: 1, lo: 1, hi: 2, interior: 3 }, &["x"]);
    push(Primitive::Slice { axis: 0, start: 1, stop: 3, step: 2 }, &["a"]);
    push(Primitive::Concat { axis: 0 }, &["x", "x", "x"]);
    push(Primitive::Gather { axis: 1 }, &["x", "i"]);
    push(Primitive::ScatterAdd { axis: 1 }, &["x", "i", "x"]);
    push(Primitive::Barrier, &["x", "label"]);
    composites(&mut push);
    all
}

fn windows(push: &mut impl FnMut(Primitive, &[&'static str])) {
    let wide = Slide { kernel: 3, lo: 1, hi: 1, ..Slide::UNIT };
    let window = Window::new(&[wide, wide]).unwrap();
    push(Primitive::Conv { window, groups: 2 }, &["image", "kernel"]);
    push(Primitive::ConvInputGrad { window, groups: 2, size: [1, 5, 5] }, &["image", "kernel"]);
    push(Primitive::ConvWeightGrad { window, groups: 2 }, &["image", "image"]);
    let pool = Slide { kernel: 2, stride: 2, hi: 1, ..Slide::UNIT };
    let window = Window::new(&[pool, pool]).unwrap();
    push(Primitive::WindowSum { window }, &["image"]);
    push(Primitive::WindowSpread { window, size: [1, 5, 5] }, &["pooled"]);
    push(Primitive::WindowArgMax { window }, &["image"]);
}

fn composites(push: &mut impl FnMut(Primitive, &[&'static str])) {
    let (axes, eps) = (Axes::one(1), Scalar::new(1e-5));
    for composite in [
        Composite::Softmax { axis: 1 },
        Composite::LogSoftmax { axis: 1 },
        Composite::LogSumExp { axis: 0 },
        Composite::Softplus,
        Composite::Gelu,
        Composite::Standardize { axes, eps },
        Composite::RmsNorm { axes, eps },
    ] {
        push(Primitive::Call(composite), &["x"]);
    }
    push(Primitive::Call(Composite::CrossEntropy), &["x", "label"]);
    push(Primitive::Call(Composite::AddMatMul), &["sum", "x", "a"]);
    push(Primitive::Call(Composite::LayerNorm { eps }), &["x", "weight", "weight"]);
    push(Primitive::Call(Composite::Attention { causal: true, scale: None }), &["q", "k", "v"]);
    let scale = Some(Scalar::new(0.75));
    push(Primitive::Call(Composite::Attention { causal: false, scale }), &["q", "k", "v", "mask"]);
}

/// The list of all of them, and of data in each format.
pub(crate) fn list<E: Element>() -> WengertList<E> {
    WengertList::trace(&inputs(), |values| {
        let of = |name: &str| &values[inputs().iter().position(|(own, _)| *own == name).unwrap()];
        let apply = |(op, args): (Primitive, Vec<&str>)| {
            let args: Vec<&Tensor<Trace<E>>> = args.into_iter().map(of).collect();
            Tensor::try_apply(&op, &args).unwrap()
        };
        let mut results: Vec<_> = applications().into_iter().map(apply).collect();
        let delicate = DELICATE.map(|bits| E::from_f64(f64::from_bits(bits)));
        results.push(Tensor::from_slice(&delicate, [2, 4], &()));
        let halves = [f16::from_bits(0x7c01), f16::from_f64(0.1)];
        results.push(Tensor::from_data(Data::F16(&halves), [2, 1], &()));
        results.push(Tensor::from_data(Data::Bf16(&[]), [0, 3], &()));
        results.push(Tensor::from_data(Data::Index(&[i32::MIN]), [], &()));
        (0..).map(|place: usize| &*format!("y{place}").leak()).zip(results).collect::<Vec<_>>()
    })
}

macro_rules! variants {
    ($Enum:ident, $name:ident, $all:ident: $($variant:ident)*) => {
        const $all: &[&str] = &[$(stringify!($variant)),*];
        fn $name(value: &$Enum) -> &'static str {
            match value {
                $($Enum::$variant { .. } => stringify!($variant),)*
            }
        }
    };
}
variants!(Primitive, primitive, PRIMITIVES: Constant Iota RandomBits Cast Unary Binary Compare Select Reduce ArgReduce CumSum
    ArgSort MatMul Conv ConvInputGrad ConvWeightGrad WindowSum WindowSpread WindowArgMax Reshape Permute Flip Broadcast Pad
    Slice Concat Gather ScatterAdd Barrier Call);
variants!(Composite, composite, COMPOSITES: Softmax LogSoftmax LogSumExp CrossEntropy AddMatMul Softplus Gelu Standardize LayerNorm
    RmsNorm Attention);

/// Who adds a variant finds here that the list above lacks it.
#[test]
fn nothing_is_missing() {
    let applied: Vec<Primitive> = applications().into_iter().map(|(op, _)| op).collect();
    for name in PRIMITIVES {
        assert!(applied.iter().any(|op| primitive(op) == *name), "{name}");
    }
    for name in COMPOSITES {
        let called = |op: &Primitive| matches!(op, Primitive::Call(call) if composite(call) == *name);
        assert!(applied.iter().any(called), "{name}");
    }
}
