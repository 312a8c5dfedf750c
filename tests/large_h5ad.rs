//! Files whose expression is so large that it is read in parts, made when they are needed.

use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};

pub(crate) const N_CELLS: usize = 2200;
pub(crate) const N_GENES: usize = 1500;
/// Values of a cell: more than two million in all, which are three windows.
pub(crate) const PER_CELL: usize = 1000;
/// Values of a chunk; windows are whole chunks.
pub(crate) const CHUNK: usize = 50_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Layout {
    Csr,
    Csc,
    Dense,
    TenX,
}

/// Which gene the `at`th value of a cell belongs to: ascending, and not the same for all cells.
fn gene(cell: usize, at: usize) -> usize {
    at + at * (cell % 50) / 100
}

/// Counts, and in one gene other numbers from the middle on.
fn value(cell: usize, gene: usize) -> f32 {
    let count = (1 + (cell * 7 + gene * 3) % 200) as f32;
    if gene == 30 && cell > N_CELLS / 2 { count + 0.25 } else { count }
}

/// The values of a file as it stores them: along cells, or along genes.
struct Stored {
    starts: Vec<i64>,
    minors: Vec<i32>,
    values: Vec<f32>,
}

impl Stored {
    fn new(by_cell: bool) -> Self {
        let entries = (0..N_CELLS).flat_map(|cell| (0..PER_CELL).map(move |at| (cell, gene(cell, at))));
        let places = |(cell, gene)| if by_cell { (cell, gene) } else { (gene, cell) };
        let mut places: Vec<(usize, usize)> = entries.map(places).collect();
        places.sort_unstable();
        let n_major = if by_cell { N_CELLS } else { N_GENES };
        let starts = (0..=n_major).map(|major| places.partition_point(|place| place.0 < major));
        let value = |&(major, minor): &(usize, usize)| if by_cell { value(major, minor) } else { value(minor, major) };
        Self {
            starts: starts.map(|start| i64::try_from(start).unwrap()).collect(),
            minors: places.iter().map(|place| i32::try_from(place.1).unwrap()).collect(),
            values: places.iter().map(value).collect(),
        }
    }

    fn write(&self, matrix: &mut GroupBuilder) {
        matrix.create_dataset("indptr").with_i64_data(&self.starts);
        matrix.create_dataset("indices").with_i32_data(&self.minors).with_chunks(&[CHUNK as u64]);
        matrix.create_dataset("data").with_f32_data(&self.values).with_chunks(&[CHUNK as u64]);
    }

    fn dense(&self) -> Vec<f32> {
        let mut dense = vec![0.0; N_CELLS * N_GENES];
        for (at, (&gene, &value)) in self.minors.iter().zip(&self.values).enumerate() {
            dense[at / PER_CELL * N_GENES + gene as usize] = value;
        }
        dense
    }
}

/// The bytes of a file with [`value`]s, but for what `change` makes of the stored genes (or cells) and values.
pub(crate) fn file(layout: Layout, change: impl Fn(&mut [i32], &mut [f32])) -> Vec<u8> {
    let mut stored = Stored::new(layout != Layout::Csc);
    change(&mut stored.minors, &mut stored.values);
    let names = |kind: &str, n: usize| (0..n).map(|at| format!("{kind}{at}")).collect::<Vec<String>>();
    let (cells, genes) = (names("cell", N_CELLS), names("GENE", N_GENES));
    let mut file = FileBuilder::new();
    if layout == Layout::TenX {
        let mut matrix = file.create_group("matrix");
        texts(&mut matrix, "barcodes", &cells);
        let mut features = matrix.create_group("features");
        let kind = |gene| if gene % 10 == 3 { "Antibody Capture" } else { "Gene Expression" };
        texts(&mut features, "id", &genes);
        texts(&mut features, "name", &genes);
        texts(&mut features, "feature_type", &(0..N_GENES).map(|gene| kind(gene).to_owned()).collect::<Vec<_>>());
        matrix.add_group(features.finish());
        matrix.create_dataset("shape").with_i64_data(&[1500, 2200]);
        stored.write(&mut matrix);
        file.add_group(matrix.finish());
        return file.finish().unwrap();
    }
    for (name, names) in [("obs", &cells), ("var", &genes)] {
        let mut table = file.create_group(name);
        table.set_attr("_index", AttrValue::String("_index".into()));
        table.set_attr("encoding-type", AttrValue::String("dataframe".into()));
        texts(&mut table, "_index", names);
        file.add_group(table.finish());
    }
    if layout == Layout::Dense {
        let x = file.create_dataset("X");
        x.with_f32_data(&stored.dense()).with_shape(&[2200, 1500]).with_chunks(&[100, 300]);
    } else {
        let mut matrix = file.create_group("X");
        let encoding = if layout == Layout::Csc { "csc_matrix" } else { "csr_matrix" };
        matrix.set_attr("encoding-type", AttrValue::String(encoding.into()));
        matrix.set_attr("shape", AttrValue::I64Array(vec![2200, 1500]));
        stored.write(&mut matrix);
        file.add_group(matrix.finish());
    }
    file.finish().unwrap()
}

fn texts(group: &mut GroupBuilder, name: &str, values: &[String]) {
    group.create_dataset(name).with_vlen_strings(&values.iter().map(String::as_str).collect::<Vec<_>>());
}
