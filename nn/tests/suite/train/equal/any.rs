//! [`Any`], one type for all optimizers: a training step is compiled for it once, not once for each of them.

use autodiff_core::{Backend, Tensor};
use optim::{
    Accumulate, Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Asgd, ClipGradNorm, ClipGradValue, Ema, GradScaler,
    Groups, Lion, NAdam, Optimizer, ParamStep, RAdam, RmsProp, Rprop, Sgd, Updated,
};

macro_rules! any {
    ($($variant:ident($optimizer:ty),)*) => {
        #[derive(Clone, Debug)]
        pub(super) enum Any {
            $($variant($optimizer),)*
        }

        impl Optimizer for Any {
            fn base_lr(&self) -> f64 {
                match self {
                    $(Self::$variant(optimizer) => optimizer.base_lr(),)*
                }
            }
            fn initial_state<B: Backend>(&self, name: &str, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
                match self {
                    $(Self::$variant(optimizer) => optimizer.initial_state(name, param),)*
                }
            }
            fn step<B: Backend>(&self, params: &[ParamStep<'_, B>]) -> Vec<Updated<B>> {
                match self {
                    $(Self::$variant(optimizer) => optimizer.step(params),)*
                }
            }
            fn loss_scale<B: Backend>(&self, state: &[Tensor<B>]) -> Option<Tensor<B>> {
                match self {
                    $(Self::$variant(optimizer) => optimizer.loss_scale(state),)*
                }
            }
        }

        $(impl From<$optimizer> for Any {
            fn from(optimizer: $optimizer) -> Self {
                Self::$variant(optimizer)
            }
        })*
    };
}

any! {
    Sgd(Sgd),
    Adagrad(Adagrad),
    Adadelta(Adadelta),
    RmsProp(RmsProp),
    Adam(Adam),
    AdamW(AdamW),
    Adamax(Adamax),
    NAdam(NAdam),
    RAdam(RAdam),
    Lion(Lion),
    Asgd(Asgd),
    Rprop(Rprop),
    Adafactor(Adafactor),
    ClipGradNorm(ClipGradNorm<Adam>),
    ClipGradValue(ClipGradValue<Sgd>),
    Accumulate(Accumulate<Adam>),
    Ema(Ema<AdamW>),
    GradScaler(GradScaler<Adam>),
    Groups(Groups<AdamW>),
    Nested(GradScaler<Accumulate<Ema<ClipGradNorm<Groups<AdamW>>>>>),
}
