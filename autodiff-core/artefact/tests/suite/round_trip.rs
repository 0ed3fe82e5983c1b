//! What is written comes back: the equal list, the same bits, the same results.

use artefact::Artefact;
use autodiff_core::{
    Autodiff, Backend, DataBuf, Element, FoldConstants, Pointwise, Simplify, Spec, Tensor, Trace, WengertList, bf16,
    f16, pointwise, run_passes,
};
use backend_cpu::{Cpu, Scalar};

use crate::every;

/// Every other input has a value.
pub(crate) fn every<E: Element>() -> Artefact<E> {
    let weights = every::inputs().into_iter().step_by(2);
    Artefact::new(every::list(), weights.map(|(name, spec)| (name.into(), every::numbers(spec)))).unwrap()
}

#[track_caller]
fn same_bits<E: Element>(left: &[DataBuf<E>], right: &[DataBuf<E>]) {
    assert_eq!(left.len(), right.len());
    for (place, (left, right)) in left.iter().zip(right).enumerate() {
        assert!(left.same_bits(right), "output {place}: {left:?} and {right:?}");
    }
}

fn check<E: Scalar>() {
    let (artefact, bytes) = (every::<E>(), every::<E>().to_bytes().unwrap());
    let again = Artefact::<E>::from_bytes(&bytes).unwrap();
    assert_eq!(again.list(), artefact.list());
    assert!(again.weights().map(|(name, _)| name).eq(["x", "half", "i", "image", "pooled", "q", "v", "sum"]));
    for ((name, own), (_, expected)) in again.weights().zip(artefact.weights()) {
        assert!(own.same_bits(expected), "{name}");
    }
    assert_eq!(again.to_bytes().unwrap(), bytes);

    let device = Default::default();
    let tensors: Vec<(&str, Tensor<Cpu<E>>)> = every::inputs()
        .iter()
        .map(|&(name, spec)| (name, Tensor::from_data(every::numbers(spec).as_data(), spec.shape, &device)))
        .collect();
    let all: Vec<Tensor<Cpu<E>>> = tensors.iter().map(|(_, tensor)| tensor.clone()).collect();
    let expected: Vec<DataBuf<E>> = every::list::<E>().eval(&all).iter().map(Tensor::to_data).collect();
    let given: Vec<_> = tensors.iter().skip(1).step_by(2).map(|(name, tensor)| (*name, tensor)).collect();
    let found: Vec<DataBuf<E>> = again.eval(&given, &device).unwrap().iter().map(Tensor::to_data).collect();
    same_bits(&found, &expected);
    same_bits(&again.run(&given, &device).unwrap(), &expected);
}

#[test]
fn every_primitive_in_f32() {
    check::<f32>();
}

#[test]
fn every_primitive_in_f64() {
    check::<f64>();
}

#[test]
fn every_primitive_in_halves() {
    check::<f16>();
    check::<bf16>();
}

#[test]
fn a_signalling_nan_stays_one() {
    let signalling = f32::from_bits(0x7f80_0001);
    let list = WengertList::<f32>::trace(&[("w", Spec::elem([1]))], |v| [("w", v[0].clone())]);
    let artefact = Artefact::new(list, [("w".into(), DataBuf::Elem(vec![signalling]))]).unwrap();
    let again = Artefact::<f32>::from_bytes(&artefact.to_bytes().unwrap()).unwrap();
    assert!(again.weights().next().unwrap().1.same_bits(&DataBuf::Elem(vec![signalling])));
}

/// Names may be anything: quotes, nothing, those that data would have.
#[test]
fn names_are_kept_apart() {
    let names = ["data.0", "", "\"\\\n\u{0}\u{1f600}", "data.2"];
    let specs = names.map(|name| (name, Spec::elem([])));
    let list = WengertList::<f64>::trace(&specs, |v| {
        let data = [1.0, 2.0].map(|x| Tensor::from_slice(&[x], [], &()));
        [("data.1", &v[0] + &data[0]), ("", v[1].clone()), ("sum", &v[2] * &v[3] * &data[1])]
    });
    let weights = names.map(|name| (name.to_string(), DataBuf::Elem(vec![3.0])));
    let artefact = Artefact::new(list, weights).unwrap();
    let again = Artefact::<f64>::from_bytes(&artefact.to_bytes().unwrap()).unwrap();
    assert_eq!(again.list(), artefact.list());
    let outputs = again.run::<Cpu<f64>>(&[], &Default::default()).unwrap();
    assert_eq!(outputs, [4.0, 3.0, 18.0].map(|x| DataBuf::Elem(vec![x])));
}

#[derive(Clone, Debug, PartialEq)]
struct Double;

impl Pointwise<1> for Double {
    fn name(&self) -> &'static str {
        "double"
    }
    fn value<B: Backend>(&self, [x]: [&Tensor<B>; 1]) -> Tensor<B> {
        x + x
    }
    fn derivative<B: Backend>(&self, _: usize, [x]: [&Tensor<B>; 1]) -> Tensor<B> {
        x.new_full(x.shape(), 2.0)
    }
}

/// What is no primitive is expanded first; composites stay.
#[test]
fn an_operation_from_outside_is_expanded() {
    let list =
        WengertList::<f32>::trace(&[("x", Spec::elem([2]))], |v| [("y", pointwise(&Double, [&v[0]]).softmax(0))]);
    let error = Artefact::new(list.clone(), []).unwrap().to_bytes().unwrap_err();
    assert_eq!(error.to_string(), "assignment 1: `double` is no primitive; `expand` replaces it by what it is made of");
    let expanded = list.expand(|_| true);
    let bytes = Artefact::new(expanded.clone(), []).unwrap().to_bytes().unwrap();
    let again = Artefact::<f32>::from_bytes(&bytes).unwrap();
    assert_eq!(again.list(), &expanded);
    assert_eq!(again.list().to_string(), "z1 = add(x, x)\ny = softmax(z1, axis=0)\n");
}

/// A network with its gradients and their step, after the passes: as a compiled training step is.
#[test]
fn a_training_step_comes_back_equal() {
    let specs = [
        ("w", Spec::elem([4, 3])),
        ("b", Spec::elem([3])),
        ("x", Spec::elem([5, 4])),
        ("label", Spec::index([5])),
        ("rate", Spec::elem([])),
    ];
    let list = WengertList::<f32>::trace(&specs, |v| {
        let [w, b] = [&v[0], &v[1]].map(|x| Tensor::<Autodiff<Trace<f32>>>::variable(x.clone()));
        let x = Tensor::constant_of(v[2].clone());
        let hidden = (x.matmul(&w) + &b).gelu();
        let loss = hidden.cross_entropy(&Tensor::constant_of(v[3].clone()).to_index()).mean();
        let gradients = loss.clone().backward();
        let step = |x: &Tensor<Autodiff<_>>| x.value() - gradients.get(x).unwrap() * &v[4];
        [("loss", loss.value().clone()), ("new w", step(&w)), ("new b", step(&b))]
    });
    let (list, _) = run_passes(&list, &[&Simplify, &FoldConstants::<Cpu<f32>>::new()]);
    let weights = specs[..2].iter().map(|&(name, spec)| (name.to_string(), every::numbers(spec)));
    let artefact = Artefact::new(list, weights).unwrap();
    let again = Artefact::<f32>::from_bytes(&artefact.to_bytes().unwrap()).unwrap();
    assert_eq!(again.list(), artefact.list());
    assert_eq!(again.given().map(|(name, _)| name).collect::<Vec<_>>(), ["x", "label", "rate"]);
}
