//! Running sums, sorted orders, and what is made of them.

use alloc::vec::Vec;

use autodiff_core::{Backend, DType, Index, Primitive};

use crate::failure::Outcome;
use crate::grid::{FLOATS, FORMATS, SPECIAL, shapes};
use crate::host::Host;
use crate::subject::Subject;

fn sums<B: Backend>(subject: &Subject<B>, x: &Host) -> Outcome {
    for (axis, _) in (0_u8..).zip(x.spec.shape.extents()) {
        for reverse in [false, true] {
            subject.check(&Primitive::CumSum { axis, reverse }, core::slice::from_ref(x))?;
        }
    }
    Ok(())
}

/// From both ends, along every axis of tensors of every rank, in every format.
pub fn running_sums<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(running_sums::<B>, device);
    for shape in shapes() {
        sums(&subject, &Host::spread(1, shape, -3.0, 5.0))?;
    }
    for dtype in FORMATS {
        let spec = Host::spread(2, [5, 7], 0.0, 1.0).cast(dtype).spec;
        sums(&subject, &Host::whole(2, spec, 50))?;
    }
    sums(&subject, &Host::index(&[i32::MAX, 1, -5, i32::MIN, i32::MIN, 7], [3, 2]))
}

/// Of many terms, those of halves carried in `f32`; infinities and NaN stay from where they occur.
pub fn running_sums_of_many_and_special_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(running_sums_of_many_and_special_numbers::<B>, device);
    for dtype in FLOATS {
        sums(&subject, &Host::vector(&alloc::vec![1.0; 2503]).cast(dtype))?;
        sums(&subject, &Host::spread(3, [307], -1.0, 3.0).cast(dtype))?;
    }
    let rows: Vec<f64> = SPECIAL.into_iter().flat_map(|x| [1.0, x, -2.0, x.min(0.0)]).collect();
    sums(&subject, &Host::new(&rows, [SPECIAL.len(), 4]))
}

fn orders<B: Backend>(subject: &Subject<B>, x: &Host) -> Outcome {
    for descending in [false, true] {
        subject.check(&Primitive::ArgSort { descending }, core::slice::from_ref(x))?;
    }
    Ok(())
}

/// Both directions, of tensors of every rank, of one element and of none, in every format.
pub fn sorted_orders<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(sorted_orders::<B>, device);
    for shape in shapes().into_iter().filter(|shape| shape.rank() > 0) {
        orders(&subject, &Host::spread(4, shape, -3.0, 3.0))?;
    }
    for dtype in FORMATS {
        let spec = Host::spread(5, [3, 61], 0.0, 1.0).cast(dtype).spec;
        orders(&subject, &Host::whole(5, spec, 90))?;
    }
    orders(&subject, &Host::index(&[i32::MAX, i32::MIN, 0, i32::MIN, -1, i32::MAX], [6]))
}

/// Equal elements stay in their order in both directions, zeros of either sign among them; NaN is the largest.
pub fn sorted_orders_of_ties<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(sorted_orders_of_ties::<B>, device);
    orders(&subject, &Host::vector(&SPECIAL))?;
    orders(&subject, &Host::vector(&[SPECIAL, SPECIAL].concat()))?;
    // Whole numbers in a small range have many ties; long rows are sorted otherwise than short ones.
    for dtype in FORMATS {
        orders(&subject, &Host::whole(6, Host::spread(6, [2, 97], 0.0, 1.0).cast(dtype).spec, 2))?;
    }
    orders(&subject, &Host::vector(&[3.0; 40]))
}

/// The methods name an axis; values come with their positions, of indices too.
pub fn methods<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(methods::<B>, device);
    let x = subject.put(&Host::new(&[4.0, 1.0, 3.0, 4.0, f64::NAN, 2.0], [2, 3]));
    subject.equal("cumsum", &x.slice(0, ..1).cumsum(-1), &Host::new(&[4.0, 5.0, 8.0], [1, 3]))?;
    subject.equal("cumsum_reverse", &x.slice(0, ..1).cumsum_reverse(1), &Host::new(&[8.0, 4.0, 3.0], [1, 3]))?;
    let expected = Host::index(&[0, 0, 1, 1, 1, 0], [2, 3]);
    subject.equal("argsort along the first axis", x.argsort(0, false).tensor(), &expected)?;
    let (values, positions) = x.sort(1, true);
    subject.equal("sort", &values, &Host::new(&[4.0, 3.0, 1.0, f64::NAN, 4.0, 2.0], [2, 3]))?;
    subject.equal("positions of sort", positions.tensor(), &Host::index(&[0, 2, 1, 1, 0, 2], [2, 3]))?;
    let (values, positions) = x.topk(1, 0);
    subject.equal("topk", &values, &Host::new(&[4.0, f64::NAN, 3.0], [1, 3]))?;
    subject.equal("positions of topk", positions.tensor(), &Host::index(&[0, 1, 0], [1, 3]))?;
    let (values, positions) = x.bottomk(2, -1);
    subject.equal("bottomk", &values, &Host::new(&[1.0, 3.0, 2.0, 4.0], [2, 2]))?;
    subject.equal("positions of bottomk", positions.tensor(), &Host::index(&[1, 2, 2, 0], [2, 2]))?;
    subject.equal("topk of none", &x.topk(0, 0).0, &Host::new(&[], [0, 3]).cast(DType::Elem))?;
    let labels = Index::<B>::from_slice(&[5, -1, 7], [3], &subject.device);
    subject.equal("sort of indices", labels.sort(0, false).0.tensor(), &Host::index(&[-1, 5, 7], [3]))?;
    subject.equal("cumsum of indices", labels.cumsum(0).tensor(), &Host::index(&[5, 4, 11], [3]))
}
