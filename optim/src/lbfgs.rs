//! [`Lbfgs`]: a quasi-Newton method for functions that are the same in every evaluation.

mod history;
mod line_search;
mod objective;
mod params;

use alloc::vec::Vec;

use autodiff_core::{Backend, Element, Tensor};

use crate::rule::check_not_negative;

use history::History;
use line_search::strong_wolfe;
use objective::{Objective, Point};

pub use params::{LbfgsInfo, LbfgsParams, LbfgsStop, LineSearch};

/// L-BFGS: steps along an inverse Hessian that is estimated from the last changes of the gradient.
///
/// ```text
/// x <- x - t H g,   t = lr or by a line search
/// H <- (I - r s y^T) H (I - r y s^T) + r s s^T,   s = change of x,  y = change of g,  r = 1 / (y s)
/// ```
///
/// over the last `history_size` changes, beginning with `H = (s y) / (y y) I` of the last one; the first iteration goes along
/// `-g`, by `min(1, 1 / sum |g|) lr`. It decides by values, so that it runs eagerly only.
///
/// (J. Nocedal and S. Wright, *Numerical optimization*, 2nd edition, 2006, algorithms 7.4 and 7.5, with the line search of
/// algorithms 3.5 and 3.6; constants and order of the tests are PyTorch's.)
///
/// ```
/// use autodiff_core::{Autodiff, Tensor};
/// use backend_cpu::Cpu;
/// use optim::{Lbfgs, LbfgsParams, LbfgsStop, LineSearch};
///
/// let rosenbrock = |x: &[Tensor<Cpu<f64>>]| {
///     let x: Vec<_> = x.iter().map(|x| Tensor::<Autodiff<_>>::variable(x.clone())).collect();
///     let loss = (1.0 - &x[0]).square() + (&x[1] - x[0].square()).square() * 100.0;
///     let gradients = loss.grad(&[&x[0], &x[1]]).into_iter().map(Option::unwrap).collect();
///     (loss.value().clone(), gradients)
/// };
/// let params = LbfgsParams { line_search: Some(LineSearch::StrongWolfe), max_iter: 100, ..LbfgsParams::default() };
/// let mut lbfgs = Lbfgs::new(params);
/// let (x, info) = lbfgs.step(&[-1.2, 1.0].map(|x| Tensor::scalar(x, &Default::default())), rosenbrock);
/// assert!((x[0].item() - 1.0).abs() < 1e-4 && (x[1].item() - 1.0).abs() < 1e-4);
/// assert!(info.stop == LbfgsStop::Gradient || info.stop == LbfgsStop::Change);
/// ```
#[derive(Clone, Debug)]
pub struct Lbfgs<B: Backend> {
    params: LbfgsParams,
    history: History<B>,
}

impl<B: Backend> Lbfgs<B> {
    /// One that remembers nothing yet.
    ///
    /// # Panics
    /// When `lr` or a tolerance is below 0, or `max_iter`, `max_eval` or `history_size` is 0.
    #[must_use]
    #[track_caller]
    pub fn new(params: LbfgsParams) -> Self {
        let LbfgsParams { lr, max_iter, max_eval, tolerance_grad, tolerance_change, history_size, .. } = params;
        let tolerances = [("lr", lr), ("tolerance_grad", tolerance_grad), ("tolerance_change", tolerance_change)];
        check_not_negative("lbfgs", &tolerances);
        let counts = [("max_iter", max_iter), ("max_eval", max_eval.unwrap_or(1)), ("history_size", history_size)];
        for (name, count) in counts {
            assert!(count > 0, "lbfgs: {name} must be above 0, found 0");
        }
        Self { params, history: History::new(history_size) }
    }

    /// Up to `max_iter` iterations, of a function that answers the loss, a scalar, and its gradient for each parameter.
    ///
    /// What it has learnt about the function stays for the next step. A value that is not finite ends it, unless a line search
    /// finds a finite one nearer by.
    ///
    /// # Panics
    /// When the function answers a loss of several elements, or gradients of other shapes than the parameters'.
    #[track_caller]
    pub fn step(
        &mut self,
        params: &[Tensor<B>],
        mut f: impl FnMut(&[Tensor<B>]) -> (Tensor<B>, Vec<Tensor<B>>),
    ) -> (Vec<Tensor<B>>, LbfgsInfo) {
        let mut objective =
            Objective { like: params, f: &mut f, maximize: self.params.maximize, evaluations: 0, was_finite: true };
        if params.is_empty() {
            let loss = objective.loss_of_nothing();
            let stop = LbfgsStop::Gradient;
            return (Vec::new(), LbfgsInfo { initial_loss: loss, loss, iterations: 0, evaluations: 1, stop });
        }
        let start = objective.at(flat(params));
        let initial_loss = start.loss;
        let (end, iterations, stop) = self.descend(start, &mut objective);
        let sign = objective.sign();
        let (initial_loss, loss) = (sign * initial_loss, sign * end.loss);
        let info = LbfgsInfo { initial_loss, loss, iterations, evaluations: objective.evaluations, stop };
        (objective.unflat(&end.x), info)
    }

    #[track_caller]
    fn descend(&mut self, mut here: Point<B>, f: &mut Objective<'_, B>) -> (Point<B>, usize, LbfgsStop) {
        let LbfgsParams { max_iter, tolerance_grad, tolerance_change, .. } = self.params;
        if !here.is_finite() {
            return (here, 0, LbfgsStop::NotFinite);
        }
        if largest(&here.grad) <= tolerance_grad {
            return (here, 0, LbfgsStop::Gradient);
        }
        let mut iteration = 0;
        loop {
            iteration += 1;
            let (direction, length) = self.propose(&here);
            let slope = dot(&here.grad, &direction);
            if !slope.is_finite() {
                return (here, iteration, LbfgsStop::NotFinite);
            }
            if slope > -tolerance_change {
                return (here, iteration, LbfgsStop::Change);
            }
            let Some((next, length)) = self.advance(&here, &direction, (length, slope), iteration == max_iter, f)
            else {
                return (here, iteration, LbfgsStop::NotFinite);
            };
            let moved = direction * length;
            let (change, way) = ((next.loss - here.loss).abs(), largest(&moved));
            self.history.moved(moved, &here.grad);
            here = next;
            let stop = if iteration == max_iter {
                LbfgsStop::Iterations
            } else if f.evaluations >= self.max_eval() {
                LbfgsStop::Evaluations
            } else if largest(&here.grad) <= tolerance_grad {
                LbfgsStop::Gradient
            } else if way <= tolerance_change || change < tolerance_change {
                LbfgsStop::Change
            } else {
                continue;
            };
            return (here, iteration, stop);
        }
    }

    fn max_eval(&self) -> usize {
        self.params.max_eval.unwrap_or(self.params.max_iter * 5 / 4)
    }

    /// The direction from here, and the length of the step to try first.
    #[track_caller]
    fn propose(&mut self, here: &Point<B>) -> (Tensor<B>, f64) {
        match self.history.direction(&here.grad) {
            Some(direction) => (direction, self.params.lr),
            None => (-&here.grad, (1.0 / number(&here.grad.abs().sum())).min(1.0) * self.params.lr),
        }
    }

    /// The next point and the length of the way there; none where it is not finite.
    #[track_caller]
    fn advance(
        &self,
        here: &Point<B>,
        direction: &Tensor<B>,
        (length, slope): (f64, f64),
        last: bool,
        f: &mut Objective<'_, B>,
    ) -> Option<(Point<B>, f64)> {
        let (next, length) = match self.params.line_search {
            Some(LineSearch::StrongWolfe) => {
                let trials = self.max_eval().saturating_sub(f.evaluations);
                let tolerance = self.params.tolerance_change;
                strong_wolfe(here, direction, (length, slope), trials, tolerance, |x| f.at(x))
            }
            // A value of the last point would serve the next step only, which begins with computing it.
            None if last => (Point { x: &here.x + direction * length, ..here.clone() }, length),
            None => (f.at(&here.x + direction * length), length),
        };
        // A line search that comes back to its start has found nothing better, or nothing at all.
        let found = next.is_finite() && (length > 0.0 || f.was_finite);
        found.then_some((next, length))
    }
}

/// All elements of all tensors as one vector.
fn flat<B: Backend>(tensors: &[Tensor<B>]) -> Tensor<B> {
    let vectors: Vec<_> = tensors.iter().map(|x| x.reshape([x.shape().elements()])).collect();
    Tensor::concat(&vectors, 0)
}

#[track_caller]
fn number<B: Backend>(scalar: &Tensor<B>) -> f64 {
    scalar.item().into_f64()
}

#[track_caller]
fn dot<B: Backend>(a: &Tensor<B>, b: &Tensor<B>) -> f64 {
    number(&(a * b).sum())
}

/// The largest absolute value; NaN where there is one.
#[track_caller]
fn largest<B: Backend>(x: &Tensor<B>) -> f64 {
    if x.shape().elements() == 0 { 0.0 } else { number(&x.abs().max()) }
}
