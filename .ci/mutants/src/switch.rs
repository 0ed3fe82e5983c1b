//! Which mistake is on: the number in `MUTANT`. With a file's name in `MUTANT_COVER` none is, and the numbers of all
//! that could have been are written to the file.

use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const NOT_READ: usize = usize::MAX;
const COVER: usize = usize::MAX - 1;
const NONE: usize = usize::MAX - 2;

static ACTIVE: AtomicUsize = AtomicUsize::new(NOT_READ);
static SEEN: [AtomicBool; 1 << 16] = [const { AtomicBool::new(false) }; 1 << 16];

#[inline]
pub fn on(mistake: usize) -> bool {
    let active = ACTIVE.load(Ordering::Relaxed);
    if active < NONE { active == mistake } else { active != NONE && slow(mistake) }
}

#[cold]
fn slow(mistake: usize) -> bool {
    static FILE: OnceLock<Option<String>> = OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var("MUTANT_COVER").ok());
    if let Some(file) = file {
        ACTIVE.store(COVER, Ordering::Relaxed);
        if !SEEN[mistake].swap(true, Ordering::Relaxed) {
            let mut file = std::fs::File::options().append(true).create(true).open(file).expect("a file for coverage");
            file.write_all(format!("{mistake}\n").as_bytes()).expect("room for coverage");
        }
        return false;
    }
    let active = std::env::var("MUTANT").ok().and_then(|number| number.parse().ok()).unwrap_or(NONE);
    ACTIVE.store(active, Ordering::Relaxed);
    active == mistake
}
