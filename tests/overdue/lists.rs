//! The overdue page counts all its lists in one query; what it says of a list is what the rows of
//! that list say.

use chrono::NaiveDate;
use diesel::prelude::*;
use zhuxue::base::ids::{FileId, ImportId, StaffId};
use zhuxue::base::money::Fen;
use zhuxue::base::scope::Scope;
use zhuxue::book::importing;
use zhuxue::book::staff::Role;
use zhuxue::life::overdue::follow;
use zhuxue::life::overdue::kinds::{AskedFor, NextStep, State};
use zhuxue::life::overdue::list::cases::{self, CaseFilter, LISTS, case_filter};
use zhuxue::life::overdue::list::counts;
use zhuxue::life::overdue::store::Case;
use zhuxue::plumbing::db::Db;
use zhuxue::plumbing::schema::{file_position, import_job, overdue_case};
use zhuxue::web::flow::params_of;
use zhuxue::web::list::files::Sums;
use zhuxue::web::list::filter::Filter;
use zhuxue::web::list::kit::Side;

use super::{AFTER, act, case, contact, files, night, pay};
use crate::borrower::town::each;
use crate::support::{OFFICE, TestApp};

#[test]
fn every_list_counts_what_the_database_counts() {
    each(async |t| {
        night(&t, AFTER);
        let mut clerk = t.sign_in(Role::Clerk);
        let late = files(&t);
        assert!(late.len() >= 3, "{late:?}");
        act(&t, &mut clerk, (&late[0], "contacts"), &contact("bad_number", "student", "k1"))
            .await
            .is(303);
        act(&t, &mut clerk, (&late[1], "contacts"), &contact("hardship", "student", "k2"))
            .await
            .is(303);
        pay(&t, &late[2], AFTER);
        let (scope, today) = (Scope::of(OFFICE), AFTER.parse().unwrap());
        let me = case(&t, &late[0]).owner_id.unwrap();
        let narrowed = [
            "",
            "stage=student",
            "stage=village",
            "min=100",
            "min=999999",
            "township=宝林镇",
            "school=乐至中学&graduates=2024",
            "police=没有这个派出所",
            "q=张",
            "university=师范",
            "year=2019",
        ];
        for (list, _) in LISTS.iter().chain([&("", "")]) {
            for more in narrowed {
                for owner in [None, Some(me), Some(StaffId::new(1))] {
                    let owner = owner.map(|id| format!("&owner={id}")).unwrap_or_default();
                    let query = format!("?list={list}&{more}{owner}");
                    let one = case_filter(&params_of(&query), me, today);
                    let (totals, alone, rows) = t
                        .app
                        .db
                        .read(|db| {
                            let saved = [one.clone()];
                            let totals = counts::totals(db, &scope, &one.bare(""), &saved)?;
                            let selected = counts::totals(db, &scope, &one, &[])?.selection;
                            assert_eq!(selected, counts::sums(db, &scope, &one)?, "{query}");
                            Ok((totals, selected, cases::all(db, &scope, &one, 1_000)?))
                        })
                        .unwrap();
                    assert_eq!(totals.saved, [alone.files], "{query}");
                    let counted = Sums {
                        files: i64::try_from(rows.len()).unwrap(),
                        outstanding_fen: rows.iter().map(|(row, _)| row.outstanding_fen).sum(),
                        overdue_fen: rows.iter().map(|(row, _)| row.overdue_fen()).sum(),
                    };
                    assert_eq!(alone, counted, "{query}");
                    if let Some(expected) = expected(&t, &one) {
                        assert_eq!(counted.files, expected, "{query}");
                    }
                    if more.is_empty() && owner.is_empty() {
                        let at = LISTS.iter().position(|(other, _)| other == list);
                        if let Some(at) = at {
                            assert_eq!(totals.lists[at], counted.files, "{query}");
                        }
                    }
                }
            }
        }
    });
}

/// How many open cases are in a list, told from the rows by other means than the page's own SQL.
/// None: the list asks of families or of closed cases, which this does not look at.
fn expected(t: &TestApp, one: &CaseFilter) -> Option<i64> {
    let Filter { name, id_tail, township, school, university, police, year, graduates, .. } =
        &one.filter;
    let texts = [name, id_tail, township, school, university, police];
    let asks_family = texts.iter().any(|text| text.is_some()) || year.or(*graduates).is_some();
    if asks_family || one.list == "paid" {
        return None;
    }
    let (cases, positions): (Vec<Case>, Vec<Arrears>) = t
        .app
        .db
        .read(|db| {
            let open = overdue_case::table.filter(overdue_case::state.ne("closed"));
            let cases = open.select(Case::as_select()).load(db)?;
            Ok((cases, file_position::table.select(Arrears::as_select()).load(db)?))
        })
        .unwrap();
    let in_list = |case: &&Case| {
        let found = positions.iter().find(|one| one.file_id == case.file_id);
        found.is_some_and(|arrears| is_in(case, arrears, one))
    };
    Some(i64::try_from(cases.iter().filter(in_list).count()).unwrap())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = file_position)]
struct Arrears {
    file_id: FileId,
    oldest_unpaid_due_on: Option<NaiveDate>,
    next_due_on: Option<NaiveDate>,
    overdue_principal_fen: Fen,
    overdue_interest_fen: Fen,
    penalty_fen: Fen,
}

fn is_in(case: &Case, arrears: &Arrears, one: &CaseFilter) -> bool {
    let (filter, today, open) = (&one.filter, one.today, case.state == State::Open);
    let on_ladder = matches!(case.state, State::Open | State::Paused);
    let listed = match one.list.as_str() {
        "parked" => case.state == State::Parked,
        "paused" => case.state == State::Paused,
        "today" => open && case.next_on <= today,
        "promise" => {
            let due = case.next_step == NextStep::PromiseDue && case.next_on <= today;
            open && (due || case.promised_on == Some(today))
        }
        "number" => open && case.next_step == NextStep::FindNumber,
        "asked" => case.asked_for != AskedFor::Nothing,
        "answered" => case.answer_for == Some(one.me),
        "mine" => on_ladder && case.owner_id == Some(one.me),
        _ => on_ladder,
    };
    let oldest = arrears.oldest_unpaid_due_on;
    let sum = arrears.overdue_principal_fen + arrears.overdue_interest_fen + arrears.penalty_fen;
    listed
        && one.stage.is_none_or(|stage| case.stage == stage)
        && one.owner.is_none_or(|owner| case.owner_id == Some(owner))
        && filter.overdue.is_none_or(|late| oldest.is_some() == late)
        && filter.unpaid_from.is_none_or(|day| oldest.is_some_and(|on| on >= day))
        && filter.unpaid_before.is_none_or(|day| oldest.is_some_and(|on| on < day))
        && (!filter.ended || arrears.next_due_on.is_none())
        && filter.least.is_none_or(|least| sum >= least)
}

#[test]
fn a_page_among_cases_that_stand_alike_begins_where_the_last_one_ended() {
    each(async |t| {
        night(&t, AFTER);
        let (scope, today) = (Scope::of(OFFICE), AFTER.parse().unwrap());
        // All alike but for their numbers; then one of them is to be seen first.
        let alike = (overdue_case::weight.eq(7), overdue_case::next_on.eq(today));
        let some = |db: &mut Db| diesel::update(overdue_case::table).set(alike).execute(db);
        let late = i64::try_from(t.app.db.write("test", |db| Ok(some(db)?)).unwrap()).unwrap();
        assert!(late >= 3, "{late}");
        let last = case(&t, files(&t).last().unwrap()).id;
        let set = overdue_case::weight.eq(8);
        write(&t, |db| diesel::update(overdue_case::table.find(last)).set(set).execute(db));
        for sort in ["", "sort=first"] {
            let one = case_filter(&params_of(&format!("?{sort}")), StaffId::new(0), today);
            let all = t.app.db.read(|db| cases::all(db, &scope, &one, late)).unwrap();
            let order = one.order.keyset();
            let keys: Vec<String> = all.iter().map(|row| order.key(row)).collect();
            let numbers: Vec<&str> = all.iter().map(|(row, _)| row.file_no.as_str()).collect();
            let page = |side: Side, limit: i64| -> Vec<String> {
                let filter = Filter { side, ..one.filter.clone() };
                let one = CaseFilter { filter, ..one.clone() };
                let rows = t.app.db.read(|db| cases::from_there(db, &scope, &one, limit));
                rows.unwrap().into_iter().map(|(row, _)| row.file_no).collect()
            };
            for limit in 1..=late {
                let most = usize::try_from(limit).unwrap();
                let first: Vec<&str> = numbers.iter().copied().take(most).collect();
                assert_eq!(page(Side::Start, limit), first, "{sort}");
                for (at, key) in keys.iter().enumerate() {
                    let after: Vec<&str> =
                        numbers.iter().skip(at + 1).copied().take(most).collect();
                    assert_eq!(page(order.side(key, ""), limit), after, "{sort} {at}");
                    let before: Vec<&str> =
                        numbers.iter().take(at).rev().copied().take(most).collect();
                    assert_eq!(page(order.side("", key), limit), before, "{sort} {at}");
                }
            }
        }
    });
}

/// What the page and what its spreadsheet ask before they show anything: is a case out of step?
fn is_stale(t: &TestApp, today: &str) -> bool {
    let (scope, today) = (Scope::of(OFFICE), today.parse().unwrap());
    let one = case_filter(&params_of(""), StaffId::new(0), today);
    let (told, asked) = t
        .app
        .db
        .read(|db| {
            let told = counts::totals(db, &scope, &one, &[])?.is_stale;
            Ok((told, follow::is_stale(db, &scope, today)?))
        })
        .unwrap();
    assert_eq!(told, asked);
    told
}

#[test]
fn a_case_out_of_step_is_noticed() {
    each(async |t| {
        t.set_day(AFTER);
        zhuxue::jobs::close_day::run(&t.app, AFTER.parse().unwrap()).unwrap();
        assert!(is_stale(&t, AFTER), "arrears without a case");
        night(&t, AFTER);
        assert!(!is_stale(&t, AFTER));

        let of = case(&t, &files(&t)[0]);
        let promise = |on: Option<&str>| {
            let on: Option<chrono::NaiveDate> = on.map(|day| day.parse().unwrap());
            let set = overdue_case::promised_on.eq(on);
            write(&t, |db| diesel::update(overdue_case::table.find(of.id)).set(set).execute(db));
        };
        promise(Some("2026-12-22"));
        assert!(!is_stale(&t, "2026-12-22"));
        assert!(is_stale(&t, "2026-12-23"), "a promise that was not kept");
        promise(None);

        let until = |on: Option<&str>| {
            let on: Option<chrono::NaiveDate> = on.map(|day| day.parse().unwrap());
            let set = overdue_case::until_on.eq(on);
            write(&t, |db| diesel::update(overdue_case::table.find(of.id)).set(set).execute(db));
        };
        until(Some("2026-12-22"));
        assert!(!is_stale(&t, AFTER));
        assert!(is_stale(&t, "2026-12-22"), "a pause that is over");
        until(None);

        let oldest: Option<chrono::NaiveDate> = None;
        let set = file_position::oldest_unpaid_due_on.eq(oldest);
        write(&t, |db| diesel::update(file_position::table.find(of.file_id)).set(set).execute(db));
        assert!(is_stale(&t, AFTER), "a case without arrears");
    });
}

/// A page that brought cases into step at every moment of an import would do nothing else.
#[test]
fn while_a_large_import_is_posted_cases_wait_for_its_end_and_the_page_says_so() {
    each(async |t| {
        t.set_day(AFTER);
        zhuxue::jobs::close_day::run(&t.app, AFTER.parse().unwrap()).unwrap();
        let newest = import_job::table.order(import_job::id.desc()).select(import_job::id);
        let newest: ImportId = t.app.db.read(|db| Ok(newest.first(db)?)).unwrap();
        let set = |state: &str| {
            let set = (import_job::state.eq(state), import_job::rows_total.eq(5_000));
            write(&t, |db| diesel::update(import_job::table.find(newest)).set(set).execute(db));
        };
        let mut browser = t.sign_in(Role::Clerk);
        set("posting");
        for page in ["/overdue", "/loans", "/home"] {
            browser.get(page).await.is(200).says(&[importing::NOTE]);
        }
        assert!(is_stale(&t, AFTER));
        set("posted");
        let page = browser.get("/overdue").await;
        assert!(!page.is(200).text.contains("正在导入数据"));
        assert!(!is_stale(&t, AFTER));
    });
}

fn write(t: &TestApp, body: impl Fn(&mut Db) -> QueryResult<usize>) {
    assert_eq!(t.app.db.write("test", |db| Ok(body(db)?)).unwrap(), 1);
}
