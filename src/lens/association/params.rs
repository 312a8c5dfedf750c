//! What to decide before features are measured against labels.

use serde::{Deserialize, Serialize};

/// How labels are read. The default guesses nuisance columns by name and does not split.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AssociationParams {
    /// Columns to measure; `None` for all.
    pub columns: Option<Vec<String>>,
    /// Columns that tell how cells were made rather than what they are (batch, donor, …); `None` goes by
    /// [`crate::lens::association::is_nuisance_name`].
    pub nuisance_columns: Option<Vec<String>>,
    /// Column (donor, batch) by whose categories cells are halved: F1's threshold is chosen on one half and F1
    /// reported on the other. `None` chooses and reports on all cells.
    pub split_column: Option<String>,
}
