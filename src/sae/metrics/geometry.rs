//! The shape of a dictionary: lengths and angles of its directions.
//!
//! A feature whose decoder has nearly the direction of another's says the same twice; one whose encoder reads
//! elsewhere than its decoder writes (low cosine) is mostly interference. Cosines are those of [`super::Directions`]:
//! signed, f64, NaN where a row has length 0.

use super::cosines::{BestCosine, CosineSearch, Directions};
use crate::data::FeatureId;
use crate::sae::Sae;

/// A feature's direction beside the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureGeometry {
    /// Length of the decoder row, at least 0.
    pub decoder_norm: f64,
    /// Cosine of encoder column and decoder row, −1 to 1; NaN if either has length 0.
    pub encoder_decoder_cosine: f64,
    /// The most similar other decoder row.
    pub nearest: BestCosine,
}

/// Measures every feature, `[n_features]`. The search for the nearest takes h² d / 2 products: [`CosineSearch`] does
/// it in steps.
#[must_use]
pub fn dictionary_geometry(sae: &Sae) -> Vec<FeatureGeometry> {
    let encoder_rows = sae.weights().w_enc.transposed();
    let (encoder, decoder) = (Directions::new(&encoder_rows), Directions::new(&sae.weights().w_dec));
    let measure = |(at, nearest): (usize, BestCosine)| {
        let feature = FeatureId::from_index(at);
        let encoder_decoder_cosine = encoder.cosine(feature, &decoder, feature);
        FeatureGeometry { decoder_norm: decoder.norms()[at], encoder_decoder_cosine, nearest }
    };
    CosineSearch::within(&decoder).finish().into_iter().enumerate().map(measure).collect()
}

/// Another feature and the cosine of its decoder row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecoderNeighbour {
    /// The other feature.
    pub feature: FeatureId,
    /// Cosine of the two decoder rows, −1 to 1.
    pub cosine: f64,
}

/// The `n` features with the most similar decoder rows, most similar first, of equal ones the lower first; rows of
/// length 0 have no direction and are left out.
///
/// # Panics
/// If there is no such feature.
#[must_use]
pub fn nearest_by_decoder(decoder: &Directions<'_>, feature: FeatureId, n: usize) -> Vec<DecoderNeighbour> {
    let others = (0..decoder.n_features() as u32).map(FeatureId).filter(|&other| other != feature);
    let measured =
        others.map(|other| DecoderNeighbour { feature: other, cosine: decoder.cosine(feature, decoder, other) });
    let mut neighbours: Vec<DecoderNeighbour> = measured.filter(|neighbour| !neighbour.cosine.is_nan()).collect();
    neighbours.sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.feature.cmp(&b.feature)));
    neighbours.truncate(n);
    neighbours
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DenseMatrix;
    use crate::sae::{Architecture, SaeWeights};

    #[test]
    fn lengths_and_angles_of_a_small_dictionary() {
        let weights = SaeWeights {
            w_enc: DenseMatrix::new(2, 3, vec![1.0, 0.0, 0.0, 1.0, 5.0, 0.0]).unwrap(),
            b_enc: vec![0.0; 3],
            w_dec: DenseMatrix::new(3, 2, vec![2.0, 0.0, 0.0, -1.0, 3.0, 4.0]).unwrap(),
            b_dec: vec![0.0; 2],
            threshold: None,
        };
        let sae = Sae::new(Architecture::Standard, weights, false).unwrap();
        let geometry = dictionary_geometry(&sae);
        let norms: Vec<f64> = geometry.iter().map(|feature| feature.decoder_norm).collect();
        assert_eq!(norms, [2.0, 1.0, 5.0]);
        approx::assert_relative_eq!(geometry[0].encoder_decoder_cosine, 0.5_f64.sqrt(), max_relative = 1e-15);
        assert_eq!(geometry[1].encoder_decoder_cosine, -1.0);
        assert!(geometry[2].encoder_decoder_cosine.is_nan());
        assert_eq!(geometry[0].nearest, BestCosine { feature: Some(FeatureId(2)), cosine: 0.6 });
    }

    #[test]
    fn neighbours_come_nearest_first_and_equals_by_feature() {
        let rows = DenseMatrix::new(5, 2, vec![1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 7.0, 3.0, 4.0]).unwrap();
        let nearest = nearest_by_decoder(&Directions::new(&rows), FeatureId(0), 9);
        let found: Vec<(u32, f64)> = nearest.iter().map(|near| (near.feature.0, near.cosine)).collect();
        assert_eq!(found, [(4, 0.6), (1, 0.0), (3, 0.0)]);
        assert_eq!(nearest_by_decoder(&Directions::new(&rows), FeatureId(0), 1).len(), 1);
    }
}
