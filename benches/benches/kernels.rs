//! What single operations cost on one thread: the scalar backend, Faer, and candle where it has the operation.
//!
//! `cargo bench -p benches --features peers --bench kernels -- rows` times one family; candle's threads follow
//! `RAYON_NUM_THREADS=1`.

use core::time::Duration;
use std::collections::HashMap;

use backend_cpu::{Cpu, CpuDevice};
use backend_faer::{Faer, FaerDevice};
use benches::kernels::{Kernel, all, candle};
use criterion::{Criterion, criterion_group, criterion_main};

/// By their names.
fn named(kernels: Vec<Kernel>) -> HashMap<String, Kernel> {
    kernels.into_iter().map(|kernel| (format!("{kernel:?}"), kernel)).collect()
}

fn kernels(c: &mut Criterion) {
    let (cpu, rival) = (named(all::<Cpu<f32>>(&CpuDevice)), named(candle::all()));
    for kernel in all::<Faer<f32>>(&FaerDevice::default()) {
        let name = format!("{kernel:?}");
        let mut group = c.benchmark_group(&name);
        group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
        let mut time = |who: &str, kernel: &Kernel| {
            // Operands are made only for what is not filtered out.
            let mut run = None;
            group.bench_function(who, |b| b.iter(run.get_or_insert_with(|| (kernel.build)())));
        };
        time("faer", &kernel);
        cpu.get(&name).into_iter().for_each(|kernel| time("cpu", kernel));
        rival.get(&name).into_iter().for_each(|kernel| time("candle", kernel));
        group.finish();
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
