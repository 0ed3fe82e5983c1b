//! Dividing outputs and pixels into what fits the registers.

use crate::registers::Lanes;

/// Outputs that are computed together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) first: usize,
    pub(super) count: usize,
    /// How many there are with those that fill registers up, and how many in all blocks before.
    pub(super) width: usize,
    pub(super) before: usize,
}

/// Blocks of at most `most` outputs, as even as possible.
pub(super) fn even(count: usize, most: usize) -> impl Iterator<Item = Block> {
    let block = |(first, count)| Block { first, count, width: count, before: first };
    parts(count, most).map(block)
}

/// Blocks of two registers each, the last one of one where that holds it; of four, as long as there are as many outputs,
/// where registers are wide.
pub(super) fn whole<L: Lanes>(count: usize) -> impl Iterator<Item = Block> {
    let mut first = 0;
    core::iter::from_fn(move || {
        let most = if L::WIDE && count - first >= 4 * L::COUNT { 4 } else { 2 };
        let block = (count - first).min(most * L::COUNT);
        first += block;
        let width = block.next_multiple_of(L::COUNT);
        (block > 0).then_some(Block { first: first - block, count: block, width, before: first - block })
    })
}

/// Ranges of at most `most`, as even as possible: `(start, count)`.
pub(super) fn parts(count: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let number = count.div_ceil(most);
    let bound = move |part: usize| part * count / number;
    (0..number).map(move |part| (bound(part), bound(part + 1) - bound(part)))
}

/// Ranges of `len` that cover `count`, of which the last one may begin early.
pub(super) fn overlapping(count: usize, len: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).step_by(len).map(move |start| (start.min(count - len), len))
}

/// The number of a place. Whoever plans sees to it that there are not too many.
pub(super) fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or_else(|_| unreachable!("places are counted in 32 bits"))
}
