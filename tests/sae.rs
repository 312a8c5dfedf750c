//! SAELens folders: what the library saved is read with its activations, and what is written here it reads back.

mod baselines;
mod metrics;
#[cfg(feature = "burn")]
mod truth;

use std::path::{Path, PathBuf};

use featurescope::data::DenseMatrix;
use featurescope::sae::{CONFIG_FILE, Sae, WEIGHTS_FILE, from_saelens, to_saelens};
use safetensors::tensor::SafeTensors;

/// Two f32 libraries that add in another order.
const ROUNDING: f32 = 1e-5;
const FOLDERS: [&str; 4] = ["standard", "standard_b_dec", "topk", "topk_rescaled"];

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sae").join(path)
}

fn load(folder: &str) -> Sae {
    let read = |file: &str| std::fs::read(fixture(folder).join(file)).unwrap();
    from_saelens(&read(CONFIG_FILE), &read(WEIGHTS_FILE)).unwrap()
}

/// A matrix of `saelens/expected.safetensors`.
fn expected(name: &str) -> DenseMatrix {
    let bytes = std::fs::read(fixture("saelens/expected.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = file.tensor(name).unwrap();
    let values = tensor.data().as_chunks::<4>().0.iter().map(|raw| f32::from_le_bytes(*raw)).collect();
    DenseMatrix::new(tensor.shape()[0], tensor.shape()[1], values).unwrap()
}

fn assert_encodes_as_expected(sae: &Sae, folder: &str) {
    let (inputs, activations) = (expected("inputs"), expected(&format!("{folder}.activations")));
    let reconstructions = expected(&format!("{folder}.reconstructions"));
    for row in 0..inputs.n_rows() {
        let active = sae.encode_cell(inputs.row(row));
        let mut dense = vec![0.0; sae.n_features()];
        for &(feature, value) in &active {
            dense[feature as usize] = value;
        }
        let mut reconstruction = vec![0.0; sae.d_in()];
        sae.decode_into(active, &mut reconstruction);
        approx::assert_relative_eq!(dense[..], *activations.row(row), max_relative = ROUNDING, epsilon = ROUNDING);
        let wanted = reconstructions.row(row);
        approx::assert_relative_eq!(reconstruction[..], *wanted, max_relative = ROUNDING, epsilon = ROUNDING);
    }
}

#[test]
fn folders_saved_by_saelens_give_its_activations_and_reconstructions() {
    for folder in FOLDERS {
        assert_encodes_as_expected(&load(&format!("saelens/{folder}")), folder);
    }
}

/// `check_export.py` shows that sae-lens reads these very bytes with equal activations.
#[test]
fn exports_are_the_bytes_that_saelens_was_shown_to_read() {
    for folder in FOLDERS {
        let written = to_saelens(&load(&format!("saelens/{folder}"))).unwrap();
        let target = fixture("exported").join(folder);
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            std::fs::create_dir_all(&target).unwrap();
            std::fs::write(target.join(CONFIG_FILE), &written.config).unwrap();
            std::fs::write(target.join(WEIGHTS_FILE), &written.weights).unwrap();
        }
        assert_eq!(written.config, std::fs::read(target.join(CONFIG_FILE)).unwrap(), "{folder}");
        assert_eq!(written.weights, std::fs::read(target.join(WEIGHTS_FILE)).unwrap(), "{folder}");
        assert_encodes_as_expected(&load(&format!("exported/{folder}")), folder);
    }
}
