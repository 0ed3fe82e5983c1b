//! [`Memory`]: room that tensors gave back, kept by size for those that come next.
//!
//! Fresh memory costs a page fault for every 4 KB, several times what an operation needs to fill it. So room is given out
//! in size classes, a quarter of a power of two apart, and goes back to its class when its tensor is dropped. It is not
//! cleared: kernels write all that they answer. It is aligned as the system's allocator aligns it, to 16 bytes: operations at
//! places 0, 16, 32 and 48 bytes behind a cache line's beginning took the same time (sums, maxima, exponentials, additions of
//! four million numbers on one thread and two, and products of 256 to 1024 squared).

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use autodiff_core::{DType, DataBuf, Element, bf16, f16};

/// Room of fewer bytes is not worth keeping.
const SMALLEST: usize = 1 << 10;
/// So many bytes are kept at most unless told otherwise.
const LIMIT: usize = 1 << 30;

/// An element that room is kept for.
pub(crate) trait Pooled: Element {
    fn shelf(shelves: &mut Shelves) -> &mut Shelf<Self>;
}

/// How much memory is kept for later tensors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// Bytes that wait for a tensor.
    pub kept: usize,
    /// The most that may wait.
    pub limit: usize,
    /// How often room was taken from what waited.
    pub reused: u64,
    /// How often it was taken from the system.
    pub fresh: u64,
}

/// Room that waits, by element and size.
#[derive(Default)]
pub(crate) struct Memory(Mutex<Shelves>);

/// The room of each element.
#[derive(Debug, Default)]
pub(crate) struct Shelves {
    f32: Shelf<f32>,
    f64: Shelf<f64>,
    f16: Shelf<f16>,
    bf16: Shelf<bf16>,
    index: Shelf<i32>,
    using: MemoryUse,
}

/// The room of one element, by size class.
#[derive(Debug)]
pub(crate) struct Shelf<T>(Vec<Vec<Vec<T>>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

macro_rules! pooled {
    ($($T:ident)*) => {
        $(impl Pooled for $T {
            fn shelf(shelves: &mut Shelves) -> &mut Shelf<Self> {
                &mut shelves.$T
            }
        })*
    };
}

pooled! { f32 f64 f16 bf16 }

impl Memory {
    pub(crate) fn new() -> Self {
        let using = MemoryUse { limit: LIMIT, ..MemoryUse::default() };
        Self(Mutex::new(Shelves { using, ..Shelves::default() }))
    }

    /// Room for at least `len` elements.
    pub(crate) fn take<T: Pooled>(&self, dtype: DType, len: usize) -> DataBuf<T> {
        match dtype {
            DType::Elem => DataBuf::Elem(self.room(len, T::zero(), T::shelf)),
            DType::F16 => DataBuf::F16(self.room(len, f16::ZERO, |shelves| &mut shelves.f16)),
            DType::Bf16 => DataBuf::Bf16(self.room(len, bf16::ZERO, |shelves| &mut shelves.bf16)),
            DType::Index => DataBuf::Index(self.room(len, 0, |shelves| &mut shelves.index)),
        }
    }

    /// Keeps room, or drops it when enough is kept.
    pub(crate) fn give_back<T: Pooled>(&self, room: DataBuf<T>) {
        match room {
            DataBuf::Elem(room) => self.keep(room, T::shelf),
            DataBuf::F16(room) => self.keep(room, |shelves| &mut shelves.f16),
            DataBuf::Bf16(room) => self.keep(room, |shelves| &mut shelves.bf16),
            DataBuf::Index(room) => self.keep(room, |shelves| &mut shelves.index),
        }
    }

    /// Keeps at most so many bytes from now on; 0 lets go of all that waits.
    pub(crate) fn limit(&self, bytes: usize) {
        let mut shelves = self.shelves();
        let using = MemoryUse { limit: bytes, ..shelves.using };
        let waited =
            core::mem::replace(&mut *shelves, Shelves { using: MemoryUse { kept: 0, ..using }, ..Shelves::default() });
        drop(shelves);
        drop(waited);
    }

    pub(crate) fn using(&self) -> MemoryUse {
        self.shelves().using
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        // What a panic left behind is whole: nothing panics between two changes.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn room<X: Copy>(&self, len: usize, zero: X, shelf: impl Fn(&mut Shelves) -> &mut Shelf<X>) -> Vec<X> {
        if len * size_of::<X>() < SMALLEST {
            return vec![zero; len];
        }
        let (class, size) = class(len);
        {
            let mut shelves = self.shelves();
            if let Some(room) = shelf(&mut shelves).0.get_mut(class).and_then(Vec::pop) {
                shelves.using.kept -= size_of_val(&room[..]);
                shelves.using.reused += 1;
                return room;
            }
            shelves.using.fresh += 1;
        }
        vec![zero; size]
    }

    fn keep<X>(&self, room: Vec<X>, shelf: impl Fn(&mut Shelves) -> &mut Shelf<X>) {
        let bytes = size_of_val(&room[..]);
        // What was not given out here, or too small, has no class.
        if bytes < SMALLEST || class(room.len()).1 != room.len() {
            return;
        }
        let mut shelves = self.shelves();
        if shelves.using.kept.saturating_add(bytes) > shelves.using.limit {
            drop(shelves);
            return drop(room);
        }
        shelves.using.kept += bytes;
        let (class, _) = class(room.len());
        let shelf = shelf(&mut shelves);
        if shelf.0.len() <= class {
            shelf.0.resize_with(class + 1, Vec::new);
        }
        shelf.0[class].push(room);
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.using().fmt(f)
    }
}

/// The class of room for `len` elements and the size that all of it has: the next of 4, 5, 6 and 7 times a power of two.
fn class(len: usize) -> (usize, usize) {
    let len = len.max(4);
    // len - 1 in [4 2^e, 8 2^e) for the sizes up to and with 8 2^e.
    let exponent = (len - 1).max(4).ilog2() - 2;
    let quarters = len.div_ceil(1 << exponent);
    ((exponent as usize) * 4 + (quarters - 4), quarters << exponent)
}

#[cfg(test)]
mod tests {
    use super::{Memory, class};
    use autodiff_core::{DType, DataBuf};

    #[test]
    fn classes_hold_what_is_asked_and_little_more() {
        let mut last = (0, 0);
        for len in 1..100_000 {
            let (number, size) = class(len);
            assert!(size >= len && size <= len.max(4) + len / 4 + 1, "{len}: {size}");
            assert!(number >= last.0 && (size == last.1) == (number == last.0) || last.1 == 0, "{len}");
            assert_eq!(class(size), (number, size), "{len}");
            last = (number, size);
        }
    }

    #[test]
    fn room_comes_back() {
        let memory = Memory::new();
        let room = memory.take::<f32>(DType::Elem, 1000);
        memory.give_back(room);
        let using = memory.using();
        assert_eq!((using.fresh, using.reused, using.kept), (1, 0, 4096));
        let DataBuf::Elem(room) = memory.take::<f32>(DType::Elem, 900) else { panic!() };
        assert_eq!((room.len(), memory.using().reused, memory.using().kept), (1024, 1, 0));
        memory.give_back(DataBuf::Elem(room));
        memory.limit(0);
        assert_eq!(memory.using().kept, 0);
        memory.give_back(memory.take::<f32>(DType::Index, 1000));
        assert_eq!((memory.using().kept, memory.using().fresh), (0, 2));
    }
}
