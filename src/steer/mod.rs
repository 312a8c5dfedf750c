//! Steering: set a feature in chosen cells, decode, and see where the cells go and which genes follow.

mod params;

pub use params::{SteerParams, SteerTarget};
