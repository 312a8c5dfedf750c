//! Telling the weights of a sparse autoencoder from an embedding, by names and shapes of tensors.

use super::tensor::{TensorInfo, has_embedding_name};

/// Last parts of names that only a sparse autoencoder's weights have.
const SAE_TENSORS: [&str; 12] = [
    "W_enc",
    "W_dec",
    "b_enc",
    "b_dec",
    "encoder.weight",
    "decoder.weight",
    "encoder.0.weight",
    "decoder.0.weight",
    "W_enc.weight",
    "W_dec.weight",
    "W_gate",
    "log_threshold",
];

/// Whether a tensor of that name belongs to a sparse autoencoder.
pub(crate) fn is_sae_name(name: &str) -> bool {
    SAE_TENSORS.iter().any(|part| {
        let before = name.strip_suffix(part);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

/// Whether the tensors are weights: by a name, or as an encoder and a decoder under names not known here, one the other
/// way round than the other.
pub(crate) fn are_weights(tensors: &[TensorInfo]) -> bool {
    if tensors.iter().any(|tensor| is_sae_name(&tensor.name)) {
        return true;
    }
    if tensors.iter().any(has_embedding_name) {
        return false;
    }
    let shapes: Vec<[u64; 2]> = tensors.iter().filter_map(|tensor| tensor.shape.as_slice().try_into().ok()).collect();
    shapes.iter().any(|&[n, m]| n != m && shapes.contains(&[m, n]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensors(shapes: &[(&str, &[u64])]) -> Vec<TensorInfo> {
        let info = |&(name, shape): &(&str, &[u64])| TensorInfo {
            name: name.to_owned(),
            shape: shape.to_vec(),
            dtype: "F32".to_owned(),
            is_numeric: true,
            is_text: false,
        };
        shapes.iter().map(info).collect()
    }

    #[test]
    fn names_tell_weights_whatever_stands_before_them() {
        for name in ["W_enc", "sae.W_enc", "model_state_dict.encoder.0.weight", "encoder.weight"] {
            assert!(are_weights(&tensors(&[(name, &[2, 3])])), "{name}");
        }
        for name in ["my_W_enc_x", "xb_dec", "encoder.3.weight", "embeddings"] {
            assert!(!are_weights(&tensors(&[(name, &[2, 3])])), "{name}");
        }
    }

    #[test]
    fn a_pair_of_matrices_each_the_other_s_transpose_are_weights_unless_one_is_named_an_embedding() {
        assert!(are_weights(&tensors(&[("enc", &[9, 2]), ("dec", &[2, 9])])));
        assert!(!are_weights(&tensors(&[("pca", &[9, 2]), ("umap", &[9, 2])])));
        assert!(!are_weights(&tensors(&[("embeddings", &[9, 2]), ("basis", &[2, 9])])));
    }
}
