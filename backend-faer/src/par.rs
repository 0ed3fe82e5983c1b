//! Splitting work over the threads of the pool that runs it; nothing is split outside of one.
//!
//! What a part computes never depends on how many parts there are, so that results have the same bits for any number of
//! threads. Nothing is allocated on the way.

use rayon::prelude::*;

use crate::scratch::{Level, at_level, below};

/// How many threads share the work here: 1 outside of a pool.
pub(crate) fn threads() -> usize {
    if rayon::current_thread_index().is_some() { rayon::current_num_threads() } else { 1 }
}

/// What computes a part of a tensor: it gets the number of the part, or of its first row. Behind a pointer, so that how
/// parts are shared out is compiled once for an element, not once for every kernel.
type Work<'a, T> = &'a (dyn Fn(usize, &mut [T]) + Sync);

/// Writes `out` in parts of whole rows of `row` elements, each part at least `grain` elements: `work` gets the number of
/// its first row.
pub(crate) fn rows<T: Send>(out: &mut [T], row: usize, grain: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    share_rows(out, row, grain, &work);
}

/// Writes `out` in parts of at least `grain` elements: `work` gets the place of its first element.
pub(crate) fn parts<T: Send>(out: &mut [T], grain: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    share_rows(out, 1, grain, &work);
}

/// Writes `out` in parts of exactly `size` elements, the last of them what is left: `work` gets the number of its part. For
/// work whose result depends on how it is split.
pub(crate) fn fixed<T: Send>(out: &mut [T], size: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    share(out, size, &work);
}

/// Writes `out` in parts that follow each other, one for each of the `items`, which says how long its part is: `work` gets
/// both. On this thread alone where `shared` does not say else.
pub(crate) fn each<I: Sync, T: Send>(
    items: &[I],
    out: &mut [T],
    shared: bool,
    size: impl Fn(&I) -> usize + Sync,
    work: impl Fn(&I, &mut [T]) + Sync,
) {
    if shared {
        return halved(items, out, below(), &size, &work);
    }
    let mut rest = out;
    for item in items {
        let (part, later) = rest.split_at_mut(size(item));
        work(item, part);
        rest = later;
    }
}

fn halved<I: Sync, T: Send>(
    items: &[I],
    out: &mut [T],
    level: Level,
    size: &(impl Fn(&I) -> usize + Sync),
    work: &(impl Fn(&I, &mut [T]) + Sync),
) {
    match items {
        [] => {}
        [item] => at_level(level, || work(item, &mut out[..size(item)])),
        _ => {
            let (left, right) = items.split_at(items.len() / 2);
            let (out, rest) = out.split_at_mut(left.iter().map(size).sum());
            rayon::join(|| halved(left, out, level, size, work), || halved(right, rest, level, size, work));
        }
    }
}

fn share_rows<T: Send>(out: &mut [T], row: usize, grain: usize, work: Work<'_, T>) {
    let threads = threads();
    let rows = out.len() / row.max(1);
    if threads == 1 || out.len() < 2 * grain || rows < 2 {
        return work(0, out);
    }
    let parts = (out.len() / grain.max(1)).clamp(1, 4 * threads);
    let size = rows.div_ceil(parts);
    share(out, size * row, &|part, out| work(part * size, out));
}

fn share<T: Send>(out: &mut [T], size: usize, work: Work<'_, T>) {
    if threads() == 1 || out.len() <= size {
        out.chunks_mut(size).enumerate().for_each(|(part, out)| work(part, out));
    } else {
        let level = below();
        let parts = out.par_chunks_mut(size).enumerate();
        parts.for_each(|(part, out)| at_level(level, || work(part, out)));
    }
}
