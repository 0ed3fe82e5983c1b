//! The memory of rooms: kept for the whole process by size, and lent.
//!
//! A thread that is the first to need a room finds it there: what one part of a kernel needs at once, any other may, so as
//! much is kept as all threads of the pool need together. Memory that nobody has written to costs nothing but addresses.

use core::cell::Cell;
use core::mem::MaybeUninit;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::par;

/// Memory comes in so many bytes, and is aligned to as many.
pub(super) const LINE: usize = 64;
/// Memory of class `n` has `2^n` lines.
const CLASSES: usize = 40;
/// At most so many bytes are kept; what kernels need beyond is taken and dropped each time.
const LIMIT: usize = 1 << 30;
/// A kernel has parts, and these may have parts.
const LEVELS: usize = 3;

/// Some bytes.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Line(#[expect(dead_code, reason = "room for anything")] [u8; LINE]);

/// What is lent.
pub(super) type Memory = Box<[MaybeUninit<Line>]>;

/// Whether it is a kernel that a thread is busy with, a part of one, or a part of that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level(usize);

/// What a thread holds for what it is busy with.
#[derive(Clone, Copy)]
struct Held {
    level: Level,
    rooms: [u16; CLASSES],
}

thread_local! {
    static HELD: Cell<Held> = const { Cell::new(Held { level: Level(0), rooms: [0; CLASSES] }) };
}

/// The level of the parts of what this thread is busy with.
pub(crate) fn below() -> Level {
    Level((HELD.get().level.0 + 1).min(LEVELS - 1))
}

/// Does the work of a part, whoever's thread it is that has time for it.
pub(crate) fn at_level<R>(level: Level, work: impl FnOnce() -> R) -> R {
    /// Goes back to what the thread was busy with, also from a panic.
    struct Back(Held);

    impl Drop for Back {
        fn drop(&mut self) {
            HELD.set(self.0);
        }
    }

    let _back = Back(HELD.replace(Held { level, rooms: [0; CLASSES] }));
    work()
}

/// Memory of at least so many bytes, at least one.
pub(super) fn lend(bytes: usize) -> Memory {
    let (class, mut held) = (class(bytes.div_ceil(LINE)), HELD.get());
    held.rooms[class] = held.rooms[class].saturating_add(1);
    HELD.set(held);
    pool().lend(class, held.level, held.rooms[class].into(), par::threads())
}

/// Keeps memory that was lent to this thread, or drops it when there is too much.
pub(super) fn give_back(memory: Memory) {
    if memory.is_empty() {
        return;
    }
    let (class, mut held) = (class(memory.len()), HELD.get());
    held.rooms[class] = held.rooms[class].saturating_sub(1);
    HELD.set(held);
    let too_much = pool().keep(class, memory);
    drop(too_much);
}

fn class(lines: usize) -> usize {
    lines.next_power_of_two().ilog2() as usize
}

fn pool() -> MutexGuard<'static, Pool> {
    static POOL: Mutex<Pool> = Mutex::new(Pool::new());
    // What a panic left behind is whole: nothing panics between two changes.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Pool {
    shelves: [Shelf; CLASSES],
    /// Of all memory, lent or not.
    bytes: usize,
}

/// The memory of one class.
struct Shelf {
    waiting: Vec<Memory>,
    /// How many there are, lent or not.
    count: usize,
    /// The most that a kernel, a part and a part of a part needed at once.
    needs: [usize; LEVELS],
}

impl Pool {
    const fn new() -> Self {
        let shelves = [const { Shelf { waiting: Vec::new(), count: 0, needs: [0; LEVELS] } }; CLASSES];
        Self { shelves, bytes: 0 }
    }

    /// Memory for what holds `held` of its class with this one, while so many threads may come to need as much.
    fn lend(&mut self, class: usize, level: Level, held: usize, threads: usize) -> Memory {
        let needs = &mut self.shelves[class].needs;
        needs[level.0] = needs[level.0].max(held);
        let needed = needs[0] + threads * (needs[1] + needs[2]);
        while self.shelves[class].count < needed && self.bytes + (LINE << class) <= LIMIT {
            let memory = self.fresh(class);
            self.shelves[class].waiting.push(memory);
        }
        let waiting = self.shelves[class].waiting.pop();
        waiting.unwrap_or_else(|| self.fresh(class))
    }

    /// New memory, for which there will be a place when it comes back.
    fn fresh(&mut self, class: usize) -> Memory {
        let shelf = &mut self.shelves[class];
        shelf.count += 1;
        shelf.waiting.reserve(shelf.count - shelf.waiting.len());
        self.bytes += LINE << class;
        Box::new_uninit_slice(1 << class)
    }

    /// Takes memory back, unless there is too much.
    fn keep(&mut self, class: usize, memory: Memory) -> Option<Memory> {
        let shelf = &mut self.shelves[class];
        if self.bytes > LIMIT {
            self.bytes -= LINE << class;
            shelf.count -= 1;
            return Some(memory);
        }
        shelf.waiting.push(memory);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{LIMIT, LINE, Level, Pool, at_level, below, class};

    #[test]
    fn what_a_part_needed_is_there_for_every_thread() {
        let mut pool = Pool::new();
        let whole = pool.lend(3, Level(0), 1, 2);
        let part = [1, 2].map(|held| pool.lend(3, Level(1), held, 2));
        assert_eq!((pool.shelves[3].count, pool.bytes), (5, 5 * 8 * LINE));
        let other = [1, 2].map(|held| pool.lend(3, Level(1), held, 2));
        assert_eq!((pool.shelves[3].count, pool.shelves[3].waiting.len()), (5, 0));
        for memory in [whole].into_iter().chain(part).chain(other) {
            assert!(memory.len() == 8 && pool.keep(3, memory).is_none());
        }
        assert_eq!((pool.shelves[3].count, pool.shelves[3].waiting.len()), (5, 5));
    }

    #[test]
    fn what_is_too_much_is_dropped() {
        let mut pool = Pool::new();
        let class = class(LIMIT / LINE);
        let all = [1, 2].map(|held| pool.lend(class, Level(0), held, 1));
        assert_eq!(pool.bytes, 2 * LIMIT);
        let dropped = all.map(|memory| pool.keep(class, memory).is_some());
        assert_eq!((dropped, pool.bytes, pool.shelves[class].waiting.len()), ([true, false], LIMIT, 1));
    }

    #[test]
    fn a_level_ends_with_its_work() {
        let inside = at_level(below(), || (below().0, at_level(below(), || below().0)));
        assert_eq!((inside, below().0), ((2, 2), 1));
    }
}
