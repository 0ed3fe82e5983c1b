//! Losses and their gradients against `../shared/golden`, in `f64` and `f32`.

#![expect(clippy::unwrap_used, reason = "a test may fail by unwrapping, also in its helpers")]

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use autodiff_core::{Autodiff, Element, Index, Tensor};
use backend_cpu::Cpu;
use nn::{
    Backend, BinaryCrossEntropy, CrossEntropy, Nll, Reduction, binary_cross_entropy_with_logits, cross_entropy,
    cross_entropy_soft, cross_entropy_with, huber_loss, kl_div, l1_loss, mse_loss, nll_loss, smooth_l1_loss,
};
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
            "batchmean" => Reduction::BatchMean,
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

    /// A number among the attributes.
    fn number(&self, name: &str) -> f64 {
        self.entry["attrs"][name].as_f64().unwrap()
    }

    /// The inputs in floating point, and whether each has a gradient.
    fn inputs(&self) -> impl Iterator<Item = (&'a str, bool)> {
        let floats = self.entry["inputs"].as_array().unwrap().iter().filter(|input| input["dtype"] == "f64");
        floats.map(|input| (input["name"].as_str().unwrap(), input["grad"].as_bool().unwrap()))
    }

    /// The loss and the gradients of the inputs that have one.
    fn run<B: Backend>(&self, precision: &str) {
        let inputs: Vec<(&str, bool, Tensor<Autodiff<B>>)> = self
            .inputs()
            .map(|(name, grad)| (name, grad, Tensor::variable(self.tensor(&format!("in.{name}")))))
            .collect();
        let given = |name: &str| inputs.iter().find(|input| input.0 == name).map(|input| &input.2);
        let (x, reduction) = (&inputs[0].2, self.reduction());
        let target = || given("target").unwrap();
        let labels = || self.labels("in.target");
        let weight = given("weight");
        #[expect(clippy::cast_possible_truncation, reason = "labels are small")]
        let ignore_index = || self.number("ignore_index") as i32;
        let loss = match self.entry["op"].as_str().unwrap() {
            "cross_entropy" => {
                let label_smoothing = self.number("label_smoothing");
                let options = CrossEntropy { weight, ignore_index: ignore_index(), label_smoothing, reduction };
                cross_entropy_with(x, &labels(), &options)
            }
            "nll" => nll_loss(x, &labels(), &Nll { weight, ignore_index: ignore_index(), reduction }),
            "cross_entropy_soft" => cross_entropy_soft(x, target(), reduction),
            "binary_cross_entropy_with_logits" => {
                let options = BinaryCrossEntropy { weight, pos_weight: given("pos_weight"), reduction };
                binary_cross_entropy_with_logits(x, target(), &options)
            }
            "mse" => mse_loss(x, target(), reduction),
            "l1" => l1_loss(x, target(), reduction),
            "huber" => huber_loss(x, target(), self.number("delta"), reduction),
            "smooth_l1" => smooth_l1_loss(x, target(), self.number("beta"), reduction),
            "kl_div" => kl_div(x, target(), self.entry["attrs"]["log_target"].as_bool().unwrap(), reduction),
            other => panic!("{other} is not covered"),
        };
        self.check(precision, "atol", "out.y", loss.value());
        let gradients = loss.backward_with(self.tensor("ct.y"));
        for (name, _, input) in inputs.iter().filter(|input| input.1) {
            self.check(precision, "grad_atol", &format!("grad.{name}"), gradients.get(input).unwrap());
        }
    }

    /// Whether the simple call must answer the same.
    fn run_simply(&self) {
        let labels = self.labels::<Cpu<f64>>("in.target");
        let plain = self.inputs().count() == 1 && self.number("label_smoothing") == 0.0;
        if plain && labels.to_vec().iter().all(|&label| label >= 0) {
            self.check("f64", "atol", "out.y", &cross_entropy(&self.tensor("in.logits"), &labels, self.reduction()));
        }
    }

    /// Whether it is a loss; softmax and its logarithm are tensors' own.
    fn is_covered(&self) -> bool {
        let op = self.entry["op"].as_str().unwrap();
        let category = self.entry["category"].as_str().unwrap();
        let entropy = op.contains("cross_entropy");
        (category == "loss" || category == "stability" && entropy) && op != "softmax" && op != "log_softmax"
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
                if !entry["tol"]["f32"].is_null() {
                    case.run::<Cpu<f32>>("f32");
                }
                if entry["op"] == "cross_entropy" {
                    case.run_simply();
                }
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 34);
}
