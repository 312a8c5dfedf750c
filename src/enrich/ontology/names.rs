//! Which term a gene set stands for: by the accession in its name or description, else by the term's name.
//!
//! Names are compared plain: letters and digits in upper case, anything between them one underscore, so that MSigDB's
//! `GOBP_IMMUNE_RESPONSE` is "immune response". A name that two terms share leads nowhere.

use super::{Ontology, TermId};

/// What MSigDB puts before the names of Gene Ontology terms.
const PREFIXES: [&str; 4] = ["GOBP_", "GOCC_", "GOMF_", "GO_"];

impl Ontology {
    /// The term a gene set stands for.
    ///
    /// The first accession that the ontology knows counts (`GO:0006955` or `GO_0006955` anywhere in the name, then in
    /// the description), also an alternative or a replaced one; else the term whose name the set has, with MSigDB's
    /// prefix or something in brackets behind it or without.
    pub fn term_of_set(&self, name: &str, description: &str) -> Option<TermId> {
        let by_id = || self.accession_in(name).or_else(|| self.accession_in(description));
        let without_brackets = name.rsplit_once('(').map_or(name, |(before, _)| before);
        by_id().or_else(|| self.find_name(name)).or_else(|| self.find_name(without_brackets))
    }

    /// The term of a name, if exactly one has it.
    pub fn find_name(&self, name: &str) -> Option<TermId> {
        let name = plain(name);
        let known = |name: &str| self.by_name.get(name).copied().flatten();
        known(&name).or_else(|| PREFIXES.iter().find_map(|prefix| known(name.strip_prefix(prefix)?)))
    }

    /// The first accession in a text that the ontology knows.
    fn accession_in(&self, text: &str) -> Option<TermId> {
        let bytes = text.as_bytes();
        let separators = (0..bytes.len()).filter(|&at| matches!(bytes[at], b':' | b'_'));
        separators.into_iter().find_map(|at| {
            let n_letters = bytes[..at].iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
            let n_digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if n_letters == 0 || n_digits == 0 {
                return None;
            }
            self.find(&format!("{}:{}", &text[at - n_letters..at], &text[at + 1..=at + n_digits]))
        })
    }
}

/// A name as it is compared.
pub(super) fn plain(name: &str) -> String {
    let words = name.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_uppercase).collect::<Vec<String>>().join("_")
}
