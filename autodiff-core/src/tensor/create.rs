//! Tensors from host numbers, and tensors of one number.

use crate::{Backend, DType, Data, Element, Primitive, Scalar, Shape, Tensor};

use alloc::vec::Vec;

impl<B: Backend> Tensor<B> {
    /// These numbers, rounded to the element, in row-major order on the default device.
    ///
    /// # Panics
    /// When their number is not that of the shape.
    #[must_use]
    #[track_caller]
    pub fn new(values: &[f64], shape: impl Into<Shape>) -> Self {
        let elements: Vec<B::Elem> = values.iter().map(|&value| B::Elem::from_f64(value)).collect();
        Self::from_slice(&elements, shape, &B::Device::default())
    }

    /// These elements in row-major order.
    ///
    /// # Panics
    /// When their number is not that of the shape.
    #[must_use]
    #[track_caller]
    pub fn from_slice(elements: &[B::Elem], shape: impl Into<Shape>, device: &B::Device) -> Self {
        Self::from_data(Data::Elem(elements), shape, device)
    }

    /// Elements of any format in row-major order.
    ///
    /// # Panics
    /// When their number is not that of the shape.
    #[must_use]
    #[track_caller]
    pub fn from_data(data: Data<'_, B::Elem>, shape: impl Into<Shape>, device: &B::Device) -> Self {
        let shape = shape.into();
        assert!(
            shape.checked_elements() == Some(data.len()),
            "from_data: {} elements given for shape {shape}",
            data.len()
        );
        Self(B::from_data(data, &shape, device))
    }

    /// A single number.
    #[must_use]
    #[track_caller]
    pub fn scalar(value: f64, device: &B::Device) -> Self {
        Self::constant(value, DType::Elem, device)
    }

    #[track_caller]
    pub(super) fn constant(value: f64, dtype: DType, device: &B::Device) -> Self {
        // The primitive would cut it as a cast does, and `index * 0.5` would be 0 unseen.
        #[expect(clippy::cast_possible_truncation, reason = "what is cut off is what is looked for")]
        let whole = f64::from(value as i32);
        assert!(
            dtype != DType::Index || whole == value,
            "constant: {value} is no whole number of 32 bits, as an index is"
        );
        Self::source(&Primitive::Constant { value: Scalar::new(value), dtype }, device)
    }

    /// One number everywhere.
    #[must_use]
    #[track_caller]
    pub fn full(shape: impl Into<Shape>, value: f64, device: &B::Device) -> Self {
        Self::scalar(value, device).broadcast_to(shape)
    }

    /// 0 everywhere.
    #[must_use]
    #[track_caller]
    pub fn zeros(shape: impl Into<Shape>, device: &B::Device) -> Self {
        Self::full(shape, 0.0, device)
    }

    /// 1 everywhere.
    #[must_use]
    #[track_caller]
    pub fn ones(shape: impl Into<Shape>, device: &B::Device) -> Self {
        Self::full(shape, 1.0, device)
    }

    /// One number everywhere, in this tensor's format and on its device.
    ///
    /// # Panics
    /// When the tensor holds indices and the number is none.
    #[must_use]
    #[track_caller]
    pub fn new_full(&self, shape: impl Into<Shape>, value: f64) -> Self {
        Self::constant(value, self.dtype(), self.device()).broadcast_to(shape)
    }

    /// 0 everywhere, in this tensor's format and on its device.
    #[must_use]
    #[track_caller]
    pub fn new_zeros(&self, shape: impl Into<Shape>) -> Self {
        self.new_full(shape, 0.0)
    }

    /// 0 everywhere, like this tensor in shape, format and device.
    #[must_use]
    #[track_caller]
    pub fn zeros_like(&self) -> Self {
        self.new_full(self.shape(), 0.0)
    }

    /// 1 everywhere, like this tensor in shape, format and device.
    #[must_use]
    #[track_caller]
    pub fn ones_like(&self) -> Self {
        self.new_full(self.shape(), 1.0)
    }
}
