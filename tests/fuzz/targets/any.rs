#![no_main]

featurescope_fuzz::fuzz!(any);
