//! An engine in process: its host, and the loop that runs it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Instant;

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::executor::{LocalPool, LocalSpawner};
use futures::task::{AtomicWaker, LocalSpawnExt};
use futures::{FutureExt, StreamExt};

use super::PathSource;
use crate::io::ByteSource;
use crate::platform::{Host, HostError, LocalTask, Pool, Store};
use crate::protocol::{Answer, FileHandle};

/// A native process as the place an engine runs in.
pub struct NativeHost {
    spawner: LocalSpawner,
    answers: UnboundedSender<Answer>,
    files: OpenFiles,
    next_file: Cell<u32>,
    clock: Clock,
    store: Rc<dyn Store>,
    pool: RefCell<Option<Rc<dyn Pool>>>,
}

/// Files by their handles.
pub type OpenFiles = Rc<RefCell<BTreeMap<u32, Arc<dyn ByteSource>>>>;

/// Seconds since some moment, never going back.
pub type Clock = Box<dyn Fn() -> f64>;

impl NativeHost {
    /// Makes the file at `path` known; the handle goes into a request.
    ///
    /// # Errors
    /// What the system reports.
    pub fn add_path(&self, path: &Path) -> std::io::Result<FileHandle> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(self.add_source(&name, Arc::new(PathSource::open(path)?)))
    }

    /// The files that are known here, for a pool that reads them.
    pub fn files(&self) -> OpenFiles {
        Rc::clone(&self.files)
    }

    /// Lets these workers compute beside the engine.
    pub fn use_pool(&self, pool: Rc<dyn Pool>) {
        *self.pool.borrow_mut() = Some(pool);
    }

    /// Makes any source of bytes known as a file of that name.
    pub fn add_source(&self, name: &str, source: Arc<dyn ByteSource>) -> FileHandle {
        let handle = self.next_file.get();
        self.next_file.set(handle + 1);
        let size = source.size();
        self.files.borrow_mut().insert(handle, source);
        FileHandle { handle, name: name.to_owned(), size }
    }
}

impl Host for NativeHost {
    fn open(&self, file: &FileHandle) -> Result<Arc<dyn ByteSource>, HostError> {
        self.files.borrow().get(&file.handle).cloned().ok_or_else(|| HostError::File {
            name: file.name.clone(),
            reason: "no file came with its handle".to_owned(),
        })
    }

    fn release(&self, _files: &[FileHandle]) {
        // They are a caller's, who may send their handles again.
    }

    fn emit(&self, answer: Answer) {
        // A session that is gone has no one to tell.
        let _ = self.answers.unbounded_send(answer);
    }

    fn spawn(&self, task: LocalTask<'static, ()>) {
        // Fails only when the pool is gone, and the work with it.
        let _ = self.spawner.spawn_local(task);
    }

    fn yield_now(&self) -> LocalTask<'static, ()> {
        let mut yielded = false;
        poll_fn(move |context| {
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .boxed_local()
    }

    fn now_secs(&self) -> f64 {
        (self.clock)()
    }

    fn memory_limit(&self) -> Option<u64> {
        None
    }

    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn pool(&self) -> Option<Rc<dyn Pool>> {
        self.pool.borrow().clone()
    }
}

/// Lets another thread, such as that of a signal, interrupt [`Session::next_turn`].
#[derive(Debug, Default)]
pub struct Interrupt {
    is_raised: AtomicBool,
    waker: AtomicWaker,
}

impl Interrupt {
    /// Interrupts; says whether an earlier interrupt is still waiting to be seen.
    pub fn raise(&self) -> bool {
        let was_raised = self.is_raised.swap(true, Ordering::SeqCst);
        self.waker.wake();
        was_raised
    }
}

/// What [`Session::next_turn`] came back with.
#[derive(Debug)]
pub enum Turn {
    /// An answer of the engine.
    Answer(Box<Answer>),
    /// [`Interrupt::raise`] was called.
    Interrupted,
}

/// One thread that runs an engine and hands out its answers.
pub struct Session {
    pool: LocalPool,
    host: Rc<NativeHost>,
    answers: UnboundedReceiver<Answer>,
    interrupt: Arc<Interrupt>,
}

impl Session {
    /// A session whose engine keeps checkpoints in `store`.
    #[must_use]
    pub fn new(store: Rc<dyn Store>) -> Self {
        let started = Instant::now();
        Self::with_clock(store, Box::new(move || started.elapsed().as_secs_f64()))
    }

    /// As [`new`](Self::new), with the caller's clock: how much work fits between two reports then does not depend
    /// on the machine.
    #[must_use]
    pub fn with_clock(store: Rc<dyn Store>, clock: Clock) -> Self {
        let pool = LocalPool::new();
        let (sender, answers) = unbounded();
        let host = NativeHost {
            spawner: pool.spawner(),
            answers: sender,
            files: OpenFiles::default(),
            next_file: Cell::new(0),
            clock,
            store,
            pool: RefCell::default(),
        };
        Self { pool, host: Rc::new(host), answers, interrupt: Arc::default() }
    }

    /// The host to make the engine with.
    pub fn host(&self) -> Rc<NativeHost> {
        Rc::clone(&self.host)
    }

    /// What another thread interrupts this one with.
    pub fn interrupt(&self) -> Arc<Interrupt> {
        Arc::clone(&self.interrupt)
    }

    /// Runs the engine until its next answer or an interrupt. Waits for ever if neither can come.
    pub fn next_turn(&mut self) -> Turn {
        let (answers, interrupt) = (&mut self.answers, &self.interrupt);
        self.pool.run_until(poll_fn(|context| {
            interrupt.waker.register(context.waker());
            if interrupt.is_raised.swap(false, Ordering::SeqCst) {
                return Poll::Ready(Turn::Interrupted);
            }
            match answers.poll_next_unpin(context) {
                Poll::Ready(Some(answer)) => Poll::Ready(Turn::Answer(Box::new(answer))),
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            }
        }))
    }

    /// Runs the engine until nothing can go on by itself, and hands out all answers.
    pub fn drain(&mut self) -> Vec<Answer> {
        self.pool.run_until_stalled();
        std::iter::from_fn(|| self.answers.try_recv().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::MemoryStore;
    use crate::protocol::Event;

    #[test]
    fn answers_come_out_while_work_goes_on() {
        let mut session = Session::new(Rc::new(MemoryStore::default()));
        let host = session.host();
        let worker = session.host();
        host.spawn(
            async move {
                for id in 0..3 {
                    worker.emit(Answer { id, event: Event::Closed });
                    worker.yield_now().await;
                }
            }
            .boxed_local(),
        );
        assert!(matches!(session.next_turn(), Turn::Answer(answer) if answer.id == 0));
        session.interrupt().raise();
        assert!(matches!(session.next_turn(), Turn::Interrupted));
        assert_eq!(session.drain().len(), 2);
    }

    #[test]
    fn an_unknown_handle_is_refused() {
        let session = Session::new(Rc::new(MemoryStore::default()));
        let file = FileHandle { handle: 5, name: "x.npy".into(), size: 1 };
        assert!(matches!(session.host().open(&file), Err(HostError::File { .. })));
    }
}
