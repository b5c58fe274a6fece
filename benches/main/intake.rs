//! Intake against its ceilings: the same bursts as `handoff bench intake`, a little shorter.
//!
//! Guarantees: every acknowledged delivery is looked for in the store afterwards.
//! Does not know: how deliveries are fired; `load` does.

use std::time::Duration;

use handoff::load::{
    Pace, Until,
    intake::{Burst, Ground, Over, burn},
};

use crate::table::Table;

/// Bursts of five seconds over 256 connections, 1 KB each.
pub fn run(table: &mut Table) {
    table.begin(
        "Intake, 1 KB bodies over 256 connections",
        &["over", "acknowledged/s", "of the route alone", "p50 ms", "p99 ms", "CPU µs each"],
    );
    let folder = tempfile::tempdir().expect("a folder");
    let until = Until::Elapsed(Duration::from_secs(5));
    let burst = Burst { connections: 256, size: 1024, pace: Pace::Free, until };
    let mut ceiling = None;
    let ground = Ground::alone(folder.path(), "bench");
    for over in Over::ALL.into_iter().filter(|over| !over.is_shared()) {
        let burned = burn(over, &ground, burst).expect("a burst");
        assert_eq!(burned.missing, 0, "an acknowledged delivery is lost");
        let rate = burned.volley.per_second();
        let ceiling = *ceiling.get_or_insert(rate);
        table.row([
            over.words().to_owned(),
            format!("{rate:.0}"),
            format!("{:.2}", rate / ceiling),
            format!("{:.1}", burned.volley.percentile_ms(50.0)),
            format!("{:.1}", burned.volley.percentile_ms(99.0)),
            burned.cpu_each().map_or_else(|| "–".to_owned(), |micros| format!("{micros:.0}")),
        ]);
        if over == Over::Decided {
            table.note(format!(
                "{} were not decided yet at the end, which took {:.1} s more",
                burned.behind,
                burned.caught_up.as_secs_f64()
            ));
        }
    }
}
