//! The configuration beside weights: a JSON object whose fields are either understood, known to say nothing of what is
//! computed, or refused by name.

use serde_json::{Map, Value};

use super::WeightsError;
use super::layout::Parts;

/// A configuration, with the file's name for messages.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) file: String,
    fields: Map<String, Value>,
}

impl Config {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// [`WeightsError::Config`].
    pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Self, WeightsError> {
        let fields =
            serde_json::from_slice(bytes).map_err(|source| WeightsError::Config { file: file.to_owned(), source })?;
        Ok(Self { file: file.to_owned(), fields })
    }

    /// The object in a field; empty if there is none.
    pub(super) fn inner(&self, field: &str) -> Self {
        let fields = self.fields.get(field).and_then(Value::as_object).cloned().unwrap_or_default();
        Self { file: self.file.clone(), fields }
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// A field, null counting as none.
    pub(super) fn get(&self, field: &str) -> Option<&Value> {
        self.fields.get(field).filter(|value| !value.is_null())
    }

    /// A text, if there is one.
    pub(super) fn text(&self, field: &str) -> Result<Option<&str>, WeightsError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| self.wrong(field, "a text"))
    }

    /// A whole number, if there is one.
    pub(super) fn whole(&self, field: &str) -> Result<Option<usize>, WeightsError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let whole = value.as_u64().and_then(|whole| usize::try_from(whole).ok());
        whole.map(Some).ok_or_else(|| self.wrong(field, "a whole number"))
    }

    /// A truth value.
    pub(super) fn flag(&self, field: &str, default: bool) -> Result<bool, WeightsError> {
        let Some(value) = self.get(field) else { return Ok(default) };
        value.as_bool().ok_or_else(|| self.wrong(field, "true or false"))
    }

    /// [`WeightsError::Field`] for what the field holds.
    pub(super) fn wrong(&self, field: &str, expected: &str) -> WeightsError {
        let found = self.fields.get(field).map_or_else(|| "nothing".to_owned(), Value::to_string);
        let (file, field, expected) = (self.file.clone(), field.to_owned(), expected.to_owned());
        WeightsError::Field { file, field, expected, found }
    }

    /// Refuses the first field (by name) of which nothing is known.
    ///
    /// # Errors
    /// [`WeightsError::UnknownField`].
    pub(super) fn check_known(&self, lists: &[&[&str]]) -> Result<(), WeightsError> {
        let is_known = |field: &str| lists.iter().any(|list| list.contains(&field));
        let unknown = self.fields.iter().filter(|(field, _)| !is_known(field)).min_by_key(|(field, _)| field.as_str());
        let Some((field, value)) = unknown else { return Ok(()) };
        Err(WeightsError::UnknownField { file: self.file.clone(), field: field.clone(), value: value.to_string() })
    }

    /// Holds the sizes the configuration states, where it states them, against those of the weights.
    ///
    /// # Errors
    /// [`WeightsError::Sizes`], [`WeightsError::Field`].
    pub(super) fn check_sizes(&self, file: &str, fields: [&str; 2], parts: &Parts) -> Result<(), WeightsError> {
        let found = [parts.d_in, parts.d_sae];
        let expected = [self.whole(fields[0])?.unwrap_or(found[0]), self.whole(fields[1])?.unwrap_or(found[1])];
        if found == expected {
            return Ok(());
        }
        Err(WeightsError::Sizes { config: self.file.clone(), file: file.to_owned(), found, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::read("cfg.json", br#"{"k": 3, "z": null, "b": true, "in": {"x": "y"}, "s": "t"}"#).unwrap()
    }

    #[test]
    fn fields_are_read_by_kind_and_null_is_none() {
        let config = config();
        assert_eq!(config.whole("k").unwrap(), Some(3));
        assert_eq!((config.whole("z").unwrap(), config.flag("b", false).unwrap()), (None, true));
        assert_eq!(config.inner("in").text("x").unwrap(), Some("y"));
        let text = config.whole("s").unwrap_err().to_string();
        assert!(text.contains("\"s\"") && text.contains("a whole number, found \"t\""), "{text}");
        assert!(Config::read("cfg.json", b"[1]").is_err());
    }

    #[test]
    fn the_first_unknown_field_is_named() {
        let text = config().check_known(&[&["k", "z"], &["s", "in"]]).unwrap_err().to_string();
        assert!(text.contains("\"b\" (true)") && text.contains("\"metadata\""), "{text}");
        config().check_known(&[&["k", "z", "b", "in", "s"]]).unwrap();
    }
}
