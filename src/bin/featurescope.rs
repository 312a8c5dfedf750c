//! featurescope
fn main() {}
