//! Large files, whose expression is read by several at once.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use featurescope::data::GeneId;
use featurescope::engine::Engine;
use featurescope::io::MemorySource;
use featurescope::platform::native::{OpenFiles, Session};
use featurescope::platform::{HostError, LocalTask, MemoryStore, Pool};
use featurescope::pool::Worker;
use featurescope::protocol::{
    CellColor, DatasetSummary, Event, FileHandle, Job, PoolAnswer, PoolCall, Request, ViewQuery, ViewResult,
};
use futures::FutureExt;

use super::{Desk, desk, find};
use crate::large_h5ad::{CHUNK, Layout, N_CELLS, N_GENES, PER_CELL, file};

/// A stored value near the end of the file.
const LATE: usize = N_CELLS * PER_CELL - 7;

/// Three workers, one of which may stop when it is asked for the first time or for what it read.
#[derive(Default)]
struct Readers {
    workers: [RefCell<Worker>; 3],
    files: OpenFiles,
    stops_at: Option<&'static str>,
    asked: RefCell<Vec<&'static str>>,
}

impl Readers {
    fn use_by(desk: &Desk, stops_at: Option<&'static str>) -> Rc<Self> {
        let host = desk.session.host();
        let readers = Rc::new(Self { files: host.files(), stops_at, ..Self::default() });
        host.use_pool(Rc::clone(&readers) as Rc<dyn Pool>);
        readers
    }

    fn count(&self, what: &str) -> usize {
        self.asked.borrow().iter().filter(|asked| **asked == what).count()
    }
}

impl Pool for Readers {
    fn n_workers(&self) -> usize {
        3
    }

    fn call(&self, worker: usize, call: PoolCall) -> LocalTask<'_, Result<PoolAnswer, HostError>> {
        let what = match &call {
            PoolCall::Read(_) => "read",
            PoolCall::TakeRead(_) => "take",
            PoolCall::ForgetRead => "forget",
            _ => "other",
        };
        self.asked.borrow_mut().push(what);
        let answer = if worker == 2 && self.stops_at == Some(what) {
            Err(HostError::Worker { reason: "out of memory".to_owned() })
        } else {
            let file = call.file().and_then(|file| self.files.borrow().get(&file.handle).cloned());
            Ok(self.workers[worker].borrow_mut().answer_with(call, file))
        };
        async move { answer }.boxed_local()
    }
}

fn request(desk: &Desk, bytes: &[u8]) -> Request {
    let files: Vec<FileHandle> =
        vec![desk.session.host().add_source("large.h5ad", Arc::new(MemorySource(bytes.to_vec())))];
    Request::Open { files, embedding: None, trims: Vec::new(), matrix: None }
}

fn opened(desk: &mut Desk, bytes: &[u8]) -> DatasetSummary {
    let request = request(desk, bytes);
    find(desk.ask(request), |event| match event {
        Event::DatasetOpened(summary) => Some(summary),
        _ => None,
    })
}

/// What the map shows of a gene.
fn colours(desk: &mut Desk, gene: u32) -> ViewResult {
    desk.view(ViewQuery::Color(CellColor::Gene(GeneId(gene))))
}

#[test]
fn parts_read_by_several_are_the_whole() {
    for (layout, n_genes) in
        [(Layout::Csr, N_GENES), (Layout::Dense, N_GENES), (Layout::TenX, N_GENES * 9 / 10), (Layout::Csc, N_GENES)]
    {
        let bytes = file(layout, |_, _| {});
        let (mut alone, mut helped) = (desk(), desk());
        let readers = Readers::use_by(&helped, None);
        let summaries = [opened(&mut alone, &bytes), opened(&mut helped, &bytes)];
        assert_eq!(summaries[0], summaries[1], "{layout:?}");
        assert_eq!((summaries[0].n_cells, summaries[0].n_genes), (N_CELLS, n_genes));
        let is_shared = layout != Layout::Csc;
        assert_eq!((readers.count("read"), readers.count("take") >= 2), (2, is_shared), "{layout:?}");
        for gene in [0, 27, 30, 31, 500, 999, 1300] {
            assert_eq!(colours(&mut alone, gene), colours(&mut helped, gene), "{layout:?} {gene}");
        }
    }
}

#[test]
fn a_worker_that_stops_is_told_and_changes_nothing_else() {
    let bytes = file(Layout::Csr, |_, _| {});
    let mut alone = desk();
    let summary = opened(&mut alone, &bytes);
    for stops_at in ["read", "take"] {
        let mut helped = desk();
        let readers = Readers::use_by(&helped, Some(stops_at));
        let mut found = opened(&mut helped, &bytes);
        let said: Vec<String> = found.notices.drain(..).map(|notice| notice.text).collect();
        assert_eq!((&found, said.len()), (&summary, 1), "{stops_at}");
        assert!(
            said[0].starts_with("\"large.h5ad\" was read by one thread, which takes longer: a worker"),
            "{}",
            said[0]
        );
        assert_eq!(readers.count("forget"), 2, "{stops_at}");
        assert_eq!(colours(&mut alone, 700), colours(&mut helped, 700), "{stops_at}");
    }
}

#[test]
fn what_is_wrong_in_any_part_is_said_as_if_it_were_read_alone() {
    type Change = fn(&mut [i32], &mut [f32]);
    let changes: [(Change, &str); 4] = [
        (|_, values| values[7] = f32::NAN, "is NaN for cell \"cell0\", gene \"GENE7\""),
        (|_, values| values[LATE] = f32::INFINITY, "is inf for cell \"cell2199\""),
        (|genes, _| genes[LATE] = -1, "holds -1 at position"),
        // Where a window ends within a cell, so that the share before and the share after hold one value each.
        (|genes, _| genes[21 * CHUNK - 1] = genes[21 * CHUNK], "more than one value"),
    ];
    for (change, text) in changes {
        let bytes = file(Layout::Csr, change);
        let (mut alone, mut helped) = (desk(), desk());
        let readers = Readers::use_by(&helped, None);
        let said = [&mut alone, &mut helped].map(|desk| {
            let request = request(desk, &bytes);
            desk.refused(request)
        });
        assert_eq!(said[0], said[1]);
        assert!(said[0].contains(text), "{}", said[0]);
        assert_eq!((readers.count("read"), readers.count("forget")), (2, 2));
    }
}

#[test]
fn reading_in_parts_can_be_cancelled() {
    let bytes = file(Layout::Csr, |_, _| {});
    // Every look at the clock is a second later, so that every window ends a turn.
    let looks = Cell::new(0.0);
    let clock = move || looks.replace(looks.get() + 1.0);
    let session = Session::with_clock(Rc::new(MemoryStore::default()), Box::new(clock));
    let engine = Engine::new(session.host());
    let mut desk = Desk { session, engine, next_id: 1 };
    let readers = Readers::use_by(&desk, None);
    let request = request(&desk, &bytes);
    desk.send(request);
    let events = desk.ask(Request::Cancel { job: Job::Open });
    assert!(events.iter().any(|event| matches!(event, Event::Cancelled { .. })), "{events:?}");
    assert!(!events.iter().any(|event| matches!(event, Event::DatasetOpened(_))), "{events:?}");
    assert_eq!(readers.count("forget"), 2);
    assert_eq!(opened(&mut desk, &bytes).n_cells, N_CELLS);
}
