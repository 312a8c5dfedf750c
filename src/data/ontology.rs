//! A term of an ontology, as an ontology file gives it.

/// One term with what the file says of its place; nothing is resolved or checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OntologyTerm {
    /// Its accession, e.g. `GO:0006955`.
    pub id: String,
    /// Its name; may be empty.
    pub name: String,
    /// The part of the ontology it is in, e.g. `biological_process`; may be empty.
    pub namespace: String,
    /// Accessions it also goes by.
    pub alt_ids: Vec<String>,
    /// Accessions of the terms it is a kind of.
    pub is_a: Vec<String>,
    /// Accessions of the terms it is a part of.
    pub part_of: Vec<String>,
    /// Subsets it is marked for, e.g. `goslim_generic`.
    pub subsets: Vec<String>,
    /// Whether the term is no longer to be used.
    pub is_obsolete: bool,
    /// Of an obsolete term: accessions to use in its place.
    pub replaced_by: Vec<String>,
}
