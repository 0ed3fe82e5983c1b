//! The running mean of a loss, and what a mean surprise is as a number of choices.

/// The mean of numbers that come one after another, each with its weight: the losses of batches with their sizes.
///
/// ```
/// use nn::metrics::Mean;
/// let mut loss = Mean::default();
/// loss.add(1.0, 64.0);
/// loss.add(4.0, 32.0); // the last batch is smaller
/// assert_eq!(loss.mean(), 2.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    sum: f64,
    weight: f64,
}

impl Mean {
    /// Takes in the mean of `weight` numbers.
    pub fn add(&mut self, value: f64, weight: f64) {
        self.sum += value * weight;
        self.weight += weight;
    }

    /// The mean of all; NaN of none.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum / self.weight
    }
}

/// `e^x` for a mean negative log-likelihood `x` in natural logarithms: between how many equally likely tokens a model is in
/// doubt.
///
/// ```
/// use nn::metrics::perplexity;
/// assert!((perplexity(50.0_f64.ln()) - 50.0).abs() < 1e-12);
/// ```
#[must_use]
pub fn perplexity(mean_nll: f64) -> f64 {
    libm::exp(mean_nll)
}
