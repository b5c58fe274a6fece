//! Stand-ins for the systems around us, shared by the demo, the tests and the benches.
//!
//! Guarantees: they listen on this machine only and say that they are stand-ins.
//! Does not know: real vendors; each stand-in writes down what it copies of one.

pub mod channels;
pub mod crm;

/// How a demo runs.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "being written")]
pub struct Options {
    pub leads: Option<u32>,
    pub port: Option<u16>,
    pub speed: u32,
    pub quiet: bool,
}

/// Runs the demo.
pub fn run(_: Options) -> anyhow::Result<bool> {
    anyhow::bail!("being written")
}
