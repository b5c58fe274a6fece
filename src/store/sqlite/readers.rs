//! Reading beside the writer: a few connections that cannot write, each on a thread of its own.
//!
//! Guarantees: every read sees one snapshot; the line before them is bounded, and so is each read
//! by the page it may return. A slow read delays other reads, never the writer.
//! Does not know: what is read.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, SyncSender, TrySendError},
    },
    thread::{self, JoinHandle},
};

use rusqlite::Connection;

use super::{line, open};
use crate::store::{StoreError, StoreResult};

/// How many read at once.
const THREADS: usize = 3;
/// How many reads may wait.
const LINE_MAX: usize = 256;

/// One read.
pub type Read = Box<dyn FnOnce(&Connection) + Send>;

/// The pool.
pub struct Readers {
    sender: Option<SyncSender<Read>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Opens the connections and starts their threads.
    pub fn start(path: &Path) -> StoreResult<Self> {
        let (sender, receiver) = mpsc::sync_channel(LINE_MAX);
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = Vec::new();
        for number in 0..THREADS {
            let conn = open::reader(path)?;
            let receiver = Arc::clone(&receiver);
            let thread = thread::Builder::new()
                .name(format!("store-reader-{number}"))
                .spawn(move || serve(&conn, &receiver))
                .map_err(|error| StoreError::Busy(format!("no thread for a reader: {error}")))?;
            threads.push(thread);
        }
        Ok(Self { sender: Some(sender), threads })
    }

    /// Puts a read in the line.
    pub fn send(&self, read: Read) -> StoreResult<()> {
        let Some(sender) = &self.sender else { return Err(line::stopped()) };
        sender.try_send(read).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy("too many reads wait".to_owned()),
            TrySendError::Disconnected(_) => line::stopped(),
        })
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.sender = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn serve(conn: &Connection, line: &Mutex<Receiver<Read>>) {
    loop {
        let next = line.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(read) => read(conn),
            Err(_) => return,
        }
    }
}
