//! Where derivatives are taken: one or more cases for every differentiable primitive and composite, away from kinks and
//! from the ends of domains.

use alloc::vec::Vec;

use autodiff_core::{Axes, Binary, Composite, DType, Op, Order, Primitive, Reduce, Shape, Unary};

use crate::host::Host;
use crate::window::{Geometry, slide};

/// An operation and where it is applied.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) op: Primitive,
    pub(crate) inputs: Vec<Host>,
}

impl Case {
    fn new(op: Primitive, inputs: impl Into<Vec<Host>>) -> Self {
        Self { op, inputs: inputs.into() }
    }
}

/// Every differentiable function, where it is smooth.
pub(crate) fn unary() -> Vec<Case> {
    let case = |f: Unary| {
        let x = match f {
            Unary::Log | Unary::Sqrt => Host::spread(1, [2, 4], 0.6, 2.5),
            Unary::Log1p => Host::spread(2, [2, 4], -0.4, 2.0),
            Unary::Abs | Unary::Relu => alternating(Host::spread(3, [2, 4], 0.3, 2.0)),
            _ => Host::spread(4, [2, 4], -1.5, 1.5),
        };
        Case::new(Primitive::Unary(f), [x])
    };
    Unary::ALL.into_iter().filter(|f| f.differentiable()).map(case).collect()
}

/// Every other number with a minus.
fn alternating(x: Host) -> Host {
    let sign = |(place, x): (usize, &f64)| if place % 2 == 0 { *x } else { -x };
    Host { values: x.values.iter().enumerate().map(sign).collect(), ..x }
}

/// Every function of two elements, and the choice between two.
pub(crate) fn binary() -> Vec<Case> {
    let shape = [2, 3];
    let (a, b) = (Host::spread(5, shape, -1.5, 1.5), Host::spread(6, shape, -1.5, 1.5));
    // Nowhere nearer to `a` than a half, and on both sides of it.
    let apart = alternating(Host::spread(7, shape, 0.5, 1.0));
    let apart = Host { values: a.values.iter().zip(apart.values).map(|(a, d)| a + d).collect(), ..a.clone() };
    let positive = Host::spread(8, shape, 0.6, 1.8);
    let mut cases = Vec::new();
    for f in Binary::ALL {
        cases.push(Case::new(
            Primitive::Binary(f),
            match f {
                Binary::Add | Binary::Sub | Binary::Mul => [a.clone(), b.clone()],
                Binary::Div => [a.clone(), alternating(positive.clone())],
                Binary::Pow => [positive.clone(), b.clone()],
                Binary::Atan2 => [alternating(positive.clone()), b.clone()],
                Binary::Max | Binary::Min => [a.clone(), apart.clone()],
            },
        ));
    }
    let condition = Host::new(&[1.0, 0.0, -2.0, 0.0, 0.0, 1.0], shape);
    cases.push(Case::new(Primitive::Select, [condition, a, b]));
    cases
}

/// Every reduction and running sums, along one axis, the other, both and none; no two elements are close to each other.
pub(crate) fn reduce() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in Reduce::ALL {
        for axes in [Axes::one(0), Axes::one(1), Axes::all(2), Axes::NONE] {
            cases.push(Case::new(Primitive::Reduce { kind, axes }, [Host::spread(9, [2, 3], -2.0, 2.0)]));
        }
        let axes = Axes::one(0).with(2);
        cases.push(Case::new(Primitive::Reduce { kind, axes }, [Host::spread(10, [2, 2, 3], -3.0, 3.0)]));
    }
    cases.extend(products());
    cases.extend(running_sums());
    cases
}

/// Of none, one, two and three zeros in a row, of an odd number of factors, of one and of none.
fn products() -> Vec<Case> {
    let zeros = [1.5, -2.0, 0.5, 1.25, 0.0, 1.5, -0.5, 2.0, 0.0, 0.75, 0.0, -1.5, 0.0, 0.0, 2.0, 0.0];
    let inputs = [
        Host::new(&zeros, [4, 4]),
        Host::spread(23, [2, 5], -2.0, 2.0),
        Host::spread(24, [2, 7], 0.5, 1.5),
        Host::spread(25, [3, 1], -2.0, 2.0),
        Host::new(&[], [2, 0]),
    ];
    let case = |x| Case::new(Primitive::Reduce { kind: Reduce::Prod, axes: Axes::one(1) }, [x]);
    inputs.into_iter().map(case).collect()
}

/// From both ends, along each axis, of one element and of none.
fn running_sums() -> Vec<Case> {
    let of = |axis, reverse, x| Case::new(Primitive::CumSum { axis, reverse }, [x]);
    let x = Host::spread(26, [2, 3, 2], -2.0, 2.0);
    let along = |axis| [false, true].map(|reverse| of(axis, reverse, x.clone()));
    let mut cases: Vec<Case> = (0..3).flat_map(along).collect();
    cases.push(of(1, false, Host::spread(27, [3, 1], -2.0, 2.0)));
    cases.push(of(0, true, Host::new(&[], [0, 2])));
    cases
}

/// Products of matrices, of a row and a column, and of batches.
pub(crate) fn matmul() -> Vec<Case> {
    let case = |left: &[usize], right: &[usize]| {
        let factors = [Host::spread(11, Shape::new(left), -1.0, 1.0), Host::spread(12, Shape::new(right), -1.0, 1.0)];
        Case::new(Primitive::MatMul, factors)
    };
    [case(&[2, 3], &[3, 2]), case(&[1, 3], &[3, 1]), case(&[2, 1], &[1, 3]), case(&[2, 1, 2], &[2, 2, 3])].to_vec()
}

/// Convolutions and sums of windows with their gradients, over one, two and three axes.
pub(crate) fn window() -> Vec<Case> {
    let line = Geometry { size: &[4], slides: &[slide([3, 1, 1, 0, 1])] };
    let sparse = Geometry { size: &[5], slides: &[slide([2, 3, 2, 1, 2])] };
    let plane = Geometry { size: &[3, 4], slides: &[slide([2, 2, 1, 1, 0]), slide([2, 1, 3, 1, 1])] };
    let space = [slide([1, 1, 1, 0, 0]), slide([2, 2, 1, 1, 0]), slide([2, 1, 1, 0, 1])];
    let space = Geometry { size: &[2, 3, 2], slides: &space };
    let cases = [
        line.convolutions(2, [2, 1], 1),
        sparse.convolutions(1, [2, 4], 2),
        plane.convolutions(1, [1, 2], 1),
        space.convolutions(1, [1, 1], 1),
    ];
    let sums = [line.sums(&[2]), sparse.sums(&[]), plane.sums(&[2, 1]), space.sums(&[])];
    cases.into_iter().flatten().chain(sums.into_iter().flatten()).collect()
}

/// Movements, casts between floating-point formats, and barriers.
pub(crate) fn movement() -> Vec<Case> {
    let x = Host::spread(13, [2, 3], -2.0, 2.0);
    let of = |op| Case::new(op, [x.clone()]);
    let order = |axes: &[usize]| Order::try_new(axes).unwrap_or_else(|| unreachable!("every axis is named once"));
    let mut cases = Vec::from([
        of(Primitive::Reshape { shape: Shape::from([3, 1, 2]) }),
        of(Primitive::Permute { order: order(&[1, 0]) }),
        of(Primitive::Flip { axes: Axes::one(1) }),
        of(Primitive::Broadcast { shape: Shape::from([2, 2, 3]) }),
        of(Primitive::Pad { axis: 1, lo: 1, hi: 2, interior: 1 }),
        of(Primitive::Pad { axis: 0, lo: 0, hi: 0, interior: 3 }),
        of(Primitive::Slice { axis: 1, start: 0, stop: 3, step: 2 }),
        of(Primitive::Slice { axis: 1, start: 1, stop: 3, step: 1 }),
        of(Primitive::Slice { axis: 1, start: 0, stop: 1, step: 5 }),
        of(Primitive::Slice { axis: 0, start: 1, stop: 1, step: 1 }),
        of(Primitive::Cast { to: DType::F16 }),
        of(Primitive::Cast { to: DType::Bf16 }),
    ]);
    let column = Host::spread(14, [2, 1], -2.0, 2.0);
    cases.push(Case::new(Primitive::Broadcast { shape: Shape::from([2, 3]) }, [column.clone()]));
    cases.push(Case::new(Primitive::Broadcast { shape: Shape::from([4]) }, [Host::new(&[0.7], [])]));
    let rotated = Primitive::Permute { order: order(&[2, 0, 1]) };
    cases.push(Case::new(rotated, [Host::spread(15, [2, 2, 3], -2.0, 2.0)]));
    cases.push(Case::new(Primitive::Concat { axis: 1 }, [x.clone(), column, x.clone()]));
    let empty = Host::spread(16, [0, 3], 0.0, 1.0);
    cases.push(Case::new(Primitive::Concat { axis: 0 }, [x.clone(), empty, x.clone()]));
    let pad = Primitive::Pad { axis: 1, lo: 1, hi: 2, interior: 1 };
    cases.extend([[2, 1], [2, 0]].map(|shape| Case::new(pad, [Host::spread(27, shape, -2.0, 2.0)])));
    cases.push(Case::new(Primitive::Cast { to: DType::Elem }, [x.clone().cast(DType::Bf16)]));
    cases.push(Case::new(Primitive::Barrier, [x, Host::index(&[1], [])]));
    cases
}

/// Reading and adding at computed positions, with repeated indices; entries fewer and more than the axis has.
pub(crate) fn gather() -> Vec<Case> {
    let mut cases = Vec::new();
    let indices = [Host::index(&[2, 0, 2, 2, 1, 2], [2, 3]), Host::index(&[1, 0], [2, 1]), Host::index(&[], [2, 0])];
    for index in indices {
        let (x, u) = (Host::spread(17, [2, 3], -2.0, 2.0), Host::spread(18, index.spec.shape, -2.0, 2.0));
        cases.push(Case::new(Primitive::Gather { axis: 1 }, [x.clone(), index.clone()]));
        cases.push(Case::new(Primitive::ScatterAdd { axis: 1 }, [x, index, u]));
    }
    let (x, index) = (Host::spread(19, [3, 2], -2.0, 2.0), Host::index(&[2, 2, 0, 2], [2, 2]));
    cases.push(Case::new(Primitive::Gather { axis: 0 }, [x.clone(), index.clone()]));
    cases.push(Case::new(Primitive::ScatterAdd { axis: 0 }, [x, index, Host::spread(20, [2, 2], -2.0, 2.0)]));
    cases
}

/// Every composite, along each axis.
pub(crate) fn composite() -> Vec<Case> {
    let x = Host::spread(21, [2, 3], -1.5, 1.5);
    let of = |composite| Case::new(Primitive::Call(composite), [x.clone()]);
    let mut cases: Vec<Case> = crate::composite::of_shape(&x.spec.shape).into_iter().map(of).collect();
    for rank in [1, 2] {
        let (op, inputs) = crate::composite::layer_norm(&x, rank);
        cases.push(Case::new(op, inputs));
    }
    let (op, inputs) = crate::composite::add_matmul([2, 3, 2]);
    cases.push(Case::new(op, inputs));
    let labels = Host::index(&[2, 0], [2]);
    cases.push(Case::new(Primitive::Call(Composite::CrossEntropy), [x, labels]));
    let (x, labels) = (Host::spread(28, [2, 2, 3], -1.5, 1.5), Host::index(&[2, 0, 1, 1], [2, 2]));
    cases.push(Case::new(Primitive::Call(Composite::CrossEntropy), [x, labels]));
    let mask = Host::spread(24, [2, 3, 2], -1.0, 1.0);
    for (causal, mask) in [(false, None), (true, None), (true, Some(&mask.values[..]))] {
        let (op, inputs) = crate::composite::attention([3, 2, 2, 1], causal, mask);
        cases.push(Case::new(op, inputs));
    }
    cases
}

/// Half precision beside the element: some cases of each family.
pub(crate) fn half() -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in [DType::F16, DType::Bf16] {
        let families = [unary(), binary(), reduce(), matmul(), window(), gather(), composite()];
        for case in families.into_iter().flat_map(|family| family.into_iter().step_by(3)) {
            let keeps = |input: &Host| input.spec.dtype == DType::Index;
            let condition = |arg: usize| matches!(case.op, Primitive::Select) && arg == 0;
            let cast = |(arg, input): (usize, &Host)| {
                if keeps(input) || condition(arg) { input.clone() } else { input.clone().cast(dtype) }
            };
            cases.push(Case::new(case.op, case.inputs.iter().enumerate().map(cast).collect::<Vec<_>>()));
        }
    }
    cases
}

/// Every operation that is linear in an argument, with that argument, on whole numbers of which all sums are exact.
///
/// Means are taken of two and four elements, so that they are exact too.
pub(crate) fn linear() -> Vec<(Case, usize)> {
    let families = [unary(), binary(), reduce(), matmul(), window(), movement(), gather()];
    let mut linear: Vec<_> = families.into_iter().flatten().flat_map(|case| linear_in(&case)).collect();
    for (shape, axes) in [([2, 2], Axes::all(2)), ([2, 3], Axes::one(0)), ([3, 4], Axes::one(1))] {
        let x = Host::spread(22, shape, -1.0, 1.0);
        linear.push((on_whole_numbers(&Case::new(Primitive::Reduce { kind: Reduce::Mean, axes }, [x])), 0));
    }
    linear
}

/// The arguments in which an operation is linear, each with the case on whole numbers; none for a mean, of which only
/// some are exact.
pub(crate) fn linear_in(case: &Case) -> Vec<(Case, usize)> {
    let args: &[usize] = match case.op {
        Primitive::Unary(Unary::Neg) | Primitive::Gather { .. } | Primitive::Barrier => &[0],
        Primitive::Binary(Binary::Add | Binary::Sub | Binary::Mul)
        | Primitive::MatMul
        | Primitive::Conv { .. }
        | Primitive::ConvInputGrad { .. }
        | Primitive::ConvWeightGrad { .. } => &[0, 1],
        Primitive::Select => &[1, 2],
        Primitive::ScatterAdd { .. } => &[0, 2],
        Primitive::Concat { .. } => &[0, 1, 2],
        Primitive::Reduce { kind: Reduce::Sum, .. } => &[0],
        Primitive::Unary(_) | Primitive::Binary(_) | Primitive::Reduce { .. } | Primitive::Call(_) => &[],
        _ => &[0],
    };
    let has =
        |arg: &usize| case.inputs.get(*arg).is_some_and(|x| x.spec.dtype.is_float()) && case.op.differentiable(*arg);
    args.iter().copied().filter(has).map(|arg| (on_whole_numbers(case), arg)).collect()
}

fn on_whole_numbers(case: &Case) -> Case {
    let mut case = case.clone();
    for (seed, input) in (0..).zip(&mut case.inputs) {
        if input.spec.dtype.is_float() && !matches!(case.op, Primitive::Select if seed == 0) {
            *input = Host::whole(seed, input.spec, 2);
        }
    }
    case
}
