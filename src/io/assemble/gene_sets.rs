//! Gene sets that join those that are open.

use std::collections::BTreeMap;

use crate::data::{GeneSet, Notice};
use crate::io::gmt::make_names_distinct;

/// Appends sets; one that is there already with the same genes is left out, one with other genes is renamed.
pub(super) fn merge(known: &mut Vec<GeneSet>, added: Vec<GeneSet>) -> Option<Notice> {
    let n_added = added.len();
    let by_name: BTreeMap<&str, &[String]> =
        known.iter().map(|set| (set.name.as_str(), set.genes.as_slice())).collect();
    let new: Vec<GeneSet> =
        added.into_iter().filter(|set| by_name.get(set.name.as_str()) != Some(&set.genes.as_slice())).collect();
    let n_repeated = n_added - new.len();
    known.extend(new);
    let renamed = make_names_distinct(known);
    match (n_repeated, renamed) {
        (0, None) => None,
        (n, None) => Some(Notice::info(format!("{n} gene sets were open already and are kept once."))),
        (n, Some(example)) => Some(Notice::warning(format!(
            "Some gene sets have the name of another with other genes and were renamed, such as {example:?}; {n} were \
             open already and are kept once."
        ))),
    }
}
