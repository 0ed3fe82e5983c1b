//! Text as a sequence of words with numbers, the commonest first, and what vectors of words are learnt from.

use alloc::collections::BTreeMap;
use std::path::Path;

use autodiff_core::{Backend, Index};

use crate::batches::shuffled;
use crate::file::{self, FileError};

/// The words of a text that occur often enough, and the text without the others.
#[derive(Clone, Debug)]
pub struct Words {
    /// The words, the commonest first, equally common ones in alphabetical order.
    pub words: Vec<String>,
    /// How often each occurs.
    pub counts: Vec<u32>,
    numbers: BTreeMap<String, i32>,
    /// The text.
    pub tokens: Vec<i32>,
}

impl Words {
    /// The words of a file, or of a text that is built in, gzipped or not; those of so many characters where that is said.
    ///
    /// # Errors
    /// When the text cannot be read, or fewer than two words occur so many times.
    pub fn load(path: Option<&Path>, embedded: &[u8], limit: Option<usize>, least: u32) -> Result<Self, FileError> {
        let text: String = file::text(path, embedded)?.chars().take(limit.unwrap_or(usize::MAX)).collect();
        let words = Self::new(&text, least);
        if words.words.len() < 2 {
            let (path, found) = (path.unwrap_or(Path::new(file::EMBEDDED)), words.words.len());
            return Err(FileError::new(path, format!("at least two words that occur {least} times"), found));
        }
        Ok(words)
    }

    /// The words of a text, runs of letters in lower case, that occur so many times.
    #[must_use]
    pub fn new(text: &str, least: u32) -> Self {
        let text = text.to_lowercase();
        let all = || text.split(|character: char| !character.is_alphabetic()).filter(|word| !word.is_empty());
        let mut found = BTreeMap::<&str, u32>::new();
        for word in all() {
            *found.entry(word).or_default() += 1;
        }
        let mut common: Vec<_> = found.into_iter().filter(|&(_, count)| count >= least).collect();
        common.sort_by_key(|&(_, count)| core::cmp::Reverse(count));
        let numbers: BTreeMap<_, i32> = common.iter().map(|&(word, _)| word.to_owned()).zip(0..).collect();
        let tokens = all().filter_map(|word| numbers.get(word).copied()).collect();
        let (words, counts) = common.into_iter().map(|(word, count)| (word.to_owned(), count)).unzip();
        Self { words, counts, numbers, tokens }
    }

    /// The number of a word, where it has one.
    #[must_use]
    pub fn number(&self, word: &str) -> Option<i32> {
        self.numbers.get(word).copied()
    }

    /// The text as an epoch sees it, where of a word that is a part `f` of the text `sqrt(rate / f)` of its places stay,
    /// or all.
    ///
    /// (Mikolov, Sutskever, Chen, Corrado and Dean, *Distributed representations of words and phrases and their
    /// compositionality*, 2013, equation 5.)
    #[must_use]
    pub fn subsampled<B: Backend>(&self, rate: f64, key: &Index<B>) -> Vec<i32> {
        let kept = |token: i32| -> f64 {
            let count = usize::try_from(token).map_or(0, |token| self.counts[token]);
            (rate * count_of(self.tokens.len()) / f64::from(count)).sqrt()
        };
        let kept: Vec<f64> = (0..).take(self.words.len()).map(kept).collect();
        let drawn = key.random_bits(31, [self.tokens.len()]).to_vec();
        let stays = |&(&token, drawn): &(&i32, i32)| {
            f64::from(drawn) < usize::try_from(token).map_or(0.0, |token| kept[token]) * f64::from(1_u32 << 31)
        };
        self.tokens.iter().zip(drawn).filter(stays).map(|(&token, _)| token).collect()
    }

    /// What an epoch learns from: the [`pairs`] of the subsampled text, in random order.
    #[must_use]
    pub fn epoch<B: Backend>(&self, rate: f64, window: usize, key: &Index<B>) -> Vec<[i32; 2]> {
        let pairs = pairs(&self.subsampled(rate, &key.fold_in(0)), window, &key.fold_in(1));
        let order = shuffled(pairs.len(), &key.fold_in(2)).into_iter();
        order.filter_map(|place| pairs.get(usize::try_from(place).ok()?).copied()).collect()
    }

    /// A table in which a word that occurs `n` times stands as often as `n^(3/4)` demands: what noise is drawn from.
    ///
    /// (The same paper, section 2.2.)
    #[must_use]
    pub fn noise(&self, rows: usize) -> Vec<i32> {
        let weights: Vec<f64> = self.counts.iter().map(|&count| f64::from(count).powf(0.75)).collect();
        let (total, mut sum) = (weights.iter().sum::<f64>(), 0.0);
        let mut table = Vec::with_capacity(rows);
        for (token, weight) in (0..).zip(weights) {
            sum += weight / total * count_of(rows);
            while table.len() < rows && count_of(table.len()) + 0.5 < sum {
                table.push(token);
            }
        }
        table
    }
}

/// Each word beside each of those around it, as far as a distance that is drawn for each word, at most `window`.
#[must_use]
pub fn pairs<B: Backend>(tokens: &[i32], window: usize, key: &Index<B>) -> Vec<[i32; 2]> {
    let reaches = key.random_bits(31, [tokens.len()]).to_vec();
    let mut pairs = Vec::with_capacity(tokens.len() * (window + 1));
    for ((place, &center), drawn) in tokens.iter().enumerate().zip(reaches) {
        let reach = 1 + usize::try_from(drawn).unwrap_or(0) % window;
        let around = place.saturating_sub(reach)..tokens.len().min(place + reach + 1);
        pairs.extend(around.filter(|&other| other != place).map(|other| [center, tokens[other]]));
    }
    pairs
}

#[expect(clippy::cast_precision_loss, reason = "no text has 2^53 words")]
const fn count_of(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use backend_cpu::{Cpu, CpuDevice};

    use super::*;

    type Host = Cpu<f32>;

    fn key() -> Index<Host> {
        Index::key(1, &CpuDevice)
    }

    #[test]
    fn the_commonest_word_comes_first() {
        let words = Words::new("The cat, the dog; THE end -- a dog\u{2019}s", 2);
        assert_eq!((words.words.join(" "), &words.counts[..]), ("the dog".into(), &[3, 2][..]));
        assert_eq!(words.tokens, [0, 0, 1, 0, 1]);
        assert_eq!((words.number("dog"), words.number("cat")), (Some(1), None));
    }

    #[test]
    fn a_text_of_one_word_is_refused() {
        assert_eq!(Words::load(None, b"a b a b c", Some(7), 2).unwrap().words, ["a", "b"]);
        let error = Words::load(None, b"a b a b c", Some(5), 2).unwrap_err().to_string();
        assert_eq!(error, "the built-in text: at least two words that occur 2 times expected, found: 1");
    }

    #[test]
    fn common_words_are_thinned_out() {
        let text = "often ".repeat(9_900) + &"rare ".repeat(100);
        let words = Words::new(&text, 1);
        let kept = words.subsampled(0.01, &key());
        let rare = kept.iter().filter(|&&token| token == 1).count();
        // sqrt(0.01 / 0.99) of 9,900 is 995; five standard deviations are 150.
        assert!(rare == 100 && (kept.len() - rare).abs_diff(995) < 150, "{rare} of {}", kept.len());
    }

    #[test]
    fn noise_is_drawn_by_the_power() {
        let words = Words::new(&("a ".repeat(16) + "b"), 1);
        let table = words.noise(900);
        assert_eq!((table.len(), table.iter().filter(|&&token| token == 0).count()), (900, 800));
    }

    #[test]
    fn a_pair_is_within_its_window() {
        let tokens: Vec<i32> = (0..100).collect();
        let pairs = pairs(&tokens, 3, &key());
        assert!(pairs.iter().all(|[center, other]| center != other && center.abs_diff(*other) <= 3));
        // Every word has its neighbours, and some reach as far as they may: 2 on either side in the mean.
        assert!((0..99).all(|token| pairs.contains(&[token, token + 1]) && pairs.contains(&[token + 1, token])));
        assert!((0..97).any(|token| pairs.contains(&[token, token + 3])));
        assert!((350..450).contains(&pairs.len()), "{}", pairs.len());
    }
}
