//! Questions of the form "man is to woman as king is to what", and how vectors of words answer them.

use core::iter::Sum;
use std::path::Path;

use autodiff_core::{Backend, Index, Tensor};

use crate::file::{FileError, text};
use crate::words::Words;

/// What he is called and what she is called: each two of them make a question.
const FAMILY: [[&str; 2]; 14] = [
    ["he", "she"],
    ["his", "her"],
    ["himself", "herself"],
    ["man", "woman"],
    ["gentleman", "lady"],
    ["sir", "madam"],
    ["boy", "girl"],
    ["father", "mother"],
    ["son", "daughter"],
    ["brother", "sister"],
    ["husband", "wife"],
    ["uncle", "aunt"],
    ["nephew", "niece"],
    ["king", "queen"],
];

/// Questions of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What they are about.
    pub name: String,
    /// Two words, and two that stand to each other as these do.
    pub questions: Vec<[String; 4]>,
}

impl Section {
    /// The questions all of whose words have numbers.
    fn known(&self, words: &Words) -> Vec<[i32; 4]> {
        let number = |word: &String| words.number(word);
        let all = self.questions.iter();
        all.filter_map(|[a, b, c, d]| Some([number(a)?, number(b)?, number(c)?, number(d)?])).collect()
    }

    /// Whether there is such a question.
    #[must_use]
    pub fn is_known(&self, words: &Words) -> bool {
        !self.known(words).is_empty()
    }
}

/// A file of questions; those about families that are built in where none is given.
///
/// # Errors
/// When it cannot be read.
pub fn load(path: Option<&Path>) -> Result<Vec<Section>, FileError> {
    match path {
        Some(given) => parse(&text(path, b"")?, given),
        None => Ok(vec![family()]),
    }
}

fn family() -> Section {
    let mut questions = Vec::new();
    for [a, b] in FAMILY {
        for [c, d] in FAMILY.into_iter().filter(|[c, _]| *c != a) {
            questions.push([a, b, c, d].map(str::to_owned));
        }
    }
    Section { name: "family".into(), questions }
}

/// Lines of four words, below lines `: name` where a section begins.
fn parse(text: &str, path: &Path) -> Result<Vec<Section>, FileError> {
    let mut sections: Vec<Section> = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        if let Some(name) = line.trim().strip_prefix(':') {
            sections.push(Section { name: name.trim().into(), questions: Vec::new() });
            continue;
        }
        let words: Vec<String> = line.split_whitespace().map(str::to_lowercase).collect();
        match (sections.last_mut(), <[String; 4]>::try_from(words)) {
            (Some(section), Ok(question)) => section.questions.push(question),
            (None, _) => return Err(FileError::new(path, "a line `: name` before the first question", line.trim())),
            _ => return Err(FileError::new(path, format!("four words in line {number}"), line.trim())),
        }
    }
    Ok(sections)
}

/// How many of how many questions were answered as they should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Solved {
    /// The questions all of whose words are known.
    pub asked: u32,
    /// Those that were answered right.
    pub right: u32,
}

impl Solved {
    /// The questions of a section, answered by the vectors of words.
    #[must_use]
    pub fn by<B: Backend>(directions: &Tensor<B>, words: &Words, section: &Section) -> Self {
        let known = section.known(words);
        let mut solved = Self::default();
        for (question, answer) in known.iter().zip(answers(directions, &known)) {
            solved.asked += 1;
            solved.right += u32::from(question[3] == answer);
        }
        solved
    }

    /// The part that was answered right, in percent; NaN where nothing was asked.
    #[must_use]
    pub fn percent(self) -> f64 {
        100.0 * f64::from(self.right) / f64::from(self.asked)
    }
}

impl Sum for Solved {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, own| Self { asked: sum.asked + own.asked, right: sum.right + own.right })
    }
}

/// The vectors with length 1.
#[must_use]
pub fn directions<B: Backend>(vectors: &Tensor<B>) -> Tensor<B> {
    vectors / (vectors.square().sum_axes(&[-1]).sqrt() + 1e-12).unsqueeze(-1)
}

/// The words that stand to `c` as `b` stands to `a`, for questions `[a, b, c, ..]` by number.
///
/// ```text
/// argmax over words w but a, b, c of  w (b - a + c)        all of length 1
/// ```
///
/// (Mikolov, Yih and Zweig, *Linguistic regularities in continuous space word representations*, NAACL 2013, section 4.)
#[must_use]
pub fn answers<B: Backend>(directions: &Tensor<B>, questions: &[[i32; 4]]) -> Vec<i32> {
    if questions.is_empty() {
        return Vec::new();
    }
    let asked: Vec<i32> = questions.iter().flat_map(|question| &question[..3]).copied().collect();
    let asked = Index::from_slice(&asked, [questions.len(), 3], directions.device());
    let [a, b, c] = [0, 1, 2].map(|part| directions.index_select(0, &asked.slice(1, part..=part).squeeze(1)));
    let fits = (b - a + c).matmul(&directions.t());
    let out = fits.new_full([questions.len(), 3], f64::NEG_INFINITY);
    fits.scatter(1, &asked, &out).argmax(-1).to_vec()
}

/// The `count` words that are nearest to a word in direction, and the cosines of the angles between.
#[must_use]
pub fn nearest<B: Backend>(directions: &Tensor<B>, word: i32, count: usize) -> Vec<(i32, B::Elem)> {
    let own = directions.index_select(0, &Index::from_slice(&[word], [1], directions.device()));
    let cosines = own.matmul(&directions.t()).to_vec();
    let mut others: Vec<_> = (0..).zip(cosines).filter(|&(other, _)| other != word).collect();
    others.sort_by(|(_, one), (_, other)| other.partial_cmp(one).unwrap_or(core::cmp::Ordering::Equal));
    others.truncate(count);
    others
}

#[cfg(test)]
mod tests {
    use backend_cpu::Cpu;

    use super::*;

    fn check_error(text: &str, expected: &str) {
        assert_eq!(parse(text, Path::new("q.txt")).unwrap_err().to_string(), expected);
    }

    #[test]
    fn sections_are_read() {
        let sections = parse(": capitals \nAthens Greece Oslo Norway\n\n: empty\n", Path::new("q.txt")).unwrap();
        assert_eq!(sections[0].name, "capitals");
        assert_eq!(sections[0].questions, [["athens", "greece", "oslo", "norway"]]);
        assert!(sections[1].name == "empty" && sections[1].questions.is_empty());
    }

    #[test]
    fn a_bad_line_is_named() {
        check_error(": a\na b c d\na b c\n", "q.txt: four words in line 3 expected, found: a b c");
        check_error("a b c d\n", "q.txt: a line `: name` before the first question expected, found: a b c d");
    }

    #[test]
    fn every_pair_asks_about_every_other() {
        let [section] = &load(None).unwrap()[..] else { panic!("one section expected") };
        assert_eq!(section.questions.len(), FAMILY.len() * (FAMILY.len() - 1));
        assert_eq!(section.questions[0], ["he", "she", "his", "her"]);
    }

    #[test]
    fn only_known_words_are_asked_about() {
        let words = Words::new("she her he his she her he his", 1);
        // he, her, his, she: the difference is the first number.
        let directions = directions(&Tensor::<Cpu<f64>>::new(&[1.0, 1.0, -1.0, 0.5, 1.0, 0.5, -1.0, 1.0], [4, 2]));
        let solved = Solved::by(&directions, &words, &family());
        assert_eq!(solved, Solved { asked: 2, right: 2 });
        assert_eq!([solved, Solved { asked: 2, right: 0 }].into_iter().sum::<Solved>().percent(), 50.0);
        assert!(Solved::default().percent().is_nan());
        assert!(family().is_known(&words) && !family().is_known(&Words::new("she her he", 1)));
    }

    #[test]
    fn the_parallelogram_is_closed() {
        // Words 0 to 3 are the corners of one; 4 lies near 2, and 5 elsewhere.
        let corners = [1.0, 0.0, 0.0, 1.0, 0.0, 0.5, 0.0, 1.0, 0.0, 0.0, 1.0, 0.5, 0.1, 1.0, 0.0, -1.0, 0.0, 0.0];
        let directions = directions(&Tensor::<Cpu<f64>>::new(&corners, [6, 3]));
        let lengths = directions.square().sum_axes(&[-1]).to_vec();
        assert!(lengths.iter().all(|length| (length - 1.0).abs() < 1e-9));
        assert_eq!(answers(&directions, &[[0, 1, 2, 3], [1, 0, 3, 2]]), [3, 4]);
        assert_eq!(nearest(&directions, 2, 2).iter().map(|near| near.0).collect::<Vec<_>>(), [4, 3]);
    }
}
