//! [`Skips`]: the list of what may be skipped.

use core::fmt;

use super::Unsupported;

/// What may be skipped: an operation, or one attribute of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    op: String,
    attribute: Option<String>,
}

/// The list of what may be skipped, one entry a line: `operation: why`, or `operation attribute: why`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skips(Vec<Skip>);

impl Skips {
    /// The list of this repository.
    #[must_use]
    pub fn accepted() -> Self {
        Self::parse(include_str!("skips.txt"))
    }

    /// A list. What is behind the colon is for people; `#` begins a line that says nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let skip = |line: &str| {
            let entry = line.split_once(':').map_or(line, |(entry, _)| entry);
            let mut words = entry.split_whitespace().map(String::from);
            Skip { op: words.next().unwrap_or_default(), attribute: words.next() }
        };
        Self(lines.map(skip).collect())
    }

    /// The entries.
    pub fn iter(&self) -> impl Iterator<Item = &Skip> {
        self.0.iter()
    }

    /// The entry by which a case may be skipped.
    pub(super) fn find(&self, op: &str, unsupported: &Unsupported) -> Option<&Skip> {
        self.0.iter().find(|skip| skip.op == op && skip.allows(unsupported))
    }
}

impl Skip {
    fn allows(&self, unsupported: &Unsupported) -> bool {
        match (&self.attribute, unsupported) {
            (None, _) => true,
            (Some(own), Unsupported::Attribute { name, .. }) => own == name,
            (Some(_), _) => false,
        }
    }

    /// Whether it speaks of this operation.
    pub(super) fn is_of(&self, op: &str) -> bool {
        self.op == op
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.op)?;
        self.attribute.iter().try_for_each(|attribute| write!(f, " {attribute}"))
    }
}
