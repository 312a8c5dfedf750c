//! The made-up data of `fixtures/lens/make_reference.py`, number by number.

use featurescope::data::{
    CellTable, DenseMatrix, Expression, GeneSet, LabelColumn, SparseActivations, SparseBuilder, SparseMatrix,
};

pub const N_CELLS: usize = 2_000;
pub const N_GENES: usize = 240;
pub const N_PROGRAMS: usize = 6;
pub const N_FEATURES: usize = 12;
const N_SETS: usize = 60;

pub struct Sample {
    pub latents: DenseMatrix,
    pub expression: Expression,
    pub activations: SparseActivations,
    pub gene_sets: Vec<GeneSet>,
    pub cells: CellTable,
}

struct ParkMiller(u64);

impl ParkMiller {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0 * 16_807 % 2_147_483_647;
        self.0 as f64 / 2_147_483_647.0
    }
}

pub fn sample() -> Sample {
    let latents = latents();
    let mut gene_names: Vec<String> = (0..N_GENES).map(|gene| format!("G{gene}")).collect();
    gene_names[31].replace_range(.., "G30");
    let mut cells = CellTable::without_ids(N_CELLS);
    let name = |cell: usize| if cell.is_multiple_of(97) { "" } else { ["A", "B", "C", "D"][cell % 4] };
    let names: Vec<&str> = (0..N_CELLS).map(name).collect();
    cells.add_column(LabelColumn::from_texts("type", &names)).unwrap();
    Sample {
        expression: Expression::new(gene_names, counts(&latents)),
        activations: SparseActivations::from_cells(activations(&latents)),
        gene_sets: gene_sets(),
        cells,
        latents,
    }
}

fn latents() -> DenseMatrix {
    let mut random = ParkMiller(11);
    let mut latents = DenseMatrix::zeros(N_CELLS, N_PROGRAMS);
    for cell in 0..N_CELLS {
        for program in 0..N_PROGRAMS {
            let u = random.uniform();
            if cell % 4 == program % 4 || cell % 4 == (program + 1) % 4 {
                latents.row_mut(cell)[program] = ((256.0 * u * u * u).floor() / 64.0) as f32;
            }
        }
    }
    latents
}

fn counts(latents: &DenseMatrix) -> SparseMatrix {
    let mut random = ParkMiller(12);
    let mut by_cell = SparseBuilder::new(N_GENES);
    for cell in 0..N_CELLS {
        let mut row = [0.0_f32; N_GENES];
        for (gene, count) in row.iter_mut().enumerate() {
            let u = random.uniform();
            let latent = f64::from(latents.row(cell)[gene % 6]);
            let rate = (1.0 + (gene % 5) as f64) * (1.0 + 2.0 * latent * (gene % 3) as f64);
            *count = (rate * u * u).floor() as f32;
        }
        row[5] = 0.0;
        row[6] = if cell == 40 { 2.0 } else { 0.0 };
        let is_empty = cell == 17;
        by_cell.push_major((0_u32..).zip(row).filter(|_| !is_empty));
    }
    by_cell.finish().transposed()
}

fn activations(latents: &DenseMatrix) -> SparseMatrix {
    let mut random = ParkMiller(13);
    let mut by_cell = SparseBuilder::new(N_FEATURES);
    for cell in 0..N_CELLS {
        let latent = latents.row(cell);
        let mut z = [0.0_f32; N_FEATURES];
        for program in 0..N_PROGRAMS {
            let u = random.uniform();
            z[program] = (f64::from(latent[program]) - 0.5 + (16.0 * u).floor() / 64.0).max(0.0) as f32;
        }
        let u = random.uniform();
        z[6] = if f64::from(latent[1]) > 3.9 { latent[1] } else { 0.0 };
        let is_zero = cell == 3 || cell == 1_500;
        z[7] = if is_zero { 0.0 } else { (1.0 + f64::from(latent[0]) + (512.0 * u).floor() / 64.0) as f32 };
        z[9] = if cell % 4 == 1 { 1.5 } else { 0.0 };
        z[10] = if cell == 99 { 0.75 } else { 0.0 };
        z[11] = ((64.0 * u).floor() / 16.0) as f32;
        by_cell.push_major((0_u32..).zip(z));
    }
    by_cell.finish()
}

fn gene_sets() -> Vec<GeneSet> {
    let mut random = ParkMiller(14);
    let mut set = |at: usize| {
        let chance = 0.04 + 0.01 * (at % 7) as f64;
        let mut genes = Vec::new();
        for gene in 0..N_GENES {
            let u = random.uniform();
            let is_favoured = at.is_multiple_of(2) && gene % 6 == (at / 2) % 6;
            if u < chance * (if is_favoured { 4.0 } else { 0.7 }) {
                genes.push(format!("G{gene}"));
            }
        }
        genes.push(format!("absent {at}"));
        GeneSet { name: format!("set {at} (GO:{at:07})"), description: String::new(), genes }
    };
    (0..N_SETS).map(&mut set).collect()
}
