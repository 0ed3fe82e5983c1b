//! How serde reads and writes the types that have an invariant: as lists, a [`Scalar`] as a string. What breaks the
//! invariant is refused here, so that nothing panics over it later.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::{Axes, MAX_RANK, Order, Scalar, Shape, Slide, Window};

/// Reads a list of at most `N` items: the items, then fillers, and the number of items.
struct Few<T, const N: usize> {
    filler: T,
    what: &'static str,
}

impl<'de, T: Deserialize<'de> + Copy, const N: usize> Few<T, N> {
    fn read<D: Deserializer<'de>>(self, deserializer: D) -> Result<([T; N], usize), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de> + Copy, const N: usize> Visitor<'de> for Few<T, N> {
    type Value = ([T; N], usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {N} {}", self.what)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let (mut items, mut len) = ([self.filler; N], 0);
        while let Some(item) = list.next_element()? {
            match items.get_mut(len) {
                Some(place) => *place = item,
                None => return Err(A::Error::invalid_length(N + 1, &self)),
            }
            len += 1;
        }
        Ok((items, len))
    }
}

/// Numbers of axes, or extents: one for each axis.
fn per_axis<'de, D: Deserializer<'de>>(
    deserializer: D,
    what: &'static str,
) -> Result<([usize; MAX_RANK], usize), D::Error> {
    Few { filler: 0, what }.read(deserializer)
}

/// The extents: `[2, 3]`.
impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.extents())
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (extents, rank) = per_axis(deserializer, "extents")?;
        Ok(Self::new(&extents[..rank]))
    }
}

/// The axes, ascending: `[0, 2]`.
impl Serialize for Axes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Axes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (axes, count) = per_axis(deserializer, "axes")?;
        axes[..count].iter().try_fold(Self::NONE, |set, &axis| {
            if axis < MAX_RANK && !set.contains(axis) {
                return Ok(set.with(axis));
            }
            Err(D::Error::custom(format_args!("axis {axis} is named twice, or is not below {MAX_RANK}")))
        })
    }
}

/// The input axis of each output axis: `[1, 0]`.
impl Serialize for Order {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (axes, rank) = per_axis(deserializer, "axes")?;
        let axes = &axes[..rank];
        Self::try_new(axes).ok_or_else(|| D::Error::custom(format_args!("{axes:?} does not name every axis once")))
    }
}

/// How windows slide along each axis.
impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.slides())
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (slides, rank) =
            Few::<_, 3> { filler: Slide::UNIT, what: "axes that windows slide over" }.read(deserializer)?;
        if slides.iter().any(|slide| slide.kernel == 0 || slide.stride == 0 || slide.dilation == 0) {
            return Err(D::Error::custom("kernel, stride and dilation of a window are at least 1"));
        }
        Self::new(&slides[..rank]).ok_or_else(|| D::Error::custom("windows slide over one axis at least"))
    }
}

/// The shortest decimal number that is read back as the same bits: `"0.1"`, `"1e-5"`, `"-0.0"`, `"inf"`; a NaN by its bits:
/// `"nan:7ff8000000000000"`.
impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.get();
        if value.is_nan() {
            return serializer.collect_str(&format_args!("nan:{:016x}", value.to_bits()));
        }
        serializer.collect_str(&format_args!("{value:?}"))
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Digits)
    }
}

struct Digits;

impl Visitor<'_> for Digits {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number as a string, or a NaN as \"nan:\" and its 64 bits in hexadecimal")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        let value = match text.strip_prefix("nan:") {
            Some(bits) => u64::from_str_radix(bits, 16).ok().map(f64::from_bits).filter(|value| value.is_nan()),
            None => text.parse().ok().filter(|value: &f64| !value.is_nan()),
        };
        value.map(Scalar::new).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}
