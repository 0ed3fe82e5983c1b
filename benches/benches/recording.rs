//! What recording and differentiating small operations costs, in time and in bytes, beside candle on the same graph.
//!
//! `cargo bench -p benches --features peers --bench recording`

#![expect(clippy::print_stdout, reason = "the table of bytes is the result")]
#![expect(clippy::unwrap_used, reason = "a rival that fails ends the bench")]

use core::hint::black_box;

use benches::candle;
use criterion::{Criterion, criterion_group, criterion_main};

const LENGTH: usize = 100;

fn time(c: &mut Criterion) {
    let (x, y) = (benches::variable(), benches::variable());
    let (cx, cy) = (candle::variable().unwrap(), candle::variable().unwrap());

    let mut group = c.benchmark_group("record and differentiate one product of 4");
    group.bench_function("ours", |b| b.iter(|| benches::product(black_box(&x), black_box(&y))));
    group.bench_function("candle", |b| b.iter(|| candle::product(black_box(&cx), black_box(&cy)).unwrap()));
    group.finish();

    let mut group = c.benchmark_group("record and differentiate 100 tanh of 4");
    group.bench_function("ours", |b| b.iter(|| benches::chain(black_box(&x), LENGTH)));
    group.bench_function("candle", |b| b.iter(|| candle::chain(black_box(&cx), LENGTH).unwrap()));
    group.finish();
}

/// Allocated in total and held at the peak.
fn bytes(_: &mut Criterion) {
    let (x, y) = (benches::variable(), benches::variable());
    let (cx, cy) = (candle::variable().unwrap(), candle::variable().unwrap());
    let show = |name: &str, f: &dyn Fn()| {
        f();
        let info = allocation_counter::measure(f);
        println!(
            "{name:<28} {:>5} allocations {:>7} bytes, peak {:>7}",
            info.count_total, info.bytes_total, info.bytes_max
        );
    };
    show("product, ours", &|| drop(black_box(benches::product(&x, &y))));
    show("product, candle", &|| drop(black_box(candle::product(&cx, &cy).unwrap())));
    show("100 tanh, ours", &|| drop(black_box(benches::chain(&x, LENGTH))));
    show("100 tanh, candle", &|| drop(black_box(candle::chain(&cx, LENGTH).unwrap())));
}

criterion_group!(benches, bytes, time);
criterion_main!(benches);
