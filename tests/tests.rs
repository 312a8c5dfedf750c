//! Integration tests.

mod io;
