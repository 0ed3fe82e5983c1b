//! Matrices whose rows or columns are at right angles.

use core::f64::consts::TAU;

use alloc::vec::Vec;

use autodiff_core::{Backend, Element, Index, Shape, Tensor};

use super::check_size;

/// `gain Q` with a random matrix `Q` whose rows, or columns where there are fewer, are of length 1 and at right angles to each
/// other, all such matrices being equally likely.
///
/// A shape `[out, in, ..]` is a matrix of `out` rows. PyTorch's default for `gain` is 1. `Q` comes from the decomposition
/// `Q R` of normally distributed numbers, by the process of Gram and Schmidt done twice, which makes the diagonal of `R` positive:
/// without that some matrices would be likelier than others. This is done on the host, in `f64`, and needs a key that can be
/// read: not in a trace.
///
/// (Saxe, McClelland and Ganguli, *Exact solutions to the nonlinear dynamics of learning in deep linear neural networks*, 2014,
/// section 3; Mezzadri, *How to generate random matrices from the classical compact groups*, 2007, section 5.)
///
/// ```
/// use autodiff_core::Index;
/// use backend_cpu::Cpu;
/// use nn::init;
/// let w = init::orthogonal(&Index::<Cpu<f64>>::key(0, &Default::default()), [2, 5], 3.0);
/// let products = w.matmul(&w.t()).to_vec();
/// assert!((products[0] - 9.0).abs() < 1e-14 && products[1].abs() < 1e-14);
/// ```
///
/// # Panics
/// When the shape has less than two axes or is too large for a tensor, `key` is no key of shape `[2]`, or in a trace.
#[must_use]
#[track_caller]
pub fn orthogonal<B: Backend>(key: &Index<B>, shape: impl Into<Shape>, gain: f64) -> Tensor<B> {
    let shape = shape.into();
    let &[rows, ref rest @ ..] = shape.extents() else {
        panic!("orthogonal: a shape of two axes or more expected, found {shape}");
    };
    assert!(!rest.is_empty(), "orthogonal: a shape of two axes or more expected, found {shape}");
    check_size("orthogonal", &shape);
    let columns = rest.iter().product();
    let (count, length) = (usize::min(rows, columns), usize::max(rows, columns));
    let mut vectors = normals(key, count * length);
    if length > 0 {
        orthonormalize(&mut vectors, length);
    }
    let elements: Vec<B::Elem> = vectors.into_iter().map(|x| B::Elem::from_f64(gain * x)).collect();
    let vectors = Tensor::from_slice(&elements, [count, length], key.device());
    if rows > columns { vectors.t() } else { vectors }.reshape(shape)
}

/// Normally distributed numbers in `f64`, whatever the backend computes in (Box and Muller 1958).
#[track_caller]
fn normals<B: Backend>(key: &Index<B>, count: usize) -> Vec<f64> {
    // In the middle of the intervals, so that none is 0.
    let uniform = |key: Index<B>| {
        let bits = key.random_bits(31, [count]).to_vec();
        bits.into_iter().map(|bits| (f64::from(bits) + 0.5) / f64::from(1_u32 << 31))
    };
    let pairs = uniform(key.fold_in(0)).zip(uniform(key.fold_in(1)));
    pairs.map(|(radius, angle)| libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(TAU * angle)).collect()
}

/// Makes vectors of this length, one after another, of length 1 and at right angles: each loses its parts along those before it.
///
/// Done twice, what is left is at right angles to the last digit (Giraud, Langou and Rozložník 2005).
fn orthonormalize(vectors: &mut [f64], length: usize) {
    for start in (0..vectors.len()).step_by(length) {
        let (done, rest) = vectors.split_at_mut(start);
        let own = &mut rest[..length];
        for _ in 0..2 {
            for other in done.chunks_exact(length) {
                let part = dot(own, other);
                own.iter_mut().zip(other).for_each(|(own, other)| *own -= part * other);
            }
        }
        let norm = libm::sqrt(dot(own, own));
        own.iter_mut().for_each(|own| *own /= norm);
    }
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}
