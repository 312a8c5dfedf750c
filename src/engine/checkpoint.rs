//! Training runs kept in storage, so that a reload does not lose them, and as files.
//!
//! Two slots are written in turn and each carries a number and a checksum: a write that was cut off leaves the one
//! before it readable. What a slot holds is the trainer's own bytes behind a JSON header that says what they are. A file
//! holds what a slot holds; one that is opened takes the place of the run that was kept.

use serde::{Deserialize, Serialize};

use super::EngineError;
use super::session::Inner;
use super::state::OpenData;
use super::train::fitting_embedding;
use crate::data::Notice;
use crate::io::TRAINING_RUN_MAGIC;
use crate::platform::{HostError, Store};
use crate::protocol::{CheckpointInfo, Event, PROTOCOL_VERSION, RequestId, SaeParams, TrainProgress};
use crate::sae::Checkpoint;

const SLOTS: [&str; 2] = ["featurescope-training-0", "featurescope-training-1"];
/// Magic, number, checksum, length of the header.
const PREFIX: usize = 8 + 8 + 8 + 8;

/// A kept training run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    /// Rises with every write.
    pub(super) number: u64,
    /// What it is.
    pub(super) facts: Facts,
    /// The trainer's bytes.
    pub(super) body: Vec<u8>,
}

/// What a kept training run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) dataset_name: String,
    pub(super) embedding: String,
    pub(super) params: SaeParams,
    pub(super) progress: TrainProgress,
}

impl Facts {
    /// The facts as the page is told them.
    pub(super) fn info(&self, fits_open_data: bool) -> CheckpointInfo {
        CheckpointInfo {
            dataset_name: self.dataset_name.clone(),
            embedding: self.embedding.clone(),
            params: self.params.clone(),
            progress: self.progress.clone(),
            fits_open_data,
        }
    }
}

/// The newest run in storage that is whole.
///
/// # Errors
/// [`HostError::Storage`] if the storage can't be read.
pub(super) async fn load(store: &dyn Store) -> Result<Option<Kept>, HostError> {
    let mut newest: Option<Kept> = None;
    for slot in SLOTS {
        let found = store.get(slot).await?.and_then(|bytes| parse(&bytes));
        if let Some(found) = found
            && newest.as_ref().is_none_or(|known| known.number < found.number)
        {
            newest = Some(found);
        }
    }
    Ok(newest)
}

/// Keeps a run, leaving the one before it in the other slot.
///
/// # Errors
/// [`HostError::Storage`] if the storage is missing, full or refused.
pub(super) async fn save(store: &dyn Store, kept: &Kept) -> Result<(), HostError> {
    store.put(SLOTS[(kept.number % 2) as usize], &to_bytes(kept)?).await
}

/// What a slot or a file holds.
///
/// # Errors
/// [`HostError::Storage`] if the facts have no JSON form, which none lack.
pub(super) fn to_bytes(kept: &Kept) -> Result<Vec<u8>, HostError> {
    let header = serde_json::to_vec(&kept.facts).map_err(|error| HostError::Storage { reason: error.to_string() })?;
    let mut bytes = Vec::with_capacity(PREFIX + header.len() + kept.body.len());
    bytes.extend_from_slice(&TRAINING_RUN_MAGIC);
    bytes.extend_from_slice(&kept.number.to_le_bytes());
    bytes.extend_from_slice(&checksum(&[&header, &kept.body]).to_le_bytes());
    bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&header);
    bytes.extend_from_slice(&kept.body);
    Ok(bytes)
}

/// Forgets every kept run.
///
/// # Errors
/// [`HostError::Storage`] if the storage can't be written.
pub(super) async fn discard(store: &dyn Store) -> Result<(), HostError> {
    for slot in SLOTS {
        store.delete(slot).await?;
    }
    Ok(())
}

/// What a slot holds; `None` if it was cut off, damaged or written by another version.
fn parse(bytes: &[u8]) -> Option<Kept> {
    let prefix = bytes.get(..PREFIX)?;
    let number_at = |at: usize| prefix[at..at + 8].try_into().ok().map(u64::from_le_bytes);
    if prefix[..8] != TRAINING_RUN_MAGIC {
        return None;
    }
    let (number, expected, n_header) = (number_at(8)?, number_at(16)?, usize::try_from(number_at(24)?).ok()?);
    let (header, body) = bytes[PREFIX..].split_at_checked(n_header)?;
    if checksum(&[header, body]) != expected {
        return None;
    }
    Some(Kept { number, facts: serde_json::from_slice(header).ok()?, body: body.to_vec() })
}

/// FNV-1a over words of eight bytes: finds a torn write, and is quick.
fn checksum(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for chunk in part.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3);
        }
        hash = (hash ^ part.len() as u64).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

impl Inner {
    /// The engine's first message, with the training run kept from before.
    pub(super) async fn greet(&self) {
        // Storage that fails is told of when there is something to keep.
        let kept = load(self.host.store()).await.ok().flatten();
        let info = kept.map(|kept| {
            let mut state = self.state.borrow_mut();
            state.checkpoint_number = kept.number;
            let info = kept.facts.info(false);
            state.checkpoint = Some((kept.facts, false));
            info
        });
        self.emit(0, Event::Ready { protocol_version: PROTOCOL_VERSION, checkpoint: info });
    }

    /// The number of the next checkpoint.
    pub(super) fn next_checkpoint_number(&self) -> u64 {
        let mut state = self.state.borrow_mut();
        state.checkpoint_number += 1;
        state.checkpoint_number
    }

    /// Notes what is kept in storage and tells it.
    pub(super) fn tell_checkpoint(&self, id: RequestId, kept: Option<(Facts, bool)>) {
        let info = kept.as_ref().map(|(facts, fits)| facts.info(*fits));
        self.state.borrow_mut().checkpoint = kept;
        self.emit(id, Event::Checkpoint(info));
    }

    /// Keeps a training run from a file in place of the one that was kept.
    ///
    /// # Errors
    /// [`EngineError::TrainingRunFile`] if it is damaged or of another version, [`EngineError::Host`] if it can't be
    /// kept.
    pub(super) async fn take_run(&self, file: &str, bytes: &[u8]) -> Result<(), EngineError> {
        let damaged = || EngineError::TrainingRunFile { file: file.to_owned() };
        let kept = parse(bytes).ok_or_else(damaged)?;
        Checkpoint::from_bytes(&kept.body).map_err(|_| damaged())?;
        let kept = Kept { number: self.next_checkpoint_number(), ..kept };
        save(self.host.store(), &kept).await?;
        self.state.borrow_mut().checkpoint = Some((kept.facts, false));
        Ok(())
    }

    /// Tells the training run that was just opened, and whether it fits the data that are open.
    pub(super) async fn tell_opened_run(&self, id: RequestId) {
        let data = self.state.borrow().data.clone();
        if let Some(data) = data {
            self.match_checkpoint(&data).await;
        }
        let Some((facts, fits)) = self.state.borrow().checkpoint.clone() else { return };
        if !fits {
            let text = format!(
                "The training run is of {:?}, embedding {:?}; open the data it was made on to go on with it.",
                facts.dataset_name, facts.embedding
            );
            self.emit(id, Event::Noticed(Notice::info(text)));
        }
        self.emit(id, Event::Checkpoint(Some(facts.info(fits))));
    }

    /// Throws the kept training run away.
    ///
    /// # Errors
    /// [`HostError::Storage`].
    pub(super) async fn discard_checkpoint(&self, id: RequestId) -> Result<(), HostError> {
        discard(self.host.store()).await?;
        self.tell_checkpoint(id, None);
        Ok(())
    }

    /// Finds out whether the kept training run is of the data that are open now, and tells if that changed.
    pub(super) async fn match_checkpoint(&self, data: &OpenData) {
        let Some((facts, did_fit)) = self.state.borrow().checkpoint.clone() else { return };
        let Ok(Some(kept)) = load(self.host.store()).await else { return };
        let fits = Checkpoint::from_bytes(&kept.body).is_ok_and(|run| fitting_embedding(data, &facts, &run).is_some());
        if fits != did_fit {
            self.tell_checkpoint(0, Some((facts, fits)));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::platform::MemoryStore;

    fn kept(number: u64) -> Kept {
        let facts = Facts {
            dataset_name: "kang".into(),
            embedding: "X_pca".into(),
            params: SaeParams::default(),
            progress: TrainProgress { step: number as usize, ..TrainProgress::default() },
        };
        Kept { number, facts, body: vec![number as u8; 100] }
    }

    #[test]
    fn the_newest_of_two_is_read() {
        let store = MemoryStore::default();
        for number in 1..=3 {
            block_on(save(&store, &kept(number))).unwrap();
        }
        assert_eq!(block_on(load(&store)).unwrap(), Some(kept(3)));
        block_on(discard(&store)).unwrap();
        assert_eq!(block_on(load(&store)).unwrap(), None);
    }

    #[test]
    fn a_file_holds_what_a_slot_holds() {
        let bytes = to_bytes(&kept(5)).unwrap();
        assert_eq!(parse(&bytes), Some(kept(5)));
        assert_eq!((parse(&bytes[..40]), parse(b"FScopeT1")), (None, None));
    }

    #[test]
    fn a_torn_write_leaves_the_one_before() {
        let store = MemoryStore::default();
        block_on(save(&store, &kept(1))).unwrap();
        block_on(save(&store, &kept(2))).unwrap();
        let torn = block_on(store.get(SLOTS[0])).unwrap().unwrap();
        block_on(store.put(SLOTS[0], &torn[..torn.len() - 1])).unwrap();
        assert_eq!(block_on(load(&store)).unwrap(), Some(kept(1)));
    }
}
