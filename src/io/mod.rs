//! Reading and writing files: one file per format, all over [`ByteSource`].

mod source;

pub use source::{ByteSource, MemorySource};
