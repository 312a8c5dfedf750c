//! The native half of launching kernels: native builds carry no GPU, so no launch ever begins.

use burn::tensor::{Int, Tensor};

use super::Source;

/// A launch that can't exist.
pub(super) enum Launch {}

impl Launch {
    pub(super) fn near(_source: &'static Source, _tensor: &Tensor<2>) -> Option<Self> {
        None
    }

    pub(super) fn float(self, _tensor: &Tensor<2>) -> Self {
        match self {}
    }

    pub(super) fn int<const D: usize>(self, _tensor: &Tensor<D, Int>) -> Self {
        match self {}
    }

    pub(super) fn word(self, _value: usize) -> Self {
        match self {}
    }

    pub(super) fn real(self, _value: f64) -> Self {
        match self {}
    }

    pub(super) fn dispatch(self, _n_groups: usize) {
        match self {}
    }
}
