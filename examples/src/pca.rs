//! Principal components: the subspace in which the data's projections are nearest to the data.

use autodiff_core::{Backend, FloatCore, Index, Tensor};

/// Rounds of the iteration that finds the subspace.
const ROUNDS: usize = 100;

/// The mean of rows, and the directions in which they vary most.
#[derive(Clone, Debug)]
pub struct Pca<B: Backend> {
    mean: Tensor<B>,
    /// Orthonormal columns; some are zero where the data varies in fewer directions.
    directions: Tensor<B>,
}

impl<B: Backend> Pca<B> {
    /// Of rows `[N, features]`, with so many components, by orthogonal iteration: the covariance matrix is applied to
    /// columns, which are made orthonormal again, a hundred times.
    ///
    /// (G. Golub and C. Van Loan, *Matrix computations*, section 8.2.4 of the 4th edition.)
    ///
    /// # Panics
    /// When there are more components than features, or the key is none.
    #[must_use]
    #[track_caller]
    pub fn new(x: &Tensor<B>, components: usize, key: &Index<B>) -> Self {
        let [count, features] = x.dims();
        assert!(components <= features, "pca: {components} components of {features} features asked for");
        let mean = x.mean_axes(&[0]);
        let apart = x - &mean;
        #[expect(clippy::cast_precision_loss, reason = "a count of examples")]
        let covariance = apart.t().matmul(&apart) / count as f64;
        let mut directions = orthonormal(&Tensor::normal(key, [features, components]));
        for _ in 0..ROUNDS {
            directions = orthonormal(&covariance.matmul(&directions));
        }
        Self { mean, directions }
    }

    /// What is left of rows when only their components are kept.
    #[must_use]
    #[track_caller]
    pub fn reconstruct(&self, x: &Tensor<B>) -> Tensor<B> {
        let components = (x - &self.mean).matmul(&self.directions);
        components.matmul(&self.directions.t()) + &self.mean
    }
}

/// The columns made orthonormal by Gram's and Schmidt's method, each twice, since one pass leaves rounding errors.
fn orthonormal<B: Backend>(columns: &Tensor<B>) -> Tensor<B> {
    let mut done: Vec<Tensor<B>> = Vec::new();
    for number in 0..columns.shape()[1] {
        let before = columns.slice(1, number..=number);
        let mut column = before.clone();
        for other in done.iter().chain(&done) {
            column = &column - other * (other * &column).sum();
        }
        done.push(normalised(&column, before.norm().item()));
    }
    Tensor::concat(&done, 1)
}

/// A column of length 1, or zero where only rounding errors are left of its length, since their direction lies along those
/// that it was made orthogonal to.
fn normalised<B: Backend>(column: &Tensor<B>, before: B::Elem) -> Tensor<B> {
    let norm = column.norm();
    if norm.item() > <B::Elem>::epsilon() * before { column / norm } else { column.zeros_like() }
}

#[cfg(test)]
mod tests {
    use autodiff_core::Element;
    use backend_cpu::{Cpu, CpuDevice};

    use super::*;

    type Host = Cpu<f64>;

    fn error<E: Element>(x: &Tensor<Cpu<E>>, components: usize) -> f64
    where
        Cpu<E>: Backend<Elem = E, Device = CpuDevice>,
    {
        let pca = Pca::new(x, components, &Index::key(1, &CpuDevice));
        (pca.reconstruct(x) - x).square().sum().item().into_f64()
    }

    #[test]
    fn the_error_is_the_variance_that_is_left() {
        // Orthogonal directions with squared lengths 4 * 9, 4 * 4 and 4 * 1 around the mean (7, 7, 7, 7).
        let rows = [[3.0, 2.0, 1.0], [3.0, -2.0, -1.0], [-3.0, 2.0, -1.0], [-3.0, -2.0, 1.0]];
        let rows = Tensor::<Host>::new(rows.as_flattened(), [4, 3]);
        let turn = Tensor::new(&[0.5, 0.5, 0.5, 0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5, -0.5, 0.5], [3, 4]);
        let x = rows.matmul(&turn) + 7.0;
        for (components, expected) in [(1, 20.0), (2, 4.0), (3, 0.0)] {
            let found = error(&x, components);
            assert!((found - expected).abs() < 1e-9, "{components}: {found}");
        }
    }

    #[test]
    fn more_components_than_the_data_has_do_no_harm() {
        // Thirty rows that vary in three directions of eight features, among them five that never vary.
        let [rows, turn] = [(1, [30, 3]), (2, [3, 8])]
            .map(|(seed, shape)| Tensor::<Cpu<f32>>::normal(&Index::key(seed, &CpuDevice), shape));
        let still = Tensor::new(&[0.5], [1]).broadcast_to([30, 5]);
        let x = Tensor::concat(&[rows.matmul(&turn), still], 1);
        for components in 3..=13 {
            let found = error(&x, components);
            assert!(found < 1e-9, "{components}: {found}");
        }
    }

    #[test]
    fn data_that_does_not_vary_has_no_components() {
        let pca = Pca::new(&Tensor::<Cpu<f32>>::zeros([4, 3], &CpuDevice), 2, &Index::key(1, &CpuDevice));
        assert_eq!(pca.reconstruct(&Tensor::new(&[1.0, 2.0, 3.0], [1, 3])).to_vec(), [0.0; 3]);
    }
}
