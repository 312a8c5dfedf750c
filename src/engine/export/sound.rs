//! Sound mode's tables: differential expression, over-representation, labels.
//!
//! Adjusted p-values that underflow are written as the smallest number above 0, for they are not 0.

use std::io::Write;
use std::sync::{Arc, Mutex};

use super::{CSV, file};
use crate::data::{FeatureId, GeneId, Observer};
use crate::engine::EngineError;
use crate::engine::analysis::{Analysis, Results};
use crate::engine::jobs::{GENES_PER_STEP, RunningJob};
use crate::engine::model::Features;
use crate::engine::state::OpenData;
use crate::lens::sound::{FeatureGroups, FeatureReport, GeneTable, GeneTableMaker, GroupMaker, ShardPlan};
use crate::lens::tables::{
    Column, ColumnValues, CsvCompression, DeRow, OraRow, ParquetOptions, Table, TableCsv, TableError, TableParquet,
};
use crate::lens::{AssociationParams, LabelAssociations};
use crate::protocol::{AnalysisParams, Event, ExportedFile, SoundParams, TableFormat, TableStyle};

/// Features whose genes are tested at a time.
const FEATURES_PER_BATCH: usize = 64;
const SMALLEST: f64 = 5e-324;
/// Parts of a file are at least this large.
const PART_BYTES: usize = 16 << 20;

/// What the tables are made of.
pub(super) struct Source<'a> {
    pub(super) data: &'a OpenData,
    pub(super) features: &'a Features,
    pub(super) params: &'a AnalysisParams,
    pub(super) job: &'a RunningJob,
    /// Whether large files leave in parts.
    pub(super) in_parts: bool,
}

impl Source<'_> {
    /// Every gene of these features, a row a gene and feature; features whose groups are too small have none.
    /// `is_wanted` is asked with the p-value of the selecting test, adjusted over the feature's genes.
    ///
    /// # Errors
    /// [`EngineError`] where there is nothing to test, the table has no such form, or the job was cancelled.
    pub(super) async fn differential_expression(
        &self,
        features: &[FeatureId],
        style: TableStyle,
        name: &str,
        is_wanted: impl Fn(f64) -> bool,
    ) -> Result<ExportedFile, EngineError> {
        let (plan, _) = self.data.sound_plan(self.params)?;
        let expression = self.data.expression()?;
        let names: Arc<[String]> = expression.gene_names.clone().into();
        let maker = GroupMaker::new(&plan.params, &self.features.model.activations, &self.data.dataset.cells)?;
        let mut sink = Sink::new(name, style.format);
        for (n_done, batch) in features.chunks(FEATURES_PER_BATCH).enumerate() {
            let fraction = (n_done * FEATURES_PER_BATCH) as f64 / features.len() as f64;
            self.job.progress(fraction, &format!("Testing genes of feature {}", batch[0]));
            for (feature, table) in self.gene_tables(batch, &maker, &plan, &plan.params).await? {
                let [_, _, ln_padj] = table.of_test(plan.params.primary());
                let genes = (0..names.len()).filter(|&gene| is_wanted(libm::exp(ln_padj[gene])));
                let rows: Vec<DeRow> = genes.map(|gene| de_row(feature, gene, &table)).collect();
                sink.write(&style.convention.differential_expression(&rows, &names, plan.params.primary())?)?;
                if let Some(part) = sink.part().filter(|_| self.in_parts) {
                    self.job.emit(Event::ExportedPart(part));
                    self.job.checkpoint().await?;
                }
            }
        }
        // A file without a feature still has its columns.
        sink.write(&style.convention.differential_expression(&[], &names, plan.params.primary())?)?;
        sink.finish()
    }

    /// The tables of those features of a batch whose groups are large enough, by the tests `params` names.
    async fn gene_tables(
        &self,
        batch: &[FeatureId],
        maker: &GroupMaker<'_>,
        plan: &ShardPlan,
        params: &SoundParams,
    ) -> Result<Vec<(FeatureId, GeneTable)>, EngineError> {
        let with_groups = batch.iter().filter_map(|&feature| Some((feature, maker.of_feature(feature).ok()?)));
        let (batch, groups): (Vec<FeatureId>, Vec<FeatureGroups>) = with_groups.unzip();
        let by_gene = &self.data.expression()?.by_gene;
        let mut tables = GeneTableMaker::new(by_gene, &plan.normaliser, &groups, params);
        while tables.step(GENES_PER_STEP) {
            self.job.checkpoint().await?;
        }
        Ok(batch.into_iter().zip(tables.finish()).collect())
    }

    /// The kept sets of all features with their hits by name.
    ///
    /// # Errors
    /// [`EngineError`] where the table has no such form, or the job was cancelled.
    pub(super) async fn over_representation(
        &self,
        analysis: &Analysis,
        style: TableStyle,
        name: &str,
    ) -> Result<ExportedFile, EngineError> {
        let (plan, _) = self.data.sound_plan(self.params)?;
        let selecting = SoundParams { tests: vec![plan.params.primary()], ..plan.params.clone() };
        let names: Arc<[String]> = plan.sets.ids().map(|set| plan.sets.name(set).to_owned()).collect();
        let maker = GroupMaker::new(&plan.params, &self.features.model.activations, &self.data.dataset.cells)?;
        let mut sink = Sink::new(name, style.format);
        let Results::Sound(sound) = &analysis.results else { return Err(EngineError::NoAnalysis) };
        let with_terms: Vec<FeatureId> =
            sound.by_feature.iter().filter(|(_, found)| !found.terms.is_empty()).map(|(&feature, _)| feature).collect();
        for (n_done, batch) in with_terms.chunks(FEATURES_PER_BATCH).enumerate() {
            let fraction = (n_done * FEATURES_PER_BATCH) as f64 / with_terms.len() as f64;
            self.job.progress(fraction, &format!("Writing gene sets of feature {}", batch[0]));
            for (feature, table) in self.gene_tables(batch, &maker, &plan, &selecting).await? {
                let report = FeatureReport::new(&plan, &table);
                let rows: Vec<OraRow> = self.ora_rows(feature, &report, &plan, analysis);
                sink.write(&style.convention.over_representation(&rows, &names)?)?;
            }
        }
        sink.write(&style.convention.over_representation(&[], &names)?)?;
        sink.finish()
    }

    fn ora_rows(
        &self,
        feature: FeatureId,
        report: &FeatureReport,
        plan: &ShardPlan,
        analysis: &Analysis,
    ) -> Vec<OraRow> {
        let Results::Sound(sound) = &analysis.results else { return Vec::new() };
        let family = sound.family.as_ref();
        let rows = report.findings.terms.iter().map(|term| {
            let counts = report.term_counts(plan, term);
            OraRow {
                feature,
                set: term.set,
                direction: term.direction,
                k: term.n_hits,
                set_size: counts.set_size as u32,
                n_selected: counts.n_selected as u32,
                universe: plan.sets.n_universe() as u32,
                fold: counts.fold,
                odds_ratio: counts.odds_ratio,
                log10_p: log10(term.ln_p_value),
                padj_feature: positive_exp(term.ln_padj),
                padj_global: family.map_or(f64::NAN, |family| positive_exp(family.ln_padj(term.ln_p_value))),
                mw_z: term.rank_z,
                mw_log10_p: log10(term.rank_ln_p_value),
                mw_padj_feature: positive_exp(term.rank_ln_padj),
                genes: counts.hits.iter().map(|&gene| self.data.gene_name(gene)).collect(),
            }
        });
        rows.collect()
    }

    /// Every live feature against every category of every label column.
    ///
    /// # Errors
    /// [`EngineError`] for columns that are not there, or if the job was cancelled.
    pub(super) async fn label_association(
        &self,
        params: &AssociationParams,
        format: TableFormat,
        name: &str,
    ) -> Result<ExportedFile, EngineError> {
        let cells = &self.data.dataset.cells;
        let all = LabelAssociations::new(cells, &self.features.model.activations, params)?;
        let mut sink = Sink::new(name, format);
        let live = self.features.live();
        for (n_done, &feature) in live.iter().enumerate() {
            self.job
                .progress(n_done as f64 / live.len() as f64, &format!("Measuring feature {feature} against labels"));
            sink.write(&label_table(cells, &all.of_feature(feature))?)?;
            self.job.checkpoint().await?;
        }
        sink.write(&label_table(cells, &[])?)?;
        sink.finish()
    }
}

pub(super) fn log10(ln: f64) -> f64 {
    ln * std::f64::consts::LOG10_E
}

pub(super) fn positive_exp(ln: f64) -> f64 {
    if ln.is_nan() { ln } else { libm::exp(ln).max(SMALLEST) }
}

fn de_row(feature: FeatureId, gene: usize, table: &GeneTable) -> DeRow {
    let [n_pos, n_neg] = table.n_cells.map(|n| n as u32);
    DeRow {
        feature,
        gene: GeneId::from_index(gene),
        n_pos,
        n_neg,
        mean_pos: table.mean_positive[gene],
        mean_neg: table.mean_negative[gene],
        frac_pos: table.fraction_positive[gene],
        frac_neg: table.fraction_negative[gene],
        log2_fold_change: table.log2_fold_change[gene],
        t: table.t[gene],
        log10_p_t: log10(table.t_ln_p_value[gene]),
        padj_t: positive_exp(table.t_ln_padj[gene]),
        u: table.u[gene],
        auroc: table.auroc[gene],
        z: table.z[gene],
        log10_p_wilcoxon: log10(table.z_ln_p_value[gene]),
        padj_wilcoxon: positive_exp(table.z_ln_padj[gene]),
    }
}

fn label_table(cells: &crate::data::CellTable, rows: &[crate::lens::AssociationRow]) -> Result<Table, TableError> {
    let column = |at: usize| &cells.columns()[at];
    let category = |row: &crate::lens::AssociationRow| {
        let categories = column(row.label.column).categorical().map_or(&[][..], |(_, categories)| categories);
        categories[row.label.category].clone()
    };
    let numbers = |of: fn(&crate::lens::AssociationRow) -> f64| ColumnValues::F64(rows.iter().map(of).collect());
    let texts = |texts: Vec<String>| ColumnValues::Text(texts);
    Table::new(
        "label_association",
        vec![
            Column::new("feature", ColumnValues::U32(rows.iter().map(|row| row.feature.0).collect())),
            Column::new("column", texts(rows.iter().map(|row| column(row.label.column).name.clone()).collect())),
            Column::new("label", texts(rows.iter().map(category).collect())),
            Column::new("auroc", numbers(|row| row.auroc)),
            Column::new("f1", numbers(|row| row.best_f1.f1)),
            Column::new("threshold", numbers(|row| row.best_f1.threshold)),
            Column::new("class", texts(rows.iter().map(|row| row.class.name().to_owned()).collect())),
            Column::new("confounded", ColumnValues::Bool(rows.iter().map(|row| row.is_confounded).collect())),
        ],
    )
}

/// A file in the making, whose first batch says what its columns are.
pub(super) struct Sink {
    name: String,
    mime: &'static str,
    format: TableFormat,
    bytes: SharedBytes,
    writer: Option<Writer>,
}

enum Writer {
    Csv(Box<TableCsv<SharedBytes>>),
    Parquet(Box<TableParquet<SharedBytes>>),
}

/// Bytes that a writer adds to and somebody else takes away.
#[derive(Clone, Default)]
struct SharedBytes(Arc<Mutex<Vec<u8>>>);

impl SharedBytes {
    fn len(&self) -> usize {
        self.0.lock().map_or(0, |bytes| bytes.len())
    }

    fn take(&self) -> Vec<u8> {
        self.0.lock().map(|mut bytes| std::mem::take(&mut *bytes)).unwrap_or_default()
    }
}

impl Write for SharedBytes {
    fn write(&mut self, more: &[u8]) -> std::io::Result<usize> {
        let mut bytes = self.0.lock().map_err(|_| std::io::Error::other("its writer panicked"))?;
        bytes.write(more)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Sink {
    pub(super) fn new(name: &str, format: TableFormat) -> Self {
        let (ending, mime) = match format {
            TableFormat::Csv => ("csv", CSV),
            TableFormat::CsvGz => ("csv.gz", "application/gzip"),
            TableFormat::Parquet => ("parquet", "application/vnd.apache.parquet"),
        };
        Self { name: format!("{name}.{ending}"), mime, format, bytes: SharedBytes::default(), writer: None }
    }

    pub(super) fn write(&mut self, batch: &Table) -> Result<(), TableError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.begin(batch)?,
        };
        match self.writer.insert(writer) {
            Writer::Csv(writer) => writer.write(batch),
            Writer::Parquet(writer) => writer.write(batch),
        }
    }

    fn begin(&self, batch: &Table) -> Result<Writer, TableError> {
        let csv = |compression| {
            let writer = TableCsv::new(self.bytes.clone(), batch.schema(), compression)?;
            Ok(Writer::Csv(Box::new(writer)))
        };
        match self.format {
            TableFormat::Csv => csv(CsvCompression::None),
            TableFormat::CsvGz => csv(CsvCompression::Gzip),
            TableFormat::Parquet => {
                let writer = TableParquet::new(self.bytes.clone(), batch.schema(), ParquetOptions::default())?;
                Ok(Writer::Parquet(Box::new(writer)))
            }
        }
    }

    /// What was written so far, if it is much; it is the caller's then.
    fn part(&self) -> Option<ExportedFile> {
        (self.bytes.len() >= PART_BYTES).then(|| file(self.name.clone(), self.mime, self.bytes.take()))
    }

    pub(super) fn finish(self) -> Result<ExportedFile, EngineError> {
        match self.writer {
            None => {}
            Some(Writer::Csv(writer)) => drop(writer.finish()?),
            Some(Writer::Parquet(writer)) => drop(writer.finish()?),
        }
        Ok(file(self.name, self.mime, self.bytes.take()))
    }
}
