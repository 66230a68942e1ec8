//! Every list of the kit, page by page: each row once, in one order, forward and back; and what it
//! counts is what it shows.

use diesel::connection::SimpleConnection as _;
use zhuxue::base::ids::StaffId;
use zhuxue::base::scope::Scope;
use zhuxue::desk::audit::AuditFilter;
use zhuxue::desk::messages::list::{self as messages, ListParams as MessageParams, Messages};
use zhuxue::desk::reviews::list::{self as reviews, ListParams as ReviewParams};
use zhuxue::jobs;
use zhuxue::life::application::list::{self as application, ListParams as ApplicationParams};
use zhuxue::life::booking::list::{self as bookings, ListParams as BookingParams};
use zhuxue::life::closing::list::{self as closing, ListParams as ClosingParams};
use zhuxue::life::contact::filter::{self as contact, ListParams as ContactParams};
use zhuxue::life::disbursement::list::{self as disbursement, ListParams as MoneyParams};
use zhuxue::life::early::list::{self as early, ListParams as EarlyParams};
use zhuxue::life::funds::list::{self as funds, ListParams as FundParams};
use zhuxue::life::graduation::list::{self as graduation, ListParams as GraduationParams};
use zhuxue::life::matching::list::{self as matching, ListParams as MatchingParams};
use zhuxue::life::preapplication::list::{self as candidates, ListParams as CandidateParams};
use zhuxue::life::receipt::list::{self as receipt, ListParams as ReceiptParams};
use zhuxue::life::recognition::list::{self as pupils, ListParams as PupilParams};
use zhuxue::life::recognition::rounds::{self, ListParams as RoundParams};
use zhuxue::life::reconcile::list::ListParams as DifferenceParams;
use zhuxue::life::relief::list::{self as relief, ListParams as ReliefParams};
use zhuxue::web::list::declare::List;
use zhuxue::web::list::filter::ListParams;

use crate::borrower::town::each;
use crate::support::county::day;
use crate::support::{OFFICE, TestApp};

const DAY: &str = "2026-12-10";

/// One for each contract.
const DIFFERENCES: &str = "INSERT INTO bank_difference \
    (id, office_code, loan_id, figure, on_day, bank_fen, ours_fen, import_id, found_at) \
    SELECT id, office_code, id, 'balance', '2026-10-31', 5, 7, \
    (SELECT MIN(id) FROM import_job), '2026-11-01 00:00:00' FROM loan";

/// Of the first contract that is paid off.
const CERTIFICATE: &str = "INSERT INTO certificate (id, office_code, file_id, loan_id, kind, \
    number, check_code, check_key, cause, state, issued_on, issued_by, copies, reason, \
    voided_by, updated_at, version) SELECT 1, office_code, file_id, loan_id, 'settled', 'J1', '', \
    NULL, '', 'valid', '2026-12-01', '', 1, '', '', '2026-12-01 00:00:00', 1 FROM loan_position \
    WHERE loan_id = (SELECT MIN(loan_id) FROM loan_position WHERE settled_on IS NOT NULL); \
    INSERT INTO certificate_line (certificate_id, loan_id, office_code, contract_no, loan_year, \
    disbursed_fen, settled_on) SELECT 1, loan_id, office_code, '', 2020, 0, '2026-07-01' \
    FROM certificate";

/// One for each person, several with the same turn.
const BOOKINGS: &str = "INSERT INTO counter_day \
    (id, office_code, on_day, place, series, hours, desks, per_slot) \
    SELECT 1, MIN(office_code), '2026-12-10', '县资助中心', 'A', '08:30-12:00', 3, 9 FROM loan; \
    INSERT INTO booking \
    (id, office_code, day_id, year, turn_min, person_id, name, kind, source, state) \
    SELECT id, office_code, 1, 2026, id % 7, id, name, 'first', 'desk', 'booked' FROM person";
/// A request for each contract, several on the same day.
const EARLY: &str = "INSERT INTO early_repayment (id, office_code, file_id, loan_id, state, \
    requester, source, requested_on, settles_on, needed_fen, reason, staff_name, updated_at, \
    decided_by, version) SELECT id, office_code, file_id, id, \
    CASE WHEN id % 3 = 0 THEN 'open' WHEN id % 3 = 1 THEN 'lapsed' ELSE 'unpaid' END, 'student', \
    'desk', '2026-12-01', '2026-12-20', 5, '', '', \
    '2026-12-01 00:00:00', '', 1 FROM loan";

/// One for each file, and an entry of the treasury's money for each contract.
const RELIEF: &str = "INSERT INTO relief (id, office_code, file_id, class, class_name, \
    applicant, applicant_name, happened_on, note, state, applied_on, document, reason, \
    staff_name, updated_at, decided_by, version) SELECT id, office_code, id, 'death', '', \
    'student', '', '2026-09-01', '', CASE WHEN id % 2 = 0 THEN 'open' ELSE 'paid' END, \
    '2026-10-01', '', '', '', '2026-10-01 00:00:00', '', 1 FROM loan_file; \
    INSERT INTO fund_entry (id, office_code, kind, year, settled_on, authority, product, \
    purpose, on_day, amount_fen, document, note, state, reason, staff_name, updated_at, \
    decided_by, version) SELECT id, office_code, 'subsidy', 2026, '2026-12-20', 'central', \
    'cdb', '', '2026-12-31', 5, 'D', '', 'submitted', '', '', '2026-12-31 00:00:00', '', 1 \
    FROM loan";

/// An application and a review for each contract of the year.
pub const COUNTER: &str = "INSERT INTO loan_application (id, office_code, loan_year, product, \
    person_index, name, name_key, id_mask, university, amount_fen, is_first, step, state, \
    draft_sealed, contract_no, receipt_code, staff_id, staff_name, reason, created_at, \
    updated_at, version) SELECT loan.id, loan.office_code, loan.loan_year, loan.product, \
    person.id_index, person.name, person.name_key, person.id_mask, loan_file.university, \
    loan.principal_fen, loan.is_first, 'check', 'submitted', person.id_sealed, '', '', 1, '', '', \
    loan.created_at, loan.created_at, 1 FROM loan JOIN loan_file ON loan_file.id = loan.file_id \
    JOIN person ON person.id = loan_file.person_id WHERE loan.loan_year = 2026; \
    INSERT INTO review (id, office_code, kind, subject_id, link, name, summary, amount_fen, \
    content, exceptions, state, round, author_id, author_name, proposed_at, opened_by, urged, \
    step, reason, decided_by, version) SELECT id, office_code, 'application', id, '', name, '', \
    amount_fen, '{}', '', 'open', 1, 7, '', created_at, '', id % 3, '', '', '', 1 \
    FROM loan_application";
/// A round in which everybody has applied.
const PUPILS: &str = "INSERT INTO hardship_round (id, office_code, year, term, school, \
    apply_until, opened_by, opened_on, filed_by, seed, version) \
    SELECT 1, code, 2026, 'autumn', '乐至中学', '2026-09-30', '', '2026-09-01', '', '', 0 \
    FROM office WHERE code = '512022'; \
    INSERT INTO hardship_application (id, office_code, round_id, name, grade, class_name, \
    id_sealed, id_index, id_mask, form_sealed, signed_by, applied_on, level, state, reason, \
    entered_by, recheck, recheck_note, version) \
    SELECT loan_file.id, loan_file.office_code, 1, person.name, '高三', '1班', id_sealed, \
    id_index, id_mask, id_sealed, 'paper', '2026-09-07', '', 'applied', '', '', 'none', '', 0 \
    FROM loan_file JOIN person ON person.id = loan_file.person_id";

/// Everybody is on a list that counts, some of them answered.
const HITS: &str = "INSERT INTO matching_list (id, office_code, kind, name, counts, source, \
    file_name, lines, entries, unreadable, unreadable_places, received_by, received_on, \
    expires_on, removed_by, reason, version) \
    SELECT 1, code, 'disabled', '持证残疾人', 1 = 1, '', '', 0, 0, 0, '', '', '2026-12-01', \
    '2026-12-31', '', '', 1 FROM office WHERE code = '512022'; \
    INSERT INTO matching_hit (id, office_code, year, kind, list_id, id_index, id_mask, name, \
    school, class_name, sheet, line, col, is_member, found_on, answer, note, answered_by, version) \
    SELECT loan_file.id, loan_file.office_code, 2026, 'disabled', 1, id_index, '', person.name, \
    CASE WHEN loan_file.id % 2 = 0 THEN '乐至中学 St.~1' ELSE '' END, '', 1, 1, 1, 1 = 0, \
    '2026-12-01', \
    CASE WHEN loan_file.id % 3 = 0 THEN 'moved' ELSE 'open' END, '', '', 1 \
    FROM loan_file JOIN person ON person.id = loan_file.person_id";

/// Keys of all rows, in order.
fn walk<L: List>(t: &TestApp, list: &L, name: &str) -> Vec<String> {
    let (scope, other) = (Scope::of(OFFICE), Scope::of("510000"));
    let order = list.order();
    let keys = |rows: &[L::Row]| rows.iter().map(|row| order.key(row)).collect::<Vec<_>>();
    let (all, none, counts) = t
        .app
        .db
        .read(|db| {
            let rows = list.all(db, &scope, 10_000)?;
            Ok((keys(&rows), list.all(db, &other, 9)?.len(), list.counts(db, &scope)?))
        })
        .unwrap();
    assert_eq!((all.len(), none), (usize::try_from(counts.selection).unwrap(), 0), "{name}");
    let page = |after: &str, before: &str, size: i64| {
        let side = order.side(after, before);
        t.app.db.read(|db| list.page(db, &scope, &side, size)).unwrap()
    };
    for size in [1, 2, 7, 60] {
        let mut now = page("", "", size);
        let (mut forward, mut pages) = (keys(&now.rows), vec![keys(&now.rows)]);
        assert_eq!(now.before, None, "{name}");
        while let Some(after) = &now.after {
            now = page(after, "", size);
            forward.extend(keys(&now.rows));
            pages.push(keys(&now.rows));
        }
        assert_eq!(forward, all, "{name} by {size}");
        pages.pop();
        while let Some(before) = &now.before {
            now = page("", before, size);
            assert_eq!(Some(keys(&now.rows)), pages.pop(), "{name} back by {size}");
        }
        assert!(pages.is_empty(), "{name} back by {size}: {pages:?}");
    }
    all
}

#[test]
fn a_walk_meets_every_row_once_and_goes_back_the_same_way() {
    each(async |t| {
        t.set_day(DAY);
        jobs::close_day::run(&t.app, day(DAY)).unwrap();
        (jobs::send_due_reminders::JOB.run)(&t.app, day(DAY)).unwrap();
        jobs::plan_contact_duties::run(&t.app, day(DAY)).unwrap();
        t.app.db.write("test", |db| Ok(db.batch_execute(DIFFERENCES)?)).unwrap();
        t.app.db.write("test", |db| Ok(db.batch_execute(CERTIFICATE)?)).unwrap();
        for query in ["", "sort=next_due", "sort=balance", "sort=balance&stage=in_study", "q=张"] {
            let params: ListParams = zhuxue::web::flow::params_of(query);
            walk(&t, &params.to_filter(), query);
        }
        for (at, (tab, _)) in messages::TABS.iter().enumerate() {
            let params = MessageParams { tab: (*tab).to_owned(), ..MessageParams::default() };
            let list = Messages::of(&params, day(DAY));
            let rows = walk(&t, &list, tab);
            assert_eq!(rows.is_empty(), *tab != "today", "{tab}");
            assert_eq!(tabs(&t, &list)[at], rows.len(), "{tab}");
        }
        let me = StaffId::new(0);
        for (at, (list, _)) in contact::LISTS.iter().enumerate() {
            for township in ["", "宝林镇", "-"] {
                let (list, of) = ((*list).to_owned(), township.to_owned());
                let params = ContactParams { list, township: of, ..ContactParams::default() };
                let list = params.to_filter(me, day(DAY));
                let rows = walk(&t, &list, &params.list);
                let some = matches!(params.list.as_str(), "" | "all");
                assert!(rows.len() > 1 || !some || township == "-", "{params:?}");
                assert_eq!(tabs(&t, &list)[at], rows.len(), "{params:?}");
            }
        }
        assert!(!walk(&t, &AuditFilter::default(), "audit").is_empty());
        let printed = AuditFilter { action: Some("printed".to_owned()), ..AuditFilter::default() };
        assert!(walk(&t, &printed, "audit").is_empty());
        assert!(walk(&t, &DifferenceParams::default(), "differences").len() > 60);
        t.app.db.write("test", |db| Ok(db.batch_execute(BOOKINGS)?)).unwrap();
        for (at, (tab, _)) in bookings::TABS.iter().enumerate() {
            let params = BookingParams { tab: (*tab).to_owned(), ..BookingParams::default() };
            let list = params.to_list(day(DAY));
            let rows = walk(&t, &list, tab);
            assert_eq!(rows.is_empty(), !matches!(*tab, "" | "booked"), "{tab}");
            assert_eq!(tabs(&t, &list)[at], rows.len(), "{tab}");
        }
        for (year, all) in [("", 10), ("2027", 5)] {
            for (at, (tab, _)) in graduation::TABS.iter().enumerate() {
                let (tab, year) = ((*tab).to_owned(), year.to_owned());
                let params = GraduationParams { tab, year, ..Default::default() };
                let list = params.to_list(day(DAY));
                let rows = walk(&t, &list, &params.tab);
                assert_eq!(rows.len() == all, !rows.is_empty(), "{params:?}");
                assert_eq!(tabs(&t, &list)[at], rows.len(), "{params:?}");
            }
        }
        for (tab, _) in receipt::TABS {
            let params = ReceiptParams { tab: tab.to_owned(), ..ReceiptParams::default() };
            let rows = walk(&t, &params.to_list(day(DAY)), tab);
            assert_eq!(rows.len(), if tab == "matched" { 20 } else { 0 }, "{tab}");
        }
        t.app.db.write("test", |db| Ok(db.batch_execute(EARLY)?)).unwrap();
        for (at, (tab, _)) in early::TABS.iter().enumerate() {
            let params = EarlyParams { tab: (*tab).to_owned(), ..EarlyParams::default() };
            let rows = walk(&t, &params.to_list(), tab);
            assert_eq!(rows.is_empty(), !matches!(*tab, "" | "lapsed"), "{tab}");
            assert_eq!(tabs(&t, &params.to_list())[at], rows.len(), "{tab}");
        }
        t.app.db.write("test", |db| Ok(db.batch_execute(RELIEF)?)).unwrap();
        for (at, (tab, _)) in relief::TABS.iter().enumerate() {
            let params = ReliefParams { tab: (*tab).to_owned(), ..ReliefParams::default() };
            let rows = walk(&t, &params, tab);
            assert_eq!(rows.is_empty(), !matches!(*tab, "" | "paid"), "{tab}");
            assert_eq!(tabs(&t, &params)[at], rows.len(), "{tab}");
        }
        for (at, (tab, _)) in funds::TABS.iter().enumerate() {
            let params = FundParams { tab: (*tab).to_owned(), ..FundParams::default() };
            let rows = walk(&t, &params, tab);
            assert_eq!(rows.is_empty(), !tab.is_empty(), "{tab}");
            assert_eq!(tabs(&t, &params)[at], rows.len(), "{tab}");
        }
        t.app.db.write("test", |db| Ok(db.batch_execute(COUNTER)?)).unwrap();
        for (at, (tab, _)) in application::TABS.iter().enumerate() {
            let params = ApplicationParams { tab: (*tab).to_owned(), ..Default::default() };
            let list = params.to_list(day(DAY));
            let rows = walk(&t, &list, tab);
            assert_eq!(rows.len(), if *tab == "submitted" { 20 } else { 0 }, "{tab}");
            assert_eq!(tabs(&t, &list)[at], rows.len(), "{tab}");
        }
        for (at, (tab, _)) in reviews::TABS.iter().enumerate() {
            for (me, count) in [(7, 0), (8, 20)] {
                let params = ReviewParams { tab: (*tab).to_owned(), ..Default::default() };
                let list = params.to_list(StaffId::new(me));
                let rows = walk(&t, &list, tab);
                let count = match *tab {
                    "" => count,
                    "mine" => 20 - count,
                    _ => 0,
                };
                assert_eq!((rows.len(), tabs(&t, &list)[at]), (count, count), "{tab} of {me}");
            }
        }
        t.app.db.write("test", |db| Ok(db.batch_execute(PUPILS)?)).unwrap();
        for (at, (tab, _)) in pupils::TABS.iter().enumerate() {
            let params = PupilParams { tab: (*tab).to_owned(), ..PupilParams::default() };
            let rows = walk(&t, &params, tab);
            assert_eq!(rows.len(), if ["", "applied"].contains(tab) { 60 } else { 0 }, "{tab}");
            assert_eq!(tabs(&t, &params)[at], rows.len(), "{tab}");
        }
        let of = PupilParams { round: "7".to_owned(), ..PupilParams::default() };
        assert_eq!(walk(&t, &of, "another round").len(), 0);
        for (at, (tab, _)) in rounds::TABS.iter().enumerate() {
            let params = RoundParams { tab: (*tab).to_owned(), ..RoundParams::default() };
            assert_eq!(tabs(&t, &params)[at], walk(&t, &params, tab).len(), "{tab}");
        }
        t.app.db.write("test", |db| Ok(db.batch_execute(HITS)?)).unwrap();
        let mut all = 0;
        for (at, (tab, _)) in matching::TABS.iter().enumerate() {
            let params = MatchingParams { tab: (*tab).to_owned(), ..MatchingParams::default() };
            let list = params.to_list(day(DAY));
            let rows = walk(&t, &list, tab);
            assert_eq!(rows.is_empty(), *tab == "shown", "{tab}");
            assert_eq!(tabs(&t, &list)[at], rows.len(), "{tab}");
            all += rows.len();
        }
        assert_eq!(all, 60);
        let money = MoneyParams::default().to_list(day(DAY));
        for (at, (tab, _)) in disbursement::TABS.iter().enumerate() {
            let rows = walk(&t, &money.of(tab), tab);
            assert_eq!(tabs(&t, &money)[at], rows.len(), "{tab}");
        }
        let (mut settled, mut certified) = (Vec::new(), 0);
        for (at, (tab, _)) in closing::TABS.iter().enumerate() {
            let params = ClosingParams { tab: (*tab).to_owned(), ..ClosingParams::default() };
            let list = params.to_list(day(DAY));
            let rows = walk(&t, &list, tab);
            assert_eq!(tabs(&t, &list)[at], rows.len(), "{tab}");
            certified += if *tab == "issued" { rows.len() } else { 0 };
            settled.extend(rows);
        }
        assert!(settled.len() > 10 && certified == 1, "{} of {}", certified, settled.len());
        let q = DifferenceParams { q: "a'%_\\".to_owned(), ..DifferenceParams::default() };
        assert!(walk(&t, &q, "differences").is_empty());
    });
}

/// Candidates in each state, every other one with a state grant, and one that is not handed in.
const CANDIDATES: &str = "UPDATE preapplication SET holds_grant = (id % 2 = 0); \
    UPDATE preapplication SET county_opinion = '' WHERE id % 3 = 0; \
    UPDATE preapplication SET county_opinion = '不通过：户籍不在本县' WHERE id % 3 = 1; \
    UPDATE preapplication SET is_draft = true \
    WHERE id = (SELECT MAX(id) FROM preapplication)";

#[test]
fn candidates_are_walked_with_those_who_hold_a_grant_first() {
    each(async |t| {
        t.app.db.write("test", |db| Ok(db.batch_execute(CANDIDATES)?)).unwrap();
        for (at, (tab, _)) in candidates::TABS.iter().enumerate() {
            let params = CandidateParams { tab: (*tab).to_owned(), ..Default::default() };
            let rows = walk(&t, &params, tab);
            assert_eq!(tabs(&t, &params)[at], rows.len(), "{tab}");
            if *tab == candidates::ALL {
                assert_eq!(rows.len(), 34, "a draft is the school's");
            }
        }
    });
}

/// What the page says of each tab.
fn tabs<L: List>(t: &TestApp, list: &L) -> Vec<usize> {
    let counts = t.app.db.read(|db| list.counts(db, &Scope::of(OFFICE))).unwrap();
    counts.tabs.into_iter().map(|count| usize::try_from(count).unwrap()).collect()
}
