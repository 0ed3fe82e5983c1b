//! Functions of elements in one pass against the same functions one after another, to the bit.

use autodiff_core::{Binary, Compare, Primitive, Shape, Unary, bf16, f16};
use backend_cpu::{FusedArg, FusedOp, Kernels, Layout, View};

use crate::samples::{alone_and_shared, elements, fraction, layouts, same, special};
use crate::{K, Tested};

/// Around the sizes of a chunk, of a piece of strided operands, and of a thread's part.
const SHAPES: [&[usize]; 12] =
    [&[], &[0], &[3, 0], &[1], &[127], &[128], &[5, 129], &[3, 1], &[17, 128], &[2049, 3], &[2, 3, 2050], &[70_000]];

fn functions() -> Vec<Primitive> {
    let unary = Unary::ALL.map(Primitive::Unary);
    let binary = Binary::ALL.map(Primitive::Binary);
    let compare = [Compare::Eq, Compare::Lt, Compare::Le].map(Primitive::Compare);
    unary.into_iter().chain(binary).chain(compare).chain([Primitive::Select]).collect()
}

/// `f` of operands and of a result, and a result of both, so that each kind of argument is read in each place.
fn expression(function: Primitive, turn: usize) -> [FusedOp; 4] {
    let args = |places: [usize; 3]| {
        places.map(|place| if place < 3 { FusedArg::Operand(place) } else { FusedArg::Result(place - 3) })
    };
    let add = Primitive::Binary(Binary::Add);
    let mut first = [0, 1, 2];
    first.rotate_left(turn);
    [
        FusedOp { function, args: args(first) },
        FusedOp { function: add, args: args([3, (turn + 1) % 3, 0]) },
        FusedOp { function, args: args([4, turn % 3, 3]) },
        FusedOp { function: add, args: args([5, 3, 0]) },
    ]
}

fn one_by_one<T: Tested>(ops: &[FusedOp], operands: [View<'_, T>; 3], shape: Shape) -> Vec<T> {
    let plain = Layout::contiguous(shape);
    let mut results: Vec<Vec<T>> = Vec::new();
    for op in ops {
        let mut out = vec![T::zero(); shape.elements()];
        let [a, b, c] = op.args.map(|arg| match arg {
            FusedArg::Operand(place) => operands[place],
            // What is behind the last argument may not be there.
            FusedArg::Result(number) => results.get(number).map_or(operands[0], |result| View::new(result, &plain)),
        });
        match op.function {
            Primitive::Unary(f) => K::<T>::unary(f, a, &mut out),
            Primitive::Binary(f) => K::<T>::binary(f, a, b, &mut out),
            Primitive::Compare(f) => K::<T>::compare(f, a, b, &mut out),
            _ => K::<T>::select(a, b, c, &mut out),
        }
        results.push(out);
    }
    results.pop().unwrap()
}

fn in_one_pass<T: Tested>() {
    for (number, function) in functions().into_iter().enumerate() {
        let ops = expression(function, number % 3);
        let shape = SHAPES[number % SHAPES.len()];
        every_layout::<T>(&ops, shape, number);
    }
    for shape in SHAPES {
        every_layout::<T>(&expression(Primitive::Binary(Binary::Mul), 0), shape, 0);
    }
}

fn every_layout<T: Tested>(ops: &[FusedOp], shape: &[usize], number: usize) {
    let all = layouts(shape);
    let data = [
        elements::<T>(shape, fraction),
        elements(shape, special),
        elements(shape, |seed| fraction(seed.rotate_left(5))),
    ];
    for (first, second) in all.iter().flat_map(|a| all.iter().map(move |b| (a, b))) {
        let plain = Layout::contiguous(Shape::new(shape));
        let [x, y, z] = [(0, first), (1, second), (2, &plain)].map(|(n, layout)| View::new(&data[n][..], layout));
        let expected = one_by_one(ops, [x, y, z], Shape::new(shape));
        let what = format!("{ops:?} of {shape:?}, {first:?}, {second:?}, number {number}");
        alone_and_shared(|| {
            let mut out = vec![T::zero(); expected.len()];
            K::<T>::fused(ops, &[Some(x), Some(y), Some(z)], &mut out);
            same(&out, &expected, &what);
            out.copy_from_slice(z.as_slice().unwrap());
            K::<T>::fused(ops, &[Some(x), Some(y), None], &mut out);
            same(&out, &expected, &what);
        });
    }
}

#[test]
fn in_f32() {
    in_one_pass::<f32>();
}

#[test]
fn in_f64() {
    in_one_pass::<f64>();
}

#[test]
fn in_halves() {
    in_one_pass::<f16>();
    in_one_pass::<bf16>();
}
