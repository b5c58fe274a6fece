//! The play: the script is acted out on the house, by a human's pace or faster, and then summed up.
//!
//! Guarantees: with a number of fills it ends by itself once nothing is under way; without, on
//! Ctrl-C or Enter; always in order: no more fills, the sellers go home, the daemon stops, then the
//! books are read. Does not know: how things are told, or what makes the books balance.

use std::{io::IsTerminal as _, sync::Arc, time::Duration};

use jiff::tz::TimeZone;
use tokio::sync::{mpsc::UnboundedReceiver, oneshot, watch};

use super::{
    Options,
    account::Account,
    buttons::{Buttons, Press},
    door::Door,
    ending::{self, Posts, Sabotage},
    forms::{Delivery, Posted, Postman},
    house::House,
    screen::{Ink, Line, Screen},
    script::{Scene, Script},
    sellers::Sellers,
};
use crate::{
    clock::{Clock as _, SystemClock},
    model::time::Span,
};

/// Between two fills at a human's pace, in this machine's milliseconds.
const HUMAN_GAP: i64 = 1_600;
/// So long the fills of a run with a number take together, and the longest gap between two.
const FILLS_WITHIN: i64 = 15_000;
const GAP_MAX: i64 = 250;
/// So long a run with a number waits for its end after the last fill.
const END_WITHIN: Span = Span(60_000);

/// Everybody on the stage.
struct Stage {
    house: Arc<House>,
    account: Arc<Account>,
    sellers: Arc<Sellers>,
    postman: Postman,
    script: Script,
    posts: Posts,
    door: Door,
}

/// Plays.
///
/// # Errors
/// When the stage cannot be set.
pub async fn play(options: Options, screen: Screen, sabotage: Sabotage) -> anyhow::Result<bool> {
    let (buttons, mut presses) = Buttons::new();
    let speed = options.speed.clamp(1, 3_600);
    let (house, running) = House::open(options.port.unwrap_or(0), speed, Arc::new(buttons)).await?;
    let house = Arc::new(house);
    let account = Arc::new(Account::new(Arc::clone(&house), screen, TimeZone::system()));
    let sellers = Arc::new(Sellers::new(Arc::clone(&house))?);
    let postman = Postman::new(house.base.clone(), &house.form_key)?;
    let gap = options
        .leads
        .map_or(HUMAN_GAP, |leads| (FILLS_WITHIN / i64::from(leads.max(1))).clamp(1, GAP_MAX));
    let script = Script::new(Span(gap * i64::from(speed)));
    let mut door = Door::new(Arc::clone(&house));
    open_curtain(&house, screen, &door.link()?, options.leads);

    let (stop, stopped) = watch::channel(false);
    let telling = tokio::spawn(Arc::clone(&account).run(stopped.clone()));
    let selling = tokio::spawn(Arc::clone(&sellers).work(stopped));
    sellers.hands().away("konrad").await;
    let posts = Posts::default();
    let mut stage = Stage { house, account, sellers, postman, script, posts, door };
    let end = stage.acts(options.leads, &mut presses).await;
    if end == End::Told {
        stage.settles().await?;
    }

    let Stage { house, account, posts, .. } = stage;
    if end == End::Asked {
        account.note(|line| {
            line.with(Ink::Quiet, "Stopping in order: what is under way stays on disk.")
        });
    }
    let _ = stop.send(true);
    let _ = tokio::join!(telling, selling);
    running.stop().await;
    let score = account.close().await?;
    ending::harm(&house, sabotage).await?;
    ending::sum_up(&house, screen, &posts, &score).await
}

/// What this is, and where the board is.
fn open_curtain(house: &House, screen: Screen, link: &str, leads: Option<u32>) {
    let plain = |text: &str| screen.tell(&Line::at("").text(text));
    screen.tell(&Line::at("").with(Ink::Name, "handoff demo"));
    plain(&format!(
        "The daemon is real, its store is SQLite in {}. The CRM, the chat, the pager, the mail \
         server, the form tools and the sales people are stand-ins in this process, over real \
         sockets; everybody is made up.",
        house.folder().display()
    ));
    let pace = if house.speed == 60 {
        "a minute takes a second".to_owned()
    } else {
        format!("time runs {} times as fast as life", house.speed)
    };
    plain(&format!(
        "On its clock {pace}; spans in ms and after \"in the CRM\" are this machine's."
    ));
    screen.tell(
        &Line::at("")
            .text("Board: ")
            .with(Ink::Name, link)
            .with(Ink::Quiet, " (opens once; it has buttons)"),
    );
    if leads.is_none() {
        plain("End it with Ctrl-C or Enter.");
    }
    plain("");
}

/// Why the acting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// All that was asked for was told.
    Told,
    /// Somebody wished it.
    Asked,
}

impl Stage {
    async fn acts(&mut self, leads: Option<u32>, presses: &mut UnboundedReceiver<Press>) -> End {
        let most = leads.map_or(usize::MAX, |leads| leads as usize);
        let mut enter = std::pin::pin!(wished());
        while self.script.fills() < most {
            let (gap, scene) = self.script.next();
            let at = self.house.clock.now().plus(gap);
            loop {
                tokio::select! {
                    () = self.house.clock.sleep_until(at) => break,
                    () = &mut enter => return End::Asked,
                    Some(press) = presses.recv() => self.press(press).await,
                }
            }
            self.scene(scene).await;
            if let Some(link) = self.door.another() {
                self.account.note(|line| {
                    line.text("The board's session has ended; open it again: ")
                        .with(Ink::Name, link)
                });
            }
        }
        self.house.crm.set_down(false);
        End::Told
    }

    async fn press(&mut self, press: Press) {
        match press {
            Press::Lead => {
                let scene = loop {
                    if let (_, scene @ Scene::Fill(_)) = self.script.next() {
                        break scene;
                    }
                };
                self.scene(scene).await;
            }
            Press::Ill => self.scene(Scene::Ill("ada")).await,
            Press::Well => self.scene(Scene::Well("ada")).await,
            Press::Break => self.scene(Scene::Down).await,
            Press::Mend => self.scene(Scene::Up).await,
        }
    }

    async fn scene(&mut self, scene: Scene) {
        let now = self.house.clock.now();
        match scene {
            Scene::Fill(fill) => {
                let posted = self.postman.post(&fill, now).await;
                self.posted(&fill, posted);
            }
            Scene::Duplicate(fill) => {
                let posted = self.postman.post(&fill, now).await;
                if posted.status == 200 && posted.duplicates > 0 {
                    self.posts.duplicates += 1;
                    self.account.note(|line| {
                        line.with(Ink::Warn, "Repeated: ")
                            .text(format!("{} sent its last fill again", fill.tool.word()))
                            .with(Ink::Quiet, " · recognised, nothing new")
                    });
                } else {
                    self.posted(&fill, posted);
                }
            }
            Scene::Forgery(fill) => {
                let posted = self.postman.forge(&fill, now).await;
                if posted.status == 401 {
                    self.posts.refused += 1;
                    self.account.note(|line| {
                        line.with(Ink::Warn, "Refused: ")
                            .text("a post like the website's, signed with another secret")
                            .with(Ink::Quiet, " · 401, nothing stored")
                    });
                } else {
                    self.posted(&fill, posted);
                }
            }
            Scene::Ill(rep) => self.sellers.falls_ill(rep).await,
            Scene::Well(rep) => self.sellers.is_well(rep).await,
            Scene::Moved { email } => self.moved(email),
            Scene::Down => {
                self.house.crm.set_down(true);
                self.account.note(|line| {
                    line.with(Ink::Bad, "The CRM is down").with(
                        Ink::Quiet,
                        " (the stand-in answers 503) · leads are given out all the same",
                    )
                });
            }
            Scene::Up => {
                self.house.crm.set_down(false);
                self.account.note(|line| line.with(Ink::Good, "The CRM answers again"));
            }
        }
    }

    fn posted(&mut self, fill: &Delivery, posted: Posted) {
        if posted.status == 200 {
            self.posts.accepted += 1;
            self.posts.stored.push(posted.took);
        } else {
            self.posts.failed += 1;
            let tool = fill.tool.word();
            self.account.note(|line| {
                line.with(Ink::Bad, format!("{tool} was answered {} and not stored", posted.status))
            });
        }
    }

    /// A person gives a lead to a colleague in the CRM, as soon as it is there.
    fn moved(&self, email: String) {
        let (house, sellers) = (Arc::clone(&self.house), Arc::clone(&self.sellers));
        tokio::spawn(async move {
            for _ in 0..100 {
                let records = house.crm.records();
                let found = records.iter().find(|record| {
                    record.text("email") == email && !record.text("hubspot_owner_id").is_empty()
                });
                if let Some(record) = found {
                    let colleagues = ["charles", "ada"].map(|name| house.crm.owner(name));
                    let owner = record.text("hubspot_owner_id");
                    let other = colleagues.iter().find(|colleague| *colleague != owner);
                    if let (Some(other), Ok(lead)) = (other, record.text("handoff_id").parse()) {
                        sellers.hands().change_in_crm(lead, "hubspot_owner_id", other).await;
                    }
                    return;
                }
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        });
    }

    /// Waits until nothing is under way.
    async fn settles(&self) -> anyhow::Result<()> {
        self.account.note(|line| {
            line.with(
                Ink::Quiet,
                "All forms are filled in; waiting until every lead has its answer.",
            )
        });
        let watch = SystemClock::new();
        while watch.monotonic() < END_WITHIN {
            let tally = self.house.store.tally(self.house.clock.now()).await?;
            if ending::is_quiet(&tally) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

/// Ends on Ctrl-C, or on Enter where there is a terminal.
async fn wished() {
    let (pressed, enter) = oneshot::channel();
    if std::io::stdin().is_terminal() {
        // Nothing ends this thread but a line; the process does not wait for it.
        std::thread::spawn(move || {
            let mut line = String::new();
            if std::io::stdin().read_line(&mut line).is_ok_and(|read| read > 0) {
                let _ = pressed.send(());
            }
        });
    } else {
        drop(pressed);
    }
    // Without a terminal there is nothing to wait for on that side.
    let line = async {
        if enter.await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = signalled() => {}
        () = line => {}
    }
}

/// Ctrl-C, a polite kill, or a terminal that closes; for ever without handlers.
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut signals: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    let all = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
    if all.len() == 0 {
        std::future::pending::<()>().await;
    }
    let _ = futures_util::future::select_all(all).await;
}
