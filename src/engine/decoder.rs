//! The gene decoder of an embedding: fitted when first asked for, in steps, and shared by all who ask meanwhile.

use std::rc::Rc;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{LocalBoxFuture, Shared};

use super::EngineError;
use super::state::OpenData;
use crate::data::{DenseMatrix, PackedMatrix, SparseRow, SparseRows};
use crate::lens::sound::Normaliser;
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
        let by_gene = Arc::clone(&self.expression()?.by_gene);
        let targets = NormalisedGenes { by_gene, normaliser: self.normaliser()? };
        let pending = fit(inputs, targets, Rc::clone(host)).boxed_local().shared();
        self.decoders.borrow_mut().insert(embedding.to_owned(), pending.clone());
        Ok(pending.await?)
    }
}

/// Log-normalised expression, gene by gene.
struct NormalisedGenes {
    by_gene: Arc<PackedMatrix>,
    normaliser: Rc<Normaliser>,
}

impl SparseRows for NormalisedGenes {
    fn n_major(&self) -> usize {
        self.by_gene.n_major()
    }

    fn n_minor(&self) -> usize {
        self.by_gene.n_minor()
    }

    fn n_stored(&self, major: usize) -> usize {
        self.by_gene.n_stored(major)
    }

    fn read(&self, major: usize, row: &mut SparseRow) {
        self.by_gene.read(major, row);
        self.normaliser.apply(&row.indices, &mut row.values);
    }
}

async fn fit(inputs: DenseMatrix, targets: NormalisedGenes, host: Rc<dyn Host>) -> Result<Rc<Ridge>, Arc<RidgeError>> {
    let mut fit = RidgeFit::new(&inputs, &targets, &RidgeParams::default())?;
    while fit.step(&inputs, &targets) {
        host.yield_now().await;
    }
    Ok(Rc::new(fit.finish()))
}
