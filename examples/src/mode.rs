//! [`train_step!`](crate::train_step!): a training step that is compiled, or eager where the flags ask for it.

/// A training step on batches like the example: eager where the first argument says so, else compiled.
///
/// It is a macro since a name in an expression is one function: `loss` stands here for two, generic over the backend as it is,
/// and no argument of a function could be called at both.
///
/// ```
/// use autodiff_core::{Backend, Tensor};
/// use backend_cpu::Cpu;
/// use examples::train_step;
/// use nn::{Context, Param};
/// use optim::Sgd;
///
/// fn loss<B: Backend>(x: &Param<B>, (): &(), _: &mut Context<B>) -> Tensor<B> {
///     x.square()
/// }
///
/// let x = Param::new(Tensor::<Cpu<f64>>::scalar(2.0, &Default::default()));
/// for eager in [true, false] {
///     let mut step = train_step!(eager, x.clone(), Sgd::new(0.25), loss, &());
///     step.run(&()).unwrap();
///     assert_eq!((step.model().item(), step.traces().is_empty()), (1.0, eager));
/// }
/// ```
#[macro_export]
macro_rules! train_step {
    ($eager:expr, $model:expr, $optimizer:expr, $loss:path, $example:expr) => {{
        let (model, optimizer) = ($model, $optimizer);
        if $eager {
            ::nn::TrainStep::eager(model, optimizer, $loss)
        } else {
            ::nn::TrainStep::compile(model, optimizer, $loss, $example)
        }
    }};
}
