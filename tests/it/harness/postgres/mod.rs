//! PostgreSQL servers of the tests' own, from the packages of the distribution.
//!
//! Guarantees: a private folder, a private socket, a free port on loopback, an unprivileged user,
//! and every sync made, so that what it acknowledged it keeps; nothing of it is left when the tests
//! have ended, were stopped or were killed. Without the packages a test says loudly that it did not
//! run, and fails where everything is asked for. Does not know: the store.

mod guard;
pub mod pooler;

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Output,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use self::guard::{Guard, Unprivileged};
use crate::faults::needs;

/// The one user of the databases; it may do anything.
pub const USER: &str = "handoff";
/// Its password over TCP.
pub const PASSWORD: &str = "never-use-this-elsewhere";

/// How often another port is tried when somebody else took the free one.
const TRIES: u32 = 5;

/// How a server is stopped.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// Sessions are ended, everything is written.
    Fast,
    /// As if it had crashed: the log is replayed at the next start.
    Immediate,
}

/// A server.
pub struct Server {
    programs: PathBuf,
    user: Unprivileged,
    folder: PathBuf,
    port: u16,
    /// Stops it and removes the folder.
    _guard: Guard,
}

/// The folder of the server's programs, the newest version; none when it is not installed.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut found: Vec<_> =
        versions.filter_map(|entry| Some((version(&entry.path())?, entry.path()))).collect();
    found.sort();
    let mut folders: Vec<PathBuf> =
        found.into_iter().rev().map(|(_, folder)| folder.join("bin")).collect();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let has_all = |folder: &PathBuf| {
        ["initdb", "pg_ctl", "postgres", "psql"].iter().all(|name| folder.join(name).is_file())
    };
    folders.into_iter().find(has_all)
}

/// Whether servers can be started here.
pub fn is_there(test: &str) -> bool {
    programs().is_some() || needs::missing(test, "PostgreSQL", "postgresql")
}

/// The server that tests share, each with databases of its own. It starts with the first one.
pub fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(Server::start)
}

impl Server {
    /// A new server, as it is by default.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// A new server with settings of `postgresql.conf`.
    pub fn start_with(settings: &[&str]) -> Self {
        let programs = programs().expect("PostgreSQL, as `is_there` says");
        let user = Unprivileged::find();
        let folder = user.folder();
        let stop = format!(
            "wait_for_the_end\n\"{}/pg_ctl\" -D \"$1/data\" -m immediate -w stop",
            programs.display()
        );
        let guard = Guard::start(&user, &folder, &stop);
        let mut server = Self { programs, user, folder, port: 0, _guard: guard };
        let password = server.folder.join("password");
        std::fs::write(&password, PASSWORD).expect("a file");
        let data = server.data();
        server.run(
            "initdb",
            &["--pgdata", text(&data), "--username", USER, "--pwfile", text(&password)],
            &[
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ],
        );
        let mut lines = format!(
            "listen_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\n\
             max_connections = 400\nshared_buffers = '64MB'\n",
            server.folder.display()
        );
        for setting in settings {
            lines += setting;
            lines.push('\n');
        }
        let file = data.join("postgresql.auto.conf");
        std::fs::write(file, lines).expect("its settings");
        server.first_start();
        server
    }

    /// Another program may take the free port before the server does.
    fn first_start(&mut self) {
        for _ in 0..TRIES {
            self.port = TcpListener::bind(("127.0.0.1", 0))
                .and_then(|listener| listener.local_addr())
                .expect("a free port")
                .port();
            if self.try_start().status.success() {
                return;
            }
        }
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        panic!("the server does not start:\n{log}");
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn try_start(&self) -> Output {
        let (data, log) = (self.data(), self.folder.join("log"));
        let port = format!("-p {}", self.port);
        let arguments = ["-D", text(&data), "-l", text(&log), "-o", &port, "-w", "start"];
        self.output("pg_ctl", &arguments)
    }

    /// Starts it again, after [`stop`](Self::stop); waits until it answers.
    pub fn start_again(&self) {
        let output = self.try_start();
        assert!(output.status.success(), "{output:?}");
    }

    /// Stops it and waits until it is down.
    pub fn stop(&self, how: Stop) {
        let how = match how {
            Stop::Fast => "fast",
            Stop::Immediate => "immediate",
        };
        let data = self.data();
        self.run("pg_ctl", &["-D", text(&data), "-m", how], &["-w", "stop"]);
    }

    /// What it has written into its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of one of its databases, over TCP.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database with a name of its own, and answers the name.
    pub fn create(&self) -> String {
        self.create_like("template0")
    }

    /// Makes a copy of a database that nobody is connected to, and answers its name.
    pub fn create_like(&self, template: &str) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        name
    }

    /// Ends everybody's sessions with a database; answers how many there were.
    pub fn end_sessions(&self, database: &str) -> usize {
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        );
        self.sql("postgres", &end).lines().count()
    }

    /// Removes a database and ends its sessions.
    pub fn remove(&self, database: &str) {
        self.sql("postgres", &format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"));
    }

    /// Runs statements by a session of their own; answers the values without decoration.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let answer = self.try_sql(database, statements);
        answer.unwrap_or_else(|why| panic!("{statements}: {why}"))
    }

    /// The same, or what the server said against it.
    pub fn try_sql(&self, database: &str, statements: &str) -> Result<String, String> {
        let port = self.port.to_string();
        let place = ["-h", text(&self.folder), "-p", &port, "-U", USER, "-d", database];
        let how = ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", statements];
        let output = self.output("psql", &[&place[..], &how[..]].concat());
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
    }

    fn run(&self, program: &str, arguments: &[&str], more: &[&str]) {
        let output = self.output(program, &[arguments, more].concat());
        assert!(output.status.success(), "{program}: {output:?}");
    }

    fn output(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = self.user.command(&self.programs.join(program));
        // Settings of whoever runs the tests are not the server's.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        // A server must not hold a pipe of this process: waiting for its end would wait for ever.
        let out = tempfile::tempfile().expect("a file");
        let err = tempfile::tempfile().expect("a file");
        command.stdout(out.try_clone().expect("a file")).stderr(err.try_clone().expect("a file"));
        let status = command.args(arguments).status().expect("the program runs");
        Output { status, stdout: written(out), stderr: written(err) }
    }
}

fn written(mut file: std::fs::File) -> Vec<u8> {
    use std::io::{Read as _, Seek as _};
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("what was written");
    bytes
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a name in UTF-8")
}

#[test]
fn a_server_keeps_what_it_acknowledged_and_leaves_nothing_behind() {
    if !is_there("a_server_keeps_what_it_acknowledged_and_leaves_nothing_behind") {
        return;
    }
    let server = Server::start();
    let database = server.create();
    server.sql(&database, "CREATE TABLE song (title text); INSERT INTO song VALUES ('one')");
    server.stop(Stop::Immediate);
    assert!(server.try_sql(&database, "SELECT 1").is_err(), "it is down");
    server.start_again();
    assert_eq!(server.sql(&database, "SELECT title FROM song; SHOW fsync"), "one\non");
    server.stop(Stop::Fast);
    server.start_again();
    let copy = server.create_like(&database);
    assert_eq!(server.sql(&copy, "SELECT count(*) FROM song"), "1");
    server.remove(&copy);
    assert!(server.try_sql(&copy, "SELECT 1").is_err(), "it is gone");
    let (folder, data) = (server.folder.clone(), server.data().join("postmaster.pid"));
    let pid = std::fs::read_to_string(data).unwrap().lines().next().unwrap().to_owned();
    assert!(Path::new("/proc").join(&pid).exists());
    drop(server);
    assert!(!Path::new("/proc").join(&pid).exists() && !folder.exists());
}
