//! A trained sparse autoencoder: its weights, and encoding and decoding of single cells.
//!
//! Row vectors throughout: a = (x − s·b_dec) W_enc + b_enc with s = 1 where the decoder bias is taken off the input
//! and 0 elsewhere; z = ReLU(a) (`standard`), the k largest of ReLU(a) (`topk`), or a where it exceeds 0 and the
//! feature's threshold (`jumprelu`); x̂ = z W_dec + b_dec. Weights are stored folded: whatever centring and scaling
//! training used is part of them, so an input is encoded as it stands in its file (SAE.md). Whole data sets are encoded
//! by `inference`; this file is for a few cells at a time and needs no Burn.
//!
//! A NaN pre-activation counts as inactive. Equal pre-activations at the edge of the top k: the lower feature wins.

use super::select;
use crate::data::{DataError, DenseMatrix, FeatureId};

/// How pre-activations become activations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// ReLU.
    Standard,
    /// ReLU, then the k largest of a cell.
    TopK {
        /// Features kept per cell.
        k: usize,
    },
    /// The pre-activation where it exceeds 0 and its feature's threshold, else 0 (JumpReLU, Rajamanoharan et al. 2024).
    JumpRelu,
}

impl Architecture {
    /// The name SAELens gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::TopK { .. } => "topk",
            Self::JumpRelu => "jumprelu",
        }
    }
}

/// The parameters of a sparse autoencoder.
///
/// # Shapes
/// `w_enc` `[d_in, n_features]`, `b_enc` `[n_features]`, `w_dec` `[n_features, d_in]`, `b_dec` `[d_in]`, `threshold`
/// `[n_features]`.
#[derive(Clone, Debug, PartialEq)]
pub struct SaeWeights {
    /// Encoder.
    pub w_enc: DenseMatrix,
    /// Encoder bias.
    pub b_enc: Vec<f32>,
    /// Decoder: a row is a feature's direction.
    pub w_dec: DenseMatrix,
    /// Decoder bias.
    pub b_dec: Vec<f32>,
    /// Pre-activation a feature has to exceed; with [`Architecture::JumpRelu`] and only there.
    pub threshold: Option<Vec<f32>>,
}

/// Why weights do not make a sparse autoencoder, or why it does not fit data.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum SaeError {
    /// A parameter has the wrong shape.
    #[error(
        "tensor {tensor} has shape {found:?}, expected {expected:?}; W_enc is [d_in, d_sae] and W_dec [d_sae, d_in]"
    )]
    Shape {
        /// Its name.
        tensor: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape it must have.
        expected: Vec<usize>,
    },
    /// k outside 1..=n_features.
    #[error("k must be between 1 and the number of features ({n_features}), not {k}")]
    K {
        /// The value found.
        k: usize,
        /// Features.
        n_features: usize,
    },
    /// Thresholds without JumpReLU, or JumpReLU without thresholds.
    #[error(
        "architecture {architecture:?} {}; use \"jumprelu\" with a tensor \"threshold\" or another architecture without",
        if *has_threshold { "does not use thresholds, but there are some" } else { "needs a threshold for every feature, but there is none" }
    )]
    Threshold {
        /// The architecture's name.
        architecture: &'static str,
        /// Whether there are thresholds.
        has_threshold: bool,
    },
    /// A parameter is empty, NaN or infinite.
    #[error(transparent)]
    Data(#[from] DataError),
    /// No input dimension or no feature.
    #[error("a sparse autoencoder needs at least one input dimension and one feature, found {d_in} and {n_features}")]
    Empty {
        /// Input dimensions.
        d_in: usize,
        /// Features.
        n_features: usize,
    },
    /// The data have another number of dimensions.
    #[error(
        "the sparse autoencoder reads {expected} dimensions but the embedding has {found}; choose the embedding it was trained on"
    )]
    InputDims {
        /// Dimensions of the data.
        found: usize,
        /// Dimensions of the autoencoder.
        expected: usize,
    },
}

/// A sparse autoencoder ready to encode cells.
///
/// ```
/// use featurescope::data::DenseMatrix;
/// use featurescope::sae::{Architecture, Sae, SaeWeights};
///
/// let weights = SaeWeights {
///     w_enc: DenseMatrix::new(1, 2, vec![1.0, -1.0])?,
///     b_enc: vec![0.0, 0.0],
///     w_dec: DenseMatrix::new(2, 1, vec![1.0, -1.0])?,
///     b_dec: vec![0.0],
///     threshold: None,
/// };
/// let sae = Sae::new(Architecture::Standard, weights, false)?;
/// assert_eq!(sae.encode_cell(&[-3.0]), [(1, 3.0)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sae {
    architecture: Architecture,
    weights: SaeWeights,
    apply_b_dec_to_input: bool,
}

impl Sae {
    /// Checks weights and takes them; `apply_b_dec_to_input` says whether b_dec is taken off the input.
    ///
    /// # Errors
    /// [`SaeError`] where shapes disagree, k is out of range or a value is not finite.
    pub fn new(architecture: Architecture, weights: SaeWeights, apply_b_dec_to_input: bool) -> Result<Self, SaeError> {
        weights.check()?;
        let (n_features, has_threshold) = (weights.n_features(), weights.threshold.is_some());
        if has_threshold != matches!(architecture, Architecture::JumpRelu) {
            return Err(SaeError::Threshold { architecture: architecture.name(), has_threshold });
        }
        match architecture {
            Architecture::TopK { k } if k == 0 || k > n_features => Err(SaeError::K { k, n_features }),
            _ => Ok(Self { architecture, weights, apply_b_dec_to_input }),
        }
    }

    /// Features that are the input dimensions themselves, values below 0 cut off.
    ///
    /// # Errors
    /// [`SaeError::Empty`] for no dimension.
    pub fn identity(d: usize) -> Result<Self, SaeError> {
        let mut unit = DenseMatrix::zeros(d, d);
        for dim in 0..d {
            unit.row_mut(dim)[dim] = 1.0;
        }
        let weights =
            SaeWeights { w_enc: unit.clone(), b_enc: vec![0.0; d], w_dec: unit, b_dec: vec![0.0; d], threshold: None };
        Self::new(Architecture::Standard, weights, false)
    }

    /// Number of input dimensions d.
    pub fn d_in(&self) -> usize {
        self.weights.d_in()
    }

    /// Number of features h.
    pub fn n_features(&self) -> usize {
        self.weights.n_features()
    }

    /// How pre-activations become activations.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// Whether b_dec is taken off the input before encoding.
    pub fn applies_b_dec_to_input(&self) -> bool {
        self.apply_b_dec_to_input
    }

    /// The parameters.
    pub fn weights(&self) -> &SaeWeights {
        &self.weights
    }

    /// A feature's direction in the embedding, `[d_in]`.
    pub fn decoder_row(&self, feature: FeatureId) -> &[f32] {
        self.weights.w_dec.row(feature.index())
    }

    /// Checks that data have the dimensions this autoencoder reads.
    ///
    /// # Errors
    /// [`SaeError::InputDims`] if they have others.
    pub fn check_input(&self, inputs: &DenseMatrix) -> Result<(), SaeError> {
        let (found, expected) = (inputs.n_cols(), self.d_in());
        if found == expected { Ok(()) } else { Err(SaeError::InputDims { found, expected }) }
    }

    /// Encodes one cell, `[d_in]`, as its active features (ascending) with their activations, all above 0.
    ///
    /// # Panics
    /// If the cell has another number of dimensions; see [`Self::check_input`].
    #[must_use]
    pub fn encode_cell(&self, cell: &[f32]) -> Vec<(u32, f32)> {
        assert_eq!(cell.len(), self.d_in(), "a cell has as many values as the autoencoder has inputs");
        let mut pre = self.weights.b_enc.clone();
        for (dim, &value) in cell.iter().enumerate() {
            let shifted = if self.apply_b_dec_to_input { value - self.weights.b_dec[dim] } else { value };
            for (sum, &weight) in pre.iter_mut().zip(self.weights.w_enc.row(dim)) {
                *sum += shifted * weight;
            }
        }
        self.activate(&pre)
    }

    /// Turns one cell's pre-activations, `[n_features]`, into its active features.
    #[must_use]
    pub fn activate(&self, pre_activations: &[f32]) -> Vec<(u32, f32)> {
        let mut active = Vec::new();
        match self.architecture {
            Architecture::Standard => select::positives(pre_activations, &mut active),
            Architecture::TopK { k } => select::largest(pre_activations, k, &mut active),
            Architecture::JumpRelu => {
                select::above(pre_activations, self.weights.threshold.as_deref().unwrap_or_default(), &mut active);
            }
        }
        active
    }

    /// Decodes active features into `out`, `[d_in]`, overwriting it: b_dec + Σ z_f W_dec[f].
    ///
    /// # Panics
    /// If `out` is not `[d_in]` or a feature does not exist.
    pub fn decode_into(&self, active: impl IntoIterator<Item = (u32, f32)>, out: &mut [f32]) {
        out.copy_from_slice(&self.weights.b_dec);
        for (feature, activation) in active {
            for (sum, &weight) in out.iter_mut().zip(self.weights.w_dec.row(feature as usize)) {
                *sum += activation * weight;
            }
        }
    }
}

impl SaeWeights {
    /// Number of input dimensions d.
    pub fn d_in(&self) -> usize {
        self.w_enc.n_rows()
    }

    /// Number of features h.
    pub fn n_features(&self) -> usize {
        self.w_enc.n_cols()
    }

    pub(crate) fn check(&self) -> Result<(), SaeError> {
        let (d_in, n_features) = (self.d_in(), self.n_features());
        if d_in == 0 || n_features == 0 {
            return Err(SaeError::Empty { d_in, n_features });
        }
        let shape = |tensor, found: &[usize], expected: &[usize]| {
            if found == expected {
                return Ok(());
            }
            Err(SaeError::Shape { tensor, found: found.to_vec(), expected: expected.to_vec() })
        };
        shape("W_dec", &[self.w_dec.n_rows(), self.w_dec.n_cols()], &[n_features, d_in])?;
        shape("b_enc", &[self.b_enc.len()], &[n_features])?;
        shape("b_dec", &[self.b_dec.len()], &[d_in])?;
        if let Some(threshold) = &self.threshold {
            shape("threshold", &[threshold.len()], &[n_features])?;
            DenseMatrix::new(1, n_features, threshold.clone())?.check_finite("threshold")?;
        }
        self.w_enc.check_finite("W_enc")?;
        self.w_dec.check_finite("W_dec")?;
        DenseMatrix::new(1, n_features, self.b_enc.clone())?.check_finite("b_enc")?;
        Ok(DenseMatrix::new(1, d_in, self.b_dec.clone())?.check_finite("b_dec")?)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Weights with no structure, the same on every machine.
    pub(crate) fn scattered_weights(d_in: usize, n_features: usize) -> SaeWeights {
        let value = |at: usize, salt: usize| (((at * 37 + salt * 101) % 97) as f32 - 48.0) / 60.0;
        let values = |n: usize, salt: usize| (0..n).map(|at| value(at, salt)).collect::<Vec<f32>>();
        SaeWeights {
            w_enc: DenseMatrix::new(d_in, n_features, values(d_in * n_features, 1)).unwrap(),
            b_enc: values(n_features, 2),
            w_dec: DenseMatrix::new(n_features, d_in, values(d_in * n_features, 3)).unwrap(),
            b_dec: values(d_in, 4),
            threshold: None,
        }
    }

    #[test]
    fn topk_keeps_k_and_standard_keeps_all_positive() {
        let cell = [0.3, -1.0, 0.7];
        let all = Sae::new(Architecture::Standard, scattered_weights(3, 16), true).unwrap().encode_cell(&cell);
        let sae = Sae::new(Architecture::TopK { k: 3 }, scattered_weights(3, 16), true).unwrap();
        let kept = sae.encode_cell(&cell);
        assert!(all.len() > 3 && kept.len() == 3);
        let weakest = kept.iter().map(|pair| pair.1).fold(f32::INFINITY, f32::min);
        assert!(all.iter().filter(|pair| !kept.contains(pair)).all(|pair| pair.1 <= weakest));
    }

    #[test]
    fn jumprelu_keeps_what_exceeds_zero_and_its_threshold() {
        let mut weights = scattered_weights(1, 4);
        weights.threshold = Some(vec![0.5, 0.5, -1.0, 0.25]);
        let sae = Sae::new(Architecture::JumpRelu, weights, false).unwrap();
        assert_eq!(sae.activate(&[0.5, 0.75, -0.5, 0.3]), [(1, 0.75), (3, 0.3)]);
    }

    #[test]
    fn thresholds_belong_to_jumprelu_alone() {
        let without = Sae::new(Architecture::JumpRelu, scattered_weights(3, 4), false);
        assert_eq!(without, Err(SaeError::Threshold { architecture: "jumprelu", has_threshold: false }));
        let with = SaeWeights { threshold: Some(vec![0.0; 4]), ..scattered_weights(3, 4) };
        let error = Sae::new(Architecture::Standard, with, false).unwrap_err();
        assert_eq!(error, SaeError::Threshold { architecture: "standard", has_threshold: true });
        let short = SaeWeights { threshold: Some(vec![0.0; 3]), ..scattered_weights(3, 4) };
        let error = Sae::new(Architecture::JumpRelu, short, false).unwrap_err();
        assert_eq!(error, SaeError::Shape { tensor: "threshold", found: vec![3], expected: vec![4] });
    }

    #[test]
    fn decoding_nothing_gives_the_bias() {
        let sae = Sae::new(Architecture::Standard, scattered_weights(3, 4), false).unwrap();
        let mut out = [9.0; 3];
        sae.decode_into([], &mut out);
        assert_eq!(out[..], sae.weights().b_dec[..]);
    }

    #[test]
    fn wrong_shapes_name_the_tensor_and_both_shapes() {
        let mut weights = scattered_weights(3, 4);
        weights.b_enc.pop();
        let error = Sae::new(Architecture::Standard, weights, false).unwrap_err();
        assert_eq!(error, SaeError::Shape { tensor: "b_enc", found: vec![3], expected: vec![4] });
    }

    #[test]
    fn k_outside_the_features_and_infinite_weights_are_refused() {
        for k in [0, 5] {
            let error = Sae::new(Architecture::TopK { k }, scattered_weights(3, 4), false).unwrap_err();
            assert_eq!(error, SaeError::K { k, n_features: 4 });
        }
        let mut weights = scattered_weights(3, 4);
        weights.b_dec[1] = f32::INFINITY;
        assert!(matches!(
            Sae::new(Architecture::Standard, weights, false),
            Err(SaeError::Data(DataError::NotFinite { column: 1, .. }))
        ));
    }

    #[test]
    fn other_dimensions_are_refused() {
        let sae = Sae::new(Architecture::Standard, scattered_weights(3, 4), false).unwrap();
        let error = sae.check_input(&DenseMatrix::zeros(5, 2)).unwrap_err();
        assert_eq!(error, SaeError::InputDims { found: 2, expected: 3 });
    }
}
