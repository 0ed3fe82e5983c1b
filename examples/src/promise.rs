//! Figures that a program promises, so that a script can hold it to them. NaN keeps no promise.

use core::error::Error;

/// Whether a figure is as small as promised, where something is promised.
///
/// # Errors
/// When it is not.
pub fn at_most(what: &str, found: f64, promised: Option<f64>) -> Result<(), Box<dyn Error>> {
    match promised {
        Some(most) if found > most || found.is_nan() => Err(format!("{what} is {found:.4}, above {most}").into()),
        _ => Ok(()),
    }
}

/// Whether a figure is as large as promised, where something is promised.
///
/// # Errors
/// When it is not.
pub fn at_least(what: &str, found: f64, promised: Option<f64>) -> Result<(), Box<dyn Error>> {
    match promised {
        Some(least) if found < least || found.is_nan() => Err(format!("{what} is {found:.4}, below {least}").into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_kept_or_the_figure_is_named() {
        assert!(at_most("the loss", 1.5, Some(1.5)).is_ok() && at_least("the loss", 1.5, Some(1.5)).is_ok());
        assert!(at_most("the loss", f64::NAN, None).is_ok() && at_least("the loss", f64::NAN, None).is_ok());
        let error = at_most("the loss", 1.75, Some(1.5)).unwrap_err().to_string();
        assert_eq!(error, "the loss is 1.7500, above 1.5");
        let error = at_least("the accuracy", f64::NAN, Some(20.0)).unwrap_err().to_string();
        assert_eq!(error, "the accuracy is NaN, below 20");
        assert!(at_most("", f64::NAN, Some(1.0)).is_err() && at_least("", 0.5, Some(1.0)).is_err());
    }
}
