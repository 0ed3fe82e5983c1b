//! Images made a little different each time they are seen.

use autodiff_core::{Backend, DType, Index, Tensor};

/// Images `[N, channels, rows, columns]`, each moved by up to so many pixels down or up and to the right or left, with zeros
/// moving in; where they are to be mirrored, half of them are: all at random.
///
/// # Panics
/// When they are no images, or the key is none.
#[must_use]
#[track_caller]
pub fn moved<B: Backend>(images: &Tensor<B>, by: usize, mirror: bool, key: &Index<B>) -> Tensor<B> {
    let [count, _, rows, columns] = images.dims();
    let turned = if mirror {
        let choice = key.fold_in(2).random_bits(1, [count, 1, 1, 1]).to_elem().broadcast_to(images.shape());
        choice.select(&images.flip(&[-1]), images)
    } else {
        images.clone()
    };
    let padded = turned.pad(-2, by, by).pad(-1, by, by);
    let down = places(rows, by, count, &key.fold_in(0)).reshape([count, 1, rows, 1]);
    let right = places(columns, by, count, &key.fold_in(1)).reshape([count, 1, 1, columns]);
    let [_, channels, _, wide] = padded.dims();
    let rows_kept = padded.gather(2, &down.broadcast_to([count, channels, rows, wide]));
    rows_kept.gather(3, &right.broadcast_to(images.shape()))
}

/// For each image `extent` places in a row, the first of them drawn from `0..=2 by`.
fn places<B: Backend>(extent: usize, by: usize, count: usize, key: &Index<B>) -> Index<B> {
    #[expect(clippy::cast_precision_loss, reason = "a few pixels")]
    let choices = (2 * by + 1) as f64;
    let first = (Tensor::uniform(key, [count, 1]) * choices).floor();
    (first + Index::iota(extent, key.device()).to_elem()).cast(DType::Index).to_index()
}

#[cfg(test)]
mod tests {
    use backend_cpu::{Cpu, CpuDevice};

    use super::*;

    type Host = Cpu<f32>;

    /// So many times the same two channels of 2x3 pixels, and how often each outcome is seen.
    fn outcomes(by: usize, mirror: bool) -> Vec<(Vec<f32>, usize)> {
        let image = Tensor::<Host>::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1, 1, 2, 3]);
        let channels = Tensor::concat(&[image.clone(), image * 10.0], 1);
        let moved = moved(&channels.broadcast_to([1000, 2, 2, 3]), by, mirror, &Index::key(0, &CpuDevice));
        let mut seen: Vec<(Vec<f32>, usize)> = Vec::new();
        for image in moved.to_vec().chunks_exact(12) {
            assert!(image[..6].iter().zip(&image[6..]).all(|(one, ten)| one * 10.0 == *ten), "{image:?}");
            match seen.iter_mut().find(|(other, _)| *other == image[..6]) {
                Some((_, times)) => *times += 1,
                None => seen.push((image[..6].to_vec(), 1)),
            }
        }
        seen
    }

    #[test]
    fn every_move_is_as_frequent_as_another() {
        let seen = outcomes(1, false);
        assert_eq!(seen.len(), 9);
        // Four standard deviations of 1,000 draws at 1/9.
        assert!(seen.iter().all(|(_, times)| times.abs_diff(111) < 40), "{seen:?}");
        for expected in [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.0, 0.0, 0.0, 0.0, 1.0, 2.0], [5.0, 6.0, 0.0, 0.0, 0.0, 0.0]]
        {
            assert!(seen.iter().any(|(image, _)| *image == expected), "{expected:?}");
        }
    }

    #[test]
    fn half_of_the_images_are_mirrored() {
        let seen = outcomes(0, true);
        assert_eq!(seen.len(), 2);
        let (_, mirrored) = seen.iter().find(|(image, _)| *image == [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]).unwrap();
        assert!(mirrored.abs_diff(500) < 64, "{mirrored}");
        assert_eq!(outcomes(0, false).len(), 1);
    }
}
