//! Curves as SVG files.

use core::error::Error;
use core::fmt;
use core::ops::Range;
use std::io;
use std::path::Path;

use plotters::prelude::*;

use crate::file::{self, FileError};

/// A named sequence of numbers, one an epoch.
#[derive(Clone, Debug)]
pub struct Curve<'a> {
    /// What the legend says.
    pub name: &'a str,
    /// The values after epoch 1, 2, ..
    pub values: &'a [f64],
}

/// Writes positive curves over epochs to an SVG file, the vertical axis logarithmic; makes the folders it lies in.
///
/// # Errors
/// When there is nothing that can be drawn, or the file cannot be written.
pub fn write_svg(path: &Path, title: &str, curves: &[Curve<'_>]) -> Result<(), PlotError> {
    let svg = svg(title, curves)?;
    file::write(path, svg.as_bytes()).map_err(PlotError::Write)
}

fn svg(title: &str, curves: &[Curve<'_>]) -> Result<String, PlotError> {
    let (epochs, values) = ranges(curves).ok_or(PlotError::Nothing)?;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (720, 440)).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(16)
            .caption(title, ("sans-serif", 20))
            .x_label_area_size(40)
            .y_label_area_size(64)
            .build_cartesian_2d(epochs, values.log_scale())?;
        chart
            .configure_mesh()
            .x_desc("epoch")
            .y_desc("loss")
            .light_line_style(BLACK.mix(0.06))
            .bold_line_style(BLACK.mix(0.15))
            // Ticks are multiples of powers of ten, but for the last bits.
            .y_label_formatter(&|loss| format!("{}", (loss * 1e9).round() / 1e9))
            .draw()?;
        for (curve, color) in curves.iter().zip([BLUE, RED, GREEN, MAGENTA, BLACK].into_iter().cycle()) {
            let style = color.stroke_width(2);
            chart
                .draw_series(LineSeries::new((1..).zip(curve.values.iter().copied()), style).point_size(2))?
                .label(curve.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.9))
            .border_style(BLACK.mix(0.3))
            .draw()?;
        area.present()?;
    }
    Ok(svg)
}

/// From the first epoch to the last, and from a power of ten below the smallest value to above the largest; none where a
/// value is not positive and finite, since an axis without ends cannot be drawn.
fn ranges(curves: &[Curve<'_>]) -> Option<(Range<u32>, Range<f64>)> {
    let last = curves.iter().map(|curve| curve.values.len()).max().and_then(|last| u32::try_from(last).ok())?;
    let all = || curves.iter().flat_map(|curve| curve.values).copied();
    let drawable = all().next().is_some() && all().all(|value| value > 0.0 && value.is_finite());
    let (low, high) = all().fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    // A little below the power of ten, so that it still has its label.
    drawable.then(|| (1..last.max(2), 0.99 * 10.0_f64.powf(low.log10().floor())..high * 1.25))
}

/// Why there is no plot.
#[derive(Debug)]
#[non_exhaustive]
pub enum PlotError {
    /// No value at all, or one that is not positive and finite.
    Nothing,
    /// The drawing fails.
    Draw(DrawingAreaErrorKind<io::Error>),
    /// The file cannot be written.
    Write(FileError),
}

impl From<DrawingAreaErrorKind<io::Error>> for PlotError {
    fn from(error: DrawingAreaErrorKind<io::Error>) -> Self {
        Self::Draw(error)
    }
}

impl fmt::Display for PlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("plot: only curves of positive, finite values can be drawn"),
            Self::Draw(source) => write!(f, "plot: {source}"),
            Self::Write(source) => write!(f, "{source}"),
        }
    }
}

impl Error for PlotError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Nothing => None,
            Self::Draw(source) => Some(source),
            Self::Write(source) => Some(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_becomes_a_line_with_title_and_legend() {
        let svg = svg("a title", &[Curve { name: "a name", values: &[2.0, 0.5, 0.1] }]).unwrap();
        for part in ["<svg", "a title", "a name", "<polyline", "epoch", "</svg>"] {
            assert!(svg.contains(part), "{part}");
        }
    }

    #[test]
    fn one_value_is_enough() {
        assert!(svg("a title", &[Curve { name: "a name", values: &[2.0] }]).is_ok());
    }

    #[test]
    fn what_has_no_place_on_the_axis_is_refused() {
        for values in [&[][..], &[1.0, 0.0], &[f64::NAN], &[f64::INFINITY, 1.0]] {
            assert!(
                matches!(svg("a title", &[Curve { name: "a name", values }]), Err(PlotError::Nothing)),
                "{values:?}"
            );
        }
    }
}
