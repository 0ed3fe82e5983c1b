//! Changes of shape and order, parts and their composition, and chains of them.

use alloc::vec::Vec;

use autodiff_core::{Axes, Backend, DType, Order, Primitive, Reduce, Shape, Unary};

use crate::failure::Outcome;
use crate::grid::{FORMATS, SPECIAL, shapes, subsets};
use crate::host::Host;
use crate::reference;
use crate::subject::{Layout, Subject, describe};
use crate::tolerance::Tolerance;

/// Numbers that every format holds.
fn whole(seed: u32, shape: impl Into<Shape>, dtype: DType) -> Host {
    Host::whole(seed, Host::spread(seed, shape, 0.0, 1.0).cast(dtype).spec, 90)
}

/// The order of elements stays, of views too.
pub fn reshape<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(reshape::<B>, device);
    let shapes: [&[usize]; 9] =
        [&[24], &[2, 12], &[4, 6], &[1, 24], &[2, 3, 4], &[4, 1, 3, 2], &[1; 0], &[0, 5], &[2, 1, 2, 1, 3, 1, 2, 1]];
    for from in shapes.map(Shape::new) {
        for shape in shapes.map(Shape::new).into_iter().chain([Shape::from([1, 1]), Shape::from([7, 0])]) {
            if shape.elements() == from.elements() {
                subject.check(&Primitive::Reshape { shape }, &[whole(1, from, DType::Elem)])?;
            }
        }
    }
    Ok(())
}

/// All orders of so many axes.
fn orders(rank: usize) -> Vec<Vec<usize>> {
    let longer = |orders: Vec<Vec<usize>>, _| {
        let extend = |order: &Vec<usize>, axis| [order.as_slice(), &[axis]].concat();
        let with = |order: Vec<usize>| {
            let unused: Vec<usize> = (0..rank).filter(|axis| !order.contains(axis)).collect();
            unused.into_iter().map(move |axis| extend(&order, axis))
        };
        orders.into_iter().flat_map(with).collect()
    };
    (0..rank).fold(Vec::from([Vec::new()]), longer)
}

/// All orders of up to four axes, and some of more.
pub fn permute<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(permute::<B>, device);
    for shape in shapes() {
        let rank = shape.rank();
        let rotated = (0..rank).map(|axis| (axis + 3) % rank).collect();
        let some = Vec::from([rotated, (0..rank).rev().collect()]);
        for order in if rank <= 4 { orders(rank) } else { some } {
            let Some(order) = Order::try_new(&order) else { unreachable!("every axis is named once") };
            subject.check(&Primitive::Permute { order }, &[whole(2, shape, DType::Elem)])?;
        }
    }
    Ok(())
}

/// All sets of axes.
pub fn flip<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(flip::<B>, device);
    for shape in shapes().into_iter().filter(|shape| shape.rank() < 6) {
        for axes in subsets(shape.rank()) {
            subject.check(&Primitive::Flip { axes }, &[whole(4, shape, DType::Elem)])?;
        }
    }
    Ok(())
}

/// Axes of extent 1 stretch, also to nothing; missing ones come in front.
pub fn broadcast<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(broadcast::<B>, device);
    let cases: [(&[usize], &[usize]); 11] = [
        (&[], &[]),
        (&[], &[3]),
        (&[], &[0, 2]),
        (&[1], &[5]),
        (&[1], &[0]),
        (&[3], &[2, 3]),
        (&[3, 1], &[3, 4]),
        (&[1, 4], &[3, 4]),
        (&[2, 1, 3], &[2, 2, 2, 3]),
        (&[1, 1], &[2, 3, 5]),
        (&[2, 1, 1, 3], &[1, 2, 1, 2, 2, 2, 2, 3]),
    ];
    for (from, to) in cases {
        let op = Primitive::Broadcast { shape: Shape::new(to) };
        subject.check(&op, &[whole(5, Shape::new(from), DType::Elem)])?;
    }
    Ok(())
}

/// All ranges and steps of a short axis, in each place of the shape.
pub fn slice<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(slice::<B>, device);
    for (axis, shape) in [(0, [5, 2, 3]), (1, [2, 5, 3]), (2, [2, 3, 5])] {
        for start in 0..=5 {
            for stop in start..=5 {
                for step in [1, 2, 3, 7] {
                    subject.check(&Primitive::Slice { axis, start, stop, step }, &[whole(6, shape, DType::Elem)])?;
                }
            }
        }
    }
    subject.check(&Primitive::Slice { axis: 1, start: 0, stop: 0, step: 1 }, &[whole(6, [3, 0], DType::Elem)])
}

/// Zeros before, after and between, also around nothing.
pub fn pad<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(pad::<B>, device);
    for shape in [[3, 2], [2, 3], [1, 4], [0, 3], [3, 0]] {
        for axis in [0, 1] {
            for (lo, hi, interior) in [(0, 0, 0), (2, 0, 0), (0, 3, 0), (1, 1, 1), (0, 0, 2), (3, 2, 4)] {
                subject.check(&Primitive::Pad { axis, lo, hi, interior }, &[whole(7, shape, DType::Elem)])?;
            }
        }
    }
    subject.check(&Primitive::Pad { axis: 0, lo: 1, hi: 1, interior: 1 }, &[Host::vector(&SPECIAL)])
}

/// One part, several, empty ones; along each axis.
pub fn concat<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(concat::<B>, device);
    for axis in 0..3_u8 {
        for extents in [&[2][..], &[2, 3], &[1, 0, 2], &[0, 0], &[1, 2, 3, 4, 1]] {
            let part = |(seed, &extent): (u32, &usize)| {
                whole(seed, Shape::from([2, 3, 2]).with(axis.into(), extent), DType::Elem)
            };
            let parts: Vec<Host> = (0..).zip(extents).map(part).collect();
            subject.check(&Primitive::Concat { axis }, &parts)?;
        }
    }
    Ok(())
}

/// All of them, for half precision and indices.
pub fn in_every_format<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(in_every_format::<B>, device);
    for dtype in FORMATS {
        let x = whole(8, [2, 3, 4], dtype);
        for op in chain() {
            if op.infer(&[x.spec]).is_ok() {
                subject.check(&op, core::slice::from_ref(&x))?;
            }
        }
        subject.check(&Primitive::Concat { axis: 1 }, &[x.clone(), whole(9, [2, 2, 4], dtype), x])?;
    }
    Ok(())
}

/// Infinities, NaN and the signs of zeros are moved like any number.
pub fn of_special_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_special_numbers::<B>, device);
    let x = Host::new(&SPECIAL, [2, 11]);
    let order = Order::try_new(&[1, 0]).unwrap_or_else(|| unreachable!("every axis is named once"));
    for op in [
        Primitive::Reshape { shape: Shape::from([11, 2]) },
        Primitive::Permute { order },
        Primitive::Flip { axes: Axes::all(2) },
        Primitive::Broadcast { shape: Shape::from([2, 2, 11]) },
        Primitive::Pad { axis: 1, lo: 1, hi: 2, interior: 1 },
        Primitive::Slice { axis: 1, start: 1, stop: 10, step: 3 },
        Primitive::Concat { axis: 0 },
        Primitive::Barrier,
    ] {
        let inputs = [x.clone(), x.clone()];
        let arity = if matches!(op, Primitive::Concat { .. } | Primitive::Barrier) { 2 } else { 1 };
        subject.check(&op, &inputs[..arity])?;
    }
    Ok(())
}

/// A barrier passes the value on, whatever the token.
pub fn barrier<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(barrier::<B>, device);
    for shape in shapes() {
        for dtype in FORMATS {
            subject.check(&Primitive::Barrier, &[whole(1, shape, dtype), Host::index(&[3, 4], [2])])?;
        }
    }
    Ok(())
}

/// Movements one after another, each a view of the one before it where the backend has views.
fn chain() -> [Primitive; 12] {
    let order = |axes: &[usize]| Order::try_new(axes).unwrap_or_else(|| unreachable!("every axis is named once"));
    [
        Primitive::Permute { order: order(&[2, 0, 1]) },
        Primitive::Slice { axis: 0, start: 1, stop: 4, step: 2 },
        Primitive::Flip { axes: Axes::one(2) },
        Primitive::Broadcast { shape: Shape::from([3, 2, 2, 3]) },
        Primitive::Permute { order: order(&[1, 3, 0, 2]) },
        Primitive::Slice { axis: 1, start: 0, stop: 3, step: 2 },
        Primitive::Reshape { shape: Shape::from([4, 6]) },
        Primitive::Flip { axes: Axes::all(2) },
        Primitive::Pad { axis: 1, lo: 1, hi: 0, interior: 1 },
        Primitive::Permute { order: order(&[1, 0]) },
        Primitive::Slice { axis: 0, start: 1, stop: 12, step: 3 },
        Primitive::Reshape { shape: Shape::from([2, 2, 2, 2]) },
    ]
}

/// After each movement of a chain the elements are right, and so is what is computed of them.
pub fn chains_of_views<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(chains_of_views::<B>, device);
    for layout in Layout::ALL {
        let mut host = whole(10, [2, 3, 4], DType::Elem);
        let mut tensor = subject.put_as(&host, layout);
        for op in chain() {
            let out = subject.infer(&op, core::slice::from_ref(&host))?;
            let exact = reference::apply(&op, &[&host], &out);
            tensor = subject.apply(&op, &[tensor], &out);
            subject.compare(
                &|| describe(&op, core::slice::from_ref(&host), None),
                &tensor,
                &out,
                &exact,
                Tolerance::Moved,
            )?;
            host = Host { spec: out, values: exact.values };
            for next in [
                Primitive::Unary(Unary::Neg),
                Primitive::Reduce { kind: Reduce::Sum, axes: Axes::one(0) },
                Primitive::Reduce { kind: Reduce::Max, axes: Axes::one(1) },
            ] {
                let out = subject.infer(&next, core::slice::from_ref(&host))?;
                let exact = reference::apply(&next, &[&host], &out);
                let found = subject.apply(&next, core::slice::from_ref(&tensor), &out);
                let label = || describe(&next, core::slice::from_ref(&host), Some(layout));
                subject.compare(&label, &found, &out, &exact, Tolerance::of(&next, out.dtype))?;
            }
        }
    }
    Ok(())
}

/// On a diagonal and to one side of it, far beyond the corners too; the other side is 0 whatever it was.
pub fn triangles<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(triangles::<B>, device);
    for shape in [&[3, 5][..], &[4, 2], &[2, 3, 3], &[1, 1], &[0, 3], &[2, 0]].map(Shape::new) {
        for diagonal in [0, 1, -1, 3, -2, 9, -9, isize::MAX, isize::MIN] {
            let x = whole(11, shape, DType::F16);
            let (rows, columns) = (shape[shape.rank() - 2], shape[shape.rank() - 1]);
            let place = |at: usize| ((at / columns % rows).cast_signed(), (at % columns).cast_signed());
            let below = |at: usize| place(at).1.saturating_sub(place(at).0) <= diagonal;
            let above = |at: usize| place(at).1.saturating_sub(place(at).0) >= diagonal;
            let cut = |keeps: &dyn Fn(usize) -> bool, other: f64| {
                let values = x.values.iter().enumerate().map(|(at, &x)| if keeps(at) { x } else { other });
                Host { spec: x.spec, values: values.collect() }
            };
            for (keeps, spoilt) in [(&below as &dyn Fn(usize) -> bool, f64::NAN), (&above, f64::NEG_INFINITY)] {
                let (input, expected) = (subject.put(&cut(keeps, spoilt)), cut(keeps, 0.0));
                let found = if spoilt.is_nan() { input.tril(diagonal) } else { input.triu(diagonal) };
                subject.equal("a triangle", &found, &expected)?;
            }
        }
    }
    let mask = Host::new(&[1.0, 1.0, 0.0, 1.0, 1.0, 1.0], [2, 3]);
    subject.equal("tri", &autodiff_core::Tensor::<B>::tri(2, 3, 1, &subject.device), &mask)
}
