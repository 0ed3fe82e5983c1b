//! [`MemoryMap`]: which value lies where in a program's memory, and when.

use core::fmt::{self, Write};
use core::ops::Range;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Which value of a program lies where, and from which instruction to which.
///
/// Its `Display` is a table in the order of addresses; [`to_svg`](Self::to_svg) draws it.
///
/// ```
/// use autodiff_core::{Execute, Role, Spec, WengertList};
/// use backend_cpu::Cpu;
/// let list = WengertList::<f32>::trace(&[("x", Spec::elem([4]))], |x| [("y", x[0].exp().sum().tanh())]);
/// let map = Cpu::memory_map(&Cpu::compile(&list, &[Role::Given], true, &Default::default()));
/// assert_eq!((map.bytes, map.sum()), (20, 24)); // the sum gives its place to what is computed from it
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryMap {
    /// The values, in the order in which they are computed; those that are kept from run to run first.
    pub values: Vec<Lifetime>,
    /// The size of the memory in bytes.
    pub bytes: usize,
    /// How many instructions there are.
    pub steps: usize,
}

/// One value in a [`MemoryMap`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// What the list calls it.
    pub name: String,
    /// The bytes that it lies in.
    pub bytes: Range<usize>,
    /// From the instruction that computes it to the one behind the last that reads it; all of them, if it is kept.
    pub steps: Range<usize>,
    /// Whether it is there before the first instruction: an input that is kept from run to run.
    pub kept: bool,
}

impl MemoryMap {
    /// The bytes of all values together, had each room of its own.
    #[must_use]
    pub fn sum(&self) -> usize {
        self.values.iter().map(|value| value.bytes.len()).sum()
    }

    /// A picture: instructions from left to right, addresses from top to bottom, each value a box that names it.
    #[must_use]
    pub fn to_svg(&self) -> String {
        const SIZE: [usize; 2] = [1200, 800];
        let scale = |at: usize, of: usize, size: usize| at.saturating_mul(size).checked_div(of).unwrap_or(0);
        let mut svg =
            format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\">\n", SIZE[0], SIZE[1]);
        for (number, Lifetime { name, bytes, steps, .. }) in self.values.iter().enumerate() {
            let [x, right] = [steps.start, steps.end].map(|step| scale(step, self.steps, SIZE[0]));
            let [y, bottom] = [bytes.start, bytes.end].map(|byte| scale(byte, self.bytes, SIZE[1]));
            // Angles that lie far apart give neighbours colours that do too.
            let (hue, name) = (number * 137 % 360, escaped(name));
            let [width, height] = [right - x, bottom - y].map(|length| length.max(1));
            // Writing to a string cannot fail.
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"hsl({hue},60%,70%)\" stroke=\"#444\" \
                 stroke-width=\"0.3\"><title>{name}: bytes {bytes:?}, instructions {steps:?}</title></rect>",
            );
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// A text within a drawing.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl fmt::Display for MemoryMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} values in {} bytes, {} if each had its own", self.values.len(), self.bytes, self.sum())?;
        writeln!(f, "{:>12} {:>12} {:>6} {:>6}  value", "from byte", "to byte", "step", "until")?;
        let mut values: Vec<&Lifetime> = self.values.iter().collect();
        values.sort_by_key(|value| (value.bytes.start, value.steps.start));
        for Lifetime { name, bytes, steps, .. } in values {
            writeln!(f, "{:>12} {:>12} {:>6} {:>6}  {name}", bytes.start, bytes.end, steps.start, steps.end)?;
        }
        Ok(())
    }
}
