//! Recurrent cells and networks of them, layers and directions as in PyTorch.

use autodiff_core::{Backend, Tensor};

use crate::golden::call::{Call, Function, Outputs, Unsupported};

pub(super) fn find<B: Backend>(op: &str) -> Option<Function<B>> {
    let function: Function<B> = match op {
        "rnn_cell" => |c| cell(c, activation(c)?),
        "lstm_cell" => |c| cell(c, Cell::Lstm),
        "gru_cell" => |c| cell(c, Cell::Gru),
        "rnn" => |c| network(c, activation(c)?),
        "lstm" => |c| network(c, Cell::Lstm),
        "gru" => |c| network(c, Cell::Gru),
        _ => return None,
    };
    Some(function)
}

/// The kinds of cells.
#[derive(Clone, Copy)]
enum Cell {
    Tanh,
    Relu,
    Lstm,
    Gru,
}

fn activation<B: Backend>(c: &Call<'_, B>) -> Result<Cell, Unsupported> {
    match c.option::<String>("nonlinearity")?.as_deref() {
        None | Some("tanh") => Ok(Cell::Tanh),
        Some("relu") => Ok(Cell::Relu),
        Some(_) => c.unknown("nonlinearity"),
    }
}

/// The parameters of a cell, a row for each gate of each unit.
struct Weights<'a, B: Backend> {
    ih: &'a Tensor<B>,
    hh: &'a Tensor<B>,
    biases: Option<[&'a Tensor<B>; 2]>,
}

impl<'a, B: Backend> Weights<'a, B> {
    /// Those whose names end so.
    fn new(c: &Call<'a, B>, suffix: &str) -> Result<Self, Unsupported> {
        let [ih, hh] = ["weight_ih", "weight_hh"].map(|name| c.tensor(&format!("{name}{suffix}")));
        let [bias_ih, bias_hh] = ["bias_ih", "bias_hh"].map(|name| c.given(&format!("{name}{suffix}")));
        Ok(Self { ih: ih?, hh: hh?, biases: bias_ih.zip(bias_hh).map(<[_; 2]>::from) })
    }

    fn hidden(&self) -> usize {
        self.hh.shape()[1]
    }

    /// `x W_ih^T + b_ih` and `h W_hh^T + b_hh`, each cut into its gates.
    fn gates<const N: usize>(&self, x: &Tensor<B>, h: &Tensor<B>) -> [[Tensor<B>; N]; 2] {
        let parts = [x.matmul(&self.ih.t()), h.matmul(&self.hh.t())];
        let parts = match self.biases {
            Some([ih, hh]) => [&parts[0] + ih, &parts[1] + hh],
            None => parts,
        };
        let hidden = self.hidden();
        parts.map(|part| core::array::from_fn(|gate| part.slice(-1, gate * hidden..(gate + 1) * hidden)))
    }
}

impl Cell {
    /// What a state consists of, beginning with `h`.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Lstm => &["h", "c"],
            Self::Tanh | Self::Relu | Self::Gru => &["h"],
        }
    }

    /// The state after `x`.
    fn step<B: Backend>(self, x: &Tensor<B>, state: &[Tensor<B>], weights: &Weights<'_, B>) -> Vec<Tensor<B>> {
        let h = &state[0];
        match self {
            Self::Tanh | Self::Relu => {
                let [[x], [h]] = weights.gates(x, h);
                vec![if matches!(self, Self::Tanh) { (x + h).tanh() } else { (x + h).relu() }]
            }
            Self::Lstm => {
                let [[xi, xf, xg, xo], [hi, hf, hg, ho]] = weights.gates(x, h);
                let c = (xf + hf).sigmoid() * &state[1] + (xi + hi).sigmoid() * (xg + hg).tanh();
                vec![(xo + ho).sigmoid() * c.tanh(), c]
            }
            Self::Gru => {
                let [[xr, xz, xn], [hr, hz, hn]] = weights.gates(x, h);
                let z = (xz + hz).sigmoid();
                let n = (xn + (xr + hr).sigmoid() * hn).tanh();
                vec![(1.0 - &z) * n + z * h]
            }
        }
    }

    /// The outputs of a layer for each `x` in turn, and its last state.
    fn layer<B: Backend>(
        self,
        xs: &[Tensor<B>],
        mut state: Vec<Tensor<B>>,
        weights: &Weights<'_, B>,
    ) -> (Vec<Tensor<B>>, Vec<Tensor<B>>) {
        let mut outputs = Vec::with_capacity(xs.len());
        for x in xs {
            state = self.step(x, &state, weights);
            outputs.push(state[0].clone());
        }
        (outputs, state)
    }

    /// A layer that may begin at the end.
    fn directed<B: Backend>(
        self,
        backward: bool,
        xs: &[Tensor<B>],
        state: Vec<Tensor<B>>,
        weights: &Weights<'_, B>,
    ) -> (Vec<Tensor<B>>, Vec<Tensor<B>>) {
        if !backward {
            return self.layer(xs, state, weights);
        }
        let reversed: Vec<_> = xs.iter().rev().cloned().collect();
        let (mut outputs, state) = self.layer(&reversed, state, weights);
        outputs.reverse();
        (outputs, state)
    }
}

fn cell<B: Backend>(c: &Call<'_, B>, cell: Cell) -> Result<Outputs<B>, Unsupported> {
    let state: Vec<_> = cell.names().iter().map(|name| c.tensor(name).cloned()).collect::<Result<_, _>>()?;
    let state = cell.step(c.tensor("x")?, &state, &Weights::new(c, "")?);
    Ok(cell.names().iter().map(|name| format!("{name}_new")).zip(state).collect())
}

fn network<B: Backend>(c: &Call<'_, B>, cell: Cell) -> Result<Outputs<B>, Unsupported> {
    let time = isize::from(c.option("batch_first")?.unwrap_or(false));
    let suffixes: &[&str] = if c.option("bidirectional")?.unwrap_or(false) { &["", "_reverse"] } else { &[""] };
    let mut xs = unstack(c.tensor("x")?, time);
    let mut states = Vec::new();
    for layer in 0..c.option("num_layers")?.unwrap_or(1_usize) {
        let mut directions = Vec::new();
        for suffix in suffixes {
            let weights = Weights::new(c, &format!("_l{layer}{suffix}"))?;
            c.expect("hidden_size", weights.hidden())?;
            let state = initial(c, cell, states.len(), &weights, &xs[0]);
            let (outputs, state) = cell.directed(*suffix == "_reverse", &xs, state, &weights);
            directions.push(outputs);
            states.push(state);
        }
        let joined = |t: usize| directions.iter().map(|outputs| outputs[t].clone()).collect::<Vec<_>>();
        xs = (0..xs.len()).map(|t| Tensor::concat(&joined(t), -1)).collect();
    }
    let mut outputs = vec![("y".into(), Tensor::stack(&xs, time))];
    for (part, name) in cell.names().iter().enumerate() {
        let last: Vec<_> = states.iter().map(|state| state[part].clone()).collect();
        outputs.push((format!("{name}_n"), Tensor::stack(&last, 0)));
    }
    Ok(outputs)
}

/// The state before the first `x` for one layer in one direction: what is given, else zeros.
fn initial<B: Backend>(
    c: &Call<'_, B>,
    cell: Cell,
    place: usize,
    weights: &Weights<'_, B>,
    x: &Tensor<B>,
) -> Vec<Tensor<B>> {
    let zeros = || x.new_zeros([x.shape()[0], weights.hidden()]);
    let given = |name: &&str| c.given(&format!("{name}0")).map(|given| given.slice(0, place..=place).squeeze(0));
    cell.names().iter().map(|name| given(name).unwrap_or_else(zeros)).collect()
}

/// The parts along an axis, which goes away.
fn unstack<B: Backend>(x: &Tensor<B>, axis: isize) -> Vec<Tensor<B>> {
    (0..x.shape()[axis.unsigned_abs()]).map(|at| x.slice(axis, at..=at).squeeze(axis)).collect()
}

/// The outputs of one LSTM layer that starts from zeros, for `x` of shape `[batch, time, features]`.
pub(in crate::golden) fn lstm_layer<B: Backend>(
    c: &Call<'_, B>,
    x: &Tensor<B>,
    suffix: &str,
) -> Result<Tensor<B>, Unsupported> {
    let weights = Weights::new(c, suffix)?;
    let zeros = x.new_zeros([x.shape()[0], weights.hidden()]);
    let (outputs, _) = Cell::Lstm.layer(&unstack(x, 1), vec![zeros; 2], &weights);
    Ok(Tensor::stack(&outputs, 1))
}
