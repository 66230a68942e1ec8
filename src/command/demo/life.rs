//! A sample county that has been at work: families were called, some cases went up a stage, a
//! village has sheets to fill in. Done by the acts that pages use; a second run changes nothing.

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use super::{BORROWER_FILE, OFFICE, VILLAGE};
use crate::app::App;
use crate::base::ids::{FileId, RecordId};
use crate::base::scope::Scope;
use crate::book::act::{self, Act};
use crate::book::audit_log::Actor;
use crate::book::contact::record::{Channel, Outcome, Party, Record, Source};
use crate::book::staff::Role;
use crate::book::{loan, office, payments_known};
use crate::error::{AppError, AppResult};
use crate::jobs;
use crate::life::overdue::kinds::Stage;
use crate::life::overdue::store::Case;
use crate::life::overdue::{follow, steps, store};
use crate::life::visits::formats::Wishes;
use crate::life::visits::purpose::Purpose;
use crate::life::visits::rules::{self, ReceiverKind, Selection};
use crate::life::visits::sheets::make;
use crate::life::visits::store as visits;
use crate::life::visits::text::Sender;
use crate::plumbing::schema::{loan_file, person};
use crate::web::fields::Seen;
use crate::web::session::SignedIn;

/// What came of each call, and in which stage: one family a line.
type Called = &'static [(Stage, Party, Outcome, &'static str)];

const CALLED: [Called; 6] = [
    &[(Stage::Student, Party::Student, Outcome::NoAnswer, "")],
    &[
        (Stage::Student, Party::Student, Outcome::NoAnswer, ""),
        (Stage::Student, Party::Student, Outcome::Promised, "发工资后还"),
    ],
    &[
        (Stage::Student, Party::Student, Outcome::NoAnswer, ""),
        (Stage::CoBorrower, Party::CoBorrower, Outcome::LeftWord, "母亲说转告孩子"),
    ],
    &[
        (Stage::Student, Party::Student, Outcome::NoAnswer, ""),
        (Stage::CoBorrower, Party::CoBorrower, Outcome::NoAnswer, ""),
        (Stage::School, Party::School, Outcome::LeftWord, "班主任答应问同学"),
    ],
    &[
        (Stage::Student, Party::Student, Outcome::NoAnswer, ""),
        (Stage::CoBorrower, Party::CoBorrower, Outcome::NoAnswer, ""),
        (Stage::School, Party::School, Outcome::NoAnswer, ""),
        (Stage::Village, Party::Village, Outcome::LeftWord, "村里说年底回来"),
    ],
    &[(Stage::Student, Party::Student, Outcome::Hardship, "父亲住院")],
];
const WHY_UP: &str = "多次联系没有结果";
/// A promise is for a day so many days ahead, and so are sheets.
const AHEAD: Days = Days::new(14);
/// Families of the liaison's village that are to be spoken with this year.
const SHEETS: usize = 4;

/// Lets the county's clerk have worked.
pub(super) fn live(app: &App, clerk: &Actor) -> AppResult<()> {
    let scope = Scope::of(OFFICE);
    follow::follow_office(app, &scope)?;
    jobs::plan_contact_duties::run(app, app.clock.today())?;
    act::run(app, (clerk, &scope), "demo: calls", |act| {
        let borrower = loan::file_by_no(act.db, act.scope, BORROWER_FILE)?.id;
        let mut cases = store::not_closed(act.db, act.scope, None)?;
        cases.retain(|case| case.file_id != borrower);
        cases.sort_by_key(|case| case.file_id);
        act.needs_no_audit("each step has its own entry");
        cases.iter().zip(CALLED).try_for_each(|(case, called)| call(act, case, called))
    })?;
    sheets(app, clerk, &scope)
}

fn call(act: &mut Act<'_>, case: &Case, called: Called) -> AppResult<()> {
    for (n, (stage, party, outcome, note)) in called.iter().enumerate() {
        loop {
            let now = store::find(act.db, act.scope, case.id)?;
            let above = now.stage.above().filter(|_| now.stage.place() < stage.place());
            let Some(above) = above else { break };
            steps::move_up(act, seen(&now), above, WHY_UP)?;
        }
        let now = store::find(act.db, act.scope, case.id)?;
        let ids = (act.id::<RecordId>(), OFFICE, case.file_id);
        let what = (Channel::Call, *party, *outcome);
        let by = act.by.name.clone();
        let new = Record::new(ids, (act.today, act.now), what, (Source::Desk, &by));
        let promised = (*outcome == Outcome::Promised).then(|| ahead(act.today));
        let record = Record {
            note: (*note).to_owned(),
            promised_on: promised,
            case_id: Some(case.id),
            staff_id: act.by.staff_id,
            command_key: format!("demo-{}-{n}", case.id),
            ..new
        };
        steps::contact(act, seen(&now), &record)?;
    }
    Ok(())
}

const fn seen(case: &Case) -> Seen<crate::base::ids::CaseId> {
    Seen { id: case.id, version: case.version }
}

fn ahead(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(AHEAD).unwrap_or(day)
}

/// Sheets of the year's contact for the liaison's village.
fn sheets(app: &App, clerk: &Actor, scope: &Scope) -> AppResult<()> {
    let today = app.clock.today();
    let (township, village) = VILLAGE;
    let (office, bank_data, mut households) = app.db.read(|db| {
        let files: Vec<FileId> = loan_file::table
            .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
            .filter(scope.holds(loan_file::office_code))
            .filter(person::township.eq(township))
            .filter(person::village.eq(village))
            .order(loan_file::id)
            .select(loan_file::id)
            .load(db)?;
        let households = visits::yearly_of(db, scope, &files, today)?;
        let bank_data = payments_known::bank_data(db, scope, today)?;
        Ok((office::find(db, OFFICE)?, bank_data, households))
    })?;
    households.truncate(SHEETS);
    let me = SignedIn {
        staff_id: clerk.staff_id.ok_or(AppError::NotSignedIn)?,
        login: String::new(),
        name: clerk.name.clone(),
        role: Role::Clerk,
        scope: scope.clone(),
        office: office.clone(),
        bank_data: bank_data.clone(),
        csrf: String::new(),
        session: Vec::new(),
        expires_at: app.clock.now_at(),
    };
    let wishes = Wishes {
        purpose: Purpose::Yearly,
        amounts: false,
        assumed: "",
        bank_data,
        return_by: ahead(today),
        sender: Sender {
            office: office.name,
            address: office.address,
            phone: office.phone,
            contact: String::new(),
        },
    };
    let by = ReceiverKind::Village;
    let chosen = rules::batch(by, today, households, &Selection::default());
    let drafts = make::drafts(app, &me, &chosen, &wishes, "")?;
    let prefix = make::prefix(Purpose::Yearly, by, today);
    act::run(app, (clerk, scope), "demo: sheets", |act| {
        act.needs_no_audit("each sheet has its own entry");
        make::create_batches(act, (Purpose::Yearly, by, &prefix, false), &drafts).map(|_| ())
    })
}
