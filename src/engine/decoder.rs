//! The gene decoder of an embedding: fitted when first asked for, in steps, and shared by all who ask meanwhile.

use std::rc::Rc;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{LocalBoxFuture, Shared};

use super::EngineError;
use super::state::OpenData;
use crate::data::{DenseMatrix, SparseMatrix};
use crate::platform::Host;
use crate::stats::{Ridge, RidgeError, RidgeFit, RidgeParams};

/// A decoder that is fitted or being fitted.
pub(super) type PendingDecoder = Shared<LocalBoxFuture<'static, Result<Rc<Ridge>, Arc<RidgeError>>>>;

impl OpenData {
    /// The decoder from an embedding to log-normalised expression.
    ///
    /// # Errors
    /// [`EngineError::UnknownEmbedding`], [`EngineError::NoExpression`], [`EngineError::Decoder`].
    pub(super) async fn decoder(&self, embedding: &str, host: &Rc<dyn Host>) -> Result<Rc<Ridge>, EngineError> {
        let known = self.decoders.borrow().get(embedding).cloned();
        if let Some(pending) = known {
            return Ok(pending.await?);
        }
        let inputs = self.embedding(embedding)?.values.clone();
        let pending = fit(inputs, self.normalized()?, Rc::clone(host)).boxed_local().shared();
        self.decoders.borrow_mut().insert(embedding.to_owned(), pending.clone());
        Ok(pending.await?)
    }
}

async fn fit(inputs: DenseMatrix, targets: Rc<SparseMatrix>, host: Rc<dyn Host>) -> Result<Rc<Ridge>, Arc<RidgeError>> {
    let mut fit = RidgeFit::new(&inputs, &targets, &RidgeParams::default())?;
    while fit.step(&inputs, &targets) {
        host.yield_now().await;
    }
    Ok(Rc::new(fit.finish()))
}
