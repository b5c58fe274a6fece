//! The seeded simulation of the whole: the pure core, the real store, the real worker steps, a
//! model CRM and model channels, with faults at every seam.
//!
//! Guarantees: everything follows from one number; a failure prints it with the shortest schedule
//! that fails and the command that runs it again.
//! Does not know: HTTP, threads, vendors' dialects; other tests have those.

mod channels;
mod clock;
mod crm;
mod faults;
mod house;
mod mutations;
mod people;
mod replica;
mod rulebooks;
mod schedule;
mod step;
mod store;
mod witness;
mod world;

#[test]
fn slice() {
    let began = std::time::Instant::now();
    for seed in 0..50 {
        let schedule = schedule::Schedule::of(seed);
        let mut world = world::World::begin(&schedule, None);
        for action in &schedule.actions {
            world.act(action);
        }
        world.drain();
        world.read_on();
        let wrong = world.ground.house.state().seen.wrong.clone();
        if !wrong.is_empty() {
            println!("{seed} {wrong:?}");
        }
        println!("{seed}: {} leads {} decisions", world.leads().len(), world.history.len());
    }
    println!("{:?}", began.elapsed());
}
