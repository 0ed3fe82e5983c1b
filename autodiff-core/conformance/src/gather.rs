//! Reading and adding at computed positions.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use core::any::Any;

use autodiff_core::{Backend, DType, Index, Primitive, Shape, Spec, Tensor};

use crate::failure::Outcome;
use crate::grid::{FORMATS, SPECIAL};
use crate::host::Host;
use crate::subject::Subject;

/// A tensor and an index that has `count` entries along an axis, repeated ones among them.
fn case(shape: Shape, axis: usize, count: usize, dtype: DType) -> [Host; 3] {
    let index = shape.with(axis, count);
    let extent = i32::try_from(shape[axis]).unwrap_or(0);
    let places = (0_i32..).map(|place| (place * 7 + place * place) % extent.max(1)).take(index.elements());
    let whole = |seed, shape: Shape| Host::whole(seed, Host::spread(seed, shape, 0.0, 1.0).cast(dtype).spec, 40);
    [whole(1, shape), Host::index(&places.collect::<Vec<_>>(), index), whole(2, index)]
}

fn cases(dtype: DType) -> Vec<(u8, [Host; 3])> {
    let mut cases = Vec::new();
    for (axis, shape) in [(0, Shape::from([5])), (0, [3, 4].into()), (1, [3, 4].into()), (1, [2, 3, 5].into())] {
        for count in [0, 1, 2, 7] {
            cases.push((axis, case(shape, axis.into(), count, dtype)));
        }
    }
    cases.push((2, case([2, 0, 3].into(), 2, 4, dtype)));
    cases.push((0, case([3, 0].into(), 0, 2, dtype)));
    cases.push((7, case([1, 2, 1, 1, 2, 1, 1, 3].into(), 7, 4, dtype)));
    cases
}

/// Along each axis, more or fewer entries than the tensor has, in every format.
pub fn gather<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(gather::<B>, device);
    for dtype in FORMATS {
        for (axis, [x, index, _]) in cases(dtype) {
            subject.check(&Primitive::Gather { axis }, &[x, index])?;
        }
    }
    Ok(())
}

/// The same; updates at equal indices add up.
pub fn scatter_add<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(scatter_add::<B>, device);
    for dtype in FORMATS {
        for (axis, inputs) in cases(dtype) {
            subject.check(&Primitive::ScatterAdd { axis }, &inputs)?;
        }
    }
    Ok(())
}

/// Sums that are rounded, and what no update touches stays as it is.
pub fn scatter_add_of_fractions<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(scatter_add_of_fractions::<B>, device);
    let x = Host::spread(1, [9], -2.0, 2.0);
    let index = Host::index(&(0..60).map(|place| place * place % 7).collect::<Vec<_>>(), [60]);
    subject.check(&Primitive::ScatterAdd { axis: 0 }, &[x, index, Host::spread(2, [60], -1.0, 1.0)])
}

/// Infinities and NaN stay where they are.
pub fn of_special_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_special_numbers::<B>, device);
    let (x, len) = (Host::vector(&SPECIAL), i32::try_from(SPECIAL.len()).unwrap_or(0));
    let backwards = Host::index(&(0..len).rev().collect::<Vec<_>>(), [SPECIAL.len()]);
    subject.check(&Primitive::Gather { axis: 0 }, &[x.clone(), backwards.clone()])?;
    let ones = Host::vector(&vec![1.0; SPECIAL.len()]);
    subject.check(&Primitive::ScatterAdd { axis: 0 }, &[ones.clone(), backwards, x.clone()])?;
    let index = Host::index(&[0, 5, 5], [3]);
    subject.check(&Primitive::ScatterAdd { axis: 0 }, &[x, index, Host::vector(&[1.0, f64::INFINITY, 1.0])])
}

/// What the index names is overwritten, also where it was NaN; signs of zeros and infinities arrive. Of indices too.
pub fn scatter<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(scatter::<B>, device);
    for dtype in FORMATS {
        let (x, u) = if dtype.is_float() {
            let x = [1.0, f64::NAN, -0.0, f64::INFINITY, 5.0, 0.0].to_vec();
            (x, [f64::NAN, 7.0, -0.0, f64::NEG_INFINITY].to_vec())
        } else {
            ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0].to_vec(), [9.0, 7.0, -8.0, 0.0].to_vec())
        };
        let expected = [u[1], u[0], x[2], u[3], x[4], u[2]];
        let spec = |shape: [usize; 2]| Spec { shape: shape.into(), dtype };
        let index = Index::<B>::from_slice(&[1, 0, 2, 0], [2, 2], &subject.device);
        let tensor = subject.put(&Host { spec: spec([2, 3]), values: x });
        let updates = subject.put(&Host { spec: spec([2, 2]), values: u });
        let expected = subject.put(&Host { spec: spec([2, 3]), values: expected.to_vec() });
        let found = if dtype.is_float() {
            tensor.scatter(1, &index, &updates)
        } else {
            tensor.to_index().scatter(-1, &index, &updates.to_index()).tensor().clone()
        };
        subject.same_bits("scatter", &found, &expected)?;
    }
    Ok(())
}

/// An index that is smaller than the tensor speaks of its beginning, as in PyTorch; the rest stays.
pub fn smaller_indices<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(smaller_indices::<B>, device);
    let x = subject.put(&Host::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]));
    let updates = subject.put(&Host::new(&[10.0, 20.0, 30.0, 40.0], [2, 2]));
    let row = Index::<B>::from_slice(&[2], [1, 1], &subject.device);
    subject.equal("gather", &x.gather(1, &row), &Host::new(&[3.0], [1, 1]))?;
    let added = Host::new(&[1.0, 2.0, 13.0, 4.0, 5.0, 6.0], [2, 3]);
    subject.equal("scatter_add", &x.scatter_add(1, &row, &updates), &added)?;
    let set = Host::new(&[1.0, 2.0, 10.0, 4.0, 5.0, 6.0], [2, 3]);
    subject.equal("scatter", &x.scatter(1, &row, &updates), &set)?;
    let cube = x.reshape([2, 3, 1]).broadcast_to([2, 3, 2]);
    let column = Index::<B>::from_slice(&[1, 1], [2, 1, 1], &subject.device);
    let ones = Tensor::ones([2, 1, 1], &subject.device);
    let expected = Host::new(&[1.0, 1.0, 3.0, 2.0, 3.0, 3.0, 4.0, 4.0, 6.0, 5.0, 6.0, 6.0], [2, 3, 2]);
    subject.equal("a line of a plane", &cube.scatter_add(1, &column, &ones), &expected)
}

/// Rows and columns of a table by number.
pub fn index_select<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(index_select::<B>, device);
    let table = subject.put(&Host::new(&[0.0, 1.0, 10.0, 11.0, 20.0, 21.0], [3, 2]));
    let rows = Index::<B>::from_slice(&[2, 0, 2], [3], &subject.device);
    let expected = Host::new(&[20.0, 21.0, 0.0, 1.0, 20.0, 21.0], [3, 2]);
    subject.equal("rows", &table.index_select(0, &rows), &expected)?;
    let columns = Index::<B>::from_slice(&[1], [1], &subject.device);
    subject.equal("columns", &table.index_select(-1, &columns), &Host::new(&[1.0, 11.0, 21.0], [3, 1]))
}

/// Something that must panic, and what its message must contain. Catching a panic takes `std`, so the macro's tests do.
#[derive(Clone, Copy, Debug)]
pub struct Trial<B: Backend> {
    /// What to run.
    pub run: fn(&B::Device),
    /// The operation, the index and the bound.
    pub names: [&'static str; 3],
}

/// An index that is out of range, which shapes cannot tell, panics at the latest when the result is read.
#[must_use]
pub fn out_of_range<B: Backend>() -> [Trial<B>; 4] {
    fn gather<B: Backend>(device: &B::Device, axis: u8, index: i32) {
        let subject = Subject::<B>::of(self::gather::<B>, device);
        let [x, indices] = [Host::spread(1, [3, 5], 0.0, 1.0), Host::index(&[0, 1, index], [3, 1])];
        let index = if axis == 1 { indices } else { Host::index(&[0, 1, index, 0, 0], [1, 5]) };
        let op = Primitive::Gather { axis };
        let out = subject.infer(&op, &[x.clone(), index.clone()]).unwrap_or_else(|failure| panic!("{failure}"));
        let _ = subject.apply(&op, &[subject.put(&x), subject.put(&index)], &out).to_data();
    }
    fn scatter<B: Backend>(device: &B::Device, index: i32) {
        let subject = Subject::<B>::of(scatter_add::<B>, device);
        let x = subject.put(&Host::vector(&[1.0, 2.0, 3.0]));
        let index = Index::from_slice(&[0, index], [2], &subject.device);
        let _ = x.scatter_add(0, &index, &subject.put(&Host::vector(&[1.0, 1.0]))).to_data();
    }
    [
        Trial { run: |device| gather::<B>(device, 1, 5), names: ["gather", "5", "5"] },
        Trial { run: |device| gather::<B>(device, 0, -1), names: ["gather", "-1", "3"] },
        Trial { run: |device| scatter::<B>(device, 3), names: ["scatter_add", "3", "3"] },
        Trial { run: |device| scatter::<B>(device, i32::MIN), names: ["scatter_add", "-2147483648", "3"] },
    ]
}

impl<B: Backend> Trial<B> {
    /// Holds what a panic carried, if there was one, against the message that was asked for.
    ///
    /// # Errors
    /// When there was none, or its message does not name the operation, the index and the bound.
    pub fn judge(&self, device: &B::Device, outcome: Result<(), &(dyn Any + Send)>) -> Outcome {
        let message = match outcome {
            Ok(()) => "no panic",
            Err(payload) => {
                let owned = payload.downcast_ref::<String>().map(String::as_str);
                owned.or_else(|| payload.downcast_ref().copied()).unwrap_or("a panic without a message")
            }
        };
        let subject = Subject::<B>::of(gather::<B>, device);
        let named = self.names.iter().all(|name| message.contains(name));
        subject.hold("an index out of range", named, message, self.names.join(", "))
    }
}
