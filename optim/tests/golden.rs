//! Trajectories of SGD and Adam against `../shared/golden`, eager in `f64` and `f32`, and traced.

#![expect(clippy::unwrap_used, reason = "a test may fail by unwrapping, also in its helpers")]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use autodiff_core::{Autodiff, Backend, Element, Tensor, Trace, WengertList};
use backend_cpu::Cpu;
use optim::{Adam, Optimizer, Sgd, StepInputs};
use safetensors::SafeTensors;
use serde_json::Value;

/// One case of the manifest and the file with its tensors.
struct Case<'a> {
    entry: &'a Value,
    tensors: SafeTensors<'a>,
}

impl Case<'_> {
    fn id(&self) -> &str {
        self.entry["id"].as_str().unwrap()
    }

    fn number(&self, attribute: &str) -> f64 {
        self.entry["attrs"][attribute].as_f64().unwrap_or(0.0)
    }

    fn flag(&self, attribute: &str) -> bool {
        self.entry["attrs"][attribute].as_bool().unwrap_or(false)
    }

    /// The numbers of a tensor and its extents.
    fn values(&self, name: &str) -> (Vec<f64>, Vec<usize>) {
        let view = self.tensors.tensor(&format!("{}/{name}", self.id())).unwrap();
        let numbers = view.data().chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect();
        (numbers, view.shape().to_vec())
    }

    fn tensor<B: Backend>(&self, name: &str) -> Tensor<B> {
        let (numbers, shape) = self.values(name);
        Tensor::new(&numbers, &shape[..])
    }

    fn row<B: Backend>(&self, name: &str, row: usize) -> Tensor<B> {
        let (numbers, shape) = self.values(name);
        Tensor::new(&numbers[row * shape[1]..(row + 1) * shape[1]], [shape[1]])
    }

    /// The gradient at the start of a step that is counted from 0.
    fn gradient<B: Backend>(&self, x: &Tensor<B>, step: usize) -> Tensor<B> {
        let at = Tensor::<Autodiff<B>>::variable(x.clone());
        let loss = match self.entry["attrs"]["problem"].as_str().unwrap() {
            "quadratic" => quadratic(&at, &self.tensor("in.A"), &self.tensor("in.b")),
            "rosenbrock" => rosenbrock(&at),
            "given_gradients" => return self.row("in.gradients", step),
            other => panic!("{}: unknown problem {other}", self.id()),
        };
        loss.backward().get(&at).unwrap().clone()
    }

    /// Every element within the manifest's tolerance, whose meaning its README states.
    fn check<B: Backend>(&self, precision: &str, got: &Tensor<B>, step: usize) {
        let tolerance = &self.entry["tol"][precision];
        let [rtol, atol] = ["rtol", "atol"].map(|name| tolerance[name].as_f64().unwrap());
        let all = self.values("out.params").0;
        let largest = all.iter().fold(1.0_f64, |largest, want| largest.max(want.abs()));
        let scale = if tolerance["scaled"].as_bool().unwrap() { largest } else { 1.0 };
        let want = self.row::<Cpu<f64>>("out.params", step).to_vec();
        for (got, want) in got.to_vec().into_iter().map(Element::into_f64).zip(want) {
            let apart = (got - want).abs();
            assert!(
                apart <= rtol * want.abs() + atol * scale,
                "{} in {precision}, after step {step}: {got}, {want} expected",
                self.id()
            );
        }
    }
}

/// `x^T A x / 2 - b^T x`
fn quadratic<B: Backend>(x: &Tensor<B>, a: &Tensor<B>, b: &Tensor<B>) -> Tensor<B> {
    x.matmul(&a.matmul(x)) * 0.5 - b.matmul(x)
}

/// `sum 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2`
fn rosenbrock<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
    let n = x.dims::<1>()[0];
    let (here, next) = (x.slice(0, ..n - 1), x.slice(0, 1..));
    ((next - here.square()).square() * 100.0 + (1.0 - here).square()).sum()
}

/// The whole trajectory, computed as it goes.
fn eager<B: Backend, O: Optimizer>(case: &Case<'_>, optimizer: &O, precision: &str) {
    let mut x = case.tensor::<B>("in.x0");
    let mut state = optimizer.init(&x);
    case.check(precision, &x, 0);
    for step in 0..20 {
        let gradient = case.gradient(&x, step);
        let at = StepInputs::new(optimizer.lr(), u32::try_from(step).unwrap() + 1, x.device());
        (x, state) = optimizer.update(&x, &gradient, &state, &at);
        case.check(precision, &x, step + 1);
    }
}

/// One update, traced once and replayed for every step.
fn traced<O: Optimizer>(case: &Case<'_>, optimizer: &O) {
    type B = Cpu<f64>;
    let mut x = case.tensor::<B>("in.x0");
    let mut state = optimizer.init(&x);
    let list = update_list(optimizer, &x, &state);
    for step in 0..20 {
        let mut inputs = vec![x.clone(), case.gradient(&x, step)];
        inputs.append(&mut state);
        let at = StepInputs::new(optimizer.lr(), u32::try_from(step).unwrap() + 1, x.device());
        inputs.extend([at.lr, at.step]);
        let mut outputs = list.eval(&inputs);
        state = outputs.split_off(1);
        x = outputs.remove(0);
        case.check("f64", &x, step + 1);
    }
}

fn update_list<O: Optimizer>(optimizer: &O, x: &Tensor<Cpu<f64>>, state: &[Tensor<Cpu<f64>>]) -> WengertList<f64> {
    let input = |name: &str, like: &Tensor<Cpu<f64>>| Tensor::<Trace<f64>>::input(name, like.spec());
    let (param, grad) = (input("x", x), input("g", x));
    let scalar = Tensor::scalar(0.0, x.device());
    let at = StepInputs { lr: input("lr", &scalar), step: input("step", &scalar) };
    let names = optimizer.state_names();
    assert_eq!(names.len(), state.len());
    let old: Vec<_> = names.iter().zip(state).map(|(name, like)| input(name, like)).collect();
    let (x, new) = optimizer.update(&param, &grad, &old, &at);
    let inputs: Vec<_> = [&param, &grad].into_iter().chain(&old).chain([&at.lr, &at.step]).collect();
    let new_names: Vec<String> = names.iter().map(|name| format!("new.{name}")).collect();
    let new = new_names.iter().map(|name| &name[..]).zip(&new);
    WengertList::new(&inputs, &[("new.x", &x)].into_iter().chain(new).collect::<Vec<_>>())
}

fn check<O: Optimizer>(case: &Case<'_>, optimizer: &O) {
    eager::<Cpu<f64>, O>(case, optimizer, "f64");
    if !case.entry["tol"]["f32"].is_null() {
        eager::<Cpu<f32>, O>(case, optimizer, "f32");
    }
    traced(case, optimizer);
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/golden")
}

#[test]
fn trajectories_follow_the_reference() {
    let folder = golden();
    let Ok(manifest) = fs::read_to_string(folder.join("manifest.json")) else {
        // Not by `eprintln!`, which the test harness swallows where a test passes.
        let why = "cannot be read, so there is nothing to compare with";
        writeln!(io::stderr(), "SKIPPED golden values: {} {why}", folder.display()).unwrap();
        return;
    };
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let file = fs::read(folder.join("optim.safetensors")).unwrap();
    let (mut sgd, mut adam) = (0, 0);
    for entry in manifest["cases"].as_array().unwrap() {
        let case = Case { entry, tensors: SafeTensors::deserialize(&file).unwrap() };
        match entry["op"].as_str().unwrap() {
            "optim/sgd" => {
                check(&case, &sgd_of(&case));
                sgd += 1;
            }
            "optim/adam" if !case.flag("amsgrad") => {
                check(&case, &adam_of(&case));
                adam += 1;
            }
            _ => {}
        }
    }
    assert_eq!((sgd, adam), (15, 6));
}

fn sgd_of(case: &Case<'_>) -> Sgd {
    Sgd {
        lr: case.number("lr"),
        momentum: case.number("momentum"),
        dampening: case.number("dampening"),
        weight_decay: case.number("weight_decay"),
        nesterov: case.flag("nesterov"),
        maximize: false,
    }
}

fn adam_of(case: &Case<'_>) -> Adam {
    let beta = |place: usize| case.entry["attrs"]["betas"][place].as_f64().unwrap();
    Adam {
        lr: case.number("lr"),
        betas: (beta(0), beta(1)),
        eps: case.number("eps"),
        weight_decay: case.number("weight_decay"),
        maximize: false,
    }
}
