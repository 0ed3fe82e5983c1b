//! A compiled step on `Faer` allocates nothing once it has run, on one thread and on two.

#![expect(clippy::unwrap_used, reason = "a test may fail by unwrapping, also in its helpers")]

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::alloc::System;

use backend_faer::{Faer, FaerDevice};
use benches::workloads::{Mode, build};

/// Each with the steps that are counted.
const WORKLOADS: [(&str, usize); 12] = [
    ("softmax_regression", 2),
    ("lecture_mlp", 20),
    ("tied_mlp", 20),
    ("mlp", 5),
    ("lenet5", 5),
    ("vgg_small", 1),
    ("lstm_lm", 2),
    ("mini_gpt", 2),
    ("mlp_infer1", 20),
    ("lenet5_infer1", 20),
    ("elementwise", 2),
    ("deep_chain", 2),
];

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often memory was asked for, by any thread.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator behind a counter.
struct Counting;

#[expect(unsafe_code, reason = "an allocator is unsafe by its nature; this one passes everything on")]
// SAFETY: the system's allocator does all that is asked, and zeroes what it must by the default forms.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.fetch_add(1, Ordering::Relaxed);
        // SAFETY: what the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: what the caller promises.
        unsafe { System.dealloc(at, layout) }
    }
}

/// How often the first step allocates, and so many after it.
fn allocations(name: &str, steps: usize, device: &FaerDevice) -> Vec<usize> {
    let (_, mut step) = build::<Faer<f32>>(name, Mode::Compiled, device).unwrap();
    let mut counts = vec![0; 1 + steps];
    for count in &mut counts {
        let before = ASKED.load(Ordering::Relaxed);
        assert!(step().unwrap().is_finite(), "{name}");
        *count = ASKED.load(Ordering::Relaxed) - before;
    }
    counts
}

/// The only test here: another one beside it would be counted too.
#[test]
fn a_compiled_step_allocates_nothing_after_the_first() {
    for threads in [1, 2] {
        let device = FaerDevice::with_threads(threads).unwrap();
        for (name, steps) in WORKLOADS {
            let counts = device.install(|| allocations(name, steps, &device));
            assert!(counts[1..].iter().all(|&count| count == 0), "{name}, {threads} threads: {counts:?}");
        }
    }
}
