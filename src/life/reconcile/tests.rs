//! A file of a county without a difference, and the same with faults planted in it: exactly those
//! are found, and why.

use chrono::{Datelike, NaiveDate, NaiveDateTime};

use super::cause::{Case, explain};
use super::compare::compare;
use crate::base::dates::day_in;
use crate::base::ids::{EventId, FileId, ImportId, LoanId, RowId};
use crate::base::money::Fen;
use crate::base::rate::RatePpm;
use crate::book::bank::{BankFigure, Tells};
use crate::book::bank_difference::Cause;
use crate::book::events::{EventRow, Origin};
use crate::book::loan::Loan;
use crate::book::policy::Policy;
use crate::book::position::{Basis, statement_of};
use crate::book::statement::{Event, EventKind};

const AS_OF: &str = "2026-12-31";

fn d(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at() -> NaiveDateTime {
    d("2027-01-05").and_hms_opt(1, 0, 0).unwrap()
}

fn basis() -> Basis {
    let policy = Policy::embedded().unwrap();
    Basis {
        rates: policy.rates(),
        waiver_years: policy.waiver_years().map(|one| one.year).filter(|y| *y < 2026).collect(),
        smallest_arrears: Fen::ZERO,
        version: 0,
    }
}

/// One contract of a county: everything of it follows from its number.
fn loan(number: i64) -> Loan {
    let signed = 2010 + i32::try_from(number % 9).unwrap();
    let yuan = 4_000 + 100 * (number % 40);
    Loan {
        id: LoanId::new(number),
        office_code: "512022".to_owned(),
        file_id: FileId::new(number),
        contract_no: format!("51202220{number:06}"),
        product: "cdb".to_owned(),
        loan_year: signed,
        is_first: true,
        level: "undergraduate".to_owned(),
        principal_fen: Fen::from_yuan(yuan),
        tuition_fen: None,
        lodging_fen: None,
        term_years: None,
        signed_on: day_in(signed, 8, 10 + u32::try_from(number % 15).unwrap()),
        subsidy_ends_on: day_in(signed + 4, 8, 31),
        final_due_on: day_in(signed + 19, 9, 20),
        grace_years: if number % 2 == 0 { 3 } else { 5 },
        due_month_day: "12-20".to_owned(),
        fixed_rate_ppm: None,
        penalty_percent: 130,
        day_count: "act_360".to_owned(),
        switches: String::new(),
        co_person_id: None,
        receipt_code: String::new(),
        receipt_on: None,
        agent: String::new(),
        account_sealed: None,
        account_mask: String::new(),
        bank_state: String::new(),
        created_at: at(),
        updated_at: at(),
        version: 1,
    }
}

fn row(of: &Loan, id: i64, on: NaiveDate, kind: EventKind) -> EventRow {
    let event = Event { id: EventId::new(id), on, recorded_at: None, kind };
    EventRow::new(&of.office_code, of.id, &event, at(), Origin::default())
}

/// Money goes out in November of the first year, and everything is paid on its day.
fn life(of: &Loan, extra: &[(NaiveDate, EventKind)], basis: &Basis) -> Vec<EventRow> {
    let out = day_in(of.signed_on.year(), 11, 15);
    let mut rows = vec![row(of, 1, out, EventKind::Disbursed { amount: of.principal_fen })];
    for (at, (on, kind)) in (2..).zip(extra) {
        rows.push(row(of, at, *on, *kind));
    }
    let plan = statement_of(of, &rows, basis, d(AS_OF)).unwrap();
    let mut next = 100;
    for one in plan.instalments.iter().filter(|one| one.due_on <= d(AS_OF)) {
        let amount = one.interest + one.principal;
        let early = rows.iter().any(|row| row.kind == "prepaid" && row.effective_on == one.due_on);
        if amount.is_positive() && !early {
            next += 1;
            rows.push(row(of, next, one.due_on, EventKind::Paid { amount }));
        }
    }
    rows
}

fn figure(of: &Loan, sheet: &str, at: i64) -> BankFigure {
    BankFigure {
        id: RowId::new(at),
        office_code: of.office_code.clone(),
        loan_id: of.id,
        sheet: sheet.to_owned(),
        row_key: format!("{}/{at}", of.id),
        as_of: d(AS_OF),
        due_on: None,
        paid_on: None,
        kind: String::new(),
        channel: String::new(),
        due_principal_fen: Fen::ZERO,
        due_interest_fen: Fen::ZERO,
        waived_fen: Fen::ZERO,
        paid_principal_fen: Fen::ZERO,
        paid_interest_fen: Fen::ZERO,
        paid_penalty_fen: Fen::ZERO,
        balance_fen: None,
        overdue_principal_fen: Fen::ZERO,
        overdue_interest_fen: Fen::ZERO,
        penalty_fen: Fen::ZERO,
        note: String::new(),
        import_id: ImportId::new(1),
        line: i32::try_from(at).unwrap(),
        ordinal: 0,
        paid_fen: Fen::ZERO,
        tells: Tells::List,
        event_id: None,
    }
}

/// What the bank's files say of a contract whose life is `events`: a row for each due day, with
/// the payment of that day, and the balance.
fn files(of: &Loan, events: &[EventRow], basis: &Basis) -> Vec<BankFigure> {
    let statement = statement_of(of, events, basis, d(AS_OF)).unwrap();
    let mut figures = Vec::new();
    for one in statement.instalments.iter().filter(|one| one.due_on <= d(AS_OF)) {
        let paid = events.iter().find(|row| row.kind == "paid" && row.effective_on == one.due_on);
        let on = statement_of(of, events, basis, one.due_on).unwrap();
        if events.iter().any(|row| row.kind == "prepaid" && row.effective_on == one.due_on) {
            continue;
        }
        let asks = one.interest + one.principal + one.waived;
        if asks.is_zero() {
            continue;
        }
        figures.push(BankFigure {
            due_on: Some(one.due_on),
            paid_on: paid.map(|row| row.effective_on),
            due_principal_fen: one.principal,
            due_interest_fen: one.interest,
            waived_fen: one.waived,
            balance_fen: Some(on.position.principal_outstanding),
            event_id: paid.map(|row| row.id),
            ..figure(of, "repayments", i64::try_from(figures.len()).unwrap() + 1)
        });
    }
    figures.push(BankFigure {
        balance_fen: Some(statement.position.principal_outstanding),
        ..figure(of, "contracts", 1_000)
    });
    figures
}

/// What is wrong with the bank's file, or with ours.
#[derive(Clone, Copy, Debug)]
struct Planted {
    cause: Cause,
    /// How the bank's side differs from the contract as we have it.
    bank: fn(&mut Loan, &mut Vec<(NaiveDate, EventKind)>, &mut Basis),
    /// What we have besides, and the bank does not.
    ours: fn(&Loan) -> Vec<(NaiveDate, EventKind)>,
}

const PLANTED: [Planted; 10] = [
    Planted {
        cause: Cause::Days,
        bank: |loan, _, _| loan.switches = "self_pay_starts=next_day".to_owned(),
        ours: |_| Vec::new(),
    },
    Planted {
        cause: Cause::Waiver,
        bank: |_, _, basis| {
            basis.waiver_years =
                basis.waiver_years.iter().copied().filter(|y| *y != 2024).collect();
        },
        ours: |_| Vec::new(),
    },
    Planted {
        cause: Cause::Waiver,
        bank: |_, events, _| events.push((d("2026-01-01"), EventKind::InterestWaived)),
        ours: |_| Vec::new(),
    },
    Planted {
        cause: Cause::Deferral,
        bank: |_, events, _| events.push((d("2025-01-01"), EventKind::PrincipalDeferred)),
        ours: |_| Vec::new(),
    },
    Planted {
        cause: Cause::Plan,
        bank: |loan, events, _| {
            let year = loan.subsidy_ends_on.year() + loan.grace_years + 1;
            let equal_amount = Fen::new(loan.principal_fen.get() / 10);
            let on = day_in(loan.signed_on.year(), 11, 15);
            events.push((on, EventKind::PlanSet { equal_amount, first_year: year }));
        },
        ours: |_| Vec::new(),
    },
    Planted {
        cause: Cause::SubsidyEnd,
        bank: |loan, events, _| {
            let to = day_in(loan.subsidy_ends_on.year() + 1, 8, 31);
            events.push((loan.subsidy_ends_on, EventKind::SubsidyEndMoved { to, from: None }));
        },
        ours: |_| Vec::new(),
    },
    Planted {
        cause: Cause::Rate,
        bank: |_, events, _| {
            let rate = RatePpm::new(39_500);
            events.push((d("2020-12-20"), EventKind::RateSet { rate }));
        },
        ours: |_| Vec::new(),
    },
    Planted {
        cause: Cause::RateDay,
        bank: |loan, events, basis| {
            for year in loan.signed_on.year()..=2026 {
                let rate = basis.rates.priced_in_december(loan.signed_on, year);
                events.push((day_in(year, 12, 31), EventKind::RateSet { rate }));
            }
        },
        ours: |_| Vec::new(),
    },
    Planted {
        cause: Cause::Payment,
        bank: |_, events, _| {
            let principal = Some(Fen::from_yuan(500));
            events.push((d(AS_OF), EventKind::Prepaid { principal }));
        },
        ours: |_| Vec::new(),
    },
    Planted {
        cause: Cause::Payment,
        bank: |_, _, _| {},
        ours: |_| {
            let principal = Some(Fen::from_yuan(500));
            vec![(d("2026-05-20"), EventKind::Prepaid { principal })]
        },
    },
];

/// Our life of a contract and the bank's rows of it; money is what the bank got.
fn planted(number: i64, fault: Option<&Planted>) -> (Loan, Vec<EventRow>, Vec<BankFigure>) {
    let own = loan(number);
    let (mut theirs, mut events, mut basis) = (own.clone(), Vec::new(), basis());
    if let Some(fault) = fault {
        (fault.bank)(&mut theirs, &mut events, &mut basis);
    }
    let life = life(&theirs, &events, &basis);
    let figures = files(&theirs, &life, &basis);
    let mut ours: Vec<EventRow> =
        life.into_iter().filter(|row| matches!(row.kind.as_str(), "disbursed" | "paid")).collect();
    for (at, (on, kind)) in (500..).zip(fault.map(|fault| (fault.ours)(&own)).unwrap_or_default()) {
        ours.push(row(&own, at, on, kind));
    }
    (own, ours, figures)
}

#[test]
fn a_file_that_agrees_has_no_difference_and_200_planted_faults_are_found_with_their_cause() {
    let (basis, until) = (basis(), Some(d(AS_OF)));
    let (mut right, mut wrong) = (0, Vec::new());
    for number in 1..=600 {
        // Each third contract has a fault, of one kind after the other.
        let fault = (number % 3 == 0).then(|| {
            let kind = usize::try_from(number / 3).unwrap() % PLANTED.len();
            &PLANTED[kind]
        });
        let (loan, events, figures) = planted(number, fault);
        let differences = compare(&loan, &events, &figures, &basis, until).unwrap();
        let Some(fault) = fault else {
            assert!(differences.is_empty(), "{number}: {differences:?}");
            continue;
        };
        assert!(!differences.is_empty(), "{number}: {fault:?} makes no difference");
        let case = Case { loan: &loan, events: &events, figures: &figures, basis: &basis, until };
        let found = explain(&case, &differences);
        if found.as_ref().is_some_and(|found| found.cause == fault.cause) {
            right += 1;
        } else {
            wrong.push((number, fault.cause, found));
        }
    }
    assert_eq!(right + wrong.len(), 200);
    assert!(right >= 190, "{right} of 200; {wrong:#?}");
}

#[test]
fn a_difference_of_two_fen_is_rounding_and_one_of_three_is_not_called_so() {
    let (basis, until) = (basis(), Some(d(AS_OF)));
    let (loan, events, figures) = planted(1, None);
    let cause = |more: i64| {
        let mut figures = figures.clone();
        figures[0].due_interest_fen += Fen::new(more);
        let differences = compare(&loan, &events, &figures, &basis, until).unwrap();
        let case = Case { loan: &loan, events: &events, figures: &figures, basis: &basis, until };
        explain(&case, &differences).map(|found| found.cause)
    };
    assert_eq!(cause(0), None);
    assert_eq!(cause(2), Some(Cause::Rounding));
    assert_ne!(cause(3), Some(Cause::Rounding));
}
