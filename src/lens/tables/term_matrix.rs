//! Gene sets × features in long form: a row for each number that is there.
//!
//! Rows are by set and within it by feature. `signed_neg_log10_padj` is −log10 of the adjusted p, positive for genes up,
//! negative for genes down; see [`TermMatrix`].

use std::sync::Arc;

use super::{Column, ColumnValues, Table, TableError};
use crate::lens::{TermMatrix, TermValue};

impl TermMatrix {
    /// The numbers as a table with the columns `set`, `feature` and `signed_neg_log10_padj`.
    ///
    /// # Shapes
    /// `set_names` is `[n_sets]`, by position.
    ///
    /// # Errors
    /// [`TableError::CategoryCode`] if a set has no name.
    pub fn to_table(&self, set_names: &Arc<[String]>) -> Result<Table, TableError> {
        let codes = self.values().iter().map(|value| value.set.0).collect();
        let features = self.values().iter().map(|value| value.feature.0).collect();
        let numbers = self.values().iter().map(TermValue::signed).collect();
        let columns = vec![
            Column::new("set", ColumnValues::Category { codes, names: Arc::clone(set_names) }),
            Column::new("feature", ColumnValues::U32(features)),
            Column::new("signed_neg_log10_padj", ColumnValues::F64(numbers)),
        ];
        Table::new("term_matrix", columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::FeatureId;
    use crate::enrich::GeneSetId;
    use crate::lens::sound::{Direction, TermFinding};
    use crate::lens::tables::{CsvCompression, TableCsv};

    fn matrix() -> TermMatrix {
        let term = |set, direction, ln_padj| TermFinding {
            set: GeneSetId(set),
            direction,
            n_hits: 1,
            ln_p_value: -9.0,
            ln_padj,
            rank_z: 0.0,
            rank_ln_p_value: 0.0,
            rank_ln_padj: 0.0,
        };
        let ln = |log10: f64| log10 * std::f64::consts::LN_10;
        let first = [term(1, Direction::Up, ln(-2.0)), term(0, Direction::Down, ln(-400.0))];
        TermMatrix::new([(FeatureId(7), &first[..]), (FeatureId(3), &[term(1, Direction::Down, ln(-1.5))])])
    }

    #[test]
    fn rows_are_by_set_and_feature_with_the_sign_of_the_direction() {
        let table = matrix().to_table(&vec!["a, b".to_owned(), "c".to_owned()].into()).unwrap();
        let mut csv = TableCsv::new(Vec::new(), table.schema(), CsvCompression::None).unwrap();
        csv.write(&table).unwrap();
        let text = String::from_utf8(csv.finish().unwrap()).unwrap();
        assert_eq!(text, "set,feature,signed_neg_log10_padj\n\"a, b\",7,-400.0\nc,3,-1.5\nc,7,2.0\n");
    }

    #[test]
    fn a_set_without_a_name_is_refused() {
        let refused = matrix().to_table(&vec!["a".to_owned()].into());
        assert!(matches!(refused, Err(TableError::CategoryCode { code: 1, .. })));
    }
}
