//! Memory that a piece of work takes, counted by the allocator, with a limit for it.
//!
//! Each thread has its own count; nothing is counted and nothing limited outside [`measured`]. A request beyond the
//! limit is refused as if memory had run out: a reader that asks carefully (`try_reserve`) goes on with an error, one
//! that does not is aborted where it asked. [`Measured::was_refused`] tells of both, because a larger computer would have
//! given the memory. Memory that a request's size does not say, such as the stack, does not count.

#![expect(unsafe_code, reason = "an allocator is unsafe by its trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, counting.
pub struct Meter;

/// What a piece of work took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Bytes held at most at one time, beyond those held before.
    pub peak: usize,
    /// Whether a request went beyond the limit.
    pub was_refused: bool,
}

#[derive(Clone, Copy)]
struct Count {
    /// Bytes held; below 0 where memory from before was given back.
    held: isize,
    peak: isize,
    limit: isize,
    was_refused: bool,
}

const IDLE: Count = Count { held: 0, peak: 0, limit: isize::MAX, was_refused: false };

thread_local! {
    static COUNT: Cell<Count> = const { Cell::new(IDLE) };
    static IS_ON: Cell<bool> = const { Cell::new(false) };
}

/// Does the work and counts what it takes; more than `limit` bytes at one time are refused.
pub fn measured<T>(limit: usize, work: impl FnOnce() -> T) -> (T, Measured) {
    COUNT.set(Count { limit: isize::try_from(limit).unwrap_or(isize::MAX), ..IDLE });
    IS_ON.set(true);
    let result = work();
    IS_ON.set(false);
    let count = COUNT.get();
    (result, Measured { peak: count.peak.unsigned_abs(), was_refused: count.was_refused })
}

/// Whether so many more bytes are within the limit; they are counted then.
fn take(bytes: usize) -> bool {
    if !IS_ON.get() {
        return true;
    }
    let mut count = COUNT.get();
    let held = count.held.saturating_add_unsigned(bytes);
    let fits = held <= count.limit;
    if fits {
        (count.held, count.peak) = (held, count.peak.max(held));
    } else {
        count.was_refused = true;
    }
    COUNT.set(count);
    fits
}

fn give_back(bytes: usize) {
    if IS_ON.get() {
        let count = COUNT.get();
        COUNT.set(Count { held: count.held.saturating_sub_unsigned(bytes), ..count });
    }
}

// Safety: every call goes to the system's allocator as it came, or is answered with null, which means no memory.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if take(layout.size()) { unsafe { System.alloc(layout) } } else { std::ptr::null_mut() }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if take(layout.size()) { unsafe { System.alloc_zeroed(layout) } } else { std::ptr::null_mut() }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        give_back(layout.size());
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !take(size) {
            return std::ptr::null_mut();
        }
        give_back(layout.size());
        unsafe { System.realloc(place, layout, size) }
    }
}
