//! Section 1: `f(x1, x2) = (2 x1 + x2)^2`.

use core::error::Error;

use autodiff_core::{Autodiff, Backend, Instruction, Primitive, Spec, Tensor, Var, WengertList};

use super::{Double, ROUNDING, gradients, indented};
use examples::compare::agree;
use examples::say;

/// Generic over what running it does; the steps are handed out with their names so that we can look at them.
fn f<B: Backend>(x1: &Tensor<B>, x2: &Tensor<B>) -> [(&'static str, Tensor<B>); 3] {
    let z1 = 2.0 * x1;
    let z2 = &z1 + x2;
    let f = &z2 * &z2;
    [("z1", z1), ("z2", z2), ("f", f)]
}

pub(super) fn show<D: Double>() -> Result<(), Box<dyn Error>> {
    let inputs = [("x1", Spec::elem([])), ("x2", Spec::elem([]))];
    let steps = WengertList::<f64>::trace(&inputs, |x| f(&x[0], &x[1]));
    say!("f(x1, x2) = (2 x1 + x2)^2, written as code and run on the backend that only writes down, is a graph:\n");
    if let Some((_, root)) = steps.outputs().last() {
        draw(&steps, *root, "    ", "    ", &mut Vec::new());
    }
    let list = WengertList::<f64>::trace(&inputs, |x| f(&x[0], &x[1]).into_iter().skip(2));
    say!("\nThe same for Graphviz (`dot -Tsvg`):\n\n{}", indented(&list.to_dot()));
    say!("The graph as a Wengert list, one operation a line, arguments before what is computed from them:\n");
    say!("{}", indented(&list.to_string()));
    say!("The chain rule, df/dx1 = df/dz2 dz2/dz1 dz1/dx1 = 2 z2 * 1 * 2, step by step is the list read backwards:");
    say!("each line hands its derivative on to its arguments. z2 is one twice, so the second time it is added to:\n");
    say!("{}", indented(&list.reverse("f").to_string()));
    say!("With numbers, the list is run forward for values, then in reverse for df/d(value).");
    say!("By hand: df/dx1 = 4 (2 x1 + x2) and df/dx2 = 2 (2 x1 + x2).\n");
    for (x1, x2) in [(3.0, -1.0), (0.5, 0.25), (-1.0, 2.0)] {
        show_values::<D>(&steps, x1, x2)?;
    }
    show_misprint::<D>()
}

/// The operations under a value; one that was drawn before is only named.
fn draw(list: &WengertList<f64>, var: Var, first: &str, rest: &str, drawn: &mut Vec<Var>) {
    let assignment = &list[var];
    let name = match &assignment.instruction {
        Instruction::Apply(Primitive::Constant { value, .. }) => value.get().to_string(),
        Instruction::Input(name) => name.clone(),
        instruction => {
            let output = list.outputs().iter().find(|(_, own)| *own == var);
            let name = output.map_or("", |(name, _)| name);
            let again = if drawn.contains(&var) { "   (the same value)" } else { "" };
            format!("{name} = {}{again}", instruction.name())
        }
    };
    say!("{first}{name}");
    if drawn.contains(&var) {
        return;
    }
    drawn.push(var);
    for (place, arg) in assignment.args.iter().enumerate() {
        let (branch, below) = if place + 1 < assignment.args.len() { ("├─ ", "│  ") } else { ("└─ ", "   ") };
        draw(list, *arg, &format!("{rest}{branch}"), &format!("{rest}{below}"), drawn);
    }
}

/// Forward and backward values at one point, and the gradient held against the one by hand.
fn show_values<D: Double>(list: &WengertList<f64>, x1: f64, x2: f64) -> Result<(), Box<dyn Error>> {
    let inputs = [x1, x2].map(|x| Tensor::<Autodiff<D>>::variable(Tensor::new(&[x], [])));
    let outputs = list.eval(&inputs);
    let values: Vec<_> = inputs.iter().chain(&outputs).collect();
    let deltas = gradients(values[4], &values)?;
    say!("    value   forward   backward");
    for ((name, value), delta) in ["x1", "x2", "z1", "z2", "f"].iter().zip(&values).zip(&deltas) {
        say!("    {name:<5} {:>9} {:>10}", value.item(), delta.item());
    }
    let by_hand = [4.0, 2.0].map(|slope| Tensor::<D>::new(&[slope * (2.0 * x1 + x2)], []));
    for ((name, by_hand), delta) in ["df/dx1", "df/dx2"].iter().zip(&by_hand).zip(&deltas) {
        agree(name, by_hand, delta, ROUNDING)?;
    }
    say!("    by hand: df/dx1 = {}, df/dx2 = {}: equal\n", by_hand[0].item(), by_hand[1].item());
    Ok(())
}

/// What the lecture's slip would do to the function.
fn show_misprint<D: Double>() -> Result<(), Box<dyn Error>> {
    let [x1, x2] = [3.0, -1.0].map(|x| Tensor::<Autodiff<D>>::variable(Tensor::new(&[x], [])));
    let z2 = &x1 + &x2;
    let slip = gradients(&z2.square(), &[&x1, &x2])?;
    say!("A slip in the lecture: one of its derivations writes z2 = add(x1, x2) where add(z1, x2) is meant. That");
    say!(
        "would be (x1 + x2)^2: at x1 = 3, x2 = -1 its gradient is ({}, {}), not (20, 10).",
        slip[0].item(),
        slip[1].item()
    );
    agree("the gradient of (x1 + x2)^2", &slip[0], &Tensor::new(&[4.0], []), ROUNDING)?;
    Ok(())
}
