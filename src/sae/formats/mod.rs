//! Files of weights, in and out: SAELens, sparsify, dictionary_learning, scFeatureLens and bio-sae.
//!
//! Files are read elsewhere; here they are tensors by name ([`NamedTensors`]), perhaps with a configuration and a mean
//! of the inputs. The format is told by the names of the tensors, and by the configuration where two formats share
//! them:
//!
//! | format | files | encoder, decoder | read as |
//! |---|---|---|---|
//! | SAELens | `cfg.json`, `sae_weights.safetensors` | `W_enc` `[d_in, d_sae]`, `W_dec` `[d_sae, d_in]` | ReLU, top-k, JumpReLU; gated as JumpReLU |
//! | sparsify | `cfg.json`, `sae.safetensors` | `encoder.weight` `[d_sae, d_in]`, `W_dec` `[d_sae, d_in]` | top-k |
//! | dictionary_learning | `ae.pt`, `config.json` | `encoder.weight` `[d_sae, d_in]`, `decoder.weight` `[d_in, d_sae]`, or as SAELens | ReLU, top-k, JumpReLU; gated as JumpReLU |
//! | scFeatureLens | `.pt` | `encoder.0.weight` `[d_sae, d_in]`, `decoder.0.weight` `[d_in, d_sae]` | ReLU |
//! | bio-sae | `.pt`, `activation_mean.npy` | `W_enc.weight` `[d_sae, d_in]`, `W_dec.weight` `[d_in, d_sae]` | top-k, ReLU without k |
//!
//! Whatever a library does before or after encoding is folded into the weights, exactly but for rounding, or refused:
//! nothing is read half. NaN and infinite values are refused. `tests/fixtures/sae/formats` compares activations and
//! reconstructions with the libraries, and shows that they read what is written here.

mod bio_sae;
mod config;
mod convert;
mod dictionary_learning;
mod error;
mod layout;
mod named;
mod saelens;
mod sequential;
mod sparsify;
mod torch_file;

pub use error::WeightsError;
pub use named::NamedTensors;
pub use saelens::{CONFIG_FILE, SaeLensFolder, WEIGHTS_FILE, from_saelens, to_saelens};

use config::Config;

use super::{Architecture, Sae, SaeError, SaeWeights, WeightFormat};
use crate::data::DataError;

/// What each format needs, for messages.
const KNOWN_LAYOUTS: &str = "SAELens (W_enc [d_in, d_sae], b_enc [d_sae], W_dec [d_sae, d_in], b_dec [d_in], cfg.json), \
     sparsify (encoder.weight [d_sae, d_in], encoder.bias, W_dec [d_sae, d_in], b_dec, cfg.json), dictionary_learning \
     (encoder.weight [d_sae, d_in], encoder.bias, decoder.weight [d_in, d_sae], bias or b_dec, config.json), \
     scFeatureLens (encoder.0.weight [d_sae, d_in], encoder.0.bias, decoder.0.weight [d_in, d_sae], decoder.0.bias) and \
     bio-sae (W_enc.weight [d_sae, d_in], W_enc.bias, W_dec.weight [d_in, d_sae], W_dec.bias, k)";

/// The files of one autoencoder, read but not understood yet.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightFiles {
    /// The tensors.
    pub weights: NamedTensors,
    /// The configuration's name and bytes.
    pub config: Option<(String, Vec<u8>)>,
    /// A mean that training took off the inputs.
    pub mean: Option<MeanFile>,
}

/// The mean of the inputs in a file of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanFile {
    /// The file.
    pub name: String,
    /// `[d_in]`
    pub values: Vec<f32>,
}

/// An autoencoder that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedSae {
    /// The autoencoder.
    pub sae: Sae,
    /// The format its files had.
    pub format: WeightFormat,
    /// What the files left open and how it was taken, for the person to check.
    pub caveat: Option<String>,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightFile {
    /// Its name.
    pub name: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl WeightFile {
    pub(crate) fn new(name: &'static str, bytes: Vec<u8>) -> Self {
        Self { name, bytes }
    }
}

impl MeanFile {
    fn refused(&self, file: &str, found: String) -> WeightsError {
        let (mean, n_mean) = (self.name.clone(), self.values.len());
        WeightsError::Mean { mean, n_mean, file: file.to_owned(), found }
    }

    fn check_finite(&self) -> Result<(), WeightsError> {
        let Some(column) = self.values.iter().position(|value| !value.is_finite()) else { return Ok(()) };
        let (file, tensor, value) = (self.name.clone(), "mean".to_owned(), self.values[column]);
        Err(WeightsError::NotFinite { file, tensor, row: 0, column, value })
    }
}

/// Reads an autoencoder from its files, whatever format they have.
///
/// # Examples
/// ```
/// use featurescope::sae::{Architecture, NamedTensors, WeightFiles, WeightFormat, read_weights};
/// let mut weights = NamedTensors::new("sae.pt");
/// weights.insert("encoder.0.weight", vec![2, 1], vec![1.0, -1.0]);
/// weights.insert("encoder.0.bias", vec![2], vec![0.0, 0.0]);
/// weights.insert("decoder.0.weight", vec![1, 2], vec![1.0, -1.0]);
/// weights.insert("decoder.0.bias", vec![1], vec![0.5]);
/// let loaded = read_weights(WeightFiles { weights, config: None, mean: None })?;
/// assert_eq!(loaded.format, WeightFormat::ScFeatureLens);
/// assert_eq!(loaded.sae.encode_cell(&[-3.0]), [(1, 3.0)]);
/// # Ok::<(), featurescope::sae::WeightsError>(())
/// ```
///
/// # Errors
/// [`WeightsError`]: tensors of no known format, missing, of another shape or orientation or not finite, a
/// configuration that says something not known here, and what weights can't express.
pub fn read_weights(files: WeightFiles) -> Result<LoadedSae, WeightsError> {
    let WeightFiles { weights, config, mean } = files;
    let weights = weights.without_prefix();
    let config = config.map(|(name, bytes)| Config::read(&name, &bytes)).transpose()?;
    let format = format_of(&weights, config.as_ref())?;
    if let Some(mean) = mean.as_ref().filter(|_| format != WeightFormat::BioSae) {
        return Err(mean.refused(weights.file(), format!("is of {}", format.name())));
    }
    let needs_config = |name, what| WeightsError::NoConfig {
        file: weights.file().to_owned(),
        format: format.name().to_owned(),
        what,
        config: name,
    };
    let mut caveat = None;
    let sae = match (format, &config) {
        (WeightFormat::SaeLens, Some(config)) => saelens::read(config, weights)?,
        (WeightFormat::SaeLens, None) => return Err(needs_config(CONFIG_FILE, "the architecture")),
        (WeightFormat::Sparsify, Some(config)) => sparsify::read(config, weights)?,
        (WeightFormat::Sparsify, None) => return Err(needs_config(sparsify::CONFIG, "k")),
        (WeightFormat::DictionaryLearning, config) => dictionary_learning::read(config.as_ref(), weights)?,
        (WeightFormat::ScFeatureLens, Some(config)) => return Err(no_config_wanted(config)),
        (WeightFormat::ScFeatureLens, None) => {
            caveat = Some(read_as_relu(weights.file(), "a top-k autoencoder has to be saved in another format"));
            sequential::read(weights)?
        }
        (WeightFormat::BioSae, config) => {
            let file = weights.file().to_owned();
            let (sae, is_open) = bio_sae::read(config.as_ref(), mean.as_ref(), weights)?;
            let advice = "add k beside the tensors if it was trained with top-k";
            caveat = is_open.then(|| read_as_relu(&file, advice));
            sae
        }
    };
    Ok(LoadedSae { sae, format, caveat })
}

fn read_as_relu(file: &str, advice: &str) -> String {
    format!(
        "{file:?} does not say how activations are cut off; it was read as ReLU, everything above 0 kept: {advice}."
    )
}

fn no_config_wanted(config: &Config) -> WeightsError {
    let found = "is a configuration, and weights of scFeatureLens have none".to_owned();
    let advice = "open the weights without it, or the weights it belongs to";
    WeightsError::Unsupported { file: config.file.clone(), found, advice }
}

/// The format that has tensors of these names.
fn format_of(named: &NamedTensors, config: Option<&Config>) -> Result<WeightFormat, WeightsError> {
    let has = |name: &str| named.has(name);
    if has("encoder.0.weight") {
        return Ok(WeightFormat::ScFeatureLens);
    }
    if has("W_enc.weight") {
        return Ok(WeightFormat::BioSae);
    }
    if has("encoder.weight") {
        return Ok(if has("W_dec") { WeightFormat::Sparsify } else { WeightFormat::DictionaryLearning });
    }
    if has("W_enc") {
        let is_other = match config {
            Some(config) => config.has("trainer"),
            None => dictionary_learning::fits(named),
        };
        return Ok(if is_other { WeightFormat::DictionaryLearning } else { WeightFormat::SaeLens });
    }
    Err(WeightsError::UnknownLayout { file: named.file().to_owned(), found: named.described() })
}

/// Writes an autoencoder in a format; the same autoencoder gives the same bytes.
///
/// # Errors
/// [`WeightsError::NotExpressible`] if the format has no such architecture, with those that have.
pub fn write_weights(sae: &Sae, format: WeightFormat) -> Result<Vec<WeightFile>, WeightsError> {
    match format {
        WeightFormat::SaeLens => {
            let SaeLensFolder { config, weights } = to_saelens(sae)?;
            Ok(vec![WeightFile::new(CONFIG_FILE, config), WeightFile::new(WEIGHTS_FILE, weights)])
        }
        WeightFormat::Sparsify => sparsify::write(sae),
        WeightFormat::DictionaryLearning => dictionary_learning::write(sae),
        WeightFormat::ScFeatureLens => sequential::write(sae),
        WeightFormat::BioSae => Err(not_expressible(sae, format)),
    }
}

fn not_expressible(sae: &Sae, format: WeightFormat) -> WeightsError {
    let architecture = sae.architecture();
    let able = WeightFormat::WRITTEN.into_iter().filter(|format| format.can_hold(architecture));
    let formats = able.map(WeightFormat::name).collect::<Vec<_>>().join(" or ");
    WeightsError::NotExpressible { format: format.name(), architecture: architecture.name(), formats }
}

/// Checks the weights as a whole and lays what is wrong to the file that says it.
fn finish(
    architecture: Architecture,
    weights: SaeWeights,
    applies_b_dec: bool,
    file: &str,
    k_file: &str,
) -> Result<Sae, WeightsError> {
    Sae::new(architecture, weights, applies_b_dec).map_err(|error| match error {
        SaeError::K { k, n_features } => WeightsError::K { file: k_file.to_owned(), k, n_features },
        SaeError::Data(DataError::NotFinite { what, row, column, value }) => {
            WeightsError::NotFinite { file: file.to_owned(), tensor: what, row, column, value }
        }
        source => WeightsError::Sae { file: file.to_owned(), source },
    })
}

#[cfg(test)]
mod tests;
