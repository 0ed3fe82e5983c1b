//! Composites, by a kernel of the backend's own or by their bodies.

use alloc::format;
use alloc::vec::Vec;

use autodiff_core::{Autodiff, Axes, Backend, Composite, DType, Primitive, Scalar, Shape, Spec, Tensor};

use crate::failure::Outcome;
use crate::grid::{FLOATS, shapes};
use crate::host::Host;
use crate::reference::Exact;
use crate::subject::Subject;
use crate::tolerance::Tolerance;

/// All composites of one input, along every axis of a shape.
pub(crate) fn of_shape(shape: &Shape) -> Vec<Composite> {
    let mut all = Vec::from([Composite::Softplus, Composite::Gelu]);
    all.extend(normalizations(Axes::all(shape.rank()), 0.5));
    for axis in (0_u8..).take(shape.rank()) {
        all.extend([Composite::Softmax { axis }, Composite::LogSoftmax { axis }, Composite::LogSumExp { axis }]);
        all.extend(normalizations(Axes::one(axis.into()), 0.25));
        // As batches are: the rows lie among each other.
        let others = (0..shape.rank()).filter(|&other| other != axis.into()).fold(Axes::default(), Axes::with);
        all.extend(normalizations(others, 0.25));
    }
    all
}

fn normalizations(axes: Axes, eps: f64) -> [Composite; 2] {
    let eps = Scalar::new(eps);
    [Composite::Standardize { axes, eps }, Composite::RmsNorm { axes, eps }]
}

/// The layer norm along the last `rank` axes of a tensor.
pub(crate) fn layer_norm(x: &Host, rank: usize) -> (Primitive, Vec<Host>) {
    let shape = Shape::new(&x.spec.shape.extents()[x.spec.shape.rank() - rank..]);
    let [weight, bias] = [15, 16].map(|seed| Host::spread(seed, shape, -2.0, 2.0).cast(x.spec.dtype));
    (Primitive::Call(Composite::LayerNorm { eps: Scalar::new(0.25) }), Vec::from([x.clone(), weight, bias]))
}

/// A product of so many rows, summands and columns, in two batches, and what it is added to.
pub(crate) fn add_matmul([m, k, n]: [usize; 3]) -> (Primitive, Vec<Host>) {
    let shapes = [[2, m, n], [2, m, k], [2, k, n]];
    let inputs = (20..).zip(shapes).map(|(seed, shape)| Host::spread(seed, shape, -2.0, 2.0)).collect();
    (Primitive::Call(Composite::AddMatMul), inputs)
}

/// Attention over `queries`, `keys` and widths, in two batches, with a mask or without.
pub(crate) fn attention(sizes: [usize; 4], causal: bool, mask: Option<&[f64]>) -> (Primitive, Vec<Host>) {
    let [queries, keys, width, value_width] = sizes;
    let mut inputs = Vec::from([
        Host::spread(12, [2, queries, width], -1.5, 1.5),
        Host::spread(13, [2, keys, width], -1.5, 1.5),
        Host::spread(14, [2, keys, value_width], -1.5, 1.5),
    ]);
    inputs.extend(mask.map(|mask| Host::new(mask, [2, queries, keys])));
    let scale = causal.then_some(Scalar::new(0.75));
    (Primitive::Call(Composite::Attention { causal, scale }), inputs)
}

fn check<B: Backend>(subject: &Subject<B>, x: &Host) -> Outcome {
    for composite in of_shape(&x.spec.shape) {
        subject.check(&Primitive::Call(composite), core::slice::from_ref(x))?;
    }
    for rank in 0..=x.spec.shape.rank() {
        let (op, inputs) = layer_norm(x, rank);
        subject.check(&op, &inputs)?;
    }
    Ok(())
}

/// Along every axis of tensors of every rank, and of no elements.
pub fn of_every_shape<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_every_shape::<B>, device);
    for shape in shapes() {
        check(&subject, &Host::spread(1, shape, -4.0, 4.0))?;
    }
    check(&subject, &Host::spread(2, [3, 101], -8.0, 8.0))
}

/// Finite and accurate at a thousand and beyond, where exponentials overflow.
pub fn of_large_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_large_numbers::<B>, device);
    for size in [30.0, 1e3, 3e4] {
        check(&subject, &Host::spread(3, [5, 7], -size, size))?;
        check(&subject, &Host::spread(3, [5, 7], size, 1.5 * size))?;
        check(&subject, &Host::spread(3, [5, 7], -1.5 * size, -size))?;
        let x = subject.put(&Host::spread(4, [5, 7], -size, size));
        let finite = [x.softmax(1), x.log_softmax(0), x.logsumexp(1), x.softplus(), x.log_sigmoid(), x.sigmoid()];
        for y in finite {
            let found = y.to_data().to_f64();
            let holds = found.iter().all(|y| y.is_finite());
            subject.hold(&format!("numbers up to {size}"), holds, format!("{found:?}"), "finite numbers")?;
        }
    }
    Ok(())
}

/// Entries of minus infinity count for nothing, as masks need; of nothing but them there is no softmax.
pub fn of_infinities<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_infinities::<B>, device);
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    check(&subject, &Host::new(&[1.0, -inf, 2.0, -inf, -inf, 0.5], [2, 3]))?;
    check(&subject, &Host::new(&[-inf, -inf, -inf, nan, 1.0, 2.0], [2, 3]))?;
    check(&subject, &Host::new(&[inf, 1.0, -inf, 3.0, nan, -inf], [2, 3]))
}

/// Half precision as storage beside the element; of more elements than f16 can count, too.
pub fn in_every_format<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(in_every_format::<B>, device);
    for dtype in FLOATS {
        check(&subject, &Host::spread(5, [3, 5], -3.0, 3.0).cast(dtype))?;
    }
    beyond_a_half(&subject)
}

/// 131,072 halves, every other one 0 and -1: the sum of their exponentials is beyond the end of f16.
fn beyond_a_half<B: Backend>(subject: &Subject<B>) -> Outcome {
    let values: Vec<f64> = [0.0, -1.0].into_iter().cycle().take(131_072).collect();
    let log_sum = libm::log(65_536.0 * (1.0 + libm::exp(-1.0)));
    let x = Host::new(&values, [131_072]).cast(DType::F16);
    let logs: Vec<f64> = values.iter().map(|x| x - log_sum).collect();
    let expected = [
        (Composite::Softmax { axis: 0 }, logs.iter().map(|&log| libm::exp(log)).collect()),
        (Composite::LogSoftmax { axis: 0 }, logs),
        (Composite::LogSumExp { axis: 0 }, Vec::from([log_sum])),
    ];
    for (composite, exact) in expected {
        let op = Primitive::Call(composite);
        let out = subject.infer(&op, core::slice::from_ref(&x))?;
        let (label, found) = (format!("{} of 131,072 halves", op.name()), subject.apply(&op, &[subject.put(&x)], &out));
        subject.compare(&|| label.clone(), &found, &out, &Exact::new(exact), Tolerance::of(&op, out.dtype))?;
    }
    Ok(())
}

/// One loss a row, of the label's class; of every rank, and finite for a class of hardly any probability.
pub fn cross_entropy<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(cross_entropy::<B>, device);
    let op = Primitive::Call(Composite::CrossEntropy);
    for shape in [&[4][..], &[3, 5], &[2, 3, 4], &[1, 1], &[0, 3]] {
        let shape = Shape::new(shape);
        let last = shape.rank() - 1;
        let rows = Shape::new(&shape.extents()[..last]);
        let classes = i32::try_from(shape[last]).unwrap_or(1);
        let labels: Vec<i32> = (0..).map(|row| (row * 2 + 1) % classes).take(rows.elements()).collect();
        let labels = Host::index(&labels, rows);
        for dtype in FLOATS {
            subject.check(&op, &[Host::spread(6, shape, -3.0, 3.0).cast(dtype), labels.clone()])?;
        }
        subject.check(&op, &[Host::spread(7, shape, -1e3, 1e3), labels.clone()])?;
        subject.check(&op, &[Host::spread(8, shape, -3e4, 3e4), labels])?;
    }
    Ok(())
}

/// A mean far larger than the spread takes no digits from what is left, an eps only counts beside a small variance, and no
/// square of a half overflows.
pub fn normalize<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(normalize::<B>, device);
    for composite in normalizations(Axes::one(1), 1e-5) {
        let check = |x: &Host| subject.check(&Primitive::Call(composite), core::slice::from_ref(x));
        for dtype in FLOATS {
            check(&Host::spread(15, [3, 7], -2.0, 2.0).cast(dtype))?;
            check(&Host::spread(16, [2, 5], 1000.0, 1004.0).cast(dtype))?;
            check(&Host::spread(17, [2, 5], -3e4, 3e4).cast(dtype))?;
            check(&Host::new(&[7.0, 7.0, 7.0, 0.0, 0.0, 0.0], [2, 3]).cast(dtype))?;
        }
        check(&Host::spread(18, [2, 300], -1.0, 1.0))?;
    }
    normalizations(Axes::one(1), 0.0).into_iter().try_for_each(|composite| scaled_slopes(&subject, composite))
}

/// Without an eps the slopes at numbers a thousand times as large, whose squares may overflow, are a thousandth.
fn scaled_slopes<B: Backend>(subject: &Subject<B>, composite: Composite) -> Outcome {
    let put = |seed, scale: f64| {
        let host = Host::spread(seed, [2, 5], -8.0, 8.0).rounded::<B::Elem>();
        subject.put(&Host { values: host.values.iter().map(|x| x * scale).collect(), ..host })
    };
    let slopes = |scale| {
        let x = Tensor::<Autodiff<B>>::variable(put(30, scale));
        let y = Tensor::call(&Primitive::Call(composite), &[&x]);
        y.grad_with(&[&x], put(31, scale)).remove(0)
    };
    match [slopes(1.0), slopes(1024.0)] {
        [Some(slopes), Some(scaled)] => agree(subject, composite.name(), &scaled, &slopes),
        _ => Err(subject.failure(composite.name().into(), 0, "no gradient", "a gradient")),
    }
}

/// Attention of every size, masked in both ways; a row that sees nothing is NaN, and a weight that underflows is 0.
pub fn attend<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(attend::<B>, device);
    let inf = f64::INFINITY;
    let added: Vec<f64> = Host::spread(19, [2, 3, 4], -2.0, 2.0).values;
    let mut hiding = added.clone();
    [0, 5, 6, 7, 20, 21, 22, 23].iter().for_each(|&at| hiding[at] = -inf);
    for causal in [false, true] {
        for sizes in [[3, 4, 2, 5], [4, 3, 2, 1], [1, 1, 1, 1], [3, 1, 2, 2], [0, 2, 2, 2], [2, 0, 2, 3], [2, 2, 0, 3]]
        {
            let (op, inputs) = attention(sizes, causal, None);
            subject.check(&op, &inputs)?;
        }
        for mask in [&added, &hiding] {
            let (op, inputs) = attention([3, 4, 2, 3], causal, Some(mask));
            for dtype in FLOATS {
                let inputs: Vec<Host> = inputs.iter().map(|input| input.clone().cast(dtype)).collect();
                subject.check(&op, &inputs)?;
            }
        }
    }
    let (op, mut inputs) = attention([2, 3, 1, 1], true, None);
    inputs[0] = Host::new(&[100.0; 4], [2, 2, 1]);
    subject.check(&op, &inputs)
}

/// Products added to what is there, of every size and format; a sum without products is what is there.
pub fn add_products<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(add_products::<B>, device);
    for sizes in [[3, 4, 2], [1, 1, 1], [2, 0, 3], [0, 2, 2], [5, 67, 33]] {
        let (op, inputs) = add_matmul(sizes);
        for dtype in FLOATS {
            subject.check(&op, &inputs.iter().map(|input| input.clone().cast(dtype)).collect::<Vec<_>>())?;
        }
    }
    Ok(())
}

/// What a fused kernel answers is what the body means.
pub fn as_their_bodies<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(as_their_bodies::<B>, device);
    let shape = Shape::from([3, 5, 2]);
    let x = Host::spread(9, shape, -3.0, 3.0);
    for composite in of_shape(&shape) {
        let op = Primitive::Call(composite);
        let out = subject.infer(&op, core::slice::from_ref(&x))?;
        let found = subject.apply(&op, &[subject.put(&x)], &out);
        let body = composite.body(&[subject.put(&x)]);
        agree(&subject, composite.name(), &found, &body)?;
    }
    let (op, inputs) = layer_norm(&x, 2);
    let tensors: Vec<_> = inputs.iter().map(|host| subject.put(host)).collect();
    let body = Composite::LayerNorm { eps: Scalar::new(0.25) }.body(&tensors);
    agree(&subject, "layer_norm", &subject.apply(&op, &tensors, &x.spec), &body)?;
    let (op, inputs) = attention([3, 2, 2, 2], true, None);
    let (out, tensors) =
        (subject.infer(&op, &inputs)?, inputs.iter().map(|host| subject.put(host)).collect::<Vec<_>>());
    let body = Composite::Attention { causal: true, scale: Some(Scalar::new(0.75)) }.body(&tensors);
    agree(&subject, "attention", &subject.apply(&op, &tensors, &out), &body)?;
    let (op, inputs) = add_matmul([3, 4, 2]);
    let tensors: Vec<_> = inputs.iter().map(|host| subject.put(host)).collect();
    let found = subject.apply(&op, &tensors, &inputs[0].spec);
    agree(&subject, "addmm", &found, &Composite::AddMatMul.body(&tensors))?;
    let (x, labels) = (Host::spread(10, [2, 2, 3], -3.0, 3.0), Host::index(&[0, 2, 1, 2], [2, 2]));
    let inputs = [subject.put(&x), subject.put(&labels)];
    let found = subject.apply(&Primitive::Call(Composite::CrossEntropy), &inputs, &Spec::elem([2, 2]));
    agree(&subject, "cross_entropy", &found, &Composite::CrossEntropy.body(&inputs))
}

/// The functions that are a formula of primitives, not a composite.
pub fn formulas<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(formulas::<B>, device);
    let host = Host::spread(11, [40], -3.0, 3.0).rounded::<B::Elem>();
    let x = subject.put(&host);
    let check = |name: &str, found: Tensor<B>, f: fn(f64) -> f64| {
        let exact = Exact::new(host.values.iter().map(|&x| f(x)).collect());
        subject.compare(&|| name.into(), &found, &host.spec, &exact, Tolerance::Program)
    };
    check("square", x.square(), |x| x * x)?;
    check("recip", x.recip(), |x| 1.0 / x)?;
    check("silu", x.silu(), |x| x / (1.0 + libm::exp(-x)))?;
    check("gelu", x.gelu(), |x| x * (libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2) / 2.0))?;
    check("log_sigmoid", x.log_sigmoid(), |x| -libm::log1p(libm::exp(-x)))
}

/// Two ways to one result, within the tolerance of programs.
pub(crate) fn agree<B: Backend>(subject: &Subject<B>, label: &str, found: &Tensor<B>, expected: &Tensor<B>) -> Outcome {
    let values = expected.to_data().to_f64();
    let largest = values.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    let exact = Exact { scale: alloc::vec![largest; values.len()], values };
    let out = Spec { dtype: expected.dtype(), shape: expected.shape() };
    let tolerance = if out.dtype == DType::Index { Tolerance::Exact } else { Tolerance::Program };
    subject.compare(&|| label.into(), found, &out, &exact, tolerance)
}
