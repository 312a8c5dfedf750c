//! What can be wrong with files of weights, each as a sentence a person can act on.

use safetensors::tensor::SafeTensorError;

use super::KNOWN_LAYOUTS;
use crate::data::printable;
use crate::sae::SaeError;

/// Why files make no sparse autoencoder, or why one can't be written in a format.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The configuration is not a JSON object.
    #[error("{file:?} is not a JSON object: {}; choose the one the weights were saved with", printable(source))]
    Config {
        /// The file.
        file: String,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// The configuration lacks a value or has one of another kind.
    #[error(
        "{file:?} has no usable {field:?}: expected {}, found {}; correct it, or save the weights again",
        printable(expected),
        printable(found)
    )]
    Field {
        /// The file.
        file: String,
        /// The field.
        field: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A field of the configuration that is not known here and might change activations.
    #[error(
        "{file:?} has a field {} ({}) that is not known here and may change what the weights compute; if it does not, take it out of the file or move it into \"metadata\", else convert the autoencoder in the library that wrote it",
        printable(format_args!("{field:?}")),
        printable(value)
    )]
    UnknownField {
        /// The file.
        file: String,
        /// The field.
        field: String,
        /// Its value.
        value: String,
    },
    /// k outside 1..=n_features.
    #[error("{file:?} says k {k}; it must be between 1 and the number of features ({n_features}), so correct it")]
    K {
        /// The file.
        file: String,
        /// The value found.
        k: usize,
        /// Features.
        n_features: usize,
    },
    /// Another architecture.
    #[error(
        "{file:?} says architecture {}; supported are {supported}. Convert the autoencoder in its library, or train one here",
        printable(format_args!("{found:?}"))
    )]
    Architecture {
        /// The file.
        file: String,
        /// The architecture found.
        found: String,
        /// Those that can be read.
        supported: &'static str,
    },
    /// Inputs are normalised before encoding in a way that weights can't hold.
    #[error("{file:?} says normalize_activations {}, {reason}", printable(format_args!("{found:?}")))]
    Normalisation {
        /// The file.
        file: String,
        /// The value found.
        found: String,
        /// Why it can't be read, and what to do.
        reason: &'static str,
    },
    /// The autoencoder does something at inference that has no counterpart here.
    #[error("{file:?} {}; {advice}", printable(found))]
    Unsupported {
        /// The file.
        file: String,
        /// What, as a predicate.
        found: String,
        /// What to do.
        advice: &'static str,
    },
    /// The weights are not safetensors, or not whole.
    #[error("{file:?} can't be read as safetensors, it may be truncated: {}; copy or save it again", printable(source))]
    Damaged {
        /// The file.
        file: String,
        /// What the reader says.
        source: SafeTensorError,
    },
    /// Weights that mean nothing without a configuration.
    #[error(
        "{file:?} has the tensors of {format}, which do not say {what}; open its {config} along with it, or give the folder with both"
    )]
    NoConfig {
        /// The file of weights.
        file: String,
        /// The format.
        format: String,
        /// What is not known without.
        what: &'static str,
        /// The file's usual name.
        config: &'static str,
    },
    /// The tensors are those of no format known here.
    #[error(
        "{file:?} has the tensors of no sparse autoencoder known here: {}; known are {KNOWN_LAYOUTS}. Rename the tensors to one of these",
        printable(found.join(", "))
    )]
    UnknownLayout {
        /// The file.
        file: String,
        /// Each tensor with its shape.
        found: Vec<String>,
    },
    /// A tensor is missing.
    #[error(
        "{file:?} has no tensor {tensor:?}, which {format} needs; it has {} and needs {needed}, so save it again with these names",
        printable(found.join(", "))
    )]
    Missing {
        /// The file.
        file: String,
        /// Its name.
        tensor: &'static str,
        /// The format.
        format: String,
        /// Each tensor with its shape.
        found: Vec<String>,
        /// Each tensor the format has, with its shape.
        needed: String,
    },
    /// There is a tensor the format does not have.
    #[error(
        "{file:?} has a tensor {} that {format} does not use and that may change what the weights compute; expected are {needed}, so save it without, or as the format it belongs to",
        printable(tensor)
    )]
    Unexpected {
        /// The file.
        file: String,
        /// Its name and shape.
        tensor: String,
        /// The format.
        format: String,
        /// Each tensor the format has, with its shape.
        needed: String,
    },
    /// A tensor is not of floating-point numbers.
    #[error("tensor {tensor:?} in {file:?} holds {found}; expected F32, F64, F16 or BF16, so save it as one of these")]
    Dtype {
        /// The file.
        file: String,
        /// Its name.
        tensor: &'static str,
        /// Its type.
        found: String,
    },
    /// A tensor has another shape than its name and the other tensors say.
    #[error(
        "tensor {tensor:?} in {file:?} has shape {}, expected {expected}; save it again in that shape",
        printable(format_args!("{found:?}"))
    )]
    Shape {
        /// The file.
        file: String,
        /// Its name.
        tensor: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape it must have.
        expected: String,
    },
    /// A matrix is stored the other way round.
    #[error(
        "tensor {tensor:?} in {file:?} is transposed: its shape is {}, but {format} stores {expected}; save tensor.T.contiguous() under that name",
        printable(format_args!("{found:?}"))
    )]
    Transposed {
        /// The file.
        file: String,
        /// Its name.
        tensor: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape it must have.
        expected: String,
        /// The format.
        format: String,
    },
    /// A value of a tensor is NaN or infinite.
    #[error(
        "tensor {tensor:?} in {file:?} has a value that is not finite ({value}) at row {row}, column {column}; its training failed or the file is damaged, so use other weights"
    )]
    NotFinite {
        /// The file.
        file: String,
        /// Its name.
        tensor: String,
        /// Row (0-based).
        row: usize,
        /// Column (0-based).
        column: usize,
        /// The value.
        value: f32,
    },
    /// The sizes in the configuration are not those of the weights.
    #[error(
        "{config:?} says {expected:?} inputs and features, but the weights in {file:?} have {found:?}; use the two files of one folder"
    )]
    Sizes {
        /// The configuration.
        config: String,
        /// The file of weights.
        file: String,
        /// Inputs and features of the weights.
        found: [usize; 2],
        /// Inputs and features the configuration says.
        expected: [usize; 2],
    },
    /// A mean of the inputs that does not belong to these weights.
    #[error(
        "{mean:?} has the mean of {n_mean} input dimensions, but {file:?} {found}; a mean belongs to bio-sae weights of as many dimensions, so open the one of the same folder or none"
    )]
    Mean {
        /// The file with the mean.
        mean: String,
        /// Values in it.
        n_mean: usize,
        /// The file of weights.
        file: String,
        /// What the weights are, as a predicate.
        found: String,
    },
    /// The tensors do not fit each other.
    #[error("{file:?} makes no autoencoder: {source}; save it again")]
    Sae {
        /// The file.
        file: String,
        /// What disagrees.
        source: SaeError,
    },
    /// More numbers than a PyTorch file is written with here.
    #[error("the tensors have {n_bytes} bytes and a .pt file is written here with at most {max}; save it as SAELens")]
    TooLarge {
        /// Bytes of all tensors.
        n_bytes: u64,
        /// The most there may be.
        max: u64,
    },
    /// A format has no way to say what this autoencoder does.
    #[error(
        "weights for {format} can't say what a sparse autoencoder of architecture {architecture:?} does; save them for {formats}"
    )]
    NotExpressible {
        /// The format asked for.
        format: &'static str,
        /// The architecture.
        architecture: &'static str,
        /// The formats that can.
        formats: String,
    },
}
