//! [`Host`]: a tensor of the tests: shape, format, and its numbers as `f64`.

use alloc::vec::Vec;

use autodiff_core::{DType, Element, Shape, Spec};

use crate::format::Format;

/// A tensor on the host, its numbers in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Host {
    pub(crate) spec: Spec,
    pub(crate) values: Vec<f64>,
}

impl Host {
    pub(crate) fn new(values: &[f64], shape: impl Into<Shape>) -> Self {
        Self { spec: Spec::elem(shape), values: values.to_vec() }
    }

    /// One axis.
    pub(crate) fn vector(values: &[f64]) -> Self {
        Self::new(values, [values.len()])
    }

    pub(crate) fn index(values: &[i32], shape: impl Into<Shape>) -> Self {
        Self { spec: Spec::index(shape), values: values.iter().map(|&value| value.into()).collect() }
    }

    /// Numbers between `lo` and `hi`, no two close to each other, and other ones for each `seed`.
    ///
    /// They are the multiples of the golden ratio, modulo 1: of `n` of them, no two are closer than `(hi - lo) / 3n`.
    pub(crate) fn spread(seed: u32, shape: impl Into<Shape>, lo: f64, hi: f64) -> Self {
        let shape = shape.into();
        let start = f64::from(seed) * 0.754_877_666_246_692_7;
        let part = |place: u32| {
            let turns = start + f64::from(place) * 0.618_033_988_749_894_9;
            lo + (hi - lo) * (turns - libm::floor(turns))
        };
        Self { spec: Spec::elem(shape), values: (0..).map(part).take(shape.elements()).collect() }
    }

    /// Whole numbers from `-size` to `size`, of which sums and products are exact in every format.
    pub(crate) fn whole(seed: u32, spec: Spec, size: i32) -> Self {
        let spread = Self::spread(seed, spec.shape, -f64::from(size), f64::from(size) + 1.0);
        Self { spec, values: spread.values.into_iter().map(libm::floor).collect() }
    }

    /// The same numbers in another format, not rounded to it yet.
    pub(crate) fn cast(self, dtype: DType) -> Self {
        Self { spec: self.spec.cast(dtype), ..self }
    }

    /// The numbers rounded to what a backend of element `E` can hold.
    pub(crate) fn rounded<E: Element>(&self) -> Self {
        let format = Format::of::<E>(self.spec.dtype);
        Self { spec: self.spec, values: self.values.iter().map(|&x| format.round(x)).collect() }
    }
}
