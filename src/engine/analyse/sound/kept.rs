//! What the engine knows of the tests that workers keep.

use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use crate::data::FeatureId;
use crate::engine::analyse::Task;
use crate::engine::model::Features;
use crate::lens::sound::Exclusion;
use crate::protocol::AnalysisParams;

/// Tests that workers hold, and of what they are.
pub(in crate::engine) struct KeptTests {
    features: Weak<Features>,
    generation: u32,
    params: AnalysisParams,
    pub(super) excluded: BTreeMap<FeatureId, Exclusion>,
    /// By worker: each block's number and its features.
    pub(super) blocks: Vec<Vec<(u32, Vec<FeatureId>)>>,
}

impl KeptTests {
    /// Nothing is kept yet of what the task tests.
    pub(super) fn none(task: &Task<'_>, n_workers: usize) -> Self {
        Self {
            features: Rc::downgrade(&task.features),
            generation: task.data.generation,
            params: task.params.clone(),
            excluded: BTreeMap::new(),
            blocks: vec![Vec::new(); n_workers],
        }
    }

    /// Whether the task's groups and tests are these.
    pub(super) fn serve(&self, task: &Task<'_>, n_workers: usize) -> bool {
        Weak::ptr_eq(&self.features, &Rc::downgrade(&task.features))
            && self.generation == task.data.generation
            && self.params.values == task.params.values
            && self.params.sound.tests_as(&task.params.sound)
            && self.blocks.len() == n_workers
    }
}
