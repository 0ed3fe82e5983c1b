//! Splitting work over the threads of the pool that runs it; nothing is split outside of one.
//!
//! What a part computes never depends on how many parts there are, so that results have the same bits for any number of
//! threads.

use rayon::prelude::*;

/// How many threads share the work here: 1 outside of a pool.
pub(crate) fn threads() -> usize {
    if rayon::current_thread_index().is_some() { rayon::current_num_threads() } else { 1 }
}

/// Writes `out` in parts of whole rows of `row` elements, each part at least `grain` elements: `work` gets the number of
/// its first row.
pub(crate) fn rows<T: Send>(out: &mut [T], row: usize, grain: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    let threads = threads();
    let rows = out.len() / row.max(1);
    if threads == 1 || out.len() < 2 * grain || rows < 2 {
        return work(0, out);
    }
    let parts = (out.len() / grain.max(1)).clamp(1, 4 * threads);
    let size = rows.div_ceil(parts);
    out.par_chunks_mut(size * row).enumerate().for_each(|(part, out)| work(part * size, out));
}

/// Writes `out` in parts of at least `grain` elements: `work` gets the place of its first element.
pub(crate) fn parts<T: Send>(out: &mut [T], grain: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    rows(out, 1, grain, work);
}

/// Writes `out` in parts of exactly `size` elements, the last of them what is left: `work` gets the number of its part. For
/// work whose result depends on how it is split.
pub(crate) fn fixed<T: Send>(out: &mut [T], size: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    if threads() == 1 || out.len() <= size {
        out.chunks_mut(size).enumerate().for_each(|(part, out)| work(part, out));
    } else {
        out.par_chunks_mut(size).enumerate().for_each(|(part, out)| work(part, out));
    }
}
