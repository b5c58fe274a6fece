//! Reading beside the writer: a few connections that cannot write, each on a thread of its own.
//!
//! Guarantees: every read sees one snapshot; the line before them is bounded, and so is each read
//! by the page it may return and by time: one that takes longer than [`READ_MAX`] is stopped and
//! answered [`StoreError::TooLong`], so that no snapshot holds the log up for long. A slow read
//! delays other reads of its pool, never the writer.
//! Does not know: what is read.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::{Connection, InterruptHandle};

use super::{line, open};
use crate::store::{StoreError, StoreResult};

/// How many read at once for whoever asks.
pub const THREADS: usize = 3;
/// How many reads may wait.
const LINE_MAX: usize = 256;
/// How long one read may take.
pub const READ_MAX: Duration = Duration::from_secs(5);
/// How often it is looked at, in parts of that time.
const LOOKS: u32 = 5;

/// One read.
pub type Read = Box<dyn FnOnce(&Connection) + Send>;

/// The pool.
pub struct Readers {
    sender: Option<SyncSender<Read>>,
    threads: Vec<JoinHandle<()>>,
    /// Ends the watch when it is dropped.
    watched: Option<mpsc::Sender<()>>,
}

/// What one thread is doing.
struct Seat {
    handle: InterruptHandle,
    /// Odd while it reads; another number for each read.
    read: Mutex<u64>,
}

impl Seat {
    /// The lock is held for a moment only, and while a read is stopped: so the next one, which
    /// needs it to begin, is never stopped in its place.
    fn read(&self) -> MutexGuard<'_, u64> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readers {
    /// Opens so many connections and starts their threads; a read is stopped after `within`.
    pub fn start(path: &Path, threads: usize, within: Duration) -> StoreResult<Self> {
        let (sender, receiver) = mpsc::sync_channel(LINE_MAX);
        let receiver = Arc::new(Mutex::new(receiver));
        let (watched, ended) = mpsc::channel();
        let mut pool = Self { sender: Some(sender), threads: Vec::new(), watched: Some(watched) };
        let mut seats = Vec::new();
        for number in 0..threads {
            let conn = open::reader(path)?;
            let seat = Arc::new(Seat { handle: conn.get_interrupt_handle(), read: Mutex::new(0) });
            seats.push(Arc::clone(&seat));
            let receiver = Arc::clone(&receiver);
            pool.spawn(&format!("store-reader-{number}"), move || serve(&conn, &seat, &receiver))?;
        }
        pool.spawn("store-read-watch", move || watch(&seats, within / LOOKS, &ended))?;
        Ok(pool)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> StoreResult<()> {
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
            .map_err(|error| StoreError::Busy(format!("no thread for a reader: {error}")))?;
        self.threads.push(thread);
        Ok(())
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
        self.watched = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn serve(conn: &Connection, seat: &Seat, line: &Mutex<Receiver<Read>>) {
    loop {
        let next = line.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(read) = next else { return };
        *seat.read() += 1;
        read(conn);
        *seat.read() += 1;
    }
}

/// Looks at every seat so often, and stops a read that it has seen at [`LOOKS`] looks in a row.
fn watch(seats: &[Arc<Seat>], every: Duration, ended: &Receiver<()>) {
    let mut seen: Vec<(u64, u32)> = vec![(0, 0); seats.len()];
    while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        for (seat, (last, looks)) in seats.iter().zip(&mut seen) {
            let read = seat.read();
            let is_same = *read == *last && *read % 2 == 1;
            *looks = if is_same { *looks + 1 } else { 0 };
            *last = *read;
            if *looks >= LOOKS {
                seat.handle.interrupt();
                *looks = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::migrate;

    fn count(readers: &Readers, to: i64) -> mpsc::Receiver<StoreResult<i64>> {
        let (reply, answer) = mpsc::channel();
        let sql = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ?1)
                   SELECT max(x) FROM n";
        let read = move |conn: &Connection| {
            let read = conn.query_row(sql, [to], |row| row.get(0)).map_err(StoreError::from);
            let _ = reply.send(read);
        };
        readers.send(Box::new(read)).unwrap();
        answer
    }

    #[test]
    fn a_read_that_takes_too_long_is_stopped_and_no_other_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("handoff.db");
        let (mut writer, _lock) = open::writer(&file, true).unwrap();
        migrate::migrate(&mut writer).unwrap();
        let readers = Readers::start(&file, 1, Duration::from_millis(200)).unwrap();
        for _ in 0..3 {
            let endless = count(&readers, i64::MAX);
            // It waits behind the endless one, on the same connection.
            let short = count(&readers, 1_000);
            let Err(StoreError::TooLong(why)) = endless.recv().unwrap() else { panic!("stopped") };
            assert!(why.contains("narrower"), "{why}");
            assert_eq!(short.recv().unwrap(), Ok(1_000));
        }
    }
}
