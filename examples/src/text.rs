//! Text as a sequence of characters with numbers.

use alloc::collections::BTreeMap;
use std::path::Path;

use autodiff_core::{Backend, Element, Index, Tensor};
use nn::{Reduction, cross_entropy};

use crate::file::{FileError, text};

/// The part of a text by which a model of language is judged: the last tenth.
pub(crate) const VALIDATION: usize = 10;
/// The beginning of tinyshakespeare.
const EMBEDDED: &[u8] = include_bytes!("../data/shakespeare.txt.gz");

/// A text, each character as its number among those that occur.
#[derive(Clone, Debug)]
pub struct Text {
    /// The characters that occur, in order.
    pub characters: Vec<char>,
    numbers: BTreeMap<char, i32>,
    /// The text.
    pub tokens: Vec<i32>,
}

impl Text {
    /// A file, gzipped or not; the beginning of Shakespeare's plays where none is given.
    ///
    /// # Errors
    /// When it cannot be read or is no UTF-8.
    pub fn load(path: Option<&Path>) -> Result<Self, FileError> {
        Ok(Self::new(&text(path, EMBEDDED)?))
    }

    /// A text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut numbers: BTreeMap<char, i32> = text.chars().map(|character| (character, 0)).collect();
        for (number, place) in numbers.values_mut().zip(0..) {
            *number = place;
        }
        let tokens = text.chars().map(|character| numbers[&character]).collect();
        Self { characters: numbers.keys().copied().collect(), numbers, tokens }
    }

    /// What is to be learnt from, and what the model is judged by.
    #[must_use]
    pub fn split(&self) -> (&[i32], &[i32]) {
        self.tokens.split_at(self.tokens.len() - self.tokens.len() / VALIDATION)
    }

    /// The numbers of a text's characters; those that do not occur are left out.
    #[must_use]
    pub fn encode(&self, text: &str) -> Vec<i32> {
        text.chars().filter_map(|character| self.numbers.get(&character).copied()).collect()
    }

    /// The text of these numbers.
    #[must_use]
    pub fn decode(&self, tokens: &[i32]) -> String {
        tokens.iter().filter_map(|&token| self.characters.get(usize::try_from(token).ok()?)).collect()
    }
}

/// Windows of a text, `[N, length]`, and the same one character further on: what is read, and what follows.
pub type Windows<B> = (Index<B>, Index<B>);

/// The windows that begin at these places.
///
/// # Panics
/// When a window does not fit.
#[must_use]
#[track_caller]
pub fn windows<B: Backend>(tokens: &[i32], starts: &[i32], length: usize, device: &B::Device) -> Windows<B> {
    let window = |shift: usize| {
        let rows = starts.iter().flat_map(|&start| {
            let start = usize::try_from(start).unwrap_or(0) + shift;
            tokens[start..start + length].iter().copied()
        });
        Index::from_slice(&rows.collect::<Vec<_>>(), [starts.len(), length], device)
    };
    (window(0), window(1))
}

/// The mean surprise about what follows, in nats: the cross-entropy of logits `[N, T, characters]` against `[N, T]`.
///
/// # Panics
/// When these are not the shapes.
#[must_use]
#[track_caller]
pub fn surprise<B: Backend>(logits: &Tensor<B>, following: &Index<B>) -> Tensor<B> {
    let [examples, length, characters] = logits.dims();
    let rows = examples * length;
    cross_entropy(&logits.reshape([rows, characters]), &following.reshape([rows]), Reduction::Mean)
}

/// A token drawn from `softmax(logits / temperature)`, by adding noise and taking the largest; the likeliest where the
/// temperature is next to nothing.
///
/// (Gumbel 1954; Maddison, Tarlow and Minka, *A\* sampling*, NeurIPS 2014, section 2.)
#[must_use]
pub fn draw<B: Backend>(logits: &Tensor<B>, temperature: f64, key: &Index<B>) -> i32 {
    let noise = -(-Tensor::uniform(key, logits.shape()).clamp(Some(f64::from(f32::MIN_POSITIVE)), None).log()).log();
    // Differences to the largest, and a temperature that an `f32` can hold: the quotients of others may then become
    // infinite, that of the largest stays 0.
    let behind = logits - logits.max();
    let temperature = temperature.clamp(f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX));
    (behind / temperature + noise).argmax(-1).to_vec()[0]
}

/// The mean of losses that a function answers for windows that cover a text one after another, so many in a step.
#[must_use]
pub fn mean_loss<B: Backend>(
    tokens: &[i32],
    length: usize,
    size: usize,
    device: &B::Device,
    mut loss: impl FnMut(&Windows<B>) -> Tensor<B>,
) -> f64 {
    let starts: Vec<i32> =
        (0..tokens.len().saturating_sub(1) / length).filter_map(|row| (row * length).try_into().ok()).collect();
    let mut mean = nn::metrics::Mean::default();
    for starts in starts.chunks(size) {
        #[expect(clippy::cast_precision_loss, reason = "the number of rows in a step")]
        mean.add(loss(&windows(tokens, starts, length, device)).item().into_f64(), starts.len() as f64);
    }
    mean.mean()
}

#[cfg(test)]
mod tests {
    use backend_cpu::Cpu;

    use super::*;

    type Host = Cpu<f32>;

    #[test]
    fn a_text_comes_back() {
        let text = Text::new("hello");
        assert_eq!(text.characters, ['e', 'h', 'l', 'o']);
        assert_eq!(text.tokens, [1, 0, 2, 2, 3]);
        assert_eq!(text.decode(&text.tokens), "hello");
        assert_eq!(text.encode("hole!"), [1, 3, 2, 0]);
    }

    #[test]
    fn what_follows_is_one_further_on() {
        let (x, y) = windows::<Host>(&[5, 6, 7, 8], &[0, 1], 2, &Default::default());
        assert_eq!((x.to_vec(), y.to_vec()), (vec![5, 6, 6, 7], vec![6, 7, 7, 8]));
    }

    #[test]
    fn surprise_is_about_what_follows() {
        let logits = Tensor::<Host>::new(&[0.0, 0.0, 90.0, 0.0, 0.0, 90.0, 0.0, 0.0], [2, 2, 2]);
        let loss = surprise(&logits, &Index::new(&[1, 0, 1, 1], [2, 2])).item();
        assert!((loss - core::f32::consts::LN_2 / 2.0).abs() < 1e-6, "{loss}");
    }

    #[test]
    fn a_draw_follows_the_logits() {
        let logits = Tensor::<Host>::new(&[0.0, 2.0_f64.ln(), f64::NEG_INFINITY], [3]);
        let root = Index::<Host>::key(1, &Default::default());
        let drawn: Vec<i32> = (0..3000).map(|n| draw(&logits, 1.0, &root.fold_in(n))).collect();
        let second = drawn.iter().filter(|&&token| token == 1).count();
        // Five standard deviations of 3,000 draws at 2/3.
        assert!(second.abs_diff(2000) < 130 && !drawn.contains(&2), "{second}");
    }

    #[test]
    fn the_coldest_draw_is_the_likeliest_token() {
        let logits = Tensor::<Host>::new(&[2.0, -7.0, 5.0, f64::NEG_INFINITY], [4]);
        let root = Index::<Host>::key(1, &Default::default());
        for temperature in [1e-3, 1e-38, 1e-45, f64::MIN_POSITIVE] {
            assert!((0..20).all(|n| draw(&logits, temperature, &root.fold_in(n)) == 2), "{temperature:e}");
        }
        let hot: Vec<i32> = (0..100).map(|n| draw(&logits, f64::MAX, &root.fold_in(n))).collect();
        assert!((0..3).all(|token| hot.contains(&token)) && !hot.contains(&3), "{hot:?}");
    }

    #[test]
    fn the_mean_is_over_all_windows() {
        let mut sizes = Vec::new();
        let mean = mean_loss::<Host>(&[0; 10], 2, 3, &Default::default(), |(x, _)| {
            sizes.push(x.shape()[0]);
            Tensor::new(&[f64::from(u8::try_from(x.shape()[0]).unwrap())], [])
        });
        assert_eq!(sizes, [3, 1]);
        assert!((mean - 2.5).abs() < 1e-12);
    }
}
