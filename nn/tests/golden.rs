//! Losses and their gradients against `../shared/golden`, in `f64` and `f32`.

#![expect(clippy::unwrap_used, reason = "a test may fail by unwrapping, also in its helpers")]

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use autodiff_core::{Autodiff, Element, Index, Tensor};
use backend_cpu::Cpu;
use nn::{Backend, Reduction, cross_entropy, cross_entropy_soft, mse_loss};
use safetensors::{SafeTensors, tensor::TensorView};
use serde_json::Value;

struct Case<'a> {
    entry: &'a Value,
    tensors: &'a SafeTensors<'a>,
}

impl<'a> Case<'a> {
    fn view(&self, name: &str) -> TensorView<'a> {
        self.tensors.tensor(&format!("{}/{name}", self.entry["id"].as_str().unwrap())).unwrap()
    }

    fn tensor<B: Backend>(&self, name: &str) -> Tensor<B> {
        let view = self.view(name);
        let bytes = view.data().chunks_exact(8).map(|bytes| bytes.try_into().unwrap());
        Tensor::new(&bytes.map(f64::from_le_bytes).collect::<Vec<_>>(), view.shape())
    }

    fn labels<B: Backend>(&self, name: &str) -> Index<B> {
        let view = self.view(name);
        let bytes = view.data().chunks_exact(8).map(|bytes| bytes.try_into().unwrap());
        let labels: Vec<i32> = bytes.map(|bytes| i64::from_le_bytes(bytes).try_into().unwrap()).collect();
        Index::new(&labels, view.shape())
    }

    fn reduction(&self) -> Reduction {
        match self.entry["attrs"]["reduction"].as_str().unwrap() {
            "none" => Reduction::None,
            "mean" => Reduction::Mean,
            "sum" => Reduction::Sum,
            other => panic!("unknown reduction {other}"),
        }
    }

    /// Every element within the manifest's tolerance, whose meaning its README states.
    fn check<B: Backend>(&self, precision: &str, atol: &str, name: &str, got: &Tensor<B>) {
        let want = self.tensor::<Cpu<f64>>(name);
        assert_eq!(got.shape(), want.shape());
        let tolerance = &self.entry["tol"][precision];
        let [rtol, atol] = ["rtol", atol].map(|name| tolerance[name].as_f64().unwrap());
        let (got, want) = (got.to_vec(), want.to_vec());
        let scale = want.iter().fold(1.0_f64, |largest, want| largest.max(want.abs()));
        for (got, want) in got.into_iter().map(Element::into_f64).zip(want) {
            let apart = (got - want).abs();
            assert!(apart <= rtol * want.abs() + atol * scale, "{} {name}: {got}, {want} expected", self.entry["id"]);
        }
    }

    /// The loss and the gradients of the inputs that have one.
    fn run<B: Backend>(&self, precision: &str) {
        let reduction = self.reduction();
        let variable = |name: &str| Tensor::<Autodiff<B>>::variable(self.tensor(&format!("in.{name}")));
        let (inputs, loss) = match self.entry["op"].as_str().unwrap() {
            "cross_entropy" => {
                let logits = variable("logits");
                let loss = cross_entropy(&logits, &self.labels("in.target"), reduction);
                (vec![("logits", logits)], loss)
            }
            "cross_entropy_soft" => {
                let (logits, target) = (variable("logits"), variable("target"));
                let loss = cross_entropy_soft(&logits, &target, reduction);
                (vec![("logits", logits), ("target", target)], loss)
            }
            _ => {
                let (input, target) = (variable("input"), variable("target"));
                let loss = mse_loss(&input, &target, reduction);
                (vec![("input", input), ("target", target)], loss)
            }
        };
        self.check(precision, "atol", "out.y", loss.value());
        let gradients = loss.backward_with(self.tensor("ct.y"));
        for (name, input) in &inputs {
            self.check(precision, "grad_atol", &format!("grad.{name}"), gradients.get(input).unwrap());
        }
    }

    /// Whether the loss takes what the case asks for: weights and smoothing it does not.
    fn is_covered(&self) -> bool {
        let plain = self.entry["attrs"]["label_smoothing"].as_f64().unwrap_or(0.0) == 0.0;
        let inputs = self.entry["inputs"].as_array().unwrap().len();
        match self.entry["op"].as_str().unwrap() {
            "cross_entropy" => {
                plain && inputs == 2 && self.labels::<Cpu<f64>>("in.target").to_vec().iter().all(|&label| label >= 0)
            }
            "cross_entropy_soft" | "mse" => true,
            _ => false,
        }
    }
}

#[test]
fn losses_have_the_reference_values() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/golden");
    let Ok(manifest) = fs::read_to_string(folder.join("manifest.json")) else {
        // Not by `eprintln!`, which the test harness swallows where a test passes.
        let why = "cannot be read, so there is nothing to compare with";
        writeln!(io::stderr(), "SKIPPED golden values: {} {why}", folder.display()).unwrap();
        return;
    };
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let mut compared = 0;
    for name in ["loss.safetensors", "reduce.safetensors"] {
        let file = fs::read(folder.join(name)).unwrap();
        let tensors = SafeTensors::deserialize(&file).unwrap();
        for entry in manifest["cases"].as_array().unwrap().iter().filter(|entry| entry["file"] == name) {
            let case = Case { entry, tensors: &tensors };
            if case.is_covered() {
                case.run::<Cpu<f64>>("f64");
                case.run::<Cpu<f32>>("f32");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 8);
}
