//! The ten sheets go in while somebody presses 停止 and 继续, the program is killed and started
//! again, two instances run at once, other sheets come, and connections break, at any instant:
//! the totals are those the sheets were made with, to the fen. `TEST_IMPORT_ROUNDS` for more.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use zhuxue::base::scope::Scope;
use zhuxue::book::staff::Role;
use zhuxue::imports::runner::Runner;
use zhuxue::imports::store::{self, ImportJob};

use super::county::{compare_totals, number};
use super::instance::Instance;
use super::pages::send;
use crate::support::county::{small_sheets, summary};
use crate::support::database::{Kind, on_both};
use crate::support::{Browser, OFFICE, TestApp};

/// Rounds on each database when nobody asks for more.
const ROUNDS: u32 = 2;
/// Acts in a round.
const ACTS: u32 = 40;
/// How long a round may take to come to its end when nobody disturbs it any more.
const QUIET: Duration = Duration::from_secs(120);

/// SplitMix64: the seed is printed, so that a round can be had again, as far as time allows.
pub struct Chance(pub u64);

impl Chance {
    /// Chosen anew each time.
    pub fn new() -> Chance {
        let mut seed = [0_u8; 8];
        getrandom::fill(&mut seed).unwrap();
        Chance(u64::from_le_bytes(seed))
    }

    /// 0 to `n` - 1.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(n).unwrap()).unwrap()
    }
}

pub fn rounds() -> u32 {
    std::env::var("TEST_IMPORT_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS)
}

/// Small writes and short leases; the program in this process serves pages only.
pub fn shared(kind: Kind) -> TestApp {
    let t = TestApp::shared(kind, |config| {
        config.import_lines = 23;
        config.import_lease_s = 1;
    });
    Runner::of(&t.app).stop(Duration::ZERO);
    t
}

pub fn jobs(t: &TestApp) -> Vec<ImportJob> {
    t.app.db.read(|db| store::list(db, &Scope::of(OFFICE), None, 1_000)).unwrap()
}

pub fn is_done(job: &ImportJob) -> bool {
    job.state == "posted" && job.differences != store::NOT_COMPARED
}

/// One act of somebody, or of fate.
pub async fn act(t: &TestApp, clerk: &mut Browser, instances: &mut Vec<Instance>, c: &mut Chance) {
    let all = jobs(t);
    match c.below(10) {
        0..=2 if !instances.is_empty() => drop(instances.swap_remove(c.below(instances.len()))),
        3 | 4 if instances.len() < 2 => instances.push(Instance::start(t)),
        5 | 6 => {
            let job = &all[c.below(all.len())];
            clerk.post(&format!("/imports/{}/stop", job.id), &[]).await;
        }
        7 => press_on(t, clerk).await,
        8 => {
            let monthly = small_sheets("clean_plain").remove(1);
            send(clerk, &[("又一份月报.csv", &monthly.bytes)]).await.is(303);
        }
        _ => break_connections(t),
    }
}

/// What somebody presses who wants it all in.
pub async fn press_on(t: &TestApp, clerk: &mut Browser) {
    for job in jobs(t) {
        if job.state == "uploaded" {
            clerk.post(&format!("/imports/{}/check", job.id), &[]).await;
        }
    }
    clerk.post("/imports/post", &[]).await;
}

/// As a restart of the server does. SQLite is held by somebody else for a moment.
fn break_connections(t: &TestApp) {
    if !t.app.db.is_postgres() {
        let hold = |_: &mut _| {
            std::thread::sleep(Duration::from_millis(30));
            Ok(())
        };
        return t.app.db.write("test", hold).unwrap();
    }
    // Only of what imports: the pages of this process are not what is tested.
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name = 'instance'";
    t.app.db.write("test", |db| Ok(diesel::sql_query(sql).execute(db).map(|_| ())?)).unwrap();
}

/// Nobody disturbs any more: presses on until everything is in the books and compared.
pub async fn to_the_end(t: &TestApp, clerk: &mut Browser) {
    let mut instance = Instance::start(t);
    let began = Instant::now();
    while !jobs(t).iter().all(is_done) {
        press_on(t, clerk).await;
        instance.looks();
        let all: Vec<_> =
            jobs(t).into_iter().map(|j| (j.layout, j.state, j.problem, j.leased_until)).collect();
        assert!(began.elapsed() < QUIET, "{all:#?}");
    }
}

/// The totals, and that no line of the ten was refused.
pub fn all_is_in(t: &TestApp) {
    for job in jobs(t) {
        let taken = job.new_rows + job.changed_rows + job.same_rows;
        assert_eq!((job.refused_rows, taken), (0, job.rows_total), "{job:?}");
    }
    compare_totals(&t.app, &summary("tests/sample/clean_plain"));
    assert_eq!(number(&t.app, "SELECT count(*) AS n FROM bank_difference"), 0);
}

pub async fn upload_all(t: &TestApp, c: &mut Chance) -> Browser {
    let mut clerk = t.sign_in(Role::Clerk);
    let mut sheets = small_sheets("clean_plain");
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    while !sheets.is_empty() {
        let sheet = sheets.swap_remove(c.below(sheets.len()));
        files.push((sheet.name, sheet.bytes));
    }
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    send(&mut clerk, &files).await.is(303);
    clerk
}

async fn round(kind: Kind) {
    let mut c = Chance::new();
    eprintln!("seed {}", c.0);
    let t = shared(kind);
    let mut clerk = upload_all(&t, &mut c).await;
    let mut instances = vec![Instance::start(&t)];
    for _ in 0..ACTS {
        std::thread::sleep(Duration::from_millis(u64::try_from(c.below(80)).unwrap()));
        act(&t, &mut clerk, &mut instances, &mut c).await;
    }
    drop(instances);
    to_the_end(&t, &mut clerk).await;
    all_is_in(&t);
}

#[test]
fn stopped_killed_and_restarted_at_random_the_ten_sheets_end_with_their_totals() {
    on_both(|kind| {
        for at in 0..rounds() {
            eprintln!("round {at}");
            actix_web::rt::System::new().block_on(round(kind));
        }
    });
}
