//! Reading the expression of a large file by all threads at once, each a range of cells, before the rest of the file.
//!
//! Inflating and packing take most of the time of opening a large file, and no cell needs another. The engine's own thread
//! reads the first share and hands the thread back in between; each worker but the first reads another share from the file
//! itself and gives its genes, which are appended to those of the shares before. Where that does not work, whatever the
//! reason, the file is read as any other, which says what is wrong with it.

use std::rc::Rc;
use std::sync::Arc;

use futures::future::{Either, join_all, select};

use super::EngineError;
use super::jobs::RunningJob;
use super::pool::{ask, worker_fault};
use super::session::Inner;
use crate::data::{Observer, PackedMatrix};
use crate::io::{ByteSource, FileKind, ImportOptions, PartReader, ReadMatrix, Share, sniff};
use crate::platform::{HostError, Pool};
use crate::protocol::{FileHandle, PoolAnswer, PoolCall, PoolReading};

/// Smaller files are read before a worker has answered.
const LEAST_BYTES: u64 = 1 << 16;
/// Bytes of genes in a message.
const BYTES_AT_ONCE: u32 = 8 << 20;

/// Reads the expression of a file in parts; `None` where it is to be read with the rest of the file.
///
/// # Errors
/// [`EngineError::Cancelled`].
pub(super) async fn read_in_parts(
    inner: &Inner,
    job: &RunningJob,
    file: &FileHandle,
    source: &Arc<dyn ByteSource>,
    options: &ImportOptions,
) -> Result<Option<ReadMatrix>, EngineError> {
    let Some(pool) = inner.host.pool().filter(|pool| pool.n_workers() > 1) else { return Ok(None) };
    let is_one = || sniff(&file.name, &**source).is_ok_and(|kind| kind == FileKind::AnnData);
    if file.size < LEAST_BYTES || !is_one() {
        return Ok(None);
    }
    let reading = Reading { pool: &*pool, file, source, options };
    let read = reading.run(job).await;
    if !matches!(read, Ok(Some(_))) {
        forget(inner, &pool);
    }
    read
}

/// Lets workers forget what they read, once they have read it.
fn forget(inner: &Inner, pool: &Rc<dyn Pool>) {
    for worker in 1..pool.n_workers() {
        let pool = Rc::clone(pool);
        inner.host.spawn(Box::pin(async move {
            // One that stopped has nothing to forget.
            let _ = ask(&*pool, worker, PoolCall::ForgetRead).await;
        }));
    }
}

/// A file that is being read in parts.
struct Reading<'a> {
    pool: &'a dyn Pool,
    file: &'a FileHandle,
    source: &'a Arc<dyn ByteSource>,
    options: &'a ImportOptions,
}

/// The engine's own share.
struct Own {
    place: String,
    n_shares: usize,
    by_gene: PackedMatrix,
}

impl Reading<'_> {
    async fn run(&self, job: &RunningJob) -> Result<Option<ReadMatrix>, EngineError> {
        let others = Box::pin(join_all((1..self.pool.n_workers()).map(|worker| self.ask_to_read(worker))));
        let own = Box::pin(self.read_own(job));
        // The workers are asked first. Where there is nothing to put together, they are not waited for.
        let (others, own) = match select(others, own).await {
            Either::Left((others, own)) => (others, own.await?),
            Either::Right((own, others)) => match own? {
                Some(own) => (others.await, Some(own)),
                None => return Ok(None),
            },
        };
        let Some(Own { place, n_shares, mut by_gene }) = own else { return Ok(None) };
        let mut taken = others.into_iter().take(n_shares - 1).collect::<Result<(), HostError>>();
        for worker in 1..n_shares {
            job.checkpoint().await?;
            if taken.is_ok() {
                taken = self.take(worker, &mut by_gene).await;
            }
        }
        // Told once the file is open: where it is wrong, that is said instead.
        if let Err(error) = taken {
            job.warn(&format!("{:?} was read by one thread, which takes longer: {error}.", self.file.name));
            return Ok(None);
        }
        Ok(Some(ReadMatrix { place, by_gene }))
    }

    /// Lets a worker read its share.
    async fn ask_to_read(&self, worker: usize) -> Result<(), HostError> {
        let reading = PoolReading {
            file: self.file.clone(),
            matrix: self.options.matrix.clone(),
            memory: self.options.memory.map(|memory| (memory.bytes, memory.taken)),
            number: worker as u32,
            of: self.pool.n_workers() as u32,
        };
        ask(self.pool, worker, PoolCall::Read(reading)).await
    }

    /// Reads the first share; `None` where it is the only one, or something is wrong.
    async fn read_own(&self, job: &RunningJob) -> Result<Option<Own>, EngineError> {
        let share = Share { number: 0, of: self.pool.n_workers() };
        let source = Arc::clone(self.source);
        let Ok(Some(mut part)) = PartReader::open(&self.file.name, source, self.options, share) else {
            return Ok(None);
        };
        if part.n_shares() < 2 {
            return Ok(None);
        }
        loop {
            match part.step(job) {
                Ok(true) => job.checkpoint().await?,
                Ok(false) => break,
                Err(_) => return Ok(None),
            }
        }
        let (place, n_shares) = (part.place().to_owned(), part.n_shares());
        Ok(part.finish().ok().map(|by_gene| Own { place, n_shares, by_gene }))
    }

    /// Appends what a worker read.
    async fn take(&self, worker: usize, by_gene: &mut PackedMatrix) -> Result<(), HostError> {
        let mut next = 0;
        while next < by_gene.n_major() {
            let PoolAnswer::Genes(genes) = self.pool.call(worker, PoolCall::TakeRead(BYTES_AT_ONCE)).await? else {
                return Err(worker_fault("it answered what was not asked"));
            };
            match by_gene.append_bytes(next, &genes) {
                Ok(0) => return Err(worker_fault("it has fewer genes than the file")),
                Ok(n_taken) => next += n_taken,
                Err(error) => return Err(worker_fault(&error.to_string())),
            }
        }
        Ok(())
    }
}
