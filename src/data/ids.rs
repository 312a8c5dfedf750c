//! Newtypes for positions: a cell, a gene and a feature can't be mixed up.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The id as an index into a slice.
            #[inline]
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The id of position `index`.
            ///
            /// # Panics
            /// If `index` does not fit 32 bits; containers refuse such sizes when they are made.
            #[inline]
            pub fn from_index(index: usize) -> Self {
                assert!(u32::try_from(index).is_ok(), "position {index} does not fit 32 bits");
                Self(index as u32)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A cell: its row in the data set (0-based).
    CellId
);
id!(
    /// A gene: its column in the expression matrix (0-based).
    GeneId
);
id!(
    /// A feature (latent) of a sparse autoencoder (0-based).
    FeatureId
);
