//! Principal components: the subspace in which the data's projections are nearest to the data.

use autodiff_core::{Backend, Index, Tensor};

/// Rounds of the iteration that finds the subspace.
const ROUNDS: usize = 100;

/// The mean of rows, and the directions in which they vary most.
#[derive(Clone, Debug)]
pub struct Pca<B: Backend> {
    mean: Tensor<B>,
    /// Orthonormal columns.
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
        let mut column = columns.slice(1, number..=number);
        for other in done.iter().chain(&done) {
            column = &column - other * (other * &column).sum();
        }
        done.push(&column / column.norm());
    }
    Tensor::concat(&done, 1)
}

#[cfg(test)]
mod tests {
    use backend_cpu::{Cpu, CpuDevice};

    use super::*;

    type Host = Cpu<f64>;

    fn error(x: &Tensor<Host>, components: usize) -> f64 {
        let pca = Pca::new(x, components, &Index::key(1, &CpuDevice));
        (pca.reconstruct(x) - x).square().sum().item()
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
}
