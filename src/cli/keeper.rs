//! Who keeps what is imported: the daemon if it answers, else the store under its lock.
//!
//! Guarantees: a daemon that answers is never gone round. Does not know: what is imported.

use super::{
    exit::{Exit, Stop},
    offline::{self, Config},
    remote::Remote,
    session::Session,
};
use crate::store::Store;

/// Who keeps it.
pub enum Keeper {
    /// The daemon, by its API.
    Daemon(Remote),
    /// The store, opened under its lock.
    Store(Box<dyn Store>),
}

impl Keeper {
    /// Finds it: `route` is one of the API that reads. A store that is not there is made if
    /// `may_create` says so.
    ///
    /// # Errors
    /// Those of the daemon, or the store cannot be opened.
    pub fn find(
        session: &Session,
        config: &Config,
        route: &str,
        may_create: bool,
    ) -> Result<Self, Stop> {
        let remote = session.remote()?;
        match remote.get(&[route], &[]) {
            Ok(_) => Ok(Self::Daemon(remote)),
            Err(Stop { exit: Exit::Unreachable, .. }) => {
                Ok(Self::Store(offline::store(config, may_create)?))
            }
            Err(stop) => Err(stop),
        }
    }
}
