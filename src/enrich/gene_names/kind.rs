//! What kind of names genes have: Ensembl ids (with their species), Entrez ids, or symbols.
//!
//! Ensembl: `ENS`, up to four letters of a species (none for human), `G`, eleven digits, perhaps a version. Entrez: digits
//! alone. Anything else is a symbol. The kind of a list is that of most of its names; a list without names has none.

use std::collections::BTreeMap;

/// A kind of gene names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// Symbols, such as `CD3E`.
    Symbol,
    /// Entrez ids, such as `916`.
    Entrez,
    /// Ensembl ids of the species with these letters: `MUS` for mouse, none for human.
    Ensembl(String),
}

impl NameKind {
    /// The kind of one name.
    pub fn of(name: &str) -> Self {
        if let Some(species) = ensembl_species(name) {
            return Self::Ensembl(species.to_owned());
        }
        let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { Self::Entrez } else { Self::Symbol }
    }

    /// The kind of most names; of kinds equally frequent the first in order.
    pub fn of_most<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut counts: BTreeMap<Self, usize> = BTreeMap::new();
        for name in names {
            *counts.entry(Self::of(name)).or_default() += 1;
        }
        counts.into_iter().rev().max_by_key(|(_, n)| *n).map(|(kind, _)| kind)
    }

    /// The kind in words, plural.
    pub fn words(&self) -> String {
        match self {
            Self::Symbol => "symbols".to_owned(),
            Self::Entrez => "Entrez ids".to_owned(),
            Self::Ensembl(species) => match species.as_str() {
                "" => "human Ensembl ids".to_owned(),
                "MUS" => "mouse Ensembl ids".to_owned(),
                "RNO" => "rat Ensembl ids".to_owned(),
                "DAR" => "zebrafish Ensembl ids".to_owned(),
                other => format!("Ensembl ids of the species {other:?}"),
            },
        }
    }
}

/// An Ensembl id without its version; other names as they are.
pub(super) fn without_version(name: &str) -> &str {
    let Some((id, version)) = name.split_once('.') else { return name };
    let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    if is_version && ensembl_species(id).is_some() { id } else { name }
}

/// The species' letters of an Ensembl gene id, with a version or without.
fn ensembl_species(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("ENS")?;
    let n_letters = rest.bytes().take_while(u8::is_ascii_uppercase).count();
    let (letters, digits) = rest.split_at(n_letters);
    let species = letters.strip_suffix('G').filter(|species| species.len() <= 4)?;
    let digits = digits.split_once('.').map_or(digits, |(digits, _)| digits);
    let is_id = digits.len() == 11 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then_some(species)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_their_spelling() {
        assert_eq!(NameKind::of("ENSG00000141510.17"), NameKind::Ensembl(String::new()));
        assert_eq!(NameKind::of("ENSMUSG00000059552"), NameKind::Ensembl("MUS".to_owned()));
        assert_eq!(NameKind::of("7157"), NameKind::Entrez);
        for symbol in ["TP53", "ENSA", "ENSG123", "ENSG0000014151x", "", "ENSMUSGG00000059552é"] {
            assert_eq!(NameKind::of(symbol), NameKind::Symbol, "{symbol}");
        }
        assert_eq!(NameKind::of_most(["TP53", "7157", "7158"]), Some(NameKind::Entrez));
        assert_eq!((NameKind::of_most(["TP53", "7157"]), NameKind::of_most([])), (Some(NameKind::Symbol), None));
    }

    #[test]
    fn only_ensembl_ids_lose_a_version() {
        assert_eq!(without_version("ENSG00000141510.17"), "ENSG00000141510");
        for name in ["ENSG00000182378.15_PAR_Y", "RP11-34P13.7", "ENSG00000141510.", "AC000001.1"] {
            assert_eq!(without_version(name), name);
        }
    }
}
