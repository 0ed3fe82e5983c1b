//! What programs have in common that learn to continue a text, character by character.

use core::error::Error;
use std::path::Path;

use autodiff_core::{Backend, Index, Tensor};
use clap::Args;
use nn::{Module, TrainStep};
use optim::{Optimizer, schedule::Schedule};

use crate::file::{self, FileError};
use crate::fit::{Fit, fit, shuffled_rows};
use crate::promise::at_most;
use crate::text::{Text, VALIDATION, Windows, draw, mean_loss, windows};
use crate::{flags, say};

/// Characters of which a quick run learns.
const QUICK: usize = 12_000;
/// Windows at once where nothing is learnt.
const JUDGED: usize = 64;

/// The flags of these programs.
#[derive(Args, Clone, Debug)]
pub struct Language {
    /// Those of every program that trains.
    #[command(flatten)]
    pub fit: Fit,
    /// What the sample at the end continues [default: the text's first character].
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
    /// How many characters the sample has.
    #[arg(long, value_name = "N", default_value_t = 500)]
    sample: usize,
    /// What logits of the sample are divided by: below 1 it keeps to what is likely.
    #[arg(long, default_value_t = 0.8, value_parser = flags::positive)]
    temperature: f64,
    /// Fail when the validation loss stays above this, in nats a character.
    #[arg(long, value_name = "NATS", value_parser = flags::positive)]
    at_most: Option<f64>,
}

/// A text in two parts, read in windows of one length.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// The text.
    pub text: Text,
    /// What is to be continued.
    prompt: Vec<i32>,
    /// How many characters are read at once.
    pub length: usize,
    flags: Language,
}

impl Corpus {
    /// The text that the flags name; the beginning of it for a quick run.
    ///
    /// # Errors
    /// When it cannot be read or is too short, and when the prompt has none of its characters.
    pub fn load(flags: &Language, length: usize) -> Result<Self, FileError> {
        let path = flags.fit.data.as_deref();
        let mut text = Text::load(path)?;
        text.tokens.truncate(flags.fit.limit(text.tokens.len(), QUICK));
        let (found, least) = (text.tokens.len(), VALIDATION * (length + 1));
        if found < least {
            let path = path.unwrap_or(Path::new(file::EMBEDDED));
            return Err(FileError::new(path, format!("at least {least} characters"), found));
        }
        let prompt = match &flags.prompt {
            Some(prompt) => text.encode(prompt),
            None => text.tokens[..1].to_vec(),
        };
        if prompt.is_empty() {
            return Err(FileError::new(Path::new("--prompt"), "characters of the text", "none of them"));
        }
        Ok(Self { text, prompt, length, flags: flags.clone() })
    }

    /// How many windows an epoch has: as many as fit, wherever the first begins.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.text.split().0.len() / self.length - 1
    }

    /// How many of them make a step.
    #[must_use]
    pub fn batch_size(&self) -> usize {
        self.flags.fit.batch_size(self.windows())
    }

    /// How many steps there are in all epochs.
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.flags.fit.steps(self.windows())
    }

    /// A batch of the shape that every step has.
    #[must_use]
    pub fn example<B: Backend>(&self, device: &B::Device) -> Windows<B> {
        windows(&self.text.tokens, &vec![0; self.batch_size()], self.length, device)
    }

    /// Where the windows of each step of an epoch begin: side by side behind a random character, in random order.
    fn starts<B: Backend>(&self, epoch: u32, key: &Index<B>) -> Vec<Vec<i32>> {
        let length = i32::try_from(self.length).unwrap_or(i32::MAX);
        let first = key.fold_in(epoch).random_bits(31, [1]).to_vec()[0] % length;
        let mut steps = shuffled_rows(self.windows(), self.batch_size(), epoch, &key.fold_in(0));
        for start in steps.iter_mut().flatten() {
            *start = first + *start * length;
        }
        steps
    }

    /// Trains for all epochs, shows both losses after each, and answers the last validation loss, in nats a character.
    ///
    /// # Errors
    /// When the loss is no longer finite.
    pub fn learn<B: Backend, M: Module<B>, O: Optimizer>(
        &self,
        step: &mut TrainStep<B, M, Windows<B>, O>,
        schedule: &impl Schedule,
        key: &Index<B>,
        loss: impl Fn(&M, &Windows<B>) -> Tensor<B>,
    ) -> Result<f64, Box<dyn Error>> {
        let ((train, validation), device, options) = (self.text.split(), key.device(), &self.flags.fit);
        let batch = |step: &mut TrainStep<B, M, Windows<B>, O>, starts: &Vec<i32>| {
            step.set_lr(schedule.at(options.lr, step.steps()));
            windows(train, starts, self.length, device)
        };
        let mut last = f64::NAN;
        say!("epoch   training loss   validation loss");
        fit(
            step,
            options.epochs(),
            |epoch| self.starts(epoch, key),
            batch,
            |epoch, training, step| {
                let model = step.model();
                last = mean_loss(validation, self.length, JUDGED, device, |windows| loss(&model, windows));
                say!("{epoch:>5}   {training:>13.4}   {last:>15.4}");
                Ok(())
            },
        )?;
        Ok(last)
    }

    /// Shows how a model continues the prompt. `logits` answers those of the next character, from all that stand so far.
    pub fn show<B: Backend>(&self, key: &Index<B>, mut logits: impl FnMut(&[i32]) -> Tensor<B>) {
        let mut tokens = self.prompt.clone();
        let count = self.flags.fit.limit(self.flags.sample, 100);
        for (_, place) in (0..count).zip(0..) {
            let next = draw(&logits(&tokens), self.flags.temperature, &key.fold_in(place));
            tokens.push(next);
        }
        say!("\n{}\n", self.text.decode(&tokens));
    }

    /// Whether the loss is as low as was promised.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self, loss: f64) -> Result<(), Box<dyn Error>> {
        at_most("the validation loss", loss, self.flags.at_most)
    }
}

#[cfg(test)]
mod tests {
    use backend_cpu::{Cpu, CpuDevice};
    use clap::Parser;

    use super::*;
    use crate::fit::{Defaults, parse_from};

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        language: Language,
    }

    fn language(arguments: &[&str]) -> Language {
        let defaults = Defaults { epochs: "3", batch_size: "4", lr: "0.1" };
        let arguments = ["test"].iter().chain(arguments).map(Into::into);
        parse_from::<Flags>(defaults, arguments).unwrap().language
    }

    #[test]
    fn an_epoch_covers_the_text_and_stays_within() {
        let corpus = Corpus::load(&language(&["--quick"]), 10).unwrap();
        assert_eq!((corpus.windows(), corpus.batch_size(), corpus.steps()), (1079, 4, 269));
        let key = Index::<Cpu<f32>>::key(3, &CpuDevice);
        let mut firsts = Vec::new();
        for epoch in 0..20 {
            let mut starts = corpus.starts(epoch, &key).concat();
            starts.sort_unstable();
            assert!(starts.len() == 1076 && starts.iter().all(|start| (0..10_790).contains(start)));
            assert!(starts.windows(2).all(|pair| pair[0] < pair[1] && (pair[1] - pair[0]) % 10 == 0));
            firsts.push(starts[0] % 10);
        }
        firsts.sort_unstable();
        firsts.dedup();
        assert!(firsts.len() > 5, "{firsts:?}");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let error = Corpus::load(&language(&["--quick"]), 12_000).unwrap_err().to_string();
        assert_eq!(error, "the built-in text: at least 120010 characters expected, found: 12000");
        let error = Corpus::load(&language(&["--prompt", "{}"]), 10).unwrap_err().to_string();
        assert_eq!(error, "--prompt: characters of the text expected, found: none of them");
    }
}
