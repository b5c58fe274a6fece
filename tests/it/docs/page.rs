//! The blocks of a page in Markdown.
//!
//! Guarantees: every block has a kind that is known. Does not know: what is done with them.

/// What a block is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A part of the rulebook.
    Toml {
        /// Above all rules.
        is_first: bool,
    },
    /// A part that must be refused.
    Wrong,
    /// A file.
    File(String),
    /// Commands, and what they say.
    Console {
        /// They must fail.
        is_refused: bool,
    },
    /// What is said.
    Text,
}

/// A block.
#[derive(Debug)]
pub struct Block {
    pub kind: Kind,
    /// Its first line in the page.
    pub line: usize,
    pub text: String,
}

/// All blocks of a page, in order.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut all: Vec<Block> = Vec::new();
    let mut is_open = false;
    for (at, line) in page.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if is_open => is_open = false,
            Some(info) => {
                is_open = true;
                all.push(Block { kind: kind(info, at + 1), line: at + 1, text: String::new() });
            }
            None if is_open => {
                let block = all.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {}
        }
    }
    assert!(!is_open, "the last block has no end");
    all
}

fn kind(info: &str, line: usize) -> Kind {
    match info.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["toml"] => Kind::Toml { is_first: false },
        ["toml", "first"] => Kind::Toml { is_first: true },
        ["toml", "wrong"] => Kind::Wrong,
        ["csv" | "json", name] => Kind::File((*name).to_owned()),
        ["console"] => Kind::Console { is_refused: false },
        ["console", "refused"] => Kind::Console { is_refused: true },
        ["text"] => Kind::Text,
        other => panic!("line {line}: {other:?} is no kind of block"),
    }
}

/// The commands of a block, each with the lines that follow it.
pub fn commands(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => all.push((command, Vec::new())),
            None => all.last_mut().expect("a command comes first").1.push(line),
        }
    }
    all
}
