//! Splitting work over the threads of the pool that runs it; nothing is split outside of one.
//!
//! What a part computes never depends on how many parts there are, so that results have the same bits for any number of
//! threads.

use rayon::prelude::*;

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
        out.par_chunks_mut(size).enumerate().for_each(|(part, out)| work(part, out));
    }
}
