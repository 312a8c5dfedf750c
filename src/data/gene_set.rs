//! A named set of genes, as a gene-set file gives it.

/// One gene set, its genes by name and without duplicates, in file order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneSet {
    /// Its name or accession, e.g. `HALLMARK_INTERFERON_ALPHA_RESPONSE` or `GO:0034340`.
    pub name: String,
    /// The file's description or URL; may be empty.
    pub description: String,
    /// Gene names.
    pub genes: Vec<String>,
}
