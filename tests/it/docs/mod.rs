//! The pages of `docs/` that teach by example: every block in them is run.
//!
//! `toml` adds to the rulebook of the page (rules above the last one, which holds for everybody; with
//! `first` above all others), `toml wrong` must be refused with the lines of the `text` after it, a
//! `csv` or `json` with a name is written as that file, and `console` is run: after each `$ command`
//! stand lines that its output must have in their order; `…` stands for anything. Those of `console
//! refused` must fail.
//!
//! Guarantees: a page that passes can be followed from its top to its end.
//! Does not know: whether it is understood.

mod page;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use self::page::{Block, Kind, blocks};
use crate::{architecture::source::root, faults::daemon::Daemon};

/// The settings that the page speaks of.
const SETTINGS: &str = r#"
public_url = "http://127.0.0.1:8080"
store = "sqlite:handoff.db"

[action_links]
secrets = ["env:LINK_SECRET"]

[[source]]
name = "website"
kind = "standard-webhooks"
secrets = ["env:WEBSITE_SECRET"]

[channel.sales-chat]
kind = "slack"
url = "env:CHAT_URL"
"#;
const ENVIRONMENT: [(&str, &str); 2] = [
    ("LINK_SECRET", "a-secret-of-the-links-in-messages-000"),
    ("CHAT_URL", "https://chat.acme.example/hook"),
];
const LAST_RULE: &str = "[[rule]]\nid = \"everyone-else\"";

/// The rulebook as the page has it so far.
#[derive(Default)]
struct Book(String);

impl Book {
    fn with(&self, block: &Block) -> String {
        let place = match block.kind {
            Kind::Toml { is_first: true } => self.0.find("[[rule]]"),
            _ if block.text.contains("[[rule]]") => self.0.find(LAST_RULE),
            _ => None,
        };
        let (before, after) = self.0.split_at(place.unwrap_or(self.0.len()));
        format!("{before}\n{}\n{after}", block.text)
    }
}

/// Runs a line of a shell in the daemon's folder, with the built program at hand.
fn shell(daemon: &Daemon, line: &str) -> (bool, String) {
    let program = daemon.command();
    let folder = Path::new(program.get_program()).parent().expect("it is in a folder");
    let path = std::env::var("PATH").expect("a path");
    let mut shell = Command::new("sh");
    for (name, value) in program.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let output = shell
        .args(["-c", line])
        .current_dir(daemon.folder.path())
        .env("PATH", format!("{}:{path}", folder.display()))
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).expect("UTF-8"))
}

/// Whether these lines are in the text, in their order; what is missing otherwise.
fn missing<'l>(text: &str, lines: &[&'l str]) -> Option<&'l str> {
    let squeezed = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = squeezed.as_str();
    for line in lines {
        for part in line.split('…').map(str::trim).filter(|part| !part.is_empty()) {
            let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
            match rest.find(&part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return Some(line),
            }
        }
    }
    None
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn refused(daemon: &Daemon, book: &Book, block: &Block, says: &[&str]) {
    let folder = daemon.folder.path();
    assert!(!says.is_empty(), "line {}: what does handoff say about it?", block.line);
    write(folder, "rulebook.toml", &book.with(block));
    let (is_good, said) = shell(daemon, "handoff check");
    assert!(!is_good, "line {}: it must be refused, but:\n{said}", block.line);
    let missing = missing(&said, says);
    assert_eq!(missing, None, "line {}: not said in\n{said}", block.line);
    write(folder, "rulebook.toml", &book.0);
}

async fn console(daemon: &mut Daemon, block: &Block, is_refused: bool) {
    for (command, says) in page::commands(&block.text) {
        // The first command that speaks to the daemon: from here on it runs.
        let is_online = command.starts_with("handoff rulebook ");
        if is_online && !daemon.environment.iter().any(|(name, _)| name == "HANDOFF_TOKEN") {
            let (is_good, said) = shell(daemon, "handoff token create page --json");
            assert!(is_good, "{said}");
            let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
            let token = said["token"].as_str().expect("a token").to_owned();
            daemon.environment.push(("HANDOFF_TOKEN".to_owned(), token));
            daemon.start().await;
        }
        let (is_good, said) = shell(daemon, command);
        // As `diff` does, they end with 1 when something differs, or is to be thought about.
        let asks = ["handoff rulebook diff", "handoff rulebook lint"];
        let is_good = is_good || asks.iter().any(|ask| command.starts_with(ask));
        assert_eq!(is_good, !is_refused, "line {}: {command}:\n{said}", block.line);
        let missing = missing(&said, &says);
        assert_eq!(missing, None, "line {}: {command} does not say it in\n{said}", block.line);
    }
}

async fn follow(name: &str) {
    let text = fs::read_to_string(root().join("docs").join(name)).unwrap();
    let all = blocks(&text);
    assert!(all.len() > 5, "{name} has blocks");
    let mut daemon = Daemon::new();
    let listen = format!("listen = \"127.0.0.1:{}\"\n", daemon.port);
    write(daemon.folder.path(), "handoff.toml", &(listen + SETTINGS));
    for (name, value) in ENVIRONMENT {
        daemon.environment.push((name.to_owned(), value.to_owned()));
    }
    let mut book = Book::default();
    for (at, block) in all.iter().enumerate() {
        let folder = daemon.folder.path();
        match &block.kind {
            Kind::Toml { .. } => {
                book.0 = book.with(block);
                write(folder, "rulebook.toml", &book.0);
            }
            Kind::Wrong => {
                let says = all.get(at + 1).filter(|next| next.kind == Kind::Text);
                let says: Vec<&str> = says.map_or(Vec::new(), |next| next.text.lines().collect());
                refused(&daemon, &book, block, &says);
            }
            Kind::File(name) => write(folder, name, &block.text),
            Kind::Console { is_refused } => console(&mut daemon, block, *is_refused).await,
            Kind::Text => {}
        }
    }
    let (is_good, said) = shell(&daemon, "handoff check");
    assert!(is_good, "the rulebook at the end of {name}:\n{said}");
}

#[tokio::test]
async fn the_page_about_the_rulebook_can_be_followed_to_its_end() {
    follow("rulebook.md").await;
}
