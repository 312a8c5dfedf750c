//! Names for columns that join a table with one of the same name: both are kept, unless they say the same.

use std::collections::BTreeMap;

use crate::data::{CellTable, LabelColumn, LabelValues, Notice, shortened};
use crate::io::sniff::stem;
use crate::io::tensor::listed_texts;

/// The columns to add, in order, and what to tell of those that got another name.
pub(super) fn distinct_columns(
    file: &str,
    cells: &CellTable,
    columns: impl Iterator<Item = LabelColumn>,
) -> (Vec<LabelColumn>, Option<Notice>) {
    let (mut kept, mut renamed) = (Vec::<LabelColumn>::new(), Vec::new());
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for mut column in columns {
        let known = |name: &str| places.get(name).map(|&at| &kept[at]).or_else(|| cells.column(name));
        let free = names_for(&column.name, file).find_map(|name| match known(&name) {
            None => Some(Some(name)),
            Some(known) if says_the_same(known, &column) => Some(None),
            Some(_) => None,
        });
        let Some(name) = free.flatten() else { continue };
        if name != column.name {
            renamed.push(format!("{:?} as {:?}", shortened(&column.name), shortened(&name)));
            column.name = name;
        }
        places.insert(column.name.clone(), kept.len());
        kept.push(column);
    }
    (kept, renamed_notice(file, renamed))
}

/// `ct`, `ct (file)`, `ct (file 2)`…
fn names_for(name: &str, file: &str) -> impl Iterator<Item = String> {
    let stem = stem(file);
    let second = format!("{name} ({stem})");
    let further = format!("{name} ({stem} ");
    [name.to_owned(), second].into_iter().chain((2..).map(move |n: u32| format!("{further}{n})")))
}

fn renamed_notice(file: &str, renamed: Vec<String>) -> Option<Notice> {
    (!renamed.is_empty()).then(|| {
        Notice::warning(format!(
            "Columns of {file:?} have the name of one that is there already with other values; both are kept, those of \
             the file under another name: {}.",
            listed_texts(renamed)
        ))
    })
}

/// Whether both give every cell the same text or number; the order of the categories does not matter.
fn says_the_same(a: &LabelColumn, b: &LabelColumn) -> bool {
    match (&a.values, &b.values) {
        (LabelValues::Numeric(a), LabelValues::Numeric(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
        }
        (
            LabelValues::Categorical { codes: a, categories: of_a },
            LabelValues::Categorical { codes: b, categories: of_b },
        ) => {
            let same = |(a, b): (&u32, &u32)| of_a.get(*a as usize) == of_b.get(*b as usize);
            a.len() == b.len() && a.iter().zip(b).all(same)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_values_get_another_name_and_equal_ones_are_left_out() {
        let mut cells = CellTable::without_ids(3);
        let numbers = LabelColumn { name: "n".to_owned(), values: LabelValues::Numeric(vec![1.0, f64::NAN, 2.0]) };
        let typed = LabelColumn {
            name: "ct".to_owned(),
            values: LabelValues::Categorical { codes: vec![1, 0, 1], categories: vec!["T".to_owned(), "B".to_owned()] },
        };
        cells.add_column(numbers.clone()).unwrap();
        cells.add_column(typed).unwrap();
        let same = LabelColumn::from_texts("ct", &["B", "T", "B"]);
        let (kept, notice) = distinct_columns("lab_ps.csv", &cells, [same, numbers].into_iter());
        assert!(kept.is_empty() && notice.is_none());
        let other = LabelColumn::from_texts("ct", &["B", "T", ""]);
        let (kept, notice) = distinct_columns("dir/lab_ps.csv", &cells, std::iter::once(other));
        assert_eq!(kept[0].name, "ct (lab_ps)");
        assert!(notice.unwrap().text.contains("\"ct\" as \"ct (lab_ps)\""));
        cells.add_column(kept[0].clone()).unwrap();
        let third = LabelColumn::from_texts("ct", &["T", "T", ""]);
        let (kept, _) = distinct_columns("lab_ps.tsv", &cells, [third.clone(), third].into_iter());
        assert_eq!(kept.iter().map(|column| &*column.name).collect::<Vec<_>>(), ["ct (lab_ps 2)"]);
    }
}
