//! Reductions, and positions of extreme values.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{ArgReduce, Axes, Backend, DType, Primitive, Reduce, Spec, Tensor};

use crate::failure::Outcome;
use crate::format::{Format, power_of_two};
use crate::grid::{FLOATS, SPECIAL, shapes, subsets};
use crate::host::Host;
use crate::reference::Exact;
use crate::subject::Subject;
use crate::tolerance::Tolerance;

/// Every reduction that the shape allows: extremes of nothing there are not, nor means of indices.
fn check<B: Backend>(subject: &Subject<B>, axes: Axes, x: &Host) -> Outcome {
    for kind in Reduce::ALL {
        let op = Primitive::Reduce { kind, axes };
        if op.infer(&[x.spec]).is_ok() {
            subject.check(&op, core::slice::from_ref(x))?;
        }
    }
    Ok(())
}

/// Along all sets of axes, the empty one too, of tensors of every rank.
pub fn along_every_set_of_axes<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(along_every_set_of_axes::<B>, device);
    for shape in shapes().into_iter().filter(|shape| shape.rank() < 6) {
        for axes in subsets(shape.rank()) {
            check(&subject, axes, &Host::spread(1, shape, -3.0, 5.0))?;
        }
    }
    Ok(())
}

/// The same for the highest ranks, along one axis, every other one, and all.
pub fn along_axes_of_the_highest_ranks<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(along_axes_of_the_highest_ranks::<B>, device);
    for shape in shapes().into_iter().filter(|shape| shape.rank() >= 6) {
        let alternating = (0..shape.rank()).step_by(2).collect();
        let single = (0..shape.rank()).map(Axes::one);
        for axes in single.chain([alternating, Axes::all(shape.rank())]) {
            check(&subject, axes, &Host::spread(1, shape, -3.0, 5.0))?;
        }
    }
    Ok(())
}

/// NaN wins, infinities add up or cancel to NaN; each special number between two others, and alone.
pub fn of_special_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_special_numbers::<B>, device);
    let rows: Vec<f64> = SPECIAL.into_iter().flat_map(|x| [1.0, x, -2.0, x.min(0.0)]).collect();
    let x = Host::new(&rows, [SPECIAL.len(), 4]);
    for axes in subsets(2) {
        check(&subject, axes, &x)?;
    }
    check(&subject, Axes::one(0), &Host::vector(&[f64::INFINITY, 1.0, f64::NEG_INFINITY]))
}

/// Sums of many terms: those of halves are carried in `f32`, where they would otherwise stop growing.
pub fn of_many_terms<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_many_terms::<B>, device);
    for dtype in FLOATS {
        check(&subject, Axes::one(0), &Host::vector(&vec![1.0; 4099]).cast(dtype))?;
        check(&subject, Axes::one(0), &Host::spread(2, [4099], -1.0, 3.0).cast(dtype))?;
        check(&subject, Axes::one(0), &Host::spread(3, [211, 3], 0.0, 1.0).cast(dtype))?;
        check(&subject, Axes::one(1), &Host::spread(4, [3, 211], 0.0, 1.0).cast(dtype))?;
        // Their products stay within the range of every format.
        check(&subject, Axes::one(0), &Host::spread(5, [211, 3], 0.8, 1.2).cast(dtype))?;
    }
    Ok(())
}

/// Half precision as storage beside the element.
pub fn in_every_format<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(in_every_format::<B>, device);
    for dtype in FLOATS {
        for axes in subsets(3) {
            check(&subject, axes, &Host::spread(5, [2, 3, 5], -2.0, 2.0).cast(dtype))?;
        }
    }
    Ok(())
}

/// Whole numbers add up and multiply, wrapping around, and have extremes.
pub fn of_indices<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_indices::<B>, device);
    let x = Host::index(&[1, -5, 7, i32::MAX, 1, 0, i32::MIN, -1, 3], [3, 3]);
    for axes in subsets(2) {
        check(&subject, axes, &x)?;
    }
    Ok(())
}

/// The methods name the axes to drop or to keep.
pub fn methods<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(methods::<B>, device);
    let x = subject.put(&Host::new(&[1.0, 5.0, 3.0, 4.0, 2.0, 9.0], [2, 3]));
    subject.equal("sum", &x.sum(), &Host::new(&[24.0], []))?;
    subject.equal("mean_axes", &x.mean_axes(&[-1]), &Host::new(&[3.0, 5.0], [2]))?;
    subject.equal("max_keepdim", &x.max_keepdim(&[0]), &Host::new(&[4.0, 5.0, 9.0], [1, 3]))?;
    subject.equal("min", &x.min(), &Host::new(&[1.0], []))?;
    subject.equal("prod_axes", &x.prod_axes(&[1]), &Host::new(&[15.0, 72.0], [2]))?;
    subject.equal("argmax", x.argmax(-1).tensor(), &Host::index(&[1, 2], [2]))?;
    subject.equal("argmin", x.argmin(0).tensor(), &Host::index(&[0, 1, 0], [3]))?;
    subject.equal("argmax_all", x.argmax_all().tensor(), &Host::index(&[5], []))?;
    subject.equal("argmin_all", x.t().argmin_all().tensor(), &Host::index(&[0], []))
}

/// Variances and deviations are accurate beside the largest offset that the format can tell them from, to which their mean
/// is rounded. A correction that leaves nothing to divide by gives infinity, or NaN where there is no variance.
pub fn statistics<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(statistics::<B>, device);
    for dtype in FLOATS {
        let offset = power_of_two(Format::of::<B::Elem>(dtype).digits.cast_signed() - 1);
        let values = [0.0, 1.0, 4.0, 2.0, 3.0, 9.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0].map(|x| offset + x);
        let x = subject.put(&Host::new(&values, [2, 6]).cast(dtype));
        let check = |label: &str, found: &Tensor<B>, values: &[f64], shape: &[usize]| {
            let out = Spec { shape: shape.into(), dtype };
            subject.compare(&|| label.into(), found, &out, &Exact::new(values.to_vec()), Tolerance::Program)
        };
        check("var", &x.var(1), &[731.0 / 132.0], &[])?;
        check("var_axes", &x.var_axes(&[-1], 0), &[305.0 / 36.0, 0.0], &[2])?;
        check("var_keepdim", &x.var_keepdim(&[1], 1), &[61.0 / 6.0, 0.0], &[2, 1])?;
        check("var of no freedom", &x.var_axes(&[1], 6), &[f64::INFINITY, f64::NAN], &[2])?;
        check("var along no axes", &x.var_axes(&[], 1), &[f64::NAN; 12], &[2, 6])?;
        check("std", &x.std(0), &[libm::sqrt(731.0) / 12.0], &[])?;
        check("std_axes", &x.std_axes(&[1], 0), &[libm::sqrt(305.0) / 6.0, 0.0], &[2])?;
        check("std_keepdim", &x.std_keepdim(&[1], 1), &[libm::sqrt(61.0 / 6.0), 0.0], &[2, 1])?;
        let (var, mean) = x.var_mean_keepdim(&[1], 0);
        check("var of var_mean", &var, &[305.0 / 36.0, 0.0], &[2, 1])?;
        check("mean of var_mean", &mean, &[offset + 19.0 / 6.0, offset + 5.0], &[2, 1])?;
        check("mean of var_mean_axes", &x.var_mean_axes(&[1], 0).1, &[offset + 19.0 / 6.0, offset + 5.0], &[2])?;
        check("mean of all", &x.var_mean(1).1, &[offset + 49.0 / 12.0], &[])?;
    }
    Ok(())
}

fn positions<B: Backend>(subject: &Subject<B>, x: &Host) -> Outcome {
    for kind in [ArgReduce::Max, ArgReduce::Min] {
        for axis in 0..8 {
            let op = Primitive::ArgReduce { kind, axis };
            if op.infer(&[x.spec]).is_ok() {
                subject.check(&op, core::slice::from_ref(x))?;
            }
        }
    }
    Ok(())
}

/// Positions of extremes along every axis of tensors of every rank.
pub fn positions_along_every_axis<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(positions_along_every_axis::<B>, device);
    for shape in shapes() {
        positions(&subject, &Host::spread(6, shape, -3.0, 3.0))?;
    }
    for dtype in [DType::F16, DType::Bf16] {
        positions(&subject, &Host::spread(7, [3, 5], -3.0, 3.0).cast(dtype))?;
    }
    Ok(())
}

/// The first of several equal extremes, a zero of either sign being one; the first NaN.
pub fn positions_of_ties<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(positions_of_ties::<B>, device);
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let rows = [
        [1.0, 2.0, 2.0, 1.0, 1.5],
        [0.0, -0.0, 0.0, -0.0, 0.0],
        [-0.0, 0.0, -0.0, 0.0, -0.0],
        [1.0, nan, 9.0, nan, -9.0],
        [inf, 1.0, inf, -inf, -inf],
        [-inf, -inf, -inf, -inf, -inf],
        [nan, nan, inf, -inf, 0.0],
        [3.0, 3.0, 3.0, 3.0, 3.0],
    ];
    positions(&subject, &Host::new(rows.as_flattened(), [8, 5]))?;
    // Whole numbers in a small range have many ties.
    positions(&subject, &Host::whole(8, Host::spread(8, [7, 11], 0.0, 1.0).spec, 2))
}
