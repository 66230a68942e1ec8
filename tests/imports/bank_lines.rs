//! Lines of the bank's repayment lists: corrected, repeated, in parts, taken back. Whatever comes
//! in whatever order, what stands in the end is what the newest list says.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use zhuxue::base::money::Fen;
use zhuxue::book::statement::Product;
use zhuxue::imports::batch::{self, Upload};
use zhuxue::imports::store::{self, ImportRow};

use super::county::number;
use crate::support::county::{County, bank_tells_every_day, day, path, small_sheets};
use crate::support::database::{Kind, on_both};

/// Imports one file as of a day and tells what became of its rows.
pub fn import(county: &County, name: &str, bytes: &[u8], as_of: &str) -> Vec<ImportRow> {
    let upload = Upload { name: name.to_owned(), bytes: bytes.to_vec() };
    let (app, scope) = (&county.app, &county.scope);
    let on = Some(day(as_of));
    let batch = batch::receive_files(app, scope, &county.by, &[upload], on, Product::Cdb).unwrap();
    assert_eq!(batch.refused, []);
    batch::check(app, scope, &batch, |_| {}).unwrap();
    batch::post(app, scope, &batch, |_| {}).unwrap();
    app.db.read(|db| store::rows(db, batch.jobs[0], None, 0, i64::MAX)).unwrap()
}

fn field(name: &str) -> Vec<u8> {
    std::fs::read(path(&format!("tests/sample/field/{name}.csv"))).unwrap()
}

/// Four borrowers with one contract each, in their years of repayment.
pub fn county(kind: Kind) -> County {
    let county = County::new(kind);
    for name in ["F28_borrower", "F28_contract"] {
        import(&county, name, &field(name), "2026-10-31");
    }
    bank_tells_every_day(&county.app, county.scope.own());
    county
}

const HEADINGS: &str = "合同编号,应还日期,应还本金（元）,应还利息（元）,还款日期,实还本金（元）,\
                        实还利息（元）,实还罚息（元）,实还合计（元）,还款类型,还款渠道,还款后贷款余额（元）";

/// One line of a list: contract, due day, day paid, total, kind, balance after.
pub type Line = (usize, &'static str, &'static str, i64, &'static str, i64);

const CONTRACTS: [&str; 4] =
    ["51202220160000101", "51202220160000102", "51202220160000103", "51202220160000104"];

fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100)
}

pub fn list(lines: &[Line]) -> Vec<u8> {
    let mut text = format!("{HEADINGS}\n");
    for (contract, due, paid, total, kind, balance) in lines {
        let (no, total, balance) = (CONTRACTS[*contract], yuan(*total), yuan(*balance));
        text.push_str(&format!(
            "{no},{due},727.27,0.00,{paid},{total},0.00,0.00,{total},{kind},支付宝,{balance}\n"
        ));
    }
    text.into_bytes()
}

#[derive(QueryableByName)]
struct Standing {
    #[diesel(sql_type = Text)]
    contract_no: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Date)]
    effective_on: NaiveDate,
    #[diesel(sql_type = Nullable<BigInt>)]
    amount_fen: Option<i64>,
}

/// Contract, kind, day and amount of all money that stands, in order.
pub fn standing(county: &County) -> Vec<(String, String, NaiveDate, i64)> {
    let sql = "SELECT l.contract_no, e.kind, e.effective_on, e.amount_fen FROM loan_event e \
               JOIN loan l ON l.id = e.loan_id WHERE e.kind IN ('paid', 'prepaid', 'compensated') \
               AND NOT EXISTS (SELECT 1 FROM loan_event r WHERE r.reverses_id = e.id)";
    let rows: Vec<Standing> =
        county.app.db.read(|db| Ok(diesel::sql_query(sql).load(db)?)).unwrap();
    let mut found: Vec<_> = rows
        .into_iter()
        .map(|row| {
            (row.contract_no, row.kind, row.effective_on, row.amount_fen.unwrap_or_default())
        })
        .collect();
    found.sort();
    found
}

fn sum(county: &County) -> i64 {
    standing(county).iter().map(|one| one.3).sum()
}

fn outcomes(rows: &[ImportRow]) -> Vec<&str> {
    rows.iter().map(|row| row.outcome.as_str()).collect()
}

#[test]
fn five_hundred_then_six_then_five_again_is_five_hundred() {
    on_both(|kind| {
        let county = county(kind);
        let of = |total| list(&[(0, "2025-12-20", "2025-12-20", total, "正常还款", 0)]);
        for (total, as_of) in [
            (50_000, "2026-01-31"),
            (60_000, "2026-02-28"),
            (50_000, "2026-03-31"),
            (60_000, "2026-04-30"),
            (50_000, "2026-05-31"),
        ] {
            let rows = import(&county, "还款.csv", &of(total), as_of);
            assert_eq!(sum(&county), total, "{as_of} {rows:?}");
        }
        // An older list does not undo a newer one, and says so.
        let rows = import(&county, "还款.csv", &of(60_000), "2026-02-28");
        assert_eq!((outcomes(&rows), sum(&county)), (vec!["skipped"], 50_000), "{rows:?}");
        assert!(rows[0].notes.contains("已有截至 2026-05-31 的银行数据"), "{rows:?}");
        assert_eq!(
            number(&county.app, "SELECT count(*) AS n FROM import_job WHERE problem <> ''"),
            0
        );
    });
}

#[test]
fn a_total_that_grows_where_parts_are_absent_is_booked_once() {
    let county = county(Kind::Sqlite);
    for (total, as_of) in [("1050.00", "2026-01-31"), ("1060.00", "2026-02-28")] {
        let text = format!(
            "合同编号,应还日期,还款日期,实还本金（元）,实还合计（元）,还款类型\n\
             {},2025-12-20,2025-12-20,727.27,{total},正常还款\n",
            CONTRACTS[0]
        );
        import(&county, "还款.csv", text.as_bytes(), as_of);
        let expected: Fen = total.parse().unwrap();
        assert_eq!(sum(&county), expected.get());
    }
}

#[test]
fn the_same_money_as_late_instead_of_regular_is_one_payment() {
    let county = county(Kind::Sqlite);
    for (kind, as_of) in [("正常还款", "2026-01-31"), ("逾期还款", "2026-02-28")] {
        let one = list(&[(0, "2025-12-20", "2025-12-22", 72_727, kind, 0)]);
        import(&county, "还款.csv", &one, as_of);
        assert_eq!(sum(&county), 72_727);
    }
}

#[test]
fn part_payments_of_one_instalment_are_two_payments() {
    let county = county(Kind::Sqlite);
    let lines = [
        (0, "2025-12-20", "2025-12-05", 30_000, "正常还款", 551_819),
        (0, "2025-12-20", "2025-12-18", 42_727, "正常还款", 509_092),
    ];
    let rows = import(&county, "还款.csv", &list(&lines), "2026-01-31");
    assert_eq!((outcomes(&rows), sum(&county)), (vec!["new", "new"], 72_727), "{rows:?}");
    // In the other order, and with a remark of a repeated line.
    let again = [lines[1], lines[0], lines[0]];
    let rows = import(&county, "还款.csv", &list(&again), "2026-01-31");
    assert_eq!(outcomes(&rows), ["same", "same", "skipped"]);
    assert_eq!(sum(&county), 72_727);
}

#[test]
fn two_payments_of_one_day_are_two_payments() {
    on_both(|kind| {
        let county = county(kind);
        let rows = import(&county, "F29.csv", &field("F29_identical_lines"), "2026-10-31");
        assert!(rows.iter().all(|row| row.outcome == "new"), "{rows:?}");
        let of_day = standing(&county).into_iter().filter(|one| one.2 == day("2025-12-20"));
        assert_eq!(of_day.map(|one| one.3).collect::<Vec<_>>(), [10_000, 10_000]);
        let of_balance = "SELECT count(*) AS n FROM bank_difference WHERE figure LIKE '还款后%' \
                          AND on_day = '2025-12-20'";
        assert_eq!(number(&county.app, of_balance), 0);
    });
}

#[test]
fn a_payment_that_the_bank_takes_back_is_reversed() {
    on_both(|kind| {
        let county = county(kind);
        let overdue = "SELECT CAST(p.overdue_principal_fen AS BIGINT) AS n FROM loan_position p \
                       JOIN loan l ON l.id = p.loan_id \
                       WHERE l.contract_no = '51202220160000102'";
        import(&county, "before.csv", &field("F28a_before"), "2025-01-31");
        let before = number(&county.app, overdue);
        for _ in 0..2 {
            let rows = import(&county, "taken.csv", &field("F28b_reversal_alone"), "2025-01-31");
            assert!(matches!(outcomes(&rows)[..], ["new" | "same"]), "{rows:?}");
            assert_eq!(number(&county.app, overdue), before + 72_727);
            let of_year = standing(&county).into_iter().filter(|one| one.2 > day("2024-01-01"));
            assert_eq!(of_year.count(), 0);
        }
    });
}

#[test]
fn what_cannot_be_taken_back_is_refused() {
    let county = county(Kind::Sqlite);
    let rows = import(&county, "taken.csv", &field("F28b_reversal_alone"), "2026-10-31");
    assert_eq!(outcomes(&rows), ["refused"]);
    assert!(rows[0].notes.contains("银行退回 727.27 元"), "{rows:?}");
    assert_eq!(
        number(&county.app, "SELECT count(*) AS n FROM bank_figure WHERE sheet = 'repayments'"),
        0
    );
}

#[test]
fn money_before_the_pay_out_is_refused() {
    let county = county(Kind::Sqlite);
    let early = list(&[(0, "2025-12-20", "2012-05-25", 72_727, "正常还款", 0)]);
    let rows = import(&county, "还款.csv", &early, "2026-10-31");
    assert_eq!(outcomes(&rows), ["refused"]);
    assert!(rows[0].notes.contains("早于这份合同的发放日期 2016-11-15"), "{rows:?}");
}

#[test]
fn a_list_of_some_contracts_takes_nothing_of_the_others_away() {
    let county = county(Kind::Sqlite);
    let all: Vec<Line> = (0..4)
        .map(|contract| (contract, "2024-12-20", "2024-12-20", 72_727, "正常还款", 509_092))
        .collect();
    import(&county, "全部.csv", &list(&all), "2025-01-31");
    // One contract's second part payment of an instalment, in a list of one month.
    let first = (0, "2025-12-20", "2025-12-05", 30_000, "正常还款", 479_092);
    let second = (0, "2025-12-20", "2026-01-05", 20_000, "逾期还款", 459_092);
    import(&county, "十二月.csv", &list(&[first]), "2025-12-31");
    import(&county, "一月.csv", &list(&[second]), "2026-01-31");
    assert_eq!(sum(&county), 4 * 72_727 + 50_000);
    // And the other way round.
    let other = super::bank_lines::county(Kind::Sqlite);
    import(&other, "一月.csv", &list(&[second]), "2026-01-31");
    import(&other, "十二月.csv", &list(&[first]), "2025-12-31");
    import(&other, "全部.csv", &list(&all), "2025-01-31");
    assert_eq!(standing(&other), standing(&county));
}

#[test]
fn what_an_older_program_has_booked_is_known() {
    let county = County::new(Kind::Sqlite);
    let sheets: Vec<Upload> = small_sheets("clean_plain")
        .into_iter()
        .filter(|one| ["borrowers.csv", "contracts.csv", "repayments.csv"].contains(&&*one.name))
        .collect();
    let on = Some(day("2026-10-30"));
    let (app, scope) = (&county.app, &county.scope);
    let batch = batch::receive_files(app, scope, &county.by, &sheets, on, Product::Cdb).unwrap();
    batch::check(app, scope, &batch, |_| {}).unwrap();
    batch::post(app, scope, &batch, |_| {}).unwrap();
    let before = standing(&county);
    assert!(before.len() > 50);
    let kind = "CASE f.kind WHEN '正常还款' THEN 'regular' WHEN '提前还款' THEN 'early' \
                WHEN '逾期还款' THEN 'late' WHEN '逾期未还' THEN 'unpaid' \
                WHEN '免息' THEN 'waived' ELSE 'compensated' END";
    let old_key = format!(
        "(SELECT 'repayments:' || l.contract_no || ':' || f.due_on || ':' || {kind} || ':' \
         || COALESCE(f.paid_on, '-') FROM loan l WHERE l.id = f.loan_id)"
    );
    let mut steps = vec![
        "DROP TRIGGER loan_event_is_never_changed".to_owned(),
        format!(
            "UPDATE loan_event AS e SET command_key = (SELECT {old_key} || ':' || f.paid_fen \
             FROM bank_figure f WHERE f.event_id = e.id) \
             WHERE EXISTS (SELECT 1 FROM bank_figure f WHERE f.event_id = e.id)"
        ),
        format!(
            "UPDATE bank_figure AS f SET row_key = {old_key}, event_id = NULL, paid_fen = 0, \
             ordinal = 1, tells = 'line' WHERE sheet = 'repayments'"
        ),
    ];
    let up = include_str!("../../migrations/sqlite/2026-11-28-000012_bank_lines/up.sql");
    steps.extend(up.split("\n\n").filter(|step| step.starts_with("UPDATE")).map(str::to_owned));
    app.db
        .write("an older program", |db| {
            for step in &steps {
                diesel::sql_query(step.clone()).execute(db)?;
            }
            Ok(())
        })
        .unwrap();
    let again = &sheets.iter().find(|one| one.name == "repayments.csv").unwrap().bytes;
    let rows = import(&county, "repayments.csv", again, "2026-10-30");
    assert!(
        rows.iter().all(|row| row.outcome == "same"),
        "{:?}",
        rows.iter().find(|row| row.outcome != "same")
    );
    let rows = import(&county, "repayments.csv", again, "2026-10-31");
    assert!(rows.iter().all(|row| row.outcome == "same"));
    assert_eq!(standing(&county), before);
}

/// What the bank says about one instalment at one time.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    lines: Vec<(usize, usize, usize, bool)>,
}

const DUE: [&str; 3] = ["2023-12-20", "2024-12-20", "2025-12-20"];
const AMOUNTS: [i64; 4] = [30_000, 42_727, 50_000, 72_727];

fn day_paid(due: &str, at: usize) -> &'static str {
    let days = match due {
        "2023-12-20" => ["2023-12-05", "2023-12-18", "2023-12-20"],
        "2024-12-20" => ["2024-12-05", "2024-12-18", "2024-12-20"],
        _ => ["2025-12-05", "2025-12-18", "2025-12-20"],
    };
    days[at]
}

fn said() -> impl Strategy<Value = Said> {
    // Amount, day, kind, and whether the bank has taken it back.
    let line = (0..AMOUNTS.len(), 0..3_usize, 0..2_usize, prop::bool::weighted(0.2));
    prop::collection::vec(line, 0..3).prop_map(|lines| Said { lines })
}

/// The lines of a list, and the money that it comes to.
/// How often a contract, day and amount are listed.
type Listed = BTreeMap<(usize, NaiveDate, i64), usize>;

fn told(said: &[Vec<Said>]) -> (Vec<Line>, Listed) {
    let (mut lines, mut money) = (Vec::new(), BTreeMap::new());
    for (contract, said) in said.iter().enumerate() {
        // Every list has this one, so that it is seen to have such lines at all.
        lines.push((contract, "2022-08-20", "2022-08-20", 10_000, "提前还款", 700_000));
        for (due, said) in DUE.iter().zip(said) {
            if said.lines.iter().all(|line| line.3) {
                lines.push((contract, due, "", 0, "逾期未还", 600_000));
            }
            for (n, (amount, on, kind, taken)) in said.lines.iter().enumerate() {
                let (amount, on) = (AMOUNTS[*amount], day_paid(due, *on));
                let balance = 500_000 - 1_000 * i64::try_from(n).unwrap();
                lines.push((contract, due, on, amount, ["正常还款", "逾期还款"][*kind], balance));
                if *taken {
                    lines.push((contract, due, "2026-01-05", -amount, "逾期还款", balance));
                } else {
                    *money.entry((contract, day(on), amount)).or_default() += 1;
                }
            }
        }
    }
    (lines, money)
}

/// Of two payments of one amount, one of which was taken back, nobody can say which it was: the
/// day of such money does not count.
fn named(
    said: &[Vec<Said>],
    money: BTreeMap<(usize, NaiveDate, i64), usize>,
) -> BTreeMap<(usize, NaiveDate, i64), usize> {
    let mut found = BTreeMap::new();
    for ((contract, on, amount), count) in money {
        let due = DUE.iter().position(|due| due[..4] == on.to_string()[..4]).unwrap();
        let own = said[contract][due].lines.iter().filter(|line| AMOUNTS[line.0] == amount);
        let taken = own.clone().filter(|line| line.3).count();
        let day = if taken > 0 && taken < own.count() { day(DUE[due]) } else { on };
        *found.entry((contract, day, amount)).or_default() += count;
    }
    found
}

#[test]
fn any_true_lists_in_any_order_end_with_the_newest_lists_money() {
    let contracts = prop::collection::vec(prop::collection::vec(said(), 3), 4);
    let lists = prop::collection::vec(contracts, 1..5);
    let order = prop::collection::vec((0..100_usize, 0..1_000_usize), 3..8);
    let mut runner = TestRunner::new(Config::with_cases(16));
    let done = runner.run(&(lists, order), |(lists, order)| {
        let county = county(Kind::Sqlite);
        let as_of = ["2026-01-31", "2026-04-30", "2026-07-31", "2026-10-31"];
        // Each list at least once, in any order, shuffled, some again.
        let mut turns: Vec<usize> = (0..lists.len()).collect();
        turns.extend(order.iter().map(|(at, _)| at % lists.len()));
        for (turn, (_, with)) in order.iter().enumerate() {
            let len = turns.len();
            turns.swap(turn % len, with % len);
        }
        for (turn, at) in turns.iter().enumerate() {
            let (mut lines, _) = told(&lists[*at]);
            let len = lines.len();
            lines.rotate_left(order[turn % order.len()].1 % len);
            let rows = import(&county, "还款.csv", &list(&lines), as_of[*at]);
            prop_assert!(
                rows.iter().all(|row| row.outcome != "refused"),
                "{:?}",
                rows.iter().find(|row| row.outcome == "refused")
            );
        }
        let newest = &lists[lists.len() - 1];
        let (_, expected) = told(newest);
        let mut found: BTreeMap<(usize, NaiveDate, i64), usize> = BTreeMap::new();
        for (contract, kind, on, amount) in standing(&county) {
            if kind == "paid" {
                let contract = CONTRACTS.iter().position(|no| **no == contract).unwrap();
                *found.entry((contract, on, amount)).or_default() += 1;
            }
        }
        let (found, expected) = (named(newest, found), named(newest, expected));
        prop_assert_eq!(found, expected, "{:?}", turns);
        Ok(())
    });
    assert_eq!(done, Ok(()));
}
