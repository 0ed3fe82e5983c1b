//! Data goes in and comes out.

use autodiff_core::{Backend, Tensor};

use crate::failure::Outcome;
use crate::grid::{FORMATS, SPECIAL, shapes};
use crate::host::Host;
use crate::reference::Exact;
use crate::subject::{Layout, Subject};
use crate::tolerance::Tolerance;

/// Shape, format, device and elements survive the way in and out, for every shape and format.
pub fn round_trip<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(round_trip::<B>, device);
    for shape in shapes() {
        for dtype in FORMATS {
            let host = Host::spread(1, shape, -99.0, 99.0).cast(dtype).rounded::<B::Elem>();
            let host = if dtype.is_float() { host } else { Host::whole(1, host.spec, 99) };
            subject.equal("from_data and to_data", &subject.put(&host), &host)?;
        }
    }
    Ok(())
}

/// Zeros keep their signs, infinities and NaN are there.
pub fn round_trip_of_special_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(round_trip_of_special_numbers::<B>, device);
    let host = Host::vector(&SPECIAL).rounded::<B::Elem>();
    let exact = Exact::new(host.values.clone());
    let label = || "from_data and to_data".into();
    subject.compare(&label, &subject.put(&host), &host.spec, &exact, Tolerance::Moved)
}

/// A view is read in row-major order of its own shape.
pub fn views_are_read_in_order<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(views_are_read_in_order::<B>, device);
    for shape in shapes() {
        for layout in Layout::ALL {
            let host = Host::whole(2, Host::spread(2, shape, 0.0, 1.0).spec, 50);
            subject.equal("to_data of a view", &subject.put_as(&host, layout), &host)?;
        }
    }
    Ok(())
}

/// A clone is the same tensor and outlives the original.
pub fn clones_share<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(clones_share::<B>, device);
    let original = subject.put(&Host::vector(&[1.0, 2.0]));
    let clone = Tensor::<B>::from_raw(original.raw().clone());
    let sum = &original + &clone;
    drop(original);
    subject.equal("a clone", &clone, &Host::vector(&[1.0, 2.0]))?;
    subject.equal("the sum with a clone", &sum, &Host::vector(&[2.0, 4.0]))
}

/// Devices compare equal to their clones, and tensors know theirs.
pub fn tensors_know_their_device<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(tensors_know_their_device::<B>, device);
    let x = subject.put(&Host::vector(&[1.0, 2.0]));
    let y = (&x * 2.0).sum();
    let same = *x.device() == subject.device && *y.device() == subject.device.clone();
    subject.hold("device", same, alloc::format!("{:?}", y.device()), alloc::format!("{:?}", subject.device))
}
