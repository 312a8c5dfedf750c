#![no_main]

featurescope_fuzz::fuzz!(hdf5);
