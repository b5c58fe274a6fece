//! The sweeping step: what is past its keep goes.
//!
//! Guarantees: bounded work per step. Does not know: SQL.

use super::{Worker, decide::Worked};
use crate::{
    model::time::Span,
    store::{Keep, StoreResult},
};

/// How often it is looked for.
const EVERY: Span = Span::seconds(5);

impl Worker {
    /// Sweeps once.
    pub async fn sweep_once(&self) -> StoreResult<Worked> {
        let now = self.clock.now();
        if self.lookout.is_idle() {
            return Ok(Worked { next: Some(now.plus(EVERY)), ..Worked::default() });
        }
        let keep = Keep { bodies: self.keep, rows_max: 500 };
        let swept = self.store.sweep(keep, now).await?;
        Ok(Worked { done: swept.bodies, is_more: false, next: Some(now.plus(EVERY)) })
    }
}
