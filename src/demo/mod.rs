//! `handoff demo`: the whole job in one process, with stand-ins where others' systems would be.
//!
//! In reading order: `house` (the daemon and the stand-ins), `script` with `cast` and `forms` (who
//! fills in what), `sellers` with `letter` and `hands` (who answers how), `account` with `words`,
//! `score` and `screen` (what is told), `ending` (what it came to). `crm` and `channels` are the
//! stand-ins, shared with the tests and the benches.
//!
//! Guarantees: everything happens on this machine and leaves nothing behind; it is said plainly
//! what is a stand-in. The daemon is the one that `handoff serve` runs, under a faster clock.
//! Does not know: settings files; `config/demo/` is embedded.

mod account;
mod amount;
mod buttons;
mod cast;
pub mod channels;
pub mod crm;
mod door;
mod ending;
mod forms;
mod hands;
mod house;
mod letter;
mod play;
mod score;
mod screen;
mod script;
mod sellers;
mod words;

use anyhow::Context as _;

pub use ending::Sabotage;
use screen::Screen;

/// How a demo runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// End after so many fills, with a summary; go on until Ctrl-C or Enter without.
    pub leads: Option<u32>,
    /// The board's port; any free one without.
    pub port: Option<u16>,
    /// How many times as fast as life the clock runs: 60 makes a minute a second.
    pub speed: u32,
    /// Print the summary alone.
    pub quiet: bool,
}

/// Runs the demo. Whether the books balance and the CRM agrees.
///
/// # Errors
/// When it could not be played: no port, no temporary folder, no runtime.
pub fn run(options: Options) -> anyhow::Result<bool> {
    let screen = Screen::stdout(options.quiet);
    block_on(play::play(options, screen, Sabotage::None))
}

/// Runs it without a word, and does harm behind the daemon's back at the end. For tests: a check
/// that finds nothing wrong then is no check.
///
/// # Errors
/// As [`run`].
pub fn run_silently(options: Options, sabotage: Sabotage) -> anyhow::Result<bool> {
    block_on(play::play(options, Screen::silent(), sabotage))
}

fn block_on(play: impl Future<Output = anyhow::Result<bool>>) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("no runtime")?;
    runtime.block_on(play)
}
