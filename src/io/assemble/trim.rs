//! Ids of two files that differ only by what tools add at their ends: what to leave out so that they agree.
//!
//! All ways of leaving up to [`MAX_FIRST`] parts out at the beginning and [`MAX_LAST`] at the end are tried on both
//! sides ([`IdParts`]); one counts if at least half of the smaller side finds its like. The most matches win, then the
//! fewest parts left out, then the order of trying. A way is offered only if all shortened ids stay distinct on both
//! sides; else the person is told which would become the same. Shortened ids that are plain numbers are never taken:
//! row numbers agree with anything. Nothing is applied here.

use std::collections::HashMap;

use super::join::examples;
use crate::data::{IdParts, IdTrim};

/// `project_sample_lane_BARCODE`
const MAX_FIRST: u8 = 3;
/// `BARCODE-1-0`
const MAX_LAST: u8 = 2;
/// Rows looked up before all are.
const N_PROBES: usize = 500;

/// What shortened ids come to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shortened {
    /// They agree and stay distinct.
    Agree {
        trim: IdTrim,
        /// Cells that would have a row.
        n_matched: usize,
        /// What is left out, and an example.
        words: String,
    },
    /// They agree, but two ids become the same.
    Repeat { words: String },
}

/// Shortened ids of one side, by what they are.
struct Cores {
    parts: IdParts,
    at_by_core: HashMap<String, usize>,
    repeated: Option<(usize, usize)>,
}

impl Cores {
    /// `None` if an id has too few parts or is shortened to a number.
    fn of(ids: &[String], parts: IdParts) -> Option<Self> {
        let mut cores = Self { parts, at_by_core: HashMap::with_capacity(ids.len()), repeated: None };
        for (at, id) in ids.iter().enumerate() {
            let core = parts.core(id).filter(|core| !is_number(core))?;
            if let Some(first) = cores.at_by_core.insert(core, at) {
                cores.repeated.get_or_insert((first, at));
            }
        }
        Some(cores)
    }
}

/// A way to shorten both sides.
struct Way {
    of_file: IdParts,
    of_cells: IdParts,
    n_matched: usize,
    /// A row and the cell it belongs to.
    example: (usize, usize),
    repeated: Option<Repeated>,
}

/// Two ids that become one.
enum Repeated {
    InFile(usize, usize),
    InCells(usize, usize),
}

/// Finds how ids of a file and of cells agree once shortened; `None` if they do not.
pub(super) fn shortened_ids(file: &str, row_ids: &[String], cell_ids: &[String]) -> Option<Shortened> {
    let mut best: Option<Way> = None;
    let needed = row_ids.len().min(cell_ids.len()).div_ceil(2).max(1);
    for cells in all_parts().filter_map(|parts| Cores::of(cell_ids, parts)) {
        for of_file in all_parts() {
            let Some(way) = compare(row_ids, of_file, &cells, needed) else { continue };
            if best.as_ref().is_none_or(|best| way.rank() > best.rank()) {
                best = Some(way);
            }
        }
    }
    best.map(|way| way.told(file, row_ids, cell_ids))
}

/// The row of each cell by shortened ids, `[n_cells]`.
///
/// # Errors
/// A sentence's end, if an id has too few parts or two become the same.
pub(super) fn rows_by_cell(
    trim: &IdTrim,
    row_ids: &[String],
    cell_ids: &[String],
) -> Result<Vec<Option<usize>>, String> {
    let cores = |ids: &[String], parts| {
        let cores = Cores::of(ids, parts).ok_or_else(|| "some ids have too few parts for it".to_owned())?;
        match cores.repeated {
            Some((first, second)) => Err(format!("{:?} and {:?} would be the same", ids[first], ids[second])),
            None => Ok(cores),
        }
    };
    let rows = cores(row_ids, trim.of_file)?;
    let cells = cores(cell_ids, trim.of_cells)?;
    let row_of = |id: &String| rows.at_by_core.get(&cells.parts.core(id)?).copied();
    Ok(cell_ids.iter().map(row_of).collect())
}

/// What a trim leaves out, as a phrase: `"-1" at the end of the file's ids`.
pub(super) fn left_out(trim: &IdTrim, row_ids: &[String], cell_ids: &[String]) -> String {
    let sides = [(row_ids, trim.of_file, "the file's ids"), (cell_ids, trim.of_cells, "the data set's ids")];
    let said: Vec<String> = sides
        .into_iter()
        .flat_map(|(ids, parts, whose)| {
            let ends = |wanted: fn((&str, &str, &str)) -> String| texts(ids, parts, wanted);
            [(ends(|cut| cut.0.to_owned()), "beginning"), (ends(|cut| cut.2.to_owned()), "end")]
                .into_iter()
                .filter_map(move |(text, place)| Some(format!("{} at the {place} of {whose}", text?)))
        })
        .collect();
    if said.is_empty() { "differences between -, _ and other marks".to_owned() } else { said.join(" and ") }
}

/// The text left out at one end: quoted if all ids have the same, else some of them; `None` if nothing is.
fn texts(ids: &[String], parts: IdParts, wanted: fn((&str, &str, &str)) -> String) -> Option<String> {
    let mut found: Vec<String> = Vec::new();
    for text in ids.iter().filter_map(|id| parts.cut(id)).map(wanted) {
        if !found.contains(&text) {
            found.push(text);
        }
        if found.len() > 1 {
            break;
        }
    }
    match found.as_slice() {
        [] => None,
        [only] if only.is_empty() => None,
        [only] => Some(format!("{only:?}")),
        several => Some(format!("what is like {}", examples(several.iter()))),
    }
}

fn all_parts() -> impl Iterator<Item = IdParts> {
    (0..=MAX_FIRST).flat_map(|n_first| (0..=MAX_LAST).map(move |n_last| IdParts { n_first, n_last }))
}

fn compare(row_ids: &[String], of_file: IdParts, cells: &Cores, needed: usize) -> Option<Way> {
    // Where the file has many more rows than there are cells, few of those looked at are of a cell.
    let is_sparse = row_ids.len() / 8 > cells.at_by_core.len();
    let step = if is_sparse { 1 } else { row_ids.len().div_ceil(N_PROBES).max(1) };
    let is_there = |id: &String| of_file.core(id).is_some_and(|core| cells.at_by_core.contains_key(&core));
    if !row_ids.iter().step_by(step).any(is_there) {
        return None;
    }
    let rows = Cores::of(row_ids, of_file)?;
    let mut found = (0..row_ids.len()).filter_map(|row| {
        let core = of_file.core(&row_ids[row])?;
        Some((row, *cells.at_by_core.get(&core)?))
    });
    let example = found.next()?;
    let n_matched = rows.at_by_core.keys().filter(|core| cells.at_by_core.contains_key(*core)).count();
    if n_matched < needed {
        return None;
    }
    let in_cells = cells.repeated.map(|(first, second)| Repeated::InCells(first, second));
    let repeated = rows.repeated.map(|(first, second)| Repeated::InFile(first, second)).or(in_cells);
    Some(Way { of_file, of_cells: cells.parts, n_matched, example, repeated })
}

impl Way {
    /// Larger is better.
    fn rank(&self) -> (bool, usize, std::cmp::Reverse<u8>) {
        let n_parts = [self.of_file, self.of_cells].map(|parts| parts.n_first + parts.n_last).iter().sum();
        (self.repeated.is_none(), self.n_matched, std::cmp::Reverse(n_parts))
    }

    fn told(self, file: &str, row_ids: &[String], cell_ids: &[String]) -> Shortened {
        let trim = IdTrim { file: file.to_owned(), of_file: self.of_file, of_cells: self.of_cells };
        let left_out = left_out(&trim, row_ids, cell_ids);
        let (row, cell) = (&row_ids[self.example.0], &cell_ids[self.example.1]);
        let words = format!("without {left_out} ({row:?} is then the cell {cell:?})");
        let (ids, whose, (first, second)) = match self.repeated {
            None => return Shortened::Agree { trim, n_matched: self.n_matched, words },
            Some(Repeated::InFile(first, second)) => (row_ids, "the file", (first, second)),
            Some(Repeated::InCells(first, second)) => (cell_ids, "the data set", (first, second)),
        };
        let (first, second) = (&ids[first], &ids[second]);
        Shortened::Repeat { words: format!("{words}, but then {first:?} and {second:?} of {whose} are the same") }
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARCODES: [&str; 4] = ["AAACCTGA", "AAACGGGT", "CCTTAGCA", "GGTTACGA"];

    fn ids(make: impl Fn(&str) -> String) -> Vec<String> {
        BARCODES.iter().map(|barcode| make(barcode)).collect()
    }

    fn trim(rows: &[String], cells: &[String]) -> Option<(IdParts, IdParts, usize)> {
        match shortened_ids("l.csv", rows, cells)? {
            Shortened::Agree { trim, n_matched, .. } => Some((trim.of_file, trim.of_cells, n_matched)),
            Shortened::Repeat { words } => panic!("{words}"),
        }
    }

    #[test]
    fn what_tools_add_is_recognised_and_the_least_is_left_out() {
        let plain = ids(str::to_owned);
        let parts = |n_first, n_last| IdParts { n_first, n_last };
        let none = parts(0, 0);
        let cases: [(Vec<String>, Vec<String>, IdParts, IdParts); 7] = [
            (ids(|b| format!("{b}-1")), plain.clone(), parts(0, 1), none),
            (plain.clone(), ids(|b| format!("{b}_1")), none, parts(0, 1)),
            (ids(|b| format!("sample1_{b}")), plain.clone(), parts(1, 0), none),
            (plain.clone(), ids(|b| format!("{b}-1-0")), none, parts(0, 2)),
            (ids(|b| format!("{b}-1")), ids(|b| format!("my_s1_{b}-1-ctrl")), none, parts(2, 1)),
            (ids(|b| format!("{b}.1")), ids(|b| format!("{b}-1")), none, none),
            (ids(|b| format!("{b}-1")), ids(|b| format!("s#{b}-2")), parts(0, 1), parts(1, 1)),
        ];
        for (rows, cells, of_file, of_cells) in cases {
            assert_eq!(trim(&rows, &cells), Some((of_file, of_cells, 4)), "{rows:?} {cells:?}");
        }
    }

    #[test]
    fn the_words_show_what_is_left_out_and_a_pair() {
        let found = shortened_ids("l.csv", &ids(|b| format!("{b}-1")), &ids(str::to_owned)).unwrap();
        let Shortened::Agree { words, .. } = found else { panic!("{found:?}") };
        assert_eq!(words, "without \"-1\" at the end of the file's ids (\"AAACCTGA-1\" is then the cell \"AAACCTGA\")");
        let mut rows = ids(|b| format!("s1_{b}"));
        rows[0] = "s2_AAACCTGA".to_owned();
        let Some(Shortened::Agree { words, .. }) = shortened_ids("l.csv", &rows, &ids(str::to_owned)) else { panic!() };
        assert!(
            words.starts_with("without what is like \"s2_\", \"s1_\" at the beginning of the file's ids"),
            "{words}"
        );
    }

    #[test]
    fn ids_that_would_become_the_same_are_told_and_not_offered() {
        let cells = ["AAAC-1-0", "AAAC-1-1", "CCTT-1-0", "CCTT-1-1"].map(str::to_owned);
        let rows = ["AAAC-1", "CCTT-1"].map(str::to_owned);
        let Some(Shortened::Repeat { words }) = shortened_ids("l.csv", &rows, &cells) else { panic!("offered") };
        assert!(words.ends_with("but then \"AAAC-1-0\" and \"AAAC-1-1\" of the data set are the same"), "{words}");
    }

    #[test]
    fn chance_numbers_and_other_cells_are_no_agreement() {
        let cells = ids(|b| format!("{b}-1"));
        let mut few = ["TTTT", "TTTG", "TTTC"].map(str::to_owned).to_vec();
        few.push("AAACCTGA".to_owned());
        assert_eq!(shortened_ids("l.csv", &few, &cells), None);
        let numbers: Vec<String> = (0..4).map(|n| n.to_string()).collect();
        let named: Vec<String> = (0..4).map(|n| format!("cell_{n}")).collect();
        assert_eq!(shortened_ids("l.csv", &numbers, &named), None);
        assert_eq!(shortened_ids("l.csv", &[], &cells), None);
    }

    #[test]
    fn rows_are_found_by_shortened_ids_or_refused() {
        let none = IdParts::default();
        let trim = IdTrim { file: "l".to_owned(), of_file: IdParts { n_first: 0, n_last: 1 }, of_cells: none };
        let of = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        assert_eq!(rows_by_cell(&trim, &of(&["b-1", "x-1"]), &of(&["a", "b"])), Ok(vec![None, Some(0)]));
        let repeated = rows_by_cell(&trim, &of(&["a-1", "a-2"]), &of(&["a"])).unwrap_err();
        assert_eq!(repeated, "\"a-1\" and \"a-2\" would be the same");
        assert!(rows_by_cell(&trim, &of(&["a"]), &of(&["a"])).is_err());
    }
}
