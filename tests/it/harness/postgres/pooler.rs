//! PgBouncer in transaction mode before a server: no two transactions of a connection need to see
//! the same session.
//!
//! Guarantees: as for the servers: free port, unprivileged, gone with the tests.
//! Does not know: which server settings a client asks for; it refuses what it refuses by default.

use std::{
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    PASSWORD, Server, USER,
    guard::{Guard, Unprivileged},
};
use crate::faults::needs;

/// How many sessions of the server all its clients share.
pub const SESSIONS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(10);

/// A pooler.
pub struct Pooler {
    port: u16,
    /// Stops it and removes its folder.
    _guard: Guard,
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = [PathBuf::from("/usr/sbin"), PathBuf::from("/usr/bin")];
    std::env::split_paths(&path).chain(more).map(|f| f.join("pgbouncer")).find(|f| f.is_file())
}

/// Whether poolers can be started here.
pub fn is_there(test: &str) -> bool {
    super::is_there(test) && (program().is_some() || needs::missing(test, "PgBouncer", "pgbouncer"))
}

impl Pooler {
    /// One before this server.
    pub fn start(server: &Server) -> Self {
        let user = Unprivileged::find();
        let folder = user.folder();
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user={USER} password={PASSWORD}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir = {folder}\nlogfile = {folder}/log\nauth_type = plain\n\
             auth_file = {folder}/users\npool_mode = transaction\n\
             default_pool_size = {SESSIONS}\nmax_client_conn = 200\n",
            server.port(),
            folder = folder.display(),
        );
        write(&folder.join("pgbouncer.ini"), &settings);
        write(&folder.join("users"), &format!("\"{USER}\" \"{PASSWORD}\"\n"));
        // One that can be stopped by its number, by whoever started it.
        let script = format!(
            "\"{}\" -q \"$1/pgbouncer.ini\" &\npooler=$!\nwait_for_the_end\nkill -9 $pooler\n\
             wait $pooler",
            program().expect("PgBouncer, as `is_there` says").display()
        );
        let guard = Guard::start(&user, &folder, &script);
        let end = tokio::time::Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(tokio::time::Instant::now() < end, "the pooler does not start: {}", log());
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { port, _guard: guard }
    }

    /// The address of a database of the server, through the pooler.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).expect("a file");
}

#[tokio::test]
async fn transactions_of_one_client_meet_several_sessions() {
    if !is_there("transactions_of_one_client_meet_several_sessions") {
        return;
    }
    let server = super::shared();
    let database = server.create();
    let pooler = Pooler::start(server);
    let url = pooler.url(&database);
    let mut clients = Vec::new();
    for _ in 0..=SESSIONS {
        let (client, connection) =
            tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        clients.push(client);
    }
    let session = async |client: &tokio_postgres::Client| -> i32 {
        client.query_typed("SELECT pg_backend_pid()", &[]).await.unwrap()[0].get(0)
    };
    // One client holds a session; the other gets another one than before.
    let before = session(&clients[0]).await;
    clients[1].batch_execute("BEGIN").await.unwrap();
    let mut sessions = std::collections::BTreeSet::from([before, session(&clients[1]).await]);
    sessions.insert(session(&clients[0]).await);
    assert!(sessions.len() > 1, "{sessions:?}");
    clients[1].batch_execute("COMMIT").await.unwrap();
    server.remove(&database);
}
