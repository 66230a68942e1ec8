//! The generated county against our statements, to the fen. The generator is independent of this
//! program (another language, another author), so agreement says something.

use std::collections::BTreeMap;
use std::io::Read;

use super::*;

/// A sheet as maps from heading to cell; gzip, a byte-order mark and a title row are undone.
fn sheet(name: &str) -> Vec<BTreeMap<String, String>> {
    let bytes = crate::book::policy::sample_file(&format!("county/{name}.csv.gz")).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    let body = text.split_once('\n').unwrap().1;
    let mut reader = csv::Reader::from_reader(body.as_bytes());
    let heads: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let cells = |row: csv::StringRecord| -> Vec<String> {
        row.iter().map(|cell| cell.trim_end_matches('\t').to_owned()).collect()
    };
    reader.records().map(|row| heads.iter().cloned().zip(cells(row.unwrap())).collect()).collect()
}

fn fen(row: &BTreeMap<String, String>, head: &str) -> Fen {
    row[head].parse().unwrap()
}

struct Loan {
    terms: Terms,
    events: Vec<Event>,
    contract: BTreeMap<String, String>,
    rows: Vec<BTreeMap<String, String>>,
}

/// Terms and events of every contract, built from contracts and repayments as an import would.
fn loans(as_of: NaiveDate) -> Vec<Loan> {
    let policy = Policy::embedded().unwrap();
    let mut rows: BTreeMap<String, Vec<BTreeMap<String, String>>> = BTreeMap::new();
    for row in sheet("repayments") {
        rows.entry(row["合同编号"].clone()).or_default().push(row);
    }
    sheet("contracts")
        .into_iter()
        .map(|contract| {
            let number = contract["合同编号"].clone();
            let signed_on = d(&contract["合同签订日期"]);
            let terms = Terms {
                contract_no: number.clone(),
                signed_on,
                level: StudyLevel::Undergraduate,
                subsidy_ends_on: d(&contract["贴息截止日"]),
                grace_years: contract["还本宽限期（年）"].parse().unwrap(),
                due_day: policy.due_day(signed_on),
                final_due_on: d(&contract["到期日期"]),
                pricing: Pricing::Floating,
                penalty_ppm: policy.penalty_ppm(Product::Cdb, signed_on),
                day_count: policy.day_count(signed_on),
                switches: policy.switches(signed_on),
            };
            let mut events = policy.waiver_events();
            let mut add = |on: NaiveDate, kind| {
                let id = i64::try_from(events.len()).unwrap();
                events.push(Event::new(id, on, kind));
            };
            if !contract["发放日期"].is_empty() {
                let amount = fen(&contract, "贷款金额（元）");
                add(d(&contract["发放日期"]), EventKind::Disbursed { amount });
            }
            let rows = rows.remove(&number).unwrap_or_default();
            for row in rows.iter().filter(|row| !row["还款日期"].is_empty()) {
                let amount = fen(row, "实还合计（元）");
                let kind = match row["还款类型"].as_str() {
                    "国家代偿" => EventKind::Compensated { amount },
                    "提前还款" => EventKind::Prepaid { principal: None },
                    "正常还款" | "逾期还款" => EventKind::Paid { amount },
                    other => panic!("{other}"),
                };
                add(d(&row["还款日期"]), kind);
            }
            assert!(events.iter().all(|event| event.on <= as_of));
            Loan { terms, events, contract, rows }
        })
        .collect()
}

/// The row of ours that a row of the file speaks about.
fn ours<'a>(statement: &'a Statement, row: &BTreeMap<String, String>) -> &'a Instalment {
    let early = matches!(row["还款类型"].as_str(), "国家代偿" | "提前还款");
    let kind = if early { RowKind::EarlySettlement } else { RowKind::DueDay };
    let due_on = d(&row["应还日期"]);
    let mut found = statement.instalments.iter().filter(|our| our.due_on == due_on);
    // Money granted on a due day meets what that day asked for: the interest is on its row.
    let exact = found.clone().find(|our| our.kind == kind);
    exact.or_else(|| found.next()).unwrap_or_else(|| panic!("no row for {row:?}"))
}

fn check_row(statement: &Statement, row: &BTreeMap<String, String>) {
    let our = ours(statement, row);
    let number = &row["合同编号"];
    let kind = row["还款类型"].as_str();
    let on_due_day =
        kind == "国家代偿" && d(&row["应还日期"]).format("%m-%d").to_string() == "12-20";
    let sum = |part: fn(&Instalment) -> Fen| -> Fen {
        statement.instalments.iter().filter(|other| other.due_on == our.due_on).map(part).sum()
    };
    let (interest, waived, principal) = if on_due_day {
        (sum(|row| row.interest), sum(|row| row.waived), sum(|row| row.principal))
    } else {
        (our.interest, our.waived, our.principal)
    };
    assert_eq!(principal, fen(row, "应还本金（元）"), "{number} principal {row:?}");
    let due_interest = fen(row, "应还利息（元）");
    assert_eq!(interest, due_interest, "{number} interest {row:?}");
    assert_eq!(waived, fen(row, "免除利息（元）"), "{number} waived {row:?}");
    match kind {
        "逾期未还" => {
            assert_eq!(our.paid_interest + our.paid_principal + our.paid_penalty, Fen::ZERO);
            assert!(our.state == InstalmentState::Overdue || our.open().is_zero(), "{row:?}");
        }
        "免息" => assert_eq!(our.state, InstalmentState::Waived, "{row:?}"),
        "逾期还款" => {
            assert_eq!(our.penalty, fen(row, "实还罚息（元）"), "{number} penalty");
            assert_eq!(our.paid_penalty, our.penalty);
            assert_eq!(our.settled_on, Some(d(&row["还款日期"])), "{number}");
        }
        _ => assert!(our.open().is_zero(), "{number} {row:?}"),
    }
}

/// 还款后贷款余额: the file books money on the day it was paid, we on the due day. So compare the
/// balance after the last payment of each row with ours on the later of the two days.
fn check_balance(loan: &Loan, rates: &RateTables, as_of: NaiveDate) {
    for row in loan.rows.iter().filter(|row| row["还款类型"] != "逾期未还") {
        let paid_on = match row["还款日期"].as_str() {
            "" => d(&row["应还日期"]),
            day => d(day).max(d(&row["应还日期"])),
        };
        let on = paid_on.min(as_of);
        let position = position(&loan.terms, &loan.events, rates, on).unwrap();
        let next_is_late = loan.rows.iter().any(|other| {
            d(&other["应还日期"]) > d(&row["应还日期"]) && d(&other["应还日期"]) <= on
        });
        if !next_is_late {
            let balance = fen(row, "还款后贷款余额（元）");
            assert_eq!(position.principal_outstanding, balance, "{row:?}");
        }
    }
}

/// Every row of contracts, repayments and overdue list, and the sums of the summary.
#[test]
fn the_generated_county_reconciles_to_the_fen() {
    let as_of = d("2026-10-31");
    let rates = Policy::embedded().unwrap().rates();
    let mut overdue: BTreeMap<String, BTreeMap<String, String>> =
        sheet("overdue").into_iter().map(|row| (row["合同编号"].clone(), row)).collect();
    let (mut contracts, mut rows) = (0, 0);
    let mut totals = Totals::default();
    let mut balance = Fen::ZERO;
    let mut open_penalty = Fen::ZERO;
    for loan in loans(as_of) {
        let number = &loan.terms.contract_no;
        let statement = statement(&loan.terms, &loan.events, &rates, as_of).unwrap();
        let position = &statement.position;
        assert_eq!(
            position.principal_outstanding,
            fen(&loan.contract, "贷款余额（元）"),
            "{number}"
        );
        assert_eq!(position.unapplied, Fen::ZERO, "{number}");
        let status = match loan.contract["合同状态"].as_str() {
            "已签订待发放" => position.stage == Stage::Undisbursed,
            "已结清" => position.stage == Stage::Settled,
            "逾期" => position.overdue_principal + position.overdue_interest > Fen::ZERO,
            "还款期" => matches!(position.stage, Stage::Grace | Stage::Repaying),
            "在校贴息" => position.stage == Stage::InStudy,
            other => panic!("{other}"),
        };
        assert!(status, "{number}: {} {position:?}", loan.contract["合同状态"]);
        loan.rows.iter().for_each(|row| check_row(&statement, row));
        check_balance(&loan, &rates, as_of);
        match overdue.remove(number) {
            None => {
                let open = position.overdue_principal + position.overdue_interest;
                assert!(open.is_zero(), "{number} {position:?}");
            }
            Some(row) => {
                assert_eq!(position.overdue_principal, fen(&row, "逾期本金（元）"), "{number}");
                assert_eq!(position.overdue_interest, fen(&row, "逾期利息（元）"), "{number}");
                assert_eq!(position.penalty, fen(&row, "罚息（元）"), "{number}");
                assert_eq!(position.days_overdue.to_string(), row["逾期天数"], "{number}");
                assert_eq!(position.oldest_unpaid_due_on, Some(d(&row["首次逾期日期"])));
                open_penalty += position.penalty;
            }
        }
        contracts += 1;
        rows += loan.rows.len();
        balance += position.principal_outstanding;
        totals.disbursed += statement.totals.disbursed;
        totals.interest_paid += statement.totals.interest_paid;
        totals.penalty_paid += statement.totals.penalty_paid;
        totals.waived_interest += statement.totals.waived_interest;
    }
    assert!(overdue.is_empty());
    assert_eq!((contracts, rows), (4_635, sheet("repayments").len()));
    assert_eq!(balance.to_yuan_text(), "37821697.69");
    assert_eq!(totals.disbursed.to_yuan_text(), "44227100.00");
    assert_eq!(totals.interest_paid.to_yuan_text(), "446891.40");
    assert_eq!(totals.penalty_paid.to_yuan_text(), "75.20");
    assert_eq!(totals.waived_interest.to_yuan_text(), "1561923.91");
    assert_eq!(open_penalty.to_yuan_text(), "2762.66");
}
