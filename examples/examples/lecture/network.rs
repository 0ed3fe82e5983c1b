//! Section 5: two layers as a list and in reverse; an operation of our own; one parameter in two places.

use core::error::Error;

use autodiff_core::{
    Autodiff, Backend, Index, Needs, Node, Op, Saves, Spec, SpecError, Tensor, WengertList, check_grads, spec,
};

use super::{Double, Flags, ROUNDING, count, gradients, indented, numbers, show_equal};
use examples::say;

/// What a row of the input, a hidden row, and a row of the output hold. The last two are equal so that one bias fits both.
const IN: usize = 4;
const OUT: usize = 3;
const ROWS: usize = 6;

/// `crossEnt(p, y) = -1/n sum_rows sum_classes y log p`, for probabilities `p` above 0.
///
/// ```text
/// p   -g y / (n p)      y   none: targets are given, not learned
/// ```
#[derive(Clone, Debug, PartialEq)]
struct CrossEnt;

impl Op for CrossEnt {
    fn name(&self) -> &'static str {
        "crossEnt"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        let [p, y] = spec::arity(self.name(), inputs)?;
        spec::float(self.name(), 0, p)?;
        spec::equal(self.name(), p, y)?;
        match p.shape.rank() {
            2 => Ok(p.reshaped([].into())),
            _ => Err(SpecError::shape(self.name(), "a matrix of rows by classes expected", p)),
        }
    }

    fn forward<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
        let [n, _] = inputs[0].dims();
        -(&inputs[1] * inputs[0].log()).sum() / count(n)
    }

    fn backward<B: Backend>(&self, _p: usize, at: &Node<'_, B>) -> Tensor<B> {
        let [n, _] = at.input(0).dims();
        -(at.grad() * at.input(1) / at.input(0)) / count(n)
    }

    fn differentiable(&self, arg: usize) -> bool {
        arg == 0
    }

    fn saves(&self, _needs: Needs) -> Saves {
        Saves::NONE.and_input(0).and_input(1)
    }
}

/// The lecture's network. The operation defined above is called like any other.
fn network<B: Backend>(x: &Tensor<B>, [w1, b1, w2, b2]: [&Tensor<B>; 4], y: &Tensor<B>) -> Tensor<B> {
    let hidden = (x.matmul(w1) + b1).tanh();
    let output = (hidden.matmul(w2) + b2).tanh();
    Tensor::call(&CrossEnt, &[&output.softmax(-1), y])
}

pub(super) fn show<D: Double>(flags: &Flags) -> Result<(), Box<dyn Error>> {
    say!("loss = crossEnt(softmax(tanh(tanh(X W1 + B1) W2 + B2)), Y). crossEnt is defined in this program,");
    say!("shape rule, forward and backward form in one place; lists and derivatives take it like their own.\n");
    say!("For one row the list is the lecture's, whose mul is the matrix product, here called matmul:\n");
    show_list(&separate(1));
    say!("With more rows, B1 and B2 are spread over them in lines of their own, which the lecture leaves out:\n");
    say!("{}", indented(&format!("{:#}", separate(ROWS))));
    say!("B1 and B2 tied into one parameter B: in reverse, what the second use hands to B is added to the first:\n");
    show_list(&tied());
    show_gradients::<D>(flags.seed)
}

fn show_list(list: &WengertList<f64>) {
    say!("{}\n  and in reverse\n\n{}", indented(&list.to_string()), indented(&list.reverse("loss").to_string()));
}

fn separate(rows: usize) -> WengertList<f64> {
    let shapes = [
        ("X", [rows, IN]),
        ("W1", [IN, OUT]),
        ("B1", [1, OUT]),
        ("W2", [OUT, OUT]),
        ("B2", [1, OUT]),
        ("Y", [rows, OUT]),
    ];
    let inputs = shapes.map(|(name, shape)| (name, Spec::elem(shape)));
    WengertList::trace(&inputs, |v| [("loss", network(&v[0], [&v[1], &v[2], &v[3], &v[4]], &v[5]))])
}

fn tied() -> WengertList<f64> {
    let shapes = [("X", [1, IN]), ("W1", [IN, OUT]), ("B", [1, OUT]), ("W2", [OUT, OUT]), ("Y", [1, OUT])];
    let inputs = shapes.map(|(name, shape)| (name, Spec::elem(shape)));
    WengertList::trace(&inputs, |v| [("loss", network(&v[0], [&v[1], &v[2], &v[3], &v[2]], &v[4]))])
}

/// The gradients of both networks at one point, and three ways to check them.
fn show_gradients<D: Double>(seed: u64) -> Result<(), Box<dyn Error>> {
    let key = Index::key(seed, &Default::default());
    let random = |n: u32, shape: [usize; 2]| Tensor::<D>::normal(&key.fold_in(n), shape);
    let (x, w1, w2, b) = (random(0, [ROWS, IN]), random(1, [IN, OUT]), random(2, [OUT, OUT]), random(3, [1, OUT]));
    let y = Index::new(&[0, 1, 2, 0, 1, 2], [ROWS]).one_hot(OUT);

    let [w1v, b1, w2v, b2, tied] = [&w1, &b, &w2, &b, &b].map(|value| Tensor::<Autodiff<D>>::variable(value.clone()));
    let [xv, yv] = [&x, &y].map(|value| Tensor::<Autodiff<D>>::constant_of(value.clone()));
    let loss = network(&xv, [&w1v, &b1, &w2v, &b2], &yv);
    let of_separate = gradients(&loss, &[&b1, &b2, &w1v, &w2v])?;
    let of_tied = gradients(&network(&xv, [&w1v, &tied, &w2v, &tied], &yv), &[&tied])?;
    say!("{ROWS} random rows, B1 = B2 = B: the loss is {:.5} and its gradients are\n", loss.item());
    for (name, gradient) in ["dB1", "dB2", "dB"].iter().zip(of_separate.iter().take(2).chain(&of_tied)) {
        say!("  {name:<10} {}", numbers(gradient));
    }
    say!("\nEqual are dB and the sum of the two, and the gradients of the list above, replayed:\n");
    show_equal("dB", &of_tied[0], &(&of_separate[0] + &of_separate[1]), ROUNDING)?;
    let replayed = separate(ROWS).eval(&[xv, w1v.clone(), b1, w2v.clone(), b2, yv]);
    let of_list = gradients(&replayed[0], &[&w1v, &w2v])?;
    show_equal("dW1", &of_separate[2], &of_list[0], ROUNDING)?;
    show_equal("dW2", &of_separate[3], &of_list[1], ROUNDING)?;

    let lifted = |value: &Tensor<D>| Tensor::constant_of(Tensor::constant_of(value.clone()));
    let (x, y) = (lifted(&x), lifted(&y));
    let tied = |v: &[_]| network(&x, [&v[0], &v[1], &v[2], &v[1]], &y);
    check_grads(tied, &[w1, b, w2], 1e-7)?;
    say!("\nFirst and second derivatives agree with central differences to 1e-7, crossEnt's rule among them.");
    Ok(())
}
