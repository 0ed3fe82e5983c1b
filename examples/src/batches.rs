//! From digits to what a network takes: tensors, in shuffled batches.

use autodiff_core::{Backend, DType, Element, Index, Tensor};
use nn::metrics::{Mean, accuracy};

use crate::digits::{Digit, INK, PIXELS, SIDE};

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

/// The part of a batch's images, in percent, to which a classifier gives the highest score where the label says; so many
/// at once.
pub fn percent_right<B: Backend>(
    (x, labels): &Batch<B>,
    at_once: usize,
    mut logits: impl FnMut(&Tensor<B>) -> Tensor<B>,
) -> f64 {
    let (count, mut mean) = (x.shape()[0], Mean::default());
    for start in (0..count).step_by(at_once) {
        let range = start..count.min(start + at_once);
        #[expect(clippy::cast_precision_loss, reason = "the number of images in a part")]
        let weight = range.len() as f64;
        let right = accuracy(&logits(&x.slice(0, range.clone())), &labels.slice(0, range));
        mean.add(right.item().into_f64(), weight);
    }
    100.0 * mean.mean()
}

/// Images `[N, rows, columns]` of numbers from 0 to 1 as digits that can be drawn, brought to 8x8 pixels by averaging.
///
/// # Panics
/// When they are no images.
#[must_use]
#[track_caller]
pub fn pictures<B: Backend>(images: &Tensor<B>) -> Vec<Digit> {
    let ink = images.adaptive_avg_pool2d([SIDE, SIDE]).clamp(Some(0.0), Some(1.0)) * f64::from(INK);
    let ink = ink.round().cast(DType::Index).to_index().to_vec();
    let digit = |pixels: &[i32]| Digit {
        pixels: core::array::from_fn(|place| u8::try_from(pixels[place]).unwrap_or(INK)),
        label: 0,
    };
    ink.chunks_exact(PIXELS).map(digit).collect()
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

    #[test]
    fn right_answers_are_counted_over_all_parts() {
        let scores = Tensor::<Host>::new(&[1.0, 0.0, 0.0, 1.0, 1.0, 0.0], [3, 2]);
        let batch = (scores, Index::new(&[0, 1, 1], [3]));
        let mut sizes = Vec::new();
        let percent = percent_right(&batch, 2, |x| {
            sizes.push(x.shape()[0]);
            x.clone()
        });
        assert_eq!(sizes, [2, 1]);
        assert!((percent - 200.0 / 3.0).abs() < 1e-4, "{percent}");
    }

    #[test]
    fn pictures_are_averages_within_bounds() {
        let mut pixels = [0.0; 4 * PIXELS];
        (pixels[0], pixels[1], pixels[2], pixels[16]) = (0.5, 0.5, 9.0, 1.0);
        let picture = &pictures(&Tensor::<Host>::new(&pixels, [1, 2 * SIDE, 2 * SIDE]))[0];
        assert_eq!(picture.pixels[..3], [8, INK, 0]);
    }
}
