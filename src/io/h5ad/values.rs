//! The values of a table's column on their way from the file to labels.

use crate::data::{LabelColumn, LabelValues, MISSING_CODE};
use crate::io::labels::number_values;

/// How booleans are written as labels.
pub(crate) const BOOLEANS: [&str; 2] = ["False", "True"];

/// Codes and categories.
pub(crate) type Labels = (Vec<u32>, Vec<String>);

/// The values of a column: numbers are NaN, labels without category where missing.
pub(crate) enum Values {
    Numbers(Vec<f64>),
    Labels { codes: Vec<u32>, categories: Vec<String> },
}

impl Values {
    /// Labels from one text per row; empty means none.
    pub(crate) fn from_texts(texts: &[String]) -> Self {
        match LabelColumn::from_texts("", texts).values {
            LabelValues::Categorical { codes, categories } => Self::Labels { codes, categories },
            LabelValues::Numeric(values) => Self::Numbers(values),
        }
    }

    /// The labels False and True.
    pub(crate) fn from_booleans(values: impl IntoIterator<Item = bool>) -> Self {
        let codes = values.into_iter().map(u32::from).collect();
        Self::Labels { codes, categories: BOOLEANS.map(str::to_owned).to_vec() }
    }

    /// One text per row: labels that are no booleans, and numbers where the column's name says they are Entrez ids.
    pub(crate) fn into_texts(self, name: &str) -> Option<Vec<String>> {
        match self {
            Self::Labels { codes, categories } if categories != BOOLEANS => {
                Some(codes.into_iter().map(|code| categories.get(code as usize).cloned().unwrap_or_default()).collect())
            }
            Self::Numbers(values) if name.to_lowercase().contains("entrez") => {
                let text = |value: f64| if value.is_finite() { value.to_string() } else { String::new() };
                Some(values.into_iter().map(text).collect())
            }
            _ => None,
        }
    }

    /// Makes a row's value missing.
    pub(crate) fn forget(&mut self, row: usize) {
        match self {
            Self::Numbers(values) => {
                if let Some(value) = values.get_mut(row) {
                    *value = f64::NAN;
                }
            }
            Self::Labels { codes, .. } => {
                if let Some(code) = codes.get_mut(row) {
                    *code = MISSING_CODE;
                }
            }
        }
    }
}

impl From<Labels> for Values {
    fn from((codes, categories): Labels) -> Self {
        Self::Labels { codes, categories }
    }
}

impl From<Values> for LabelValues {
    fn from(values: Values) -> Self {
        match values {
            Values::Numbers(values) => number_values(values),
            Values::Labels { codes, categories } => Self::Categorical { codes, categories },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_and_entrez_ids_are_texts() {
        let texts = ["b", "", "a"].map(str::to_owned);
        assert_eq!(Values::from_texts(&texts).into_texts("symbol"), Some(texts.to_vec()));
        assert_eq!(Values::from_booleans([true, false]).into_texts("is_hvg"), None);
        let numbers = || Values::Numbers(vec![7157.0, f64::NAN]);
        assert_eq!(numbers().into_texts("EntrezID"), Some(vec!["7157".to_owned(), String::new()]));
        assert_eq!(numbers().into_texts("means"), None);
    }
}
