//! Rprop: a step size for each element, which follows the signs of its gradients.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::Updated;
use crate::rule::{Rule, StepInputs, check_not_negative, downhill, slots};

/// Resilient backpropagation.
///
/// ```text
/// turn = sign(g) sign(p)
/// d <- d eta+  where turn > 0,   d eta-  where turn < 0,   and kept within step_sizes
/// g <- 0       where turn < 0
/// x <- x - sign(g) d
/// p <- g
/// ```
///
/// with `etas = (eta-, eta+)`. The state is `p`, which begins with 0, and `d`, which begins with `lr`: PyTorch's `prev` and
/// `step_size`. After the start nothing reads the learning rate. It is meant for gradients of the whole data.
///
/// (M. Riedmiller and H. Braun, *A direct adaptive method for faster backpropagation learning: the RPROP algorithm*, ICNN 1993;
/// without going back, as iRprop- of C. Igel and M. Husken, 2000.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{Rprop, Rule, StepInputs};
/// let rprop = Rprop::new(0.5);
/// let x = Tensor::<Cpu<f64>>::new(&[2.0, 2.0, 2.0], [3]);
/// let state = [Tensor::new(&[1.0, 1.0, 0.0], [3]), x.new_full([3], 0.5)];
/// let g = Tensor::new(&[9.0, -9.0, -9.0], [3]);
/// let (x, state) = rprop.update(&x, &g, &state, &StepInputs::new(rprop.lr, 2, x.device()));
/// assert_eq!(x.to_vec(), [1.4, 2.0, 2.5]);
/// assert_eq!(state[1].to_vec(), [0.6, 0.25, 0.5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rprop {
    /// The first step size; 0.01 by default.
    pub lr: f64,
    /// The factors of a step size where the gradient's sign has changed and where it has not; 0.5 and 1.2 by default.
    pub etas: (f64, f64),
    /// The smallest and the largest step size; 1e-6 and 50 by default.
    pub step_sizes: (f64, f64),
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

impl Rprop {
    /// Rprop with this first step size.
    #[must_use]
    pub const fn new(lr: f64) -> Self {
        Self { lr, etas: (0.5, 1.2), step_sizes: (1e-6, 50.0), maximize: false }
    }
}

impl Default for Rprop {
    fn default() -> Self {
        Self::new(1e-2)
    }
}

impl Rule for Rprop {
    fn lr(&self) -> f64 {
        self.lr
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        check_not_negative("rprop", &[("lr", self.lr)]);
        let (minus, plus) = self.etas;
        assert!(
            0.0 < minus && minus < 1.0 && 1.0 < plus,
            "rprop: etas must be between 0 and 1 and above 1, found {minus} and {plus}"
        );
        vec![("prev", param.zeros_like()), ("step_size", param.new_full(param.shape(), self.lr))]
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        _at: &StepInputs<B>,
    ) -> Updated<B> {
        let ([p, d], (minus, plus)) = (slots("rprop", state), self.etas);
        let g = downhill("rprop", param, grad, self.maximize);
        let (turn, zero) = (g.sign() * p.sign(), g.zeros_like());
        let turned = turn.lt(&zero);
        let factor =
            turned.select(&d.new_full([], minus), &turn.gt(&zero).select(&d.new_full([], plus), &d.ones_like()));
        let d = (d * factor).clamp(Some(self.step_sizes.0), Some(self.step_sizes.1));
        let g = turned.select(&zero, &g);
        (param - g.sign() * &d, vec![g, d])
    }
}
