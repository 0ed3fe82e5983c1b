//! Weights and given tensors that do not fit.

use artefact::Artefact;
use autodiff_core::{DataBuf, Index, Spec, Tensor, WengertList};
use backend_cpu::Cpu;

fn list() -> WengertList<f32> {
    let specs = [("table", Spec::elem([3])), ("row", Spec::index([1]))];
    WengertList::trace(&specs, |v| [("y", v[0].index_select(0, &v[1].to_index()))])
}

fn table(len: usize) -> (String, DataBuf<f32>) {
    ("table".into(), DataBuf::Elem(vec![0.5; len]))
}

#[test]
fn weights() {
    let refuses = |weights: Vec<(String, DataBuf<f32>)>, why: &str| {
        assert_eq!(Artefact::new(list(), weights).unwrap_err().to_string(), why);
    };
    refuses(vec![("tabel".into(), table(3).1)], "the list has no input `tabel`");
    refuses(vec![table(3), table(3)], "input `table` has two values");
    refuses(vec![table(4)], "input `table` is [3]: 3 elements in elem, 4 in elem given");
    let index = DataBuf::Index(vec![0; 3]);
    refuses(vec![("table".into(), index)], "input `table` is [3]: 3 elements in elem, 3 in index given");
    assert_eq!(Artefact::new(list(), [table(3)]).unwrap().given().collect::<Vec<_>>(), [("row", Spec::index([1]))]);
}

#[test]
fn names_that_safetensors_keeps() {
    let list = WengertList::<f32>::trace(&[("__metadata__", Spec::elem([]))], |v| [("y", v[0].clone())]);
    let error = Artefact::new(list, []).unwrap().to_bytes().unwrap_err();
    assert_eq!(error.to_string(), "no input of a list in a file can be called `__metadata__`");
}

#[test]
fn given() {
    let artefact = Artefact::new(list(), [table(3)]).unwrap();
    let (row, far) = (Index::<Cpu<f32>>::new(&[2], [1]), Index::<Cpu<f32>>::new(&[3], [1]));
    let (row, far) = (row.tensor(), far.tensor());
    let refuses = |given: &[(&str, &Tensor<Cpu<f32>>)], why: &str| {
        let error = artefact.run(given, &Default::default()).unwrap_err();
        assert_eq!(error.to_string(), why);
    };
    refuses(&[], "input `row` of the list is index[1], and not given");
    refuses(&[("row", row), ("row", row)], "input `row` is given twice");
    refuses(&[("rows", row)], "the list has no input `rows`");
    refuses(&[("row", &Tensor::new(&[1.0], [1]))], "input `row` of the list is index[1], [1] given");
    refuses(&[("row", far)], "step 0: gather: index 3 is out of range for axis 0 of length 3");
    let other = Tensor::new(&[7.0, 8.0, 9.0], [3]);
    let outputs = artefact.run(&[("row", row), ("table", &other)], &Default::default()).unwrap();
    assert_eq!(outputs, [DataBuf::Elem(vec![9.0])]);
}
