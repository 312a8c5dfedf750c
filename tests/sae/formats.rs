//! Weights of every format: what the libraries saved is read with their activations, and what is written here they
//! were shown to read (`fixtures/sae/formats/README.md`).

use std::path::Path;
use std::sync::Arc;

use featurescope::data::Silent;
use featurescope::io::{ImportError, Imported, MemorySource, SaeWeightsFile, assemble, import};
use featurescope::sae::{
    Architecture, LoadedSae, MeanFile, NamedTensors, WeightFiles, WeightFormat, WeightsError, read_weights,
    write_weights,
};

use super::{assert_encodes_as, fixture};

const EXPECTED: &str = "formats/expected.safetensors";
const READ: [(&str, WeightFormat, &str); 16] = [
    ("saelens_jumprelu", WeightFormat::SaeLens, "jumprelu"),
    ("saelens_gated", WeightFormat::SaeLens, "jumprelu"),
    ("saelens_gated_b_dec", WeightFormat::SaeLens, "jumprelu"),
    ("saelens_batchtopk", WeightFormat::SaeLens, "jumprelu"),
    ("saelens_matryoshka", WeightFormat::SaeLens, "jumprelu"),
    ("sparsify_topk", WeightFormat::Sparsify, "topk"),
    ("dictionary_standard", WeightFormat::DictionaryLearning, "standard"),
    ("dictionary_new", WeightFormat::DictionaryLearning, "standard"),
    ("dictionary_topk", WeightFormat::DictionaryLearning, "topk"),
    ("dictionary_batchtopk", WeightFormat::DictionaryLearning, "jumprelu"),
    ("dictionary_jumprelu", WeightFormat::DictionaryLearning, "jumprelu"),
    ("dictionary_gated", WeightFormat::DictionaryLearning, "jumprelu"),
    ("dictionary_matryoshka", WeightFormat::DictionaryLearning, "jumprelu"),
    ("scfeaturelens", WeightFormat::ScFeatureLens, "standard"),
    ("bio_sae", WeightFormat::BioSae, "topk"),
    ("bio_sae_no_k", WeightFormat::BioSae, "standard"),
];
/// One autoencoder of each architecture, each written in every format that can hold it.
const WRITTEN: [(&str, &str); 3] =
    [("dictionary_standard", "standard"), ("bio_sae", "topk"), ("saelens_gated_b_dec", "jumprelu")];

type NamedBytes = Vec<(String, Vec<u8>)>;

/// The files of a folder, by name.
fn files_in(folder: &Path) -> NamedBytes {
    let mut files: NamedBytes = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn imported(files: NamedBytes) -> Result<Vec<(String, Imported)>, ImportError> {
    let files = files.into_iter();
    files
        .map(|(name, bytes)| {
            let content = import(&name, Arc::new(MemorySource(bytes)), &Silent)?;
            Ok((name, content))
        })
        .collect()
}

/// What the engine makes of files.
fn read(files: NamedBytes) -> Result<LoadedSae, WeightsError> {
    let sae = assemble(None, imported(files).unwrap(), &Silent).unwrap().sae.unwrap();
    let weights = match sae.weights {
        SaeWeightsFile::Safetensors(bytes) => NamedTensors::from_safetensors(&sae.name, &bytes)?,
        SaeWeightsFile::Torch { tensors, settings } => {
            let mut named = NamedTensors::new(&sae.name);
            for (name, tensor) in tensors {
                named.insert(&name, tensor.shape, tensor.values);
            }
            for (name, value) in settings {
                named.set(&name, value);
            }
            named
        }
    };
    let mean = sae.mean.map(|(name, values)| MeanFile { name, values });
    read_weights(WeightFiles { weights, config: sae.config, mean })
}

fn case(name: &str) -> NamedBytes {
    files_in(&fixture("formats/read").join(name))
}

#[test]
fn files_saved_by_the_libraries_give_their_activations_and_reconstructions_in_any_order() {
    let mut largest = 0.0_f32;
    for (name, format, architecture) in READ {
        let loaded = read(case(name)).unwrap();
        assert_eq!((loaded.format, loaded.sae.architecture().name()), (format, architecture), "{name}");
        let reversed = read(case(name).into_iter().rev().collect()).unwrap();
        assert_eq!(reversed, loaded, "{name}");
        let difference = assert_encodes_as(&loaded.sae, EXPECTED, name);
        println!("{name}: largest difference {difference:e}");
        largest = largest.max(difference);
    }
    println!("largest difference {largest:e}");
}

#[test]
fn what_files_do_not_say_is_said() {
    for (name, is_open) in
        [("bio_sae", false), ("bio_sae_no_k", true), ("scfeaturelens", true), ("dictionary_new", false)]
    {
        assert_eq!(read(case(name)).unwrap().caveat.is_some(), is_open, "{name}");
    }
}

/// `check_export.py` shows that the libraries read these very bytes with equal activations.
#[test]
fn exports_are_the_bytes_that_the_libraries_were_shown_to_read() {
    let mut n_written = 0;
    for (name, architecture) in WRITTEN {
        let sae = read(case(name)).unwrap().sae;
        assert_eq!(sae.architecture().name(), architecture);
        for format in WeightFormat::WRITTEN.into_iter().filter(|format| format.can_hold(sae.architecture())) {
            let folder = fixture("formats/exported").join(format!("{}.{architecture}", format.name()));
            let written = write_weights(&sae, format).unwrap();
            if std::env::var_os("UPDATE_FIXTURES").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                for file in &written {
                    std::fs::write(folder.join(file.name), &file.bytes).unwrap();
                }
            }
            let mut bytes: NamedBytes = written.into_iter().map(|file| (file.name.to_owned(), file.bytes)).collect();
            bytes.sort();
            assert_eq!(files_in(&folder), bytes, "{}", folder.display());
            let again = read(bytes).unwrap();
            assert_eq!((again.format, again.sae.architecture()), (format, sae.architecture()));
            assert_encodes_as(&again.sae, EXPECTED, name);
            n_written += 1;
        }
    }
    assert_eq!(n_written, 3 + 3 + 2);
}

#[test]
fn every_cut_of_a_file_is_an_error() {
    for name in ["scfeaturelens", "bio_sae", "dictionary_matryoshka"] {
        let files = case(name);
        let (weights, whole) = files.iter().find(|(file, _)| file.contains(".pt")).unwrap();
        for length in (1..whole.len()).step_by(7) {
            let cut = vec![(weights.clone(), whole[..length].to_vec())];
            assert!(imported(cut).is_err(), "{name} {length}");
        }
    }
}

#[test]
fn a_configuration_of_other_weights_is_refused_with_both_files() {
    let mut files = case("sparsify_topk");
    for (name, bytes) in &mut files {
        if name == "cfg.json" {
            *bytes = String::from_utf8(bytes.clone()).unwrap().replace("\"d_in\": 6", "\"d_in\": 7").into_bytes();
        }
    }
    let text = read(files).unwrap_err().to_string();
    assert!(
        text.contains("\"cfg.json\"") && text.contains("\"sae.safetensors\"") && text.contains("[6, 10]"),
        "{text}"
    );
}

#[test]
fn an_embedding_in_a_pt_stays_one_and_a_mean_alone_asks_for_its_weights() {
    let bytes = std::fs::read(fixture("../torch/dict.pt")).unwrap();
    let read = imported(vec![("dict.pt".to_owned(), bytes)]).unwrap();
    assert!(matches!(read[0].1, Imported::Embedding { .. }));
    let mean = case("bio_sae").into_iter().filter(|(name, _)| name.contains(".npy")).collect();
    let failure = assemble(None, imported(mean).unwrap(), &Silent).unwrap_err().to_string();
    assert!(failure.contains("\"activation_mean.npy\"") && failure.contains(".pt"), "{failure}");
}

#[test]
fn gated_weights_are_read_as_thresholds() {
    let sae = read(case("dictionary_gated")).unwrap().sae;
    assert_eq!(sae.architecture(), Architecture::JumpRelu);
    assert_eq!(sae.weights().threshold.as_ref().map(Vec::len), Some(sae.n_features()));
}
