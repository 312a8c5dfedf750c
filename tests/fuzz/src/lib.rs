//! Fuzzing the readers of files: what is done with bytes ([`entry`]), how much memory and time it may take ([`run`]) and
//! how bytes are changed so that they reach the readers ([`mutate`]).

pub mod entry;
pub mod envelope;
pub mod meter;

use envelope::Envelope;
use meter::measured;

#[global_allocator]
static METER: meter::Meter = meter::Meter;

/// Memory that any file may take, and how often its size more.
const BASE: usize = 64 << 20;
const PER_BYTE: usize = 3000;
/// Processor time that a file of some ten kilobytes may take.
const MAX_SECS: f64 = 10.0;

/// A target: what `entry` has under its name, with bytes changed by [`mutate`].
#[macro_export]
macro_rules! fuzz {
    ($target:ident) => {
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $crate::run($crate::entry::$target, bytes));
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate(data, size, max_size, seed)
        });
    };
}

/// Does what is to be done with bytes within bounds of memory and time.
///
/// # Panics
/// If it takes more, or what is done panics.
pub fn run(work: fn(&[u8]), bytes: &[u8]) {
    let start = processor_secs();
    let ((), taken) = measured(BASE + PER_BYTE * bytes.len(), || work(bytes));
    assert!(!taken.was_refused, "{} bytes of input asked for too much memory beyond {}", bytes.len(), taken.peak);
    let secs = processor_secs() - start;
    assert!(secs < MAX_SECS, "{} bytes of input took {secs:.1} s", bytes.len());
}

/// Changes a file: one part inside its envelope mostly, else any byte.
///
/// Returns the new size, at most `max_size`.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut file = Envelope::open(&data[..size]);
    let n_parts = file.parts.len() as u32;
    if seed.is_multiple_of(8) || file.is_plain() || n_parts == 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    let part = &mut file.parts[(seed / 8 % n_parts) as usize];
    let length = part.len();
    // What was inflated may be longer than the file.
    let room = max_size.max(length);
    part.resize(room, 0);
    let length = libfuzzer_sys::fuzzer_mutate(part, length, room);
    part.truncate(length);
    let changed = file.close();
    match data.get_mut(..changed.len()).filter(|_| changed.len() <= max_size) {
        Some(place) => {
            place.copy_from_slice(&changed);
            changed.len()
        }
        None => libfuzzer_sys::fuzzer_mutate(data, size, max_size),
    }
}

/// Seconds this thread has computed.
#[expect(unsafe_code, reason = "the standard library has no clock of a thread")]
fn processor_secs() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // Safety: the clock writes into the place it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}
