//! Which genes are annotated to which terms of an ontology, as an annotation file gives it.

/// Annotations of one file, nothing resolved yet. Texts are kept once; rows name them by position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GeneAnnotations {
    /// Symbols of genes, in the order of their first rows.
    pub genes: Vec<String>,
    /// Accessions of terms, in the order of their first rows.
    pub terms: Vec<String>,
    /// Evidence codes, such as `IDA`, in the order of their first rows.
    pub evidence: Vec<String>,
    /// Annotations in file order.
    pub rows: Vec<GeneAnnotation>,
    /// Rows left out because they deny what they name (qualifier `NOT`).
    pub n_denied: usize,
}

/// One gene annotated to one term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneAnnotation {
    /// Position among the genes.
    pub gene: u32,
    /// Position among the terms.
    pub term: u32,
    /// Position among the evidence codes.
    pub evidence: u32,
}
