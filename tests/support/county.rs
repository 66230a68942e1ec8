//! An office with one clerk, and the sample county's sheets.

use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use zhuxue::app::App;
use zhuxue::base::dates::Clock;
use zhuxue::base::ids::StaffId;
use zhuxue::base::scope::Scope;
use zhuxue::book::audit_log::Actor;
use zhuxue::book::office::{self, Office};
use zhuxue::book::policy::Policy;
use zhuxue::book::staff::{self, Role, Staff};
use zhuxue::book::statement::Product;
use zhuxue::imports::batch::Upload;
use zhuxue::plumbing::config::Config;
use zhuxue::plumbing::crypto::Sealer;

use super::database::{Kind, TestDatabase};

/// The ten sheets, in an order that is not the order of posting.
pub const SHEETS: [&str; 10] = [
    "receipts",
    "monthly",
    "repayments",
    "overdue",
    "contracts",
    "graduation",
    "hardship",
    "borrowers",
    "enlistment",
    "preapply",
];

/// A program on a fresh database, with the office 512022 and one clerk, on the sample's day.
pub struct County {
    pub app: App,
    pub scope: Scope,
    pub by: Actor,
    // Dropped last: removes the database.
    _database: TestDatabase,
}

impl County {
    pub fn new(kind: Kind) -> County {
        let database = TestDatabase::fresh(kind);
        let clock = Clock::starting_on(day("2026-10-31"));
        let policy = Policy::embedded().unwrap();
        let sealer = Sealer::throw_away().unwrap();
        let app = zhuxue::site::app(database.db.clone(), clock, policy, sealer, Config::default())
            .unwrap();
        let now = app.clock.now_at();
        let office = Office {
            code: "512022".to_owned(),
            name: "乐至县学生资助管理中心".to_owned(),
            letters: "LZ".to_owned(),
            phone: "0000-6180312".to_owned(),
            address: "县教育局一楼".to_owned(),
            created_at: now,
            // As a county has it that prints amounts; without is tested in `visit_sheets`.
            amounts_on_papers_by: "主任".to_owned(),
        };
        let clerk = Staff {
            id: StaffId::new(app.next_id()),
            office_code: office.code.clone(),
            login: "clerk".to_owned(),
            name: "韦清越".to_owned(),
            role: Role::Clerk,
            password_hash: "none".to_owned(),
            active: true,
            created_at: now,
            last_signed_in_at: None,
            version: 1,
        };
        app.db
            .write("set up", |db| {
                office::add(db, &office)?;
                staff::add(db, &app.sealer, &clerk)
            })
            .unwrap();
        let by =
            Actor { staff_id: Some(clerk.id), name: clerk.name, office_code: office.code.clone() };
        County { app, scope: Scope::of(&office.code), by, _database: database }
    }
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A file of the repository.
pub fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// One sheet of `data/sample/{set}`, unpacked.
pub fn sheet(set: &str, name: &str) -> Upload {
    let file = std::fs::File::open(path(&format!("data/sample/{set}/{name}.csv.gz"))).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    Upload { name: format!("{name}.csv"), bytes }
}

/// All ten sheets of `data/sample/{set}`.
pub fn sheets(set: &str) -> Vec<Upload> {
    SHEETS.iter().map(|name| sheet(set, name)).collect()
}

/// The ten sheets of a small set in `tests/sample/{set}`.
pub fn small_sheets(set: &str) -> Vec<Upload> {
    SHEETS
        .iter()
        .map(|name| Upload {
            name: format!("{name}.csv"),
            bytes: std::fs::read(path(&format!("tests/sample/{set}/{name}.csv"))).unwrap(),
        })
        .collect()
}

/// The totals that a sample was made with.
pub fn summary(set: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(path(&format!("{set}/summary.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// As if the bank told everything on its day: for tests of what follows from arrears. What happens
/// before it has told is tested in `tests/bank_data`.
pub fn bank_tells_every_day(app: &App, office: &str) {
    use zhuxue::base::ids::RowId;
    use zhuxue::book::payments_known::{self, PaymentsKnown, Source};
    use zhuxue::book::position;
    let (id, now) = (RowId::new(app.next_id()), app.clock.now_at());
    let lender = (office, Product::Cdb);
    let row = PaymentsKnown::new(id, lender, Source::Declaration, day("2100-01-01"), now);
    let (scope, today) = (Scope::of(office), app.clock.today());
    app.db
        .write("test", |db| {
            payments_known::add(db, &row)?;
            position::outdate(db, &scope, today, today)
        })
        .unwrap();
    position::catch_up(&app.db, &scope, today, || app.newest_basis()).unwrap();
}
