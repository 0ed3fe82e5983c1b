//! RAdam: Adam that waits until its estimate of the variance can be trusted.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::Updated;
use crate::rule::{
    Rule, StepInputs, at_least_normal, average, check_not_negative, check_shares, correction, decays, slots,
};

/// RAdam: Adam with a rectified variance.
///
/// ```text
/// g <- g + weight_decay x,   or  x <- x - lr weight_decay x   with decoupled_weight_decay
/// m <- b1 m + (1 - b1) g
/// v <- b2 v + (1 - b2) g g
/// r = 2 / (1 - b2) - 1
/// r_t = r - 2 t b2^t / (1 - b2^t)
/// q = sqrt((r_t - 4) (r_t - 2) r / ((r - 4) (r - 2) r_t)) sqrt(1 - b2^t) / (sqrt(v) + eps)   where r_t > 5
/// q = 1                                                                                      elsewhere
/// x <- x - lr m / (1 - b1^t) q
/// ```
///
/// with `betas = (b1, b2)` and the step `t` counting from 1. The state is `m` and `v`, PyTorch's `exp_avg` and `exp_avg_sq`. An
/// `eps` below the element's smallest normal number counts as that.
///
/// `r_t` is a small difference of large numbers in the first steps, of which `f32` leaves three or four digits and a half none.
/// With `z = -t log(b2) / 2` it is `t + (r - t / z) - t (coth z - 1 / z)`, whose first parenthesis does not depend on `t`, and
/// whose second is taken from Lambert's continued fraction, which subtracts nothing.
///
/// (L. Liu et al., *On the variance of the adaptive learning rate and beyond*, ICLR 2020, algorithm 2, with PyTorch's limit of
/// 5 for the paper's 4.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{RAdam, Rule, StepInputs};
/// let radam = RAdam::new(0.1);
/// let (x, g) = (Tensor::<Cpu<f64>>::new(&[1.0], [1]), Tensor::new(&[4.0], [1]));
/// let state = [x.zeros_like(), x.zeros_like()];
/// // The first steps are those of a gradient's average.
/// let (x, _) = radam.update(&x, &g, &state, &StepInputs::new(radam.lr, 1, x.device()));
/// assert!((x.item() - 0.6).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RAdam {
    /// The learning rate; 0.001 by default.
    pub lr: f64,
    /// How much of the running averages of the gradient and of its square stays; 0.9 and 0.999 by default.
    pub betas: (f64, f64),
    /// What keeps the quotient finite; 1e-8 by default.
    pub eps: f64,
    /// The factor of the decay; 0 by default.
    pub weight_decay: f64,
    /// Whether the decay is AdamW's, not an L2 penalty; off by default.
    pub decoupled_weight_decay: bool,
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

impl RAdam {
    /// RAdam at this learning rate.
    #[must_use]
    pub const fn new(lr: f64) -> Self {
        Self { lr, betas: (0.9, 0.999), eps: 1e-8, weight_decay: 0.0, decoupled_weight_decay: false, maximize: false }
    }
}

impl Default for RAdam {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl Rule for RAdam {
    fn lr(&self) -> f64 {
        self.lr
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        check_not_negative("radam", &[("lr", self.lr), ("eps", self.eps), ("weight_decay", self.weight_decay)]);
        check_shares("radam", &[("betas.0", self.betas.0), ("betas.1", self.betas.1)]);
        vec![("exp_avg", param.zeros_like()), ("exp_avg_sq", param.zeros_like())]
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B> {
        let ([m, v], (b1, b2)) = (slots("radam", state), self.betas);
        let decay = (self.weight_decay, self.decoupled_weight_decay);
        let (g, x) = decays("radam", (param, grad), self.maximize, decay, at);
        let (m, v) = (average(b1, m, &g), average(b2, v, &(&g * &g)));
        let rate = &at.lr / correction(b1, &at.step);
        (x - rate * (&m * self.scale(&v, &at.step)), vec![m, v])
    }
}

/// What `r_t` must exceed for the variance to be used.
const TRACTABLE: f64 = 5.0;

impl RAdam {
    /// `r`
    const fn limit(&self) -> f64 {
        2.0 / (1.0 - self.betas.1) - 1.0
    }

    /// `q`
    #[track_caller]
    fn scale<B: Backend>(&self, v: &Tensor<B>, t: &Tensor<B>) -> Tensor<B> {
        let r = self.limit();
        if r <= TRACTABLE {
            return v.ones_like();
        }
        let length = self.length(t);
        let least = length.new_full([], TRACTABLE);
        let trusted = length.gt(&least);
        // Where it counts for nothing the root is taken of something positive.
        let length = length.maximum(&least);
        let rectified = (&length - 4.0) * (&length - 2.0) / length * (r / ((r - 4.0) * (r - 2.0)));
        let factor = (rectified * correction(self.betas.1, t)).sqrt();
        trusted.select(&(factor / (v.sqrt() + at_least_normal::<B>(self.eps))), &v.ones_like())
    }

    /// `r_t`
    #[track_caller]
    fn length<B: Backend>(&self, t: &Tensor<B>) -> Tensor<B> {
        let (r, rate) = (self.limit(), -libm::log(self.betas.1));
        let z = t * (rate / 2.0);
        let early = t + (r - 2.0 / rate) - t * coth_less_pole(&z);
        let late = r - t * 2.0 / (t * rate).expm1();
        z.lt(&z.ones_like()).select(&early, &late)
    }
}

/// `coth z - 1 / z = z / (3 + z z / (5 + z z / (7 + ...)))`, to 16 digits where `z` is at most 1.
///
/// (*NIST digital library of mathematical functions*, 4.39.1: the fraction of `tanh z`, turned over.)
#[track_caller]
fn coth_less_pole<B: Backend>(z: &Tensor<B>) -> Tensor<B> {
    let square = z * z;
    let odd = [15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0];
    let fraction = odd.iter().fold(z.new_full([], 17.0), |inner, &odd| &square / inner + odd);
    z / fraction
}
