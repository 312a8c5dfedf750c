#![no_main]

featurescope_fuzz::fuzz!(arrays);
