//! What passes between the engine and the workers that test features, train and read files with it.
//!
//! A worker is told the plan once, then for each block of features: the groups, the genes in the data's order in as
//! many messages as the engine likes, and the question what was found. It can keep a block's tests, so that a plan with
//! other thresholds needs no genes. Every call is answered before the next is sent. Gene values travel packed, as the engine keeps them; lists of lists travel as one column of starts and one of members.

use serde::{Deserialize, Serialize};

use super::{Bytes, F64Column, FileHandle, PoolPart, PoolShardCall, PoolShardState, U32Column};
use crate::lens::{FeatureGseaParams, SoundParams, ValueScale};

/// Lists one after the other: list i is `members[starts[i]..starts[i + 1]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lists {
    /// `[n_lists + 1]`
    pub starts: U32Column,
    /// All members.
    pub members: U32Column,
}

impl Lists {
    /// The lists of an iterator.
    pub fn collect<'a>(lists: impl IntoIterator<Item = &'a [u32]>) -> Self {
        let (mut starts, mut members) = (vec![0], Vec::new());
        for list in lists {
            members.extend_from_slice(list);
            starts.push(members.len() as u32);
        }
        Self { starts: U32Column(starts), members: U32Column(members) }
    }

    /// The lists.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|ends| &self.members[ends[0] as usize..ends[1] as usize])
    }
}

/// What all blocks of an analysis share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolPlan {
    /// Cells of the data.
    pub n_cells: usize,
    /// Genes of the data.
    pub n_genes: usize,
    /// What the tested values are.
    pub scale: ValueScale,
    /// Where counts are log-normalised: 10,000 over each cell's total.
    pub factors: Option<F64Column>,
    /// Tests and thresholds.
    pub params: SoundParams,
    /// Genes of each set.
    pub sets: Lists,
    /// Whether each gene is in the universe: 1 or 0.
    pub universe: Bytes,
    /// Whether groups and tests are those of the plan before, so that blocks kept under it still stand.
    pub tests_as_before: bool,
}

/// What a worker is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolCall {
    /// A new analysis.
    Plan(Box<PoolPlan>),
    /// A new block of features: rows of positive cells of each and, unless compared with the rest, of negative cells.
    Block {
        /// Positive rows of each feature.
        positive: Lists,
        /// Negative rows of each feature; `None` for all the rest.
        negative: Option<Lists>,
    },
    /// The next genes in packed rows, as [`PackedMatrix::to_bytes`](crate::data::PackedMatrix::to_bytes) writes them.
    Genes(Bytes),
    /// All genes were sent: what was found?
    Findings {
        /// The number to keep the block's tests under, for [`PoolCall::Again`].
        keep: Option<u32>,
    },
    /// What does the present plan make of a block that was kept?
    Again(u32),
    /// A block of sets to be tested along a ranking, in place of an earlier one. Features in work are not touched.
    Gsea(Box<PoolGsea>),
    /// So many steps of some 10 ms on the block of sets.
    GseaSteps(u32),
    /// Some of the features of a training run. Features in work for an analysis are not touched.
    Shard(PoolShardCall),
    /// A share of a file's expression to be read; the file travels beside the call.
    Read(PoolReading),
    /// About so many bytes of the next genes that were read; they are forgotten here.
    TakeRead(u32),
    /// What was read is of no use any more.
    ForgetRead,
}

impl PoolCall {
    /// The file that travels beside the call.
    pub fn file(&self) -> Option<&FileHandle> {
        match self {
            Self::Read(reading) => Some(&reading.file),
            _ => None,
        }
    }
}

/// A share of a file's expression to be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolReading {
    /// The file.
    pub file: FileHandle,
    /// The matrix, as [`Request::Open`](super::Request::Open) names it.
    pub matrix: Option<String>,
    /// Bytes that all data may take together and those that the open data take, where there is a limit.
    pub memory: Option<(u64, u64)>,
    /// Which share.
    pub number: u32,
    /// Of how many at most.
    pub of: u32,
}

/// What a worker answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolAnswer {
    /// Ready for the next call.
    Done,
    /// What was found, features in the block's order.
    Findings(Box<PoolFindings>),
    /// Where the block of sets stands.
    Gsea(PoolGseaState),
    /// What a phase of a training step says to the other shards.
    Part(PoolPart),
    /// What a shard remembers between two steps.
    ShardState(Box<PoolShardState>),
    /// Genes that were read, packed as in [`PoolCall::Genes`]; none after the last one.
    Genes(Bytes),
    /// The call can't be served: a sentence.
    Failed(String),
}

/// A ranking and sets to be tested along it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolGsea {
    /// How.
    pub params: FeatureGseaParams,
    /// The statistic of every gene; NaN for genes that are not ranked. `[n_genes]`
    pub statistic: F64Column,
    /// Genes of each set, of which one to all but one are ranked.
    pub sets: Lists,
}

/// Where a block of sets stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolGseaState {
    /// This share is done, 0 to 1.
    Going(f64),
    /// What was found.
    Done(Box<PoolGseaTests>),
}

/// Tests of sets in columns, in the block's order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolGseaTests {
    /// Enrichment scores.
    pub es: F64Column,
    /// Normalised scores; NaN where there is none.
    pub nes: F64Column,
    /// ln p; NaN where there is none.
    pub ln_p_value: F64Column,
    /// Standard deviation of log2 p; NaN where it is not known.
    pub log2_error: F64Column,
}

/// Findings of many features in columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolFindings {
    /// Genes selected up and down: two numbers a feature.
    pub n_selected: U32Column,
    /// Genes up and genes down: two lists a feature.
    pub genes: PoolGenes,
    /// Sets: a list a feature.
    pub terms: PoolTerms,
    /// Starts of each feature's list in `family`.
    pub family_starts: U32Column,
    /// ln of small p-values.
    pub family: F64Column,
    /// Genes of all features, counted by their p.
    pub gene_family: PoolFamilyCounts,
}

/// How many tests have a p of which size.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolFamilyCounts {
    /// Tests.
    pub n_tests: u64,
    /// Places that are not empty.
    pub places: U32Column,
    /// Tests in each.
    pub n: U32Column,
    /// The smallest −ln p in each.
    pub smallest: F64Column,
}

/// Genes in columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolGenes {
    /// Genes, list by list.
    pub genes: Lists,
    /// Statistics.
    pub statistic: F64Column,
    /// Log2 fold changes.
    pub log2_fold_change: F64Column,
    /// ln p.
    pub ln_p_value: F64Column,
    /// ln of adjusted p.
    pub ln_padj: F64Column,
}

/// Sets in columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolTerms {
    /// Sets, list by list.
    pub sets: Lists,
    /// 0 up, 1 down.
    pub direction: Bytes,
    /// Hits.
    pub n_hits: U32Column,
    /// ln p.
    pub ln_p_value: F64Column,
    /// ln of adjusted p.
    pub ln_padj: F64Column,
    /// z of the rank test.
    pub rank_z: F64Column,
    /// ln of its p.
    pub rank_ln_p_value: F64Column,
    /// ln of its adjusted p.
    pub rank_ln_padj: F64Column,
}
