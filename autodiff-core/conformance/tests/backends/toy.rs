//! A complete backend, to be read by those who write one.
//!
//! Every tensor is a vector of `f64` in row-major order; each operation computes in `f64` and rounds its results to the
//! tensor's format. Slow, and right: a value is at most half a unit in the last place off. What a faster backend adds
//! is other storage (strides, so that movements are views) and other loops; the shape of the code stays this one.

use core::array;
use core::marker::PhantomData;

use autodiff_core::{
    ArgReduce, Axes, Backend, Binary, Compare, DType, Data, DataBuf, Element, MAX_RANK, Primitive, Reduce, Shape,
    Shared, Slide, Spec, Unary, Window, bf16, f16,
};

/// The backend; its tensors hold numbers that `E` can represent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Toy<E>(PhantomData<E>);

/// A tensor: what is known of it, and its numbers. Cheap to clone, never changed.
#[derive(Clone, Debug)]
pub(crate) struct Array {
    spec: Spec,
    numbers: Shared<Vec<f64>>,
}

impl<E: Element> Backend for Toy<E> {
    type Elem = E;
    type Device = ();
    type Tensor = Array;

    fn from_data(data: Data<'_, E>, shape: &Shape, (): &()) -> Array {
        let spec = Spec { shape: *shape, dtype: data.dtype() };
        Array { spec, numbers: Shared::new(DataBuf::copy(data).to_f64()) }
    }

    fn to_data(x: &Array) -> DataBuf<E> {
        match x.spec.dtype {
            DType::Elem => DataBuf::Elem(x.numbers.iter().map(|&x| E::from_f64(x)).collect()),
            DType::F16 => DataBuf::F16(x.numbers.iter().map(|&x| Element::from_f64(x)).collect()),
            DType::Bf16 => DataBuf::Bf16(x.numbers.iter().map(|&x| Element::from_f64(x)).collect()),
            DType::Index => DataBuf::Index(x.numbers.iter().map(|&x| to_index(x)).collect()),
        }
    }

    fn spec(x: &Array) -> Spec {
        x.spec
    }

    fn device(_: &Array) -> &() {
        &()
    }

    fn apply(op: &Primitive, inputs: &[&Array], out: &Spec, (): &()) -> Array {
        // A composite has a body of primitives; only backends with a fused kernel look closer.
        if let Primitive::Call(composite) = op {
            return composite.call::<Self>(inputs);
        }
        let exact = compute(op, inputs, out);
        Array { spec: *out, numbers: Shared::new(exact.into_iter().map(|x| round::<E>(out.dtype, x)).collect()) }
    }
}

/// The number of this format that is nearest to `x`; for an index, `x` cut towards zero, and 0 for NaN.
fn round<E: Element>(dtype: DType, x: f64) -> f64 {
    match dtype {
        DType::Elem => E::from_f64(x).into_f64(),
        DType::F16 => <f16 as Element>::from_f64(x).into_f64(),
        DType::Bf16 => <bf16 as Element>::from_f64(x).into_f64(),
        DType::Index => f64::from(to_index(x)),
    }
}

/// All primitives, before rounding. The inputs are valid: the caller has asked `Primitive::infer`.
fn compute(op: &Primitive, inputs: &[&Array], out: &Spec) -> Vec<f64> {
    let input = |arg: usize| inputs[arg].numbers.iter().copied();
    let shape = &out.shape;
    match *op {
        Primitive::Constant { value, .. } => vec![value.get()],
        Primitive::Iota { len } => (0..len).map(to_f64).collect(),
        Primitive::RandomBits { bits, .. } => random_bits(inputs[0], shape.elements(), bits),
        // The rounding that follows is the cast.
        Primitive::Cast { .. } | Primitive::Reshape { .. } | Primitive::Barrier => input(0).collect(),
        Primitive::Unary(f) => input(0).map(|x| unary(f, x)).collect(),
        Primitive::Binary(f) => input(0).zip(input(1)).map(|(a, b)| binary(f, out.dtype, a, b)).collect(),
        Primitive::Compare(f) => input(0).zip(input(1)).map(|(a, b)| compare(f, a, b)).collect(),
        Primitive::Select => input(0)
            .zip(input(1).zip(input(2)))
            .map(|(condition, (a, b))| if condition != 0.0 { a } else { b })
            .collect(),
        Primitive::Reduce { kind, axes } => reduce(kind, axes, inputs[0], out),
        Primitive::ArgReduce { kind, axis } => arg_reduce(kind, axis.into(), inputs[0], shape),
        Primitive::CumSum { axis, reverse } => cumsum(axis.into(), reverse, inputs[0], out),
        Primitive::ArgSort { descending } => argsort(descending, inputs[0], shape),
        Primitive::MatMul => matmul(inputs[0], inputs[1], shape),
        Primitive::WindowSum { window } => {
            let mut y = vec![0.0; shape.elements()];
            windows(&window, &inputs[0].spec.shape, shape).iter().for_each(|&(j, p)| y[j] += inputs[0].numbers[p]);
            y
        }
        Primitive::WindowSpread { window, .. } => {
            let mut x = vec![0.0; shape.elements()];
            windows(&window, shape, &inputs[0].spec.shape).iter().for_each(|&(j, p)| x[p] += inputs[0].numbers[j]);
            x
        }
        Primitive::WindowArgMax { window } => window_arg_max(&window, inputs[0], shape),
        Primitive::Conv { window, groups } => convolve(&window, groups, [0, 1, 2], inputs, shape),
        Primitive::ConvInputGrad { window, groups, .. } => convolve(&window, groups, [2, 1, 0], inputs, shape),
        Primitive::ConvWeightGrad { window, groups } => convolve(&window, groups, [0, 2, 1], inputs, shape),
        Primitive::Permute { order } => pick(inputs[0], shape, |to| {
            let mut from = to;
            order.iter().zip(to).for_each(|(axis, at)| from[axis] = at);
            Some(from)
        }),
        Primitive::Flip { axes } => pick(inputs[0], shape, |to| {
            Some(array::from_fn(|axis| if axes.contains(axis) { shape[axis] - 1 - to[axis] } else { to[axis] }))
        }),
        Primitive::Broadcast { .. } => {
            let (own, lead) = (inputs[0].spec.shape, shape.rank() - inputs[0].spec.shape.rank());
            pick(inputs[0], shape, |to| {
                Some(array::from_fn(|axis| if axis < own.rank() && own[axis] > 1 { to[axis + lead] } else { 0 }))
            })
        }
        Primitive::Pad { axis, lo, interior, .. } => pick(inputs[0], shape, |to| {
            let (axis, step) = (usize::from(axis), interior + 1);
            let behind = to[axis].checked_sub(lo).filter(|behind| behind % step == 0)?;
            Some(with(to, axis, behind / step)).filter(|from| from[axis] < inputs[0].spec.shape[axis])
        }),
        Primitive::Slice { axis, start, step, .. } => {
            pick(inputs[0], shape, |to| Some(with(to, axis.into(), start + to[usize::from(axis)] * step)))
        }
        Primitive::Concat { axis } => concat(axis.into(), inputs, shape),
        Primitive::Gather { axis } => {
            let mut index = input(1);
            pick(inputs[0], shape, |to| {
                let place = index.next().map(|place| in_range("gather", place, &inputs[0].spec.shape, axis.into()));
                place.map(|place| with(to, axis.into(), place))
            })
        }
        Primitive::ScatterAdd { axis } => scatter_add(axis.into(), inputs, out),
        Primitive::Call(_) => unreachable!("composites are answered by their body"),
    }
}

fn unary(f: Unary, x: f64) -> f64 {
    match f {
        Unary::Neg => -x,
        Unary::Exp => libm::exp(x),
        Unary::Expm1 => libm::expm1(x),
        Unary::Log => libm::log(x),
        Unary::Log1p => libm::log1p(x),
        Unary::Sin => libm::sin(x),
        Unary::Cos => libm::cos(x),
        Unary::Sqrt => x.sqrt(),
        Unary::Tanh => libm::tanh(x),
        Unary::Sigmoid => 1.0 / (1.0 + libm::exp(-x)),
        Unary::Erf => libm::erf(x),
        Unary::Erfc => libm::erfc(x),
        Unary::Abs => x.abs(),
        Unary::Relu => {
            if x <= 0.0 {
                0.0
            } else {
                x
            }
        }
        Unary::Floor => x.floor(),
        Unary::Round => x.round_ties_even(),
    }
}

fn binary(f: Binary, dtype: DType, a: f64, b: f64) -> f64 {
    match (f, dtype) {
        (Binary::Add, DType::Index) => to_index(a).wrapping_add(to_index(b)).into(),
        (Binary::Sub, DType::Index) => to_index(a).wrapping_sub(to_index(b)).into(),
        (Binary::Mul, DType::Index) => to_index(a).wrapping_mul(to_index(b)).into(),
        (Binary::Add, _) => a + b,
        (Binary::Sub, _) => a - b,
        (Binary::Mul, _) => a * b,
        (Binary::Div, _) => a / b,
        (Binary::Pow, _) => libm::pow(a, b),
        (Binary::Atan2, _) => libm::atan2(a, b),
        (Binary::Max, _) => {
            if a > b || a.is_nan() {
                a
            } else {
                b
            }
        }
        (Binary::Min, _) => {
            if a < b || a.is_nan() {
                a
            } else {
                b
            }
        }
    }
}

fn compare(f: Compare, a: f64, b: f64) -> f64 {
    f64::from(u8::from(match f {
        Compare::Eq => a == b,
        Compare::Lt => a < b,
        Compare::Le => a <= b,
    }))
}

fn reduce(kind: Reduce, axes: Axes, x: &Array, out: &Spec) -> Vec<f64> {
    let (start, f) = match kind {
        Reduce::Sum | Reduce::Mean => (0.0, Binary::Add),
        Reduce::Max => (f64::NEG_INFINITY, Binary::Max),
        Reduce::Min => (f64::INFINITY, Binary::Min),
        Reduce::Prod => (1.0, Binary::Mul),
    };
    let mut y = vec![start; out.shape.elements()];
    for (from, &x) in places(&x.spec.shape).zip(&*x.numbers) {
        let kept = array::from_fn(|axis| if axes.contains(axis) { 0 } else { from[axis] });
        let slot = &mut y[offset(&out.shape, &kept)];
        *slot = binary(f, out.dtype, *slot, x);
    }
    if kind == Reduce::Mean {
        let count: usize = axes.iter().map(|axis| x.spec.shape[axis]).product();
        y.iter_mut().for_each(|y| *y /= to_f64(count));
    }
    y
}

fn arg_reduce(kind: ArgReduce, axis: usize, x: &Array, shape: &Shape) -> Vec<f64> {
    let beats = |new: f64, old: f64| match kind {
        _ if new.is_nan() || old.is_nan() => new.is_nan() && !old.is_nan(),
        ArgReduce::Max => new > old,
        ArgReduce::Min => new < old,
    };
    let best = |to: Place| {
        let at = |position: usize| x.numbers[offset(&x.spec.shape, &with(to, axis, position))];
        (1..x.spec.shape[axis]).fold(0, |best, next| if beats(at(next), at(best)) { next } else { best })
    };
    places(shape).map(|to| to_f64(best(to))).collect()
}

fn cumsum(axis: usize, reverse: bool, x: &Array, out: &Spec) -> Vec<f64> {
    let sum = |to: Place| {
        let within = if reverse { to[axis]..out.shape[axis] } else { 0..to[axis] + 1 };
        let terms = within.map(|position| x.numbers[offset(&out.shape, &with(to, axis, position))]);
        terms.fold(0.0, |sum, x| binary(Binary::Add, out.dtype, sum, x))
    };
    places(&out.shape).map(sum).collect()
}

fn argsort(descending: bool, x: &Array, shape: &Shape) -> Vec<f64> {
    let len = shape.extents().last().copied().unwrap_or(0).max(1);
    let sorted = |row: &[f64]| {
        let mut order: Vec<usize> = (0..row.len()).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = if descending { (row[b], row[a]) } else { (row[a], row[b]) };
            a.partial_cmp(&b).unwrap_or(a.is_nan().cmp(&b.is_nan()))
        });
        order.into_iter().map(to_f64).collect::<Vec<f64>>()
    };
    x.numbers.chunks(len).flat_map(sorted).collect()
}

fn matmul(a: &Array, b: &Array, shape: &Shape) -> Vec<f64> {
    let (row, column) = (shape.rank() - 2, shape.rank() - 1);
    let product = |to: Place, k: usize| {
        let left = a.numbers[offset(&a.spec.shape, &with(to, column, k))];
        left * b.numbers[offset(&b.spec.shape, &with(to, row, k))]
    };
    places(shape).map(|to| (0..a.spec.shape[column]).map(|k| product(to, k)).sum()).collect()
}

/// Adds up products of three, one for each cell of each window; `roles` says which of x, w and y inputs and result are.
fn convolve(window: &Window, groups: u32, roles: [usize; 3], inputs: &[&Array], shape: &Shape) -> Vec<f64> {
    let mut shapes = [*shape; 3];
    (shapes[roles[0]], shapes[roles[1]]) = (inputs[0].spec.shape, inputs[1].spec.shape);
    let [x, w, y] = shapes;
    let mut sums = vec![0.0; shape.elements()];
    for at_w in places(&w) {
        let channel = at_w[0] / (w[0] / groups as usize) * w[1] + at_w[1];
        for at_y in places(&y).filter(|at_y| at_y[1] == at_w[0]) {
            let cell = |axis: usize, slide: &Slide| slide.cell(at_y[axis], at_w[axis], x[axis]);
            let Some(at_x) = cells(window, with(at_y, 1, channel), 2, cell) else { continue };
            let at = [offset(&x, &at_x), offset(&w, &at_w), offset(&y, &at_y)];
            sums[at[roles[2]]] += inputs[0].numbers[at[roles[0]]] * inputs[1].numbers[at[roles[1]]];
        }
    }
    sums
}

/// The place of a cell: what `cell` says for the axes that windows slide over, which begin at `lead`.
fn cells(window: &Window, at: Place, lead: usize, cell: impl Fn(usize, &Slide) -> Option<usize>) -> Option<Place> {
    (lead..).zip(window.slides()).try_fold(at, |at, (axis, slide)| Some(with(at, axis, cell(axis, slide)?)))
}

/// The windows over `x` as `y` numbers them, each with the cells that it holds, in row-major order: offsets in both.
fn windows(window: &Window, x: &Shape, y: &Shape) -> Vec<(usize, usize)> {
    let (lead, mut held) = (x.rank() - window.rank(), Vec::new());
    let kernel = window.all().map(|slide| slide.kernel as usize);
    for (number, at) in places(y).enumerate() {
        for taps in places(&Shape::from(kernel)) {
            let cell = |axis: usize, slide: &Slide| slide.cell(at[axis], taps[axis + 3 - x.rank()], x[axis]);
            held.extend(cells(window, at, lead, cell).map(|at_x| (number, offset(x, &at_x))));
        }
    }
    held
}

fn window_arg_max(window: &Window, x: &Array, shape: &Shape) -> Vec<f64> {
    let mut best = vec![None; shape.elements()];
    for (number, at) in windows(window, &x.spec.shape, shape) {
        let beats = |old: usize| x.numbers[at] > x.numbers[old] || x.numbers[at].is_nan() && !x.numbers[old].is_nan();
        if best[number].is_none_or(beats) {
            best[number] = Some(at);
        }
    }
    let plane: usize = x.spec.shape.extents()[x.spec.shape.rank() - window.rank()..].iter().product();
    best.into_iter().flatten().map(|at| to_f64(at % plane)).collect()
}

fn concat(axis: usize, inputs: &[&Array], shape: &Shape) -> Vec<f64> {
    let value = |mut to: Place| {
        let mut parts = inputs.iter();
        loop {
            match parts.next() {
                Some(part) if to[axis] < part.spec.shape[axis] => return part.numbers[offset(&part.spec.shape, &to)],
                Some(part) => to[axis] -= part.spec.shape[axis],
                None => unreachable!("concat: the extent is the sum of the parts'"),
            }
        }
    };
    places(shape).map(value).collect()
}

fn scatter_add(axis: usize, inputs: &[&Array], out: &Spec) -> Vec<f64> {
    let [x, index, updates] = inputs else { unreachable!("scatter_add takes three inputs") };
    let mut y = x.numbers.to_vec();
    for ((from, &place), &update) in places(&index.spec.shape).zip(&*index.numbers).zip(&*updates.numbers) {
        let place = in_range("scatter_add", place, &out.shape, axis);
        let slot = &mut y[offset(&out.shape, &with(from, axis, place))];
        *slot = binary(Binary::Add, out.dtype, *slot, update);
    }
    y
}

/// Philox 4x32-10: Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*, SC 2011, section 3.3.
fn random_bits(key: &Array, len: usize, bits: u8) -> Vec<f64> {
    let key = [0, 1].map(|half| to_index(key.numbers[half]).cast_unsigned());
    let block = |number: u64| {
        let [low, high] = halves(number);
        let mut counter = [low, high, 0, 0];
        for round in 0..10_u32 {
            let [even, odd] =
                [(counter[0], 0xD251_1F53), (counter[2], 0xCD9E_8D57)].map(|(c, m)| halves(u64::from(c) * m));
            let bump = |k: u32, weyl: u32| k.wrapping_add(round.wrapping_mul(weyl));
            let keys = [bump(key[0], 0x9E37_79B9), bump(key[1], 0xBB67_AE85)];
            counter = [odd[1] ^ counter[1] ^ keys[0], odd[0], even[1] ^ counter[3] ^ keys[1], even[0]];
        }
        counter.map(|word| f64::from(word >> (32 - u32::from(bits))))
    };
    (0..).flat_map(block).take(len).collect()
}

/// The low and the high word.
#[expect(clippy::cast_possible_truncation, reason = "the halves of 64 bits")]
fn halves(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

/// A position along each axis; 0 beyond the rank.
type Place = [usize; MAX_RANK];

fn with(mut place: Place, axis: usize, position: usize) -> Place {
    place[axis] = position;
    place
}

/// All places of a shape in row-major order.
fn places(shape: &Shape) -> impl Iterator<Item = Place> {
    let shape = *shape;
    (0..shape.elements()).map(move |mut rest| {
        let mut place = [0; MAX_RANK];
        for axis in (0..shape.rank()).rev() {
            (place[axis], rest) = (rest % shape[axis], rest / shape[axis]);
        }
        place
    })
}

/// Where the element in this place stands in row-major order.
fn offset(shape: &Shape, place: &Place) -> usize {
    shape.extents().iter().zip(place).fold(0, |offset, (extent, position)| offset * extent + position)
}

/// The elements of `x` that stand in the places `from(to)`, for each place `to` of the result; 0 where there is none.
fn pick(x: &Array, shape: &Shape, mut from: impl FnMut(Place) -> Option<Place>) -> Vec<f64> {
    places(shape).map(|to| from(to).map_or(0.0, |from| x.numbers[offset(&x.spec.shape, &from)])).collect()
}

/// The index as a position on the axis; what is out of range is known only now, and panics.
fn in_range(op: &str, index: f64, shape: &Shape, axis: usize) -> usize {
    match usize::try_from(to_index(index)) {
        Ok(position) if position < shape[axis] => position,
        _ => panic!("{op}: index {index} is out of range for axis {axis} of extent {}", shape[axis]),
    }
}

/// Cut towards zero; saturates, and NaN is 0: what Rust's `as` does.
#[expect(clippy::cast_possible_truncation, reason = "cutting is what is asked for")]
fn to_index(x: f64) -> i32 {
    x as i32
}

#[expect(clippy::cast_precision_loss, reason = "no tensor here has 2^53 elements")]
fn to_f64(count: usize) -> f64 {
    count as f64
}
