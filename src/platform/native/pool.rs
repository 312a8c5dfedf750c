//! Pool workers as threads.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use futures::FutureExt;
use futures::channel::oneshot;

use super::OpenFiles;
use crate::io::ByteSource;
use crate::platform::{HostError, LocalTask, Pool};
use crate::pool::Worker;
use crate::protocol::{PoolAnswer, PoolCall};

struct Letter {
    call: PoolCall,
    file: Option<Arc<dyn ByteSource>>,
    answer_to: oneshot::Sender<PoolAnswer>,
}

/// So many threads, each with a worker; they end with the pool.
pub struct ThreadPool {
    files: OpenFiles,
    workers: RefCell<Vec<Option<Sender<Letter>>>>,
}

impl ThreadPool {
    /// A pool of `n_threads`, at least one, that can read these files.
    #[must_use]
    pub fn new(n_threads: usize, files: OpenFiles) -> Self {
        Self { files, workers: RefCell::new(vec![None; n_threads.max(1)]) }
    }

    /// Hands a call to a worker's thread, starting it if it does not run.
    fn send(&self, worker: usize, letter: Letter) -> Result<(), HostError> {
        let mut workers = self.workers.borrow_mut();
        let letter = match &workers[worker] {
            Some(thread) => match thread.send(letter) {
                Ok(()) => return Ok(()),
                Err(unsent) => unsent.0,
            },
            None => letter,
        };
        let (sender, receiver) = channel();
        let stopped = |reason: String| HostError::Worker { reason };
        std::thread::Builder::new()
            .name(format!("pool-{worker}"))
            .spawn(move || serve(&receiver))
            .map_err(|error| stopped(format!("the system gives no thread ({error})")))?;
        sender.send(letter).map_err(|_| stopped("its thread ended at once".to_owned()))?;
        workers[worker] = Some(sender);
        Ok(())
    }
}

fn serve(letters: &Receiver<Letter>) {
    let mut worker = Worker::default();
    while let Ok(Letter { call, file, answer_to }) = letters.recv() {
        // Nobody waits any more where the job was dropped.
        let _ = answer_to.send(worker.answer_with(call, file));
    }
}

impl Pool for ThreadPool {
    fn n_workers(&self) -> usize {
        self.workers.borrow().len()
    }

    fn call(&self, worker: usize, call: PoolCall) -> LocalTask<'_, Result<PoolAnswer, HostError>> {
        let (answer_to, receiver) = oneshot::channel();
        let file = call.file().and_then(|file| self.files.borrow().get(&file.handle).cloned());
        let sent = self.send(worker, Letter { call, file, answer_to });
        async move {
            sent?;
            receiver.await.map_err(|_| HostError::Worker { reason: "its thread ended before it answered".to_owned() })
        }
        .boxed_local()
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn threads_answer_each_for_itself() {
        let pool = ThreadPool::new(2, OpenFiles::default());
        for worker in [0, 1, 0] {
            let answer = block_on(pool.call(worker, PoolCall::Findings { keep: None })).unwrap();
            assert!(matches!(answer, PoolAnswer::Failed(_)), "{answer:?}");
        }
    }
}
