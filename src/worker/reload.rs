//! Reloading the rulebook: a changed file becomes the next version, a bad one changes nothing.
//!
//! Guarantees: only a change of the files publishes; a version published through the API stays in
//! force until a file changes after it; a file with mistakes never replaces a good rulebook, and
//! its findings are logged once per change. Where several replicas share a store, what one of them
//! published is in force here within a second, and the same files are published by one of them.
//! Does not know: where the files are; reading them is passed in.

use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use super::{Worker, decide::Worked};
use crate::{
    model::{finding::Finding, id::digest, time::Span},
    rulebook::{Files, Rulebook},
    store::{FROM_FILE, NewRulebook, RulebookRow, Store, StoreError, StoreResult},
};

/// How often the files are looked at.
const EVERY: Span = Span::seconds(2);
/// How often the store is looked at, if others may publish.
const FOLLOW_EVERY: Span = Span::seconds(1);
/// Reads the rulebook's files, or says why it cannot.
pub type ReadFiles = dyn Fn() -> Result<Files, String> + Send + Sync;
/// Compiles files as this version.
pub type Compile = dyn Fn(&Files, u32) -> Result<Rulebook, Vec<Finding>> + Send + Sync;

/// Watches the rulebook's files.
pub struct Watch {
    /// Reads them.
    pub read: Box<ReadFiles>,
    /// Compiles them.
    pub compile: Arc<Compile>,
    /// What they held when they were last looked at.
    pub seen: std::sync::Mutex<[u8; 32]>,
    /// Why they are not in force, if they are not.
    pub refused: std::sync::Mutex<Refusal>,
    /// A version of another replica that cannot be used with the settings here.
    pub passed_over: AtomicU32,
}

/// Why files are not in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// They cannot be read now.
    pub unread: Option<String>,
    /// What was read last has mistakes.
    pub mistakes: Option<String>,
    /// One that was scheduled could not be published.
    pub scheduled: Option<String>,
}

/// Why there is no rulebook to start with.
#[derive(Debug, thiserror::Error)]
pub enum NoRulebook {
    /// The files have mistakes, and there is no earlier version to go on with.
    #[error("the rulebook has mistakes, and no earlier version is in the store:\n{}", lines(.0))]
    Mistakes(Vec<Finding>),
    /// The files cannot be read.
    #[error("the rulebook cannot be read: {0}")]
    Unread(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What identifies the content of files.
fn content(files: &Files) -> [u8; 32] {
    files.to_json().map_or([0; 32], |text| digest(&[text.as_bytes()]))
}

/// The first mistake, and how many there are.
fn summary(findings: &[Finding]) -> String {
    let first = findings.first().map(ToString::to_string).unwrap_or_default();
    let first = first.lines().next().unwrap_or_default().to_owned();
    match findings.len() {
        0 | 1 => first,
        many => format!("{many} mistakes; the first: {first}"),
    }
}

impl Watch {
    /// Why the files are not in force, if they are not.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        let refusal = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let first = refusal.unread.as_ref().or(refusal.mistakes.as_ref());
        first.or(refusal.scheduled.as_ref()).cloned()
    }

    /// Why one that was scheduled is not in force, if any is not.
    pub(super) fn refuse_scheduled(&self, why: Option<String>) {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).scheduled = why;
    }

    fn refuse(&self, mistakes: Option<String>) {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).mistakes = mistakes;
    }

    /// Reads the files, and remembers whether they could be read.
    fn look(&self) -> Result<Files, String> {
        let files = (self.read)();
        let unread = files.as_ref().err().cloned();
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).unread = unread;
        files
    }

    /// The rulebook to start with: the files', unless a later version was published through the
    /// API and the files have not changed since they were last published.
    ///
    /// # Errors
    /// [`NoRulebook`], when neither the files nor the store have a good one.
    pub async fn start(
        &self,
        store: &dyn Store,
        now: crate::model::time::Time,
    ) -> Result<Rulebook, NoRulebook> {
        let files = self.look().map_err(NoRulebook::Unread);
        if let Ok(files) = &files {
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = content(files);
        }
        let versions = store.rulebooks(None).await?;
        if let Some(latest) = versions.first() {
            let is_unchanged = match &files {
                Ok(files) => is_published(store, &versions, files).await?,
                Err(_) => true,
            };
            if is_unchanged {
                return self.of_store(store, latest.version).await;
            }
        }
        let files = files?;
        match (self.compile)(&files, 0) {
            Ok(_) => self.publish(store, &files, now).await,
            Err(findings) => match versions.first() {
                Some(latest) => {
                    log(&findings);
                    self.refuse(Some(summary(&findings)));
                    self.of_store(store, latest.version).await
                }
                None => Err(NoRulebook::Mistakes(findings)),
            },
        }
    }

    async fn of_store(&self, store: &dyn Store, version: u32) -> Result<Rulebook, NoRulebook> {
        let rows = store.rulebooks(Some(version)).await?;
        let text =
            rows.into_iter().next().and_then(|row| row.document).ok_or_else(|| {
                StoreError::Corrupt(format!("rulebook {version} has no document"))
            })?;
        let files = Files::from_json(&text).map_err(NoRulebook::Unread)?;
        (self.compile)(&files, version).map_err(NoRulebook::Mistakes)
    }

    async fn publish(
        &self,
        store: &dyn Store,
        files: &Files,
        now: crate::model::time::Time,
    ) -> Result<Rulebook, NoRulebook> {
        let versions = store.rulebooks(None).await?;
        let new = NewRulebook {
            document: files.to_json().map_err(NoRulebook::Unread)?,
            author: FROM_FILE.to_owned(),
            message: why(versions.first()),
            at: now,
        };
        let version = store.publish(new).await?;
        (self.compile)(files, version).map_err(NoRulebook::Mistakes)
    }
}

/// Why the files are published over this version: who changed a file may not have seen what was
/// published past it.
fn why(newest: Option<&RulebookRow>) -> String {
    match newest {
        Some(row) if row.author != FROM_FILE => format!(
            "the file changed; it was not made from version {}, which {} published",
            row.version, row.author
        ),
        _ => "the file changed".to_owned(),
    }
}

/// Whether the files are those that were published from files last.
async fn is_published(
    store: &dyn Store,
    versions: &[RulebookRow],
    files: &Files,
) -> StoreResult<bool> {
    let Some(row) = versions.iter().find(|row| row.author == FROM_FILE) else { return Ok(false) };
    let rows = store.rulebooks(Some(row.version)).await?;
    let text = rows.into_iter().next().and_then(|row| row.document);
    Ok(text.is_some() && text == files.to_json().ok())
}

/// Findings with their places, one a line.
fn lines(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Each finding is one line of the log; none holds a lead's data.
fn log(findings: &[Finding]) {
    for finding in findings {
        tracing::error!(%finding, "the rulebook has a mistake; the one in force stays");
    }
}

impl Worker {
    /// Takes over a published rulebook, unless a later one is in force already.
    pub fn take_book(&self, book: &Arc<Rulebook>) {
        self.book.rcu(|now| Arc::clone(if now.version < book.version { book } else { now }));
        self.wakes.decide();
    }

    /// Takes over what another replica published.
    async fn follow(&self, watch: &Watch) -> StoreResult<()> {
        let newest = self.store.newest_rulebook().await?;
        let here = self.book.load().version;
        if newest <= here || newest == watch.passed_over.load(Ordering::Relaxed) {
            return Ok(());
        }
        match watch.of_store(self.store.as_ref(), newest).await {
            Ok(book) => {
                tracing::info!(
                    version = newest,
                    before = here,
                    "another replica's rulebook is in force"
                );
                self.take_book(&Arc::new(book));
            }
            Err(NoRulebook::Store(error)) => return Err(error),
            Err(error) => {
                watch.passed_over.store(newest, Ordering::Relaxed);
                tracing::error!(
                    version = newest, %error,
                    "another replica's rulebook cannot be used with the settings here; the one in force stays"
                );
            }
        }
        Ok(())
    }

    /// Looks at the files once, and publishes them if they changed and are good.
    pub async fn reload_once(&self, watch: &Watch) -> StoreResult<Worked> {
        let now = self.clock.now();
        let is_shared = self.store.is_shared();
        let every = if is_shared { FOLLOW_EVERY } else { EVERY };
        let later = Worked { next: Some(now.plus(every)), ..Worked::default() };
        if is_shared {
            self.follow(watch).await?;
        }
        let Ok(files) = watch.look() else { return Ok(later) };
        let content = content(&files);
        let is_new = *watch.seen.lock().unwrap_or_else(PoisonError::into_inner) != content;
        if !is_new {
            return Ok(later);
        }
        let looked_at = || *watch.seen.lock().unwrap_or_else(PoisonError::into_inner) = content;
        if let Err(findings) = (watch.compile)(&files, 0) {
            looked_at();
            log(&findings);
            watch.refuse(Some(summary(&findings)));
            return Ok(later);
        }
        if is_shared {
            // Another replica with the same files was first, and somebody may have published since.
            let versions = self.store.rulebooks(None).await?;
            if is_published(self.store.as_ref(), &versions, &files).await? {
                looked_at();
                watch.refuse(None);
                return Ok(later);
            }
        }
        match watch.publish(self.store.as_ref(), &files, now).await {
            Ok(book) => {
                tracing::info!(version = book.version, "the changed rulebook is in force");
                looked_at();
                watch.refuse(None);
                self.take_book(&Arc::new(book));
            }
            Err(NoRulebook::Store(error)) => return Err(error),
            Err(error) => {
                looked_at();
                watch.refuse(Some(error.to_string()));
                tracing::error!(%error, "the changed rulebook was not published");
            }
        }
        Ok(later)
    }
}
