//! Recurrent cells and networks of them, through the `nn` crate.

use autodiff_core::{Backend, Tensor};
use nn::{
    Context, Elman, GatedRecurrentUnit, Keys, LongShortTermMemory, Module, Recurrence, Recurrent, RecurrentCell,
    RecurrentOptions, State,
};

use crate::golden::call::{Call, Function, Outputs, Unsupported};

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op {
        "rnn_cell" => |c| cell(c, elman(c)?, &["h"]),
        "lstm_cell" => |c| cell(c, LongShortTermMemory, &["h", "c"]),
        "gru_cell" => |c| cell(c, GatedRecurrentUnit, &["h"]),
        "rnn" => |c| network(c, elman(c)?, &["h"]),
        "lstm" => |c| network(c, LongShortTermMemory, &["h", "c"]),
        "gru" => |c| network(c, GatedRecurrentUnit, &["h"]),
        _ => return None,
    };
    Some(function)
}

fn elman<B: Backend>(c: &Call<'_, B>) -> Result<Elman, Unsupported> {
    match c.option::<String>("nonlinearity")?.as_deref() {
        None | Some("tanh") => Ok(Elman::Tanh),
        Some("relu") => Ok(Elman::ReLU),
        Some(_) => c.unknown("nonlinearity"),
    }
}

/// The module with the case's tensors for parameters, which both call alike.
fn given<B: Backend, M: Module<B>>(c: &Call<'_, B>, module: &M) -> Result<M, Unsupported> {
    let names = module.named_parameters().into_iter();
    let values: Result<Vec<_>, _> = names.map(|(name, _)| c.tensor(&name).cloned()).collect();
    Ok(module.with_parameters(&values?))
}

/// The tensors of a state by their names, with this ending; `None` where the case has none.
fn state<B: Backend, S: State<B>>(c: &Call<'_, B>, names: &[&str], ending: &str) -> Option<S> {
    let parts: Option<Vec<_>> = names.iter().map(|name| c.given(&format!("{name}{ending}")).cloned()).collect();
    parts.map(S::from_parts)
}

fn cell<B: Backend, R: Recurrence>(c: &Call<'_, B>, recurrence: R, names: &[&str]) -> Result<Outputs<B>, Unsupported> {
    let x = c.tensor("x")?;
    let (inputs, hidden) = (x.shape()[1], c.tensor("weight_hh")?.shape()[1]);
    let biased = c.given("bias_ih").is_some();
    let new = if biased { RecurrentCell::new } else { RecurrentCell::without_bias };
    let mut cell = new(inputs, hidden, &mut Keys::new(0, x.device()));
    cell.recurrence = recurrence;
    let new = given(c, &cell)?.forward(x, state::<_, R::State<B>>(c, names, "").as_ref());
    Ok(names.iter().map(|name| format!("{name}_new")).zip(new.parts()).collect())
}

fn network<B: Backend, R: Recurrence>(
    c: &Call<'_, B>,
    recurrence: R,
    names: &[&str],
) -> Result<Outputs<B>, Unsupported> {
    let (x, options) = (c.tensor("x")?, options(c)?);
    let (inputs, hidden) = (x.shape()[2], c.tensor("weight_hh_l0")?.shape()[1]);
    c.expect("hidden_size", hidden)?;
    let mut network = Recurrent::with(inputs, hidden, options, &mut Keys::new(0, x.device()));
    network.recurrence = recurrence;
    let start = state::<_, R::State<B>>(c, names, "0");
    let (y, last) = given(c, &network)?.forward(x, start.as_ref(), &mut Context::evaluation());
    let last = names.iter().map(|name| format!("{name}_n")).zip(last.parts());
    Ok(last.chain([("y".into(), y)]).collect())
}

fn options<B: Backend>(c: &Call<'_, B>) -> Result<RecurrentOptions, Unsupported> {
    Ok(RecurrentOptions {
        num_layers: c.option("num_layers")?.unwrap_or(1),
        bias: c.given("bias_ih_l0").is_some(),
        batch_first: c.option("batch_first")?.unwrap_or(false),
        bidirectional: c.option("bidirectional")?.unwrap_or(false),
        ..RecurrentOptions::default()
    })
}

/// The outputs of an LSTM that starts from zeros, for `x` of shape `[batch, time, features]`.
pub(in crate::golden) fn lstm<B: Backend>(
    c: &Call<'_, B>,
    x: &Tensor<B>,
    num_layers: usize,
) -> Result<Tensor<B>, Unsupported> {
    let options = RecurrentOptions { num_layers, batch_first: true, ..RecurrentOptions::default() };
    let hidden = c.tensor("weight_hh_l0")?.shape()[1];
    let lstm = nn::LSTM::with(x.shape()[2], hidden, options, &mut Keys::new(0, x.device()));
    Ok(given(c, &lstm)?.forward(x, None, &mut Context::evaluation()).0)
}
