//! Adafactor: the squares of a matrix's gradient remembered as a row and a column.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, Element, FloatCore, Tensor};

use crate::optimizer::Updated;
use crate::rule::{Rule, StepInputs, check_not_negative, decayed, downhill, slots};

/// Adafactor: little memory, and steps relative to the parameter's size.
///
/// ```text
/// b = t^beta2_decay
/// r <- (1 - b) r + b (mean of g g along the last axis)
/// c <- (1 - b) c + b (mean of g g along the last but one)
/// v = r c / max(mean of r along its columns, eps1)
/// u = g / sqrt(max(v, eps1 eps1))
/// x <- x - lr weight_decay x - max(eps2, rms(x)) min(lr, 1 / sqrt(t)) u / max(1, rms(u) / d)
/// ```
///
/// with `eps = (eps1, eps2)`, the step `t` counting from 1, and `rms` the root of the mean square of all elements, of `x` before
/// the decay. The state is `r` and `c`, PyTorch's `row_var` and `col_var`; that of a vector or scalar is `v` itself, `variance`,
/// averaged as `r` is.
///
/// (N. Shazeer and M. Stern, *Adafactor: adaptive learning rates with sublinear memory cost*, ICML 2018, algorithms 4 and 5,
/// with PyTorch's use of the first `eps`.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{Adafactor, Rule, StepInputs};
/// let adafactor = Adafactor::new(0.125);
/// let (x, g) = (Tensor::<Cpu<f64>>::new(&[2.0; 4], [2, 2]), Tensor::new(&[1.0, 4.0, 2.0, 8.0], [2, 2]));
/// let state: Vec<_> = adafactor.init(&x).into_iter().map(|(_, slot)| slot).collect();
/// let (x, state) = adafactor.update(&x, &g, &state, &StepInputs::new(adafactor.lr, 1, x.device()));
/// // The squares are a row times a column, so that u is 1 everywhere.
/// assert!(x.to_vec().iter().all(|x| (x - 1.75).abs() < 1e-14));
/// assert_eq!((state[0].to_vec(), state[1].to_vec()), (vec![8.5, 34.0], vec![2.5, 40.0]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adafactor {
    /// The largest step relative to the parameter's size; 0.01 by default.
    pub lr: f64,
    /// The power with which new squares lose weight; -0.8 by default.
    pub beta2_decay: f64,
    /// The least root of a mean square, by default the distance of 1 to the next larger element, and the least size of a
    /// parameter, 1e-3 by default.
    pub eps: (Option<f64>, f64),
    /// How large the root mean square of an update may be; 1 by default.
    pub d: f64,
    /// How much of the parameter is taken away, per unit of learning rate; 0 by default.
    pub weight_decay: f64,
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

impl Adafactor {
    /// Adafactor at this learning rate.
    #[must_use]
    pub const fn new(lr: f64) -> Self {
        Self { lr, beta2_decay: -0.8, eps: (None, 1e-3), d: 1.0, weight_decay: 0.0, maximize: false }
    }
}

impl Default for Adafactor {
    fn default() -> Self {
        Self::new(1e-2)
    }
}

impl Rule for Adafactor {
    fn lr(&self) -> f64 {
        self.lr
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        let (eps1, eps2) = (self.eps.0.unwrap_or(0.0), self.eps.1);
        let settings = [("lr", self.lr), ("eps.0", eps1), ("eps.1", eps2), ("weight_decay", self.weight_decay)];
        check_not_negative("adafactor", &settings);
        assert!(self.beta2_decay <= 0.0, "adafactor: beta2_decay must not be above 0, found {}", self.beta2_decay);
        assert!(self.d >= 1.0, "adafactor: d must not be below 1, found {}", self.d);
        if param.rank() > 1 {
            let zeros = param.zeros_like();
            vec![("row_var", zeros.sum_keepdim(&[-1])), ("col_var", zeros.sum_keepdim(&[-2]))]
        } else {
            vec![("variance", param.zeros_like())]
        }
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B> {
        let g = downhill("adafactor", param, grad, self.maximize);
        let eps = self.eps.0.unwrap_or_else(|| B::Elem::epsilon().into_f64());
        let (v, state) = self.variance(&g, state, &at.step, eps);
        let u = g / v.clamp(Some(eps * eps), None).sqrt();
        let size = rms(param).clamp(Some(self.eps.1), None) * at.lr.minimum(&at.step.sqrt().recip());
        let rate = size / (rms(&u) / self.d).clamp(Some(1.0), None);
        (decayed(param, self.weight_decay, at) - rate * u, state)
    }
}

impl Adafactor {
    /// `v`, and the new state.
    #[track_caller]
    fn variance<B: Backend>(
        &self,
        g: &Tensor<B>,
        state: &[Tensor<B>],
        t: &Tensor<B>,
        eps: f64,
    ) -> (Tensor<B>, Vec<Tensor<B>>) {
        let b = t.powf(self.beta2_decay);
        let average = |old: &Tensor<B>, new: Tensor<B>| old + &b * (new - old);
        let square = g * g;
        if g.rank() > 1 {
            let [r, c] = slots("adafactor", state);
            let r = average(r, square.mean_keepdim(&[-1]));
            let c = average(c, square.mean_keepdim(&[-2]));
            (&r * &c / r.mean_keepdim(&[-2]).clamp(Some(eps), None), vec![r, c])
        } else {
            let [v] = slots("adafactor", state);
            let v = average(v, square);
            (v.clone(), vec![v])
        }
    }
}

/// `sqrt(mean x x)`
#[track_caller]
fn rms<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
    (x * x).mean().sqrt()
}
