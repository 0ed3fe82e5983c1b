//! Every primitive in the plainest form: one element after another, each found by its coordinates.

use autodiff_core::{ArgReduce, Binary, Composite, DType, DataBuf, Element, Primitive, Reduce, Shape, Spec, bf16, f16};
use backend_cpu::{Scalar, math};

/// Elements in row-major order with their shape.
#[derive(Clone, Debug)]
pub(crate) struct Array<T> {
    pub(crate) shape: Shape,
    pub(crate) data: DataBuf<T>,
}

impl<T: Scalar> Array<T> {
    pub(crate) fn elem(shape: impl Into<Shape>, data: &[f64]) -> Self {
        let shape = shape.into();
        assert_eq!(shape.elements(), data.len());
        Self { shape, data: DataBuf::Elem(data.iter().map(|&x| T::from_f64(x)).collect()) }
    }

    pub(crate) fn index(shape: impl Into<Shape>, data: &[i32]) -> Self {
        let shape = shape.into();
        assert_eq!(shape.elements(), data.len());
        Self { shape, data: DataBuf::Index(data.to_vec()) }
    }

    pub(crate) fn spec(&self) -> Spec {
        Spec { shape: self.shape, dtype: self.data.dtype() }
    }

    fn elems(&self) -> &[T] {
        match &self.data {
            DataBuf::Elem(elements) => elements,
            other => panic!("{} found", other.dtype()),
        }
    }

    fn indices(&self) -> &[i32] {
        match &self.data {
            DataBuf::Index(elements) => elements,
            other => panic!("{} found", other.dtype()),
        }
    }
}

/// All coordinates of a shape in row-major order.
pub(crate) fn coordinates(shape: &Shape) -> Vec<Vec<usize>> {
    shape.extents().iter().fold(vec![vec![]], |all, &extent| {
        all.iter().flat_map(|outer| (0..extent).map(move |i| [&outer[..], &[i]].concat())).collect()
    })
}

/// The place of coordinates in row-major order.
pub(crate) fn place(shape: &Shape, at: &[usize]) -> usize {
    assert!(at.iter().zip(shape.extents()).all(|(i, extent)| i < extent), "{at:?} in {shape}");
    at.iter().zip(shape.extents()).fold(0, |place, (i, extent)| place * extent + i)
}

/// The primitive's result; it must be valid, and its indices in range.
pub(crate) fn apply<T: Scalar>(primitive: &Primitive, inputs: &[&Array<T>]) -> Array<T> {
    let specs: Vec<Spec> = inputs.iter().map(|input| input.spec()).collect();
    let out = primitive.infer(&specs).unwrap();
    let data = match (inputs.first().map(|x| &x.data), out.dtype) {
        (Some(DataBuf::Index(_)), DType::Index) => DataBuf::Index(index(primitive, inputs, &out.shape)),
        (_, DType::Index) => DataBuf::Index(to_index(primitive, inputs, &out.shape)),
        (_, DType::Elem) => DataBuf::Elem(elem(primitive, inputs, &out.shape)),
        (_, DType::F16) => DataBuf::F16(inputs[0].data.to_f64().into_iter().map(<f16 as Element>::from_f64).collect()),
        (_, DType::Bf16) => {
            DataBuf::Bf16(inputs[0].data.to_f64().into_iter().map(<bf16 as Element>::from_f64).collect())
        }
    };
    Array { shape: out.shape, data }
}

fn elem<T: Scalar>(primitive: &Primitive, inputs: &[&Array<T>], out: &Shape) -> Vec<T> {
    let x = || inputs[0].elems();
    let pairs = || inputs[0].elems().iter().zip(inputs[1].elems());
    match *primitive {
        Primitive::Constant { value, .. } => vec![T::from_f64(value.get())],
        Primitive::Cast { .. } => inputs[0].data.to_f64().into_iter().map(T::from_f64).collect(),
        Primitive::Unary(f) => x().iter().map(|&x| math::unary(f, x)).collect(),
        Primitive::Binary(f) => pairs().map(|(&a, &b)| math::binary(f, a, b)).collect(),
        Primitive::Compare(f) => {
            let (a, b) = (inputs[0].data.to_f64(), inputs[1].data.to_f64());
            let number = |holds| if holds { T::one() } else { T::zero() };
            a.iter().zip(&b).map(|(a, b)| number(math::compare(f, a, b))).collect()
        }
        Primitive::Select => {
            let choose = |(c, (&a, &b)): (&T, (&T, &T))| if *c == T::zero() { b } else { a };
            x().iter().zip(inputs[1].elems().iter().zip(inputs[2].elems())).map(choose).collect()
        }
        Primitive::Reduce { kind, .. } => groups(primitive, inputs[0], out).iter().map(|g| reduce(kind, g)).collect(),
        Primitive::CumSum { axis, reverse } => {
            let (zero, x) = (T::zero().widen(), x().iter().map(|x| x.widen()).collect::<Vec<_>>());
            running(axis, reverse, &x, out, zero, |a, b| a + b).into_iter().map(T::narrow).collect()
        }
        Primitive::MatMul => matmul(inputs[0], inputs[1], out),
        Primitive::Call(Composite::CrossEntropy) => cross_entropy(inputs[0], inputs[1]),
        _ => moved(primitive, inputs, out, Array::elems, T::zero(), |a, b| a + b),
    }
}

fn index<T: Scalar>(primitive: &Primitive, inputs: &[&Array<T>], out: &Shape) -> Vec<i32> {
    let x = || inputs[0].indices();
    match *primitive {
        Primitive::Cast { .. } => x().to_vec(),
        Primitive::Binary(f) => {
            x().iter().zip(inputs[1].indices()).map(|(&a, &b)| math::binary_index(f, a, b)).collect()
        }
        Primitive::Reduce { kind, axes } => {
            let mut totals: Vec<Option<i32>> = vec![None; out.elements()];
            for at in coordinates(&inputs[0].shape) {
                let to: Vec<usize> =
                    at.iter().enumerate().map(|(a, &i)| if axes.contains(a) { 0 } else { i }).collect();
                let (x, total) = (x()[place(&inputs[0].shape, &at)], &mut totals[place(out, &to)]);
                *total = Some(match (kind, *total) {
                    (_, None) => x,
                    (Reduce::Max, Some(total)) => total.max(x),
                    (Reduce::Min, Some(total)) => total.min(x),
                    (Reduce::Prod, Some(total)) => total.wrapping_mul(x),
                    (_, Some(total)) => total.wrapping_add(x),
                });
            }
            let nothing = i32::from(kind == Reduce::Prod);
            totals.into_iter().map(|total| total.unwrap_or(nothing)).collect()
        }
        Primitive::CumSum { axis, reverse } => running(axis, reverse, x(), out, 0, i32::wrapping_add),
        Primitive::ArgSort { descending } => sorted(descending, x(), out),
        _ => moved(primitive, inputs, out, Array::indices, 0, i32::wrapping_add),
    }
}

/// Primitives that answer elements with indices.
fn to_index<T: Scalar>(primitive: &Primitive, inputs: &[&Array<T>], out: &Shape) -> Vec<i32> {
    match *primitive {
        Primitive::Cast { .. } => inputs[0].data.to_f64().into_iter().map(|x| x as i32).collect(),
        Primitive::Select => {
            let choose = |(c, (&a, &b)): (&T, (&i32, &i32))| if *c == T::zero() { b } else { a };
            inputs[0].elems().iter().zip(inputs[1].indices().iter().zip(inputs[2].indices())).map(choose).collect()
        }
        Primitive::ArgSort { descending } => sorted(descending, inputs[0].elems(), out),
        Primitive::ArgReduce { kind, .. } => {
            let best = |group: &Vec<T>| {
                let nan = group.iter().position(|x| x.is_nan());
                let extreme = group.iter().copied().reduce(|a, b| match kind {
                    ArgReduce::Max => math::binary(Binary::Max, a, b),
                    ArgReduce::Min => math::binary(Binary::Min, a, b),
                });
                nan.or_else(|| group.iter().position(|&x| Some(x) == extreme)).unwrap() as i32
            };
            groups(primitive, inputs[0], out).iter().map(best).collect()
        }
        _ => panic!("{primitive:?}"),
    }
}

/// Sums along an axis from one end on.
fn running<X: Copy>(axis: u8, reverse: bool, x: &[X], shape: &Shape, zero: X, add: impl Fn(X, X) -> X) -> Vec<X> {
    let along = |at: &Vec<usize>| {
        let (own, mut from) = (at[usize::from(axis)], at.clone());
        let mut take = |sum, position| {
            from[usize::from(axis)] = position;
            add(sum, x[place(shape, &from)])
        };
        let last = shape[usize::from(axis)];
        if reverse { (own..last).rev().fold(zero, &mut take) } else { (0..=own).fold(zero, &mut take) }
    };
    coordinates(shape).iter().map(along).collect()
}

/// The positions of each row in order: each element goes behind all that come before it or are equal, NaN last of all.
fn sorted<X: Copy + PartialOrd>(descending: bool, x: &[X], shape: &Shape) -> Vec<i32> {
    let len = shape[shape.rank() - 1].max(1);
    let row = |row: &[X]| {
        let is_nan = |x: X| x.partial_cmp(&x).is_none();
        let below = |a: X, b: X| a < b || (is_nan(b) && !is_nan(a));
        let mut order: Vec<i32> = vec![];
        for (own, &x) in row.iter().enumerate() {
            let before = |&other: &i32| {
                let other = row[other as usize];
                if descending { !below(other, x) } else { !below(x, other) }
            };
            let place = order.iter().take_while(|other| before(other)).count();
            order.insert(place, own as i32);
        }
        order
    };
    x.chunks(len).flat_map(row).collect()
}

/// The elements that each output of a reduction takes in.
fn groups<T: Scalar>(primitive: &Primitive, x: &Array<T>, out: &Shape) -> Vec<Vec<T>> {
    let mut groups = vec![vec![]; out.elements()];
    for at in coordinates(&x.shape) {
        let reduced = |axis: usize| match *primitive {
            Primitive::Reduce { axes, .. } => axes.contains(axis),
            Primitive::ArgReduce { axis: own, .. } => axis == usize::from(own),
            _ => panic!("{primitive:?}"),
        };
        let to: Vec<usize> = at.iter().enumerate().map(|(axis, &i)| if reduced(axis) { 0 } else { i }).collect();
        groups[place(out, &to)].push(x.elems()[place(&x.shape, &at)]);
    }
    groups
}

fn reduce<T: Scalar>(kind: Reduce, group: &[T]) -> T {
    let total = group.iter().fold(T::zero().widen(), |total, x| total + x.widen());
    match kind {
        Reduce::Sum => T::narrow(total),
        Reduce::Mean => T::narrow(total / T::Accumulator::from_f64(group.len() as f64)),
        Reduce::Max => group.iter().copied().reduce(|a, b| math::binary(Binary::Max, a, b)).unwrap(),
        Reduce::Min => group.iter().copied().reduce(|a, b| math::binary(Binary::Min, a, b)).unwrap(),
        Reduce::Prod => T::narrow(group.iter().fold(T::one().widen(), |product, x| product * x.widen())),
    }
}

fn matmul<T: Scalar>(a: &Array<T>, b: &Array<T>, out: &Shape) -> Vec<T> {
    let rank = out.rank();
    let product = |at: Vec<usize>| {
        let mut total = T::zero().widen();
        for k in 0..a.shape[rank - 1] {
            let (mut left, mut right) = (at.clone(), at.clone());
            left[rank - 1] = k;
            right[rank - 2] = k;
            total += a.elems()[place(&a.shape, &left)].widen() * b.elems()[place(&b.shape, &right)].widen();
        }
        T::narrow(total)
    };
    coordinates(out).into_iter().map(product).collect()
}

fn cross_entropy<T: Scalar>(x: &Array<T>, labels: &Array<T>) -> Vec<T> {
    let classes = x.shape[x.shape.rank() - 1];
    let loss = |(row, &label): (&[T], &i32)| {
        let most = row.iter().fold(T::neg_infinity().widen(), |most, x| math::larger(most, x.widen()));
        let sum = row.iter().fold(T::zero().widen(), |sum, x| sum + backend_cpu::Math::exp(x.widen() - most));
        T::narrow(backend_cpu::Math::log(sum) + (most - row[label as usize].widen()))
    };
    x.elems().chunks(classes).zip(labels.indices()).map(loss).collect()
}

/// Primitives that only move elements, or add them where they meet.
fn moved<T: Scalar, X: Copy>(
    primitive: &Primitive,
    inputs: &[&Array<T>],
    out: &Shape,
    numbers: impl Fn(&Array<T>) -> &[X],
    zero: X,
    add: impl Fn(X, X) -> X,
) -> Vec<X> {
    let (shape, x) = (inputs[0].shape, numbers(inputs[0]));
    let take = |from: &dyn Fn(&[usize]) -> Vec<usize>| -> Vec<X> {
        coordinates(out).iter().map(|at| x[place(&shape, &from(at))]).collect()
    };
    let with = |at: &[usize], axis: u8, i: usize| {
        let mut at = at.to_vec();
        at[usize::from(axis)] = i;
        at
    };
    match *primitive {
        Primitive::Reshape { .. } | Primitive::Barrier => x.to_vec(),
        Primitive::Permute { order } => take(&|at| {
            let mut from = vec![0; at.len()];
            order.iter().zip(at).for_each(|(axis, &i)| from[axis] = i);
            from
        }),
        Primitive::Flip { axes } => take(&|at| {
            let flip = |(axis, &i): (usize, &usize)| if axes.contains(axis) { shape[axis] - 1 - i } else { i };
            at.iter().enumerate().map(flip).collect()
        }),
        Primitive::Broadcast { .. } => take(&|at| {
            let own = &at[at.len() - shape.rank()..];
            own.iter().zip(shape.extents()).map(|(&i, &extent)| if extent == 1 { 0 } else { i }).collect()
        }),
        Primitive::Slice { axis, start, step, .. } => take(&|at| with(at, axis, start + at[usize::from(axis)] * step)),
        Primitive::Gather { axis } => {
            let index = inputs[1].indices();
            take(&|at| with(at, axis, index[place(out, at)] as usize))
        }
        Primitive::Pad { axis, lo, interior, .. } => {
            let mut y = vec![zero; out.elements()];
            for at in coordinates(&shape) {
                let to = with(&at, axis, lo + at[usize::from(axis)] * (interior + 1));
                y[place(out, &to)] = x[place(&shape, &at)];
            }
            y
        }
        Primitive::Concat { axis } => {
            let (mut y, mut start) = (vec![zero; out.elements()], 0);
            for input in inputs {
                for at in coordinates(&input.shape) {
                    let to = with(&at, axis, start + at[usize::from(axis)]);
                    y[place(out, &to)] = numbers(input)[place(&input.shape, &at)];
                }
                start += input.shape[usize::from(axis)];
            }
            y
        }
        Primitive::ScatterAdd { axis } => {
            let (mut y, index) = (x.to_vec(), inputs[1]);
            for at in coordinates(&index.shape) {
                let from = place(&index.shape, &at);
                let to = &mut y[place(out, &with(&at, axis, index.indices()[from] as usize))];
                *to = add(*to, numbers(inputs[2])[from]);
            }
            y
        }
        _ => panic!("{primitive:?}"),
    }
}
