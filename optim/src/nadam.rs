//! NAdam: Adam with Nesterov's momentum.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::Updated;
use crate::rule::{
    Rule, StepInputs, at_least_normal, average, check_not_negative, check_shares, correction, decays, slots,
};

/// NAdam: Adam with Nesterov's momentum.
///
/// ```text
/// g <- g + weight_decay x,   or  x <- x - lr weight_decay x   with decoupled_weight_decay
/// u_t = b1 (1 - 0.96^(t momentum_decay) / 2)
/// p <- p u_t
/// m <- b1 m + (1 - b1) g
/// v <- b2 v + (1 - b2) g g
/// s = sqrt(v / (1 - b2^t)) + eps
/// x <- x - lr ((1 - u_t) / (1 - p) g + u_{t+1} / (1 - p u_{t+1}) m) / s
/// ```
///
/// with `betas = (b1, b2)` and the step `t` counting from 1. The state is `p`, which is a scalar and begins with 1, `m` and
/// `v`, PyTorch's `mu_product`, `exp_avg` and `exp_avg_sq`. An `eps` below the element's smallest normal number counts as that.
///
/// (T. Dozat, *Incorporating Nesterov momentum into Adam*, ICLR workshop 2016, algorithm 2, with the schedule of its section
/// on momentum; 0.96 is fixed, as in PyTorch.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{NAdam, Rule, StepInputs};
/// let nadam = NAdam { momentum_decay: 0.0, ..NAdam::new(0.1) };
/// let (x, g) = (Tensor::<Cpu<f64>>::new(&[1.0], [1]), Tensor::new(&[5.0], [1]));
/// let state: Vec<_> = nadam.init(&x).into_iter().map(|(_, slot)| slot).collect();
/// let (x, _) = nadam.update(&x, &g, &state, &StepInputs::new(nadam.lr, 1, x.device()));
/// // u = 0.45 in all steps, m = 0.1 g and s = g.
/// let expected = 1.0 - 0.1 * (1.0 + 0.1 * 0.45 / (1.0 - 0.45 * 0.45));
/// assert!((x.item() - expected).abs() < 1e-8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NAdam {
    /// The learning rate; 0.002 by default.
    pub lr: f64,
    /// How much of the running averages of the gradient and of its square stays; 0.9 and 0.999 by default.
    pub betas: (f64, f64),
    /// What keeps the quotient finite; 1e-8 by default.
    pub eps: f64,
    /// The factor of the decay; 0 by default.
    pub weight_decay: f64,
    /// How fast the momentum grows to its full size; 0.004 by default.
    pub momentum_decay: f64,
    /// Whether the decay is AdamW's, not an L2 penalty; off by default.
    pub decoupled_weight_decay: bool,
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

impl NAdam {
    /// NAdam at this learning rate.
    #[must_use]
    pub const fn new(lr: f64) -> Self {
        Self {
            lr,
            betas: (0.9, 0.999),
            eps: 1e-8,
            weight_decay: 0.0,
            momentum_decay: 4e-3,
            decoupled_weight_decay: false,
            maximize: false,
        }
    }

    /// `u_t`
    #[track_caller]
    fn momentum<B: Backend>(&self, t: &Tensor<B>) -> Tensor<B> {
        let falling = (t * (self.momentum_decay * libm::log(0.96))).exp();
        (1.0 - falling * 0.5) * self.betas.0
    }
}

impl Default for NAdam {
    fn default() -> Self {
        Self::new(2e-3)
    }
}

impl Rule for NAdam {
    fn lr(&self) -> f64 {
        self.lr
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        let settings = [("lr", self.lr), ("eps", self.eps), ("weight_decay", self.weight_decay)];
        check_not_negative("nadam", &settings);
        check_not_negative("nadam", &[("momentum_decay", self.momentum_decay)]);
        check_shares("nadam", &[("betas.0", self.betas.0), ("betas.1", self.betas.1)]);
        let zeros = param.zeros_like();
        vec![("mu_product", param.new_full([], 1.0)), ("exp_avg", zeros.clone()), ("exp_avg_sq", zeros)]
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B> {
        let ([p, m, v], (b1, b2)) = (slots("nadam", state), self.betas);
        let decay = (self.weight_decay, self.decoupled_weight_decay);
        let (g, x) = decays("nadam", (param, grad), self.maximize, decay, at);
        let (u, next) = (self.momentum(&at.step), self.momentum(&(&at.step + 1.0)));
        let p = p * &u;
        let (m, v) = (average(b1, m, &g), average(b2, v, &(&g * &g)));
        let s = v.sqrt() / correction(b2, &at.step).sqrt() + at_least_normal::<B>(self.eps);
        let of_g = &at.lr * (1.0 - u) / (1.0 - &p);
        let of_m = &at.lr * &next / (1.0 - &p * &next);
        (x - (of_g * g + of_m * &m) / s, vec![p, m, v])
    }
}
