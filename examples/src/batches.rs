//! From digits to what a network takes: tensors, in shuffled batches.

use autodiff_core::{Backend, Index, Tensor};

use crate::digits::{Digit, INK, PIXELS};

/// Images as rows of pixels from 0 to 1, and what they show.
pub type Batch<B> = (Tensor<B>, Index<B>);

/// All these digits as one batch.
#[must_use]
pub fn tensors<B: Backend>(digits: &[Digit], device: &B::Device) -> Batch<B> {
    let labels: Vec<i32> = digits.iter().map(|digit| digit.label.into()).collect();
    let pixels = digits.iter().flat_map(|digit| digit.pixels).map(i32::from);
    let pixels = Index::from_slice(&pixels.collect::<Vec<_>>(), [digits.len(), PIXELS], device);
    (pixels.to_elem() / f64::from(INK), Index::from_slice(&labels, [digits.len()], device))
}

/// One digit in `part` for the test, and the others to learn from, by a shuffle that the key decides.
///
/// # Panics
/// When the key is none, or `part` is 0.
#[must_use]
#[track_caller]
pub fn split<B: Backend>(digits: &[Digit], part: usize, key: &Index<B>) -> (Vec<Digit>, Vec<Digit>) {
    let mut drawn: Vec<_> = shuffled(digits.len(), key).into_iter().zip(digits).collect();
    drawn.sort_unstable_by_key(|(place, _)| *place);
    let mut drawn = drawn.into_iter().map(|(_, digit)| digit.clone());
    (drawn.by_ref().take(digits.len() / part).collect(), drawn.collect())
}

/// Those rows of a batch.
///
/// # Panics
/// When the batch has no such row.
#[must_use]
#[track_caller]
pub fn rows<B: Backend>((x, labels): &Batch<B>, chosen: &[i32]) -> Batch<B> {
    let chosen = Index::from_slice(chosen, [chosen.len()], x.device());
    (x.index_select(0, &chosen), labels.index_select(0, &chosen))
}

/// The numbers below `count` in an order that the key decides.
///
/// # Panics
/// When the key is none.
#[must_use]
#[track_caller]
pub fn shuffled<B: Backend>(count: usize, key: &Index<B>) -> Vec<i32> {
    let mut drawn: Vec<(i32, i32)> = key.random_bits(31, [count]).to_vec().into_iter().zip(0..).collect();
    drawn.sort_unstable();
    drawn.into_iter().map(|(_, number)| number).collect()
}

#[cfg(test)]
mod tests {
    use backend_cpu::{Cpu, CpuDevice};

    use super::*;

    type Host = Cpu<f32>;

    #[test]
    fn a_shuffle_keeps_every_number_and_depends_on_the_key_alone() {
        let key = Index::<Host>::key(5, &CpuDevice);
        let (first, again) = (shuffled(100, &key), shuffled(100, &key));
        assert_eq!(first, again);
        assert_ne!(first, shuffled(100, &key.fold_in(1)));
        let mut sorted = first;
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..100));
        assert!(shuffled(0, &key).is_empty());
    }

    #[test]
    fn a_split_keeps_every_digit() {
        let digits: Vec<Digit> = (0..11).map(|label| Digit { pixels: [0; PIXELS], label }).collect();
        let (test, rest) = split(&digits, 5, &Index::<Host>::key(5, &CpuDevice));
        assert_eq!((test.len(), rest.len()), (2, 9));
        let mut labels: Vec<u8> = test.iter().chain(&rest).map(|digit| digit.label).collect();
        labels.sort_unstable();
        assert!(labels.into_iter().eq(0..11));
    }

    #[test]
    fn rows_carry_their_labels() {
        let mut digits = [Digit { pixels: [0; PIXELS], label: 3 }, Digit { pixels: [INK; PIXELS], label: 8 }];
        digits[0].pixels[1] = 4;
        let batch = tensors::<Host>(&digits, &CpuDevice);
        let (x, labels) = rows(&batch, &[1, 0, 1]);
        assert_eq!((x.dims(), labels.to_vec()), ([3, PIXELS], vec![8, 3, 8]));
        assert_eq!(x.to_vec()[PIXELS - 1..PIXELS + 3], [1.0, 0.0, 0.25, 0.0]);
    }
}
