//! Threads and memory: a network's gradients have the same bits on any number of threads, inside a pool of the caller's and
//! outside; rooms are used again.

use autodiff_core::{Autodiff, Index, Tensor};
use backend_faer::{Faer, FaerDevice};

type D = Autodiff<Faer<f32>>;

/// Large enough that every kind of kernel is split.
fn gradients(device: &FaerDevice) -> Vec<Vec<f32>> {
    let key = Index::key(3, device);
    let random = |n: u32, shape: &[usize]| Tensor::<Faer<f32>>::normal(&key.fold_in(n), shape);
    let variable = |n, shape: &[usize]| Tensor::<D>::variable(random(n, shape));
    let (x, k) = (variable(0, &[48, 3, 24, 24]), variable(1, &[16, 3, 3, 3]));
    let (w, b) = (variable(2, &[16 * 11 * 11, 300]), variable(3, &[300]));
    let labels = Index::<D>::from_slice(&[1; 48], [48], device);
    let h = x.conv2d(&k, None, Default::default()).gelu().max_pool2d(autodiff_core::Pool::new([2, 2]));
    let h = h.flatten(1).layer_norm([16 * 11 * 11], None, None, 1e-5);
    let loss = (h.matmul(&w) + &b).cross_entropy(&labels).mean();
    let mut all = vec![loss.to_vec()];
    all.extend(loss.grad(&[&x, &k, &w, &b]).into_iter().flatten().map(|gradient| gradient.to_vec()));
    all
}

fn bits(all: &[Vec<f32>]) -> Vec<Vec<u32>> {
    all.iter().map(|values| values.iter().map(|x| x.to_bits()).collect()).collect()
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let on = |threads| {
        let device = FaerDevice::with_threads(threads).expect("threads");
        bits(&gradients(&device))
    };
    let one = on(1);
    assert_eq!(one.len(), 5);
    assert!(on(2) == one);
    assert!(on(4) == one);
    let device = FaerDevice::default();
    assert!(bits(&gradients(&device)) == one, "from outside of any pool");
    let own = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("threads");
    assert!(own.install(|| bits(&gradients(&device))) == one, "inside a pool of the caller's");
    let two = FaerDevice::with_threads(2).expect("threads");
    assert!(own.install(|| bits(&gradients(&two))) == one, "a device of its own inside a pool of the caller's");
}

#[test]
fn rooms_are_used_again_and_let_go() {
    let device = FaerDevice::with_threads(1).expect("a thread");
    let first = gradients(&device);
    let fresh = device.memory().fresh;
    assert_eq!(gradients(&device), first);
    let using = device.memory();
    assert!(using.fresh <= fresh + 2 && using.reused > 100 && using.kept > 0, "{using:?}");
    device.limit_memory(1 << 20);
    assert_eq!(device.memory().kept, 0);
    assert_eq!(gradients(&device), first);
    let using = device.memory();
    assert!(using.kept <= 1 << 20 && using.limit == 1 << 20, "{using:?}");
}
