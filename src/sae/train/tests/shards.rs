//! Features dealt out to shards, here or with a peer: the same run.

use std::cell::RefCell;
use std::rc::Rc;

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use super::*;

/// Holds its shard on the thread of the test, and fails when told to.
#[derive(Default)]
struct Near {
    server: RefCell<ShardServer>,
    n_calls_left: RefCell<Option<usize>>,
}

impl ShardPeer for Near {
    fn ask(&self, call: ShardCall) -> LocalBoxFuture<'_, Result<ShardAnswer, String>> {
        async move {
            if let Some(n) = &mut *self.n_calls_left.borrow_mut() {
                *n = n.checked_sub(1).ok_or("it was closed")?;
            }
            self.server.borrow_mut().answer(call)
        }
        .boxed_local()
    }
}

fn trainer(variant: Variant, n_shards: usize) -> Trainer {
    let mut trainer = Trainer::new(full(variant), cells(53, 6), None, &Device::flex()).unwrap();
    deal(&mut trainer, n_shards);
    trainer
}

/// Deals the features out anew.
fn deal(trainer: &mut Trainer, n_shards: usize) {
    let state = block_on(trainer.stepper_mut().state()).unwrap();
    let Stepper::Cpu(stepper) = trainer.stepper_mut() else { unreachable!() };
    stepper.deal(&state, n_shards);
}

#[test]
fn a_peer_changes_no_bit() {
    for variant in ALL {
        let (mut here, mut shared) = (trainer(variant, 2), trainer(variant, 2));
        assert!(block_on(shared.share(Rc::new(Near::default()))).unwrap());
        run(&mut here, 15);
        run(&mut shared, 15);
        assert!(shared.is_done());
        let (a, b) = (block_on(here.checkpoint(1.0)).unwrap(), block_on(shared.checkpoint(1.0)).unwrap());
        assert_eq!(a, b, "{variant:?}");
        let (a, b) = (block_on(here.progress(1.0)).unwrap(), block_on(shared.progress(1.0)).unwrap());
        assert_eq!(a, b, "{variant:?}");
        assert!(a.held_out.is_some());
    }
}

#[test]
fn a_run_begun_with_a_peer_is_resumed_without() {
    let mut shared = trainer(TOPK, 2);
    block_on(shared.share(Rc::new(Near::default()))).unwrap();
    run(&mut shared, 7);
    let kept = Checkpoint::from_bytes(&block_on(shared.checkpoint(1.0)).unwrap().to_bytes().unwrap()).unwrap();
    let mut resumed = Trainer::from_checkpoint(kept, cells(53, 6), &Device::flex()).unwrap();
    deal(&mut resumed, 2);
    run(&mut resumed, 100);
    run(&mut shared, 100);
    assert_eq!(block_on(resumed.finish()).unwrap(), block_on(shared.finish()).unwrap());
}

#[test]
fn small_runs_are_not_shared() {
    let mut trainer = Trainer::new(full(TOPK), cells(53, 6), None, &Device::flex()).unwrap();
    assert!(!block_on(trainer.share(Rc::new(Near::default()))).unwrap());
}

#[test]
fn a_peer_that_stops_ends_the_run_with_a_way_on() {
    for n_calls in 1..6 {
        let mut trainer = trainer(TOPK, 2);
        let peer = Near { n_calls_left: RefCell::new(Some(n_calls)), ..Near::default() };
        assert!(block_on(trainer.share(Rc::new(peer))).unwrap());
        let steps: Result<Vec<()>, TrainError> = (0..2).map(|_| block_on(trainer.step())).collect();
        let error = steps.unwrap_err();
        assert!(matches!(error, TrainError::Worker { .. }), "{error}");
        assert!(error.to_string().contains("it was closed") && error.to_string().contains("checkpoint"), "{error}");
    }
}

#[test]
fn a_peer_that_refuses_leaves_the_run_whole() {
    let mut trainer = trainer(TOPK, 2);
    let peer = Near { n_calls_left: RefCell::new(Some(0)), ..Near::default() };
    assert!(matches!(block_on(trainer.share(Rc::new(peer))), Err(TrainError::Worker { .. })));
    run(&mut trainer, 100);
    assert!(trainer.is_done());
}

#[test]
fn calls_that_make_no_sense_are_refused() {
    let mut server = ShardServer::default();
    let encode = |n: usize| ShardCall::Encode { x: vec![1.0; n], aim: Aim::Learn };
    assert!(server.answer(encode(6)).unwrap_err().contains("before a shard"));
    let params = params(TOPK);
    let state = TrainState::start(start(&params, 6)).of_features(12..24, 24);
    let begin = |state: TrainState| {
        let range = 12..24;
        ShardCall::Begin(Box::new(ShardStart { params: params.clone(), d_in: 6, steps_per_epoch: 2, range, state }))
    };
    let short = TrainState { since_fired: vec![0; 3], ..state.clone() };
    assert!(server.answer(begin(short)).unwrap_err().contains("not whole"));
    server.answer(begin(state)).unwrap();
    assert!(server.answer(encode(7)).unwrap_err().contains("6 dimensions"));
    server.answer(encode(12)).unwrap();
    let before = || vec![Part::default()];
    server.answer(ShardCall::Decode(before())).unwrap();
    assert!(server.answer(ShardCall::Differentiate(before())).unwrap_err().contains("differ in length"));
    server.answer(ShardCall::End).unwrap();
    assert!(server.answer(encode(12)).is_err());
}
