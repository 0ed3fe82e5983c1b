//! Weights that pass on what they are given.

use autodiff_core::{Backend, Index, MAX_RANK, Shape, Tensor};

use super::check_size;

/// The identity matrix, or its beginning: 1 where row and column have one number, 0 elsewhere.
///
/// ```
/// use backend_cpu::Cpu;
/// use nn::init;
/// let w = init::eye::<Cpu<f32>>([2, 3], &Default::default());
/// assert_eq!(w.to_vec(), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
/// ```
///
/// # Panics
/// When the shape has not two axes, or is too large for a tensor.
#[must_use]
#[track_caller]
pub fn eye<B: Backend>(shape: impl Into<Shape>, device: &B::Device) -> Tensor<B> {
    let shape = shape.into();
    let &[rows, columns] = shape.extents() else {
        panic!("eye: a shape of two axes expected, found {shape}");
    };
    check_size("eye", &shape);
    Index::iota(rows, device).one_hot(columns)
}

/// The weight of a convolution that passes on its input: channel `i` of each group to its output `i`, as long as there are any.
///
/// ```text
/// [out, in / groups, k..]     1 at [g out / groups + i, i, k / 2..],   0 elsewhere
/// ```
///
/// With an odd window, stride 1 and a padding of half the window the output is the input.
///
/// ```
/// use autodiff_core::{Conv, Tensor};
/// use backend_cpu::Cpu;
/// use nn::init;
/// let w = init::dirac::<Cpu<f32>>([2, 2, 3], 1, &Default::default());
/// let x = Tensor::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1, 2, 3]);
/// let y = x.conv1d(&w, None, Conv { padding: [1], ..Default::default() });
/// assert_eq!(y.to_vec(), x.to_vec());
/// ```
///
/// # Panics
/// When the shape has not three to five axes or is too large for a tensor, or the outputs cannot be divided into the groups.
#[must_use]
#[track_caller]
pub fn dirac<B: Backend>(shape: impl Into<Shape>, groups: usize, device: &B::Device) -> Tensor<B> {
    let shape = shape.into();
    let &[out, inputs, ref window @ ..] = shape.extents() else {
        panic!("dirac: a shape of three to five axes expected, found {shape}");
    };
    assert!(matches!(window.len(), 1..=3), "dirac: a shape of three to five axes expected, found {shape}");
    check_size("dirac", &shape);
    let divides = groups > 0 && out.is_multiple_of(groups);
    assert!(divides, "dirac: {out} outputs cannot be divided into {groups} groups");
    let channels = Index::iota(out / groups, device).one_hot(inputs);
    let column = |len| Shape::new(&[1; MAX_RANK][..len]);
    let weight = channels.broadcast_to([groups, out / groups, inputs]).reshape([out, inputs]);
    let weight = weight.reshape(column(shape.rank()).with(0, out).with(1, inputs));
    (2..).zip(window).fold(weight, |weight, (axis, &extent)| {
        let place = Index::iota(extent, device);
        let middle = Index::from_tensor(place.tensor().new_full([extent], super::count(extent / 2)));
        weight * place.eq(&middle).reshape(column(shape.rank()).with(axis, extent))
    })
}
