//! S26: what the process leaves on disk and may do; and that it survives the end of its files.

use std::{
    fs,
    net::TcpStream,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    process::Command,
    time::Duration,
};

use tokio::time::Instant;

use crate::{architecture::source::root, faults::daemon::Daemon};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

/// A line of `/proc/PID/limits`: the soft and the hard value.
fn limit(pid: u32, name: &str) -> (String, String) {
    let text = fs::read_to_string(format!("/proc/{pid}/limits")).expect("the process is there");
    let line = text.lines().find(|line| line.starts_with(name)).expect("the line is there");
    let mut words = line[name.len()..].split_whitespace().map(str::to_owned);
    (words.next().expect("soft"), words.next().expect("hard"))
}

#[tokio::test(flavor = "multi_thread")]
async fn s26_files_are_its_users_alone_and_no_memory_is_dumped() {
    let mut daemon = Daemon::new();
    let data = daemon.folder.path().join("data");
    let store = format!("sqlite:{}", data.join("handoff.db").display());
    daemon.environment = vec![("HANDOFF_STORE".into(), store)];
    daemon.start().await;
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    let umask = status.lines().find_map(|line| line.strip_prefix("Umask:")).unwrap().trim();
    assert_eq!(umask, "0077");
    assert_eq!(limit(daemon.pid(), "Max core file size"), ("0".to_owned(), "0".to_owned()));
    let (soft, hard) = limit(daemon.pid(), "Max open files");
    assert_eq!(soft, hard, "as many files as the system allows");
    assert_eq!(mode(&data), 0o700);
    let mut files = 0;
    for entry in data.read_dir().unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        files += 1;
    }
    assert!(files >= 3, "the database, its log and its lock: {files}");
    let is_root = fs::metadata(format!("/proc/{}", daemon.pid())).unwrap().uid() == 0;
    assert_eq!(daemon.log().contains("runs as root"), is_root, "{}", daemon.log());
}

#[test]
fn s26_a_store_that_others_could_read_is_closed_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("handoff.db");
    drop(handoff::store::sqlite::SqliteStore::open(&path).unwrap());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let store = handoff::store::sqlite::SqliteStore::open(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    drop(store);
}

#[test]
fn s26_the_unit_and_the_image_give_it_no_more_than_it_needs() {
    let unit = fs::read_to_string(root().join("config/handoff.service")).unwrap();
    for line in [
        "DynamicUser=yes",
        "StateDirectoryMode=0700",
        "UMask=0077",
        "LimitCORE=0",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "RestrictNamespaces=yes",
        "MemoryDenyWriteExecute=yes",
        "CapabilityBoundingSet=",
        "SystemCallFilter=@system-service",
    ] {
        assert!(unit.lines().any(|found| found == line), "config/handoff.service lacks {line}");
    }
    let image = fs::read_to_string(root().join("docker/Dockerfile")).unwrap();
    assert!(image.contains("\nUSER 10001:10001\n"), "not root");
    let compose = fs::read_to_string(root().join("docker/compose.yaml")).unwrap();
    for line in ["read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "core: 0"] {
        assert!(compose.contains(line), "docker/compose.yaml lacks {line}");
    }
}

/// Hundredths of a second of processor time that a process has used.
fn used(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process is there");
    let after = stat.rsplit_once(") ").expect("its name").1;
    let words: Vec<u64> =
        after.split(' ').skip(11).take(2).filter_map(|n| n.parse().ok()).collect();
    words.iter().sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn i27_when_its_files_are_used_up_it_waits_without_spinning_and_goes_on() {
    if Command::new("prlimit").arg("--version").output().is_err() {
        let all = std::env::var_os("HANDOFF_TEST_REQUIRE").is_some();
        assert!(!all, "prlimit is missing: it is in the package util-linux");
        eprintln!("SKIPPED: prlimit is missing, so files were not used up");
        return;
    }
    let mut daemon = Daemon::new();
    daemon.start().await;
    let files = fs::read_dir(format!("/proc/{}/fd", daemon.pid())).expect("its files").count();
    let most = files + 20;
    let limited = Command::new("prlimit")
        .args([format!("--pid={}", daemon.pid()), format!("--nofile={most}:{most}")])
        .status();
    assert!(limited.expect("it runs").success());
    let idle: Vec<TcpStream> =
        (0..60).filter_map(|_| TcpStream::connect(("127.0.0.1", daemon.port)).ok()).collect();
    assert_eq!(idle.len(), 60, "the system queues what is not taken");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let open = fs::read_dir(format!("/proc/{}/fd", daemon.pid())).expect("its files").count();
    assert!(open >= most - 1, "its files are used up: {open} of {most}");
    let before = used(daemon.pid());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let spun = used(daemon.pid()) - before;
    drop(idle);
    let began = Instant::now();
    let url = format!("http://127.0.0.1:{}/health/ready", daemon.port);
    let client = reqwest::Client::builder().timeout(Duration::from_secs(1)).build().unwrap();
    while !client.get(&url).send().await.is_ok_and(|answer| answer.status() == 200) {
        assert!(began.elapsed() < Duration::from_secs(20), "it did not recover");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let recovered = began.elapsed();
    println!(
        "files used up: {most} of {most}; {spun} hundredths of a second of work in 2 s, \
         recovered in {recovered:.1?}"
    );
    assert!(spun < 40, "{spun} hundredths of a second of work in two seconds");
    assert!(recovered < Duration::from_secs(4), "{recovered:?}");
    assert!(daemon.stop().1, "{}", daemon.log());
}
