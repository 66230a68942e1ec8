//! What lies on the desk beside the counter on a day of the last summer: what a school has said
//! of its need, a list of another office with hits, a recognition round whose list hangs, a family
//! that has begun its renewal at home. Done by the acts that pages use.

use chrono::{Datelike as _, Days, NaiveDate};
use diesel::prelude::*;

use super::summer::Sheet;
use super::{LIAISONS, OFFICE};
use crate::app::App;
use crate::base::ids::{FileId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::act::{self, Act, FormKey};
use crate::book::audit_log::Actor;
use crate::command::CliError;
use crate::error::{AppError, AppResult};
use crate::life::application::family::{self, Wish};
use crate::life::application::kinds::Present;
use crate::life::matching::steps::{self as matching, NewList};
use crate::life::preapplication::survey;
use crate::life::recognition::round_steps::{self as rounds, NewRound};
use crate::life::recognition::rules::{Step, Term};
use crate::life::recognition::steps::{self as recognition, Opinion, Who};
use crate::life::recognition::{round_store, upload};
use crate::plumbing::schema::loan;
use crate::web::fields::{Fields, Seen};

/// Pupils of the round, and those of the year who stand on the list.
const PUPILS: usize = 6;
/// Working days for which the list hangs, and how long a received list is kept.
const HANGS: i64 = 6;
const KEPT: Days = Days::new(90);
const LEVELS: [&str; 3] = ["特别困难", "困难", "一般困难"];
/// What the family of a renewal writes.
const STATEMENT: &str = super::summer::STATEMENT;

/// A pupil of this year's Grade 12.
struct Pupil {
    name: String,
    number: String,
    school: String,
    class: String,
}

fn pupils(year: i32) -> Result<Vec<Pupil>, CliError> {
    let sheet = Sheet::read("preapply")?;
    let year = year.to_string();
    let of = |row: &Vec<String>| {
        let get = |heading: &str| sheet.get(row, heading).to_owned();
        let [name, number] = ["学生姓名", "身份证号"].map(get);
        let [school, class] = ["毕业高中", "班级"].map(get);
        Pupil { name, number, school, class }
    };
    let of_year = sheet.rows.iter().filter(|row| sheet.get(row, "申请日期").starts_with(&year));
    Ok(of_year.map(of).collect())
}

fn key(what: &str) -> FormKey {
    FormKey(format!("demo {what}"))
}

pub(super) fn live(app: &App, clerk: &Actor) -> Result<(), CliError> {
    let (today, scope) = (app.clock.today(), Scope::of(OFFICE));
    let school = LIAISONS[1].1[4];
    let all = pupils(today.year())?;
    let own: Vec<&Pupil> = all.iter().filter(|one| one.school == school).take(PUPILS).collect();
    act::run(app, (clerk, &scope), "demo: survey", |act| needs(act, school))?;
    act::run(app, (clerk, &scope), "demo: matching", |act| list(act, &all))?;
    if !own.is_empty() {
        act::run(app, (clerk, &scope), "demo: recognition", |act| round(act, school, &own))?;
    }
    let family = Actor::program("手机页面", OFFICE);
    act::run(app, (&family, &scope), "demo: renewal", |act| renewal(act, today))?;
    Ok(())
}

fn needs(act: &mut Act<'_>, school: &str) -> AppResult<()> {
    let report =
        [("pupils", "412"), ("willing", "96"), ("undecided", "31"), ("expected", "1150000")];
    let mut form = Fields::default();
    for (name, value) in report {
        form = form.with(name, value);
    }
    let (typed, year) = (survey::read(&mut form)?, act.today.year());
    survey::put_right(act, &key("survey"), (school, year, 0), &typed, LIAISONS[1].1[2])
}

/// 持证残疾人 as the federation sends it, with some of this year's pupils on it.
fn list(act: &mut Act<'_>, all: &[Pupil]) -> AppResult<()> {
    let (policy, today) = (act.policy(), act.today);
    let kinds = policy.matching_lists(today);
    let kind = kinds.into_iter().find(|one| one.key == "disabled").cloned();
    let kind = kind.ok_or_else(|| AppError::broken("the demo's kind of list is not there"))?;
    let rows: Vec<String> = all
        .iter()
        .step_by(3)
        .take(PUPILS)
        .map(|one| format!("{},{},视力,三级", one.name, one.number))
        .collect();
    let csv = format!("姓名,身份证号,类别,等级\n{}\n", rows.join("\n"));
    let until = today.checked_add_days(KEPT).unwrap_or(today);
    let file = ("持证残疾人.csv", csv.as_bytes());
    let source = "县残疾人联合会".to_owned();
    let new = NewList::read(&act.parts.sealer, file, (kind, source), (until, today));
    let new = new.map_err(AppError::broken)?;
    matching::receive(act, &key("list"), &new).map(drop)
}

/// A round of a school that went through all its looks and hangs since today.
fn round(act: &mut Act<'_>, school: &str, own: &[&Pupil]) -> AppResult<()> {
    let (policy, today) = (act.policy(), act.today);
    let new = NewRound {
        year: today.year(),
        term: Term::Autumn,
        school: school.to_owned(),
        apply_until: today,
        quota: None,
    };
    let Some(id) = rounds::open(act, &key("round"), &new)? else { return Ok(()) };
    let line = |(one, level): (&&Pupil, &&str)| {
        let Pupil { name, number, class, .. } = one;
        let class = class.trim_start_matches("高三");
        format!("{name},{number},高三,{class},{level},")
    };
    let lines: Vec<String> = own.iter().zip(LEVELS.iter().cycle()).map(line).collect();
    let head = "困难学生名单\n姓名,身份证号,年级,班级,困难等级,认定类型";
    let csv = format!("{head}\n{}\n", lines.join("\n"));
    let rows = upload::read(csv.as_bytes(), &policy, today);
    let rows = rows.map_err(|why| AppError::broken(why.join("；")))?;
    let who = Who::Desk(false);
    recognition::add_list(act, &key("pupils"), (&who, id), &rows)?;
    for (step, by, papers) in [
        (Step::Class, "班级评议小组", ""),
        (Step::Grade, "高三年级组", ""),
        (Step::School, "学校资助办梁知远", ""),
        (Step::Village, "各村（社区）", "村委会证明已盖章"),
    ] {
        let opinion = Opinion {
            step,
            by_name: by.to_owned(),
            on_day: today,
            opinion: "情况属实".to_owned(),
            papers: papers.to_owned(),
            level: String::new(),
        };
        recognition::step_many(act, &key(step.as_text()), (&who, id, ""), &opinion)?;
    }
    publish(act, id)
}

fn publish(act: &mut Act<'_>, id: RowId) -> AppResult<()> {
    let until = act.policy().calendar().add_working_days(act.today, HANGS);
    let version = round_store::round(act.db, act.scope, id)?.version;
    let seen = Seen { id, version };
    let place = (until, "学校公示栏", "0000-6180312");
    rounds::publish(act, &key("publish"), seen, place)
}

/// The first family with a contract of the year before that may renew, and has not come yet.
fn renewal(act: &mut Act<'_>, today: NaiveDate) -> AppResult<()> {
    let of_last = loan::table
        .filter(act.scope.holds(loan::office_code))
        .filter(loan::loan_year.eq(today.year() - 1))
        .filter(loan::subsidy_ends_on.ge(today + Days::new(365)))
        .order(loan::contract_no)
        .select((loan::file_id, loan::tuition_fen, loan::lodging_fen));
    let rows: Vec<(FileId, Option<Fen>, Option<Fen>)> = of_last.load(act.db)?;
    let known = rows.into_iter().filter_map(|(file, fee, room)| Some((file, fee?, room?)));
    for (file, tuition, lodging) in known.collect::<Vec<_>>() {
        let wish = Wish {
            present: Present::Student,
            tuition,
            lodging,
            amount: Fen::from_yuan(8_000),
            statement: STATEMENT.to_owned(),
        };
        match family::begin(act, &key(&format!("renewal {file}")), file, &wish) {
            Err(AppError::Refused(_) | AppError::Invalid(_)) => {}
            other => return other,
        }
    }
    act.needs_no_audit("nobody may renew on this day");
    Ok(())
}
