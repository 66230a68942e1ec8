//! Every list of the kit, page by page: each row once, in one order, forward and back; and what it
//! counts is what it shows.

use diesel::connection::SimpleConnection as _;
use zhuxue::base::ids::StaffId;
use zhuxue::base::scope::Scope;
use zhuxue::desk::audit::AuditFilter;
use zhuxue::desk::differences::ListParams as DifferenceParams;
use zhuxue::desk::messages::list::{self as messages, ListParams as MessageParams, Messages};
use zhuxue::jobs;
use zhuxue::life::contact::filter::{self as contact, ListParams as ContactParams};
use zhuxue::life::disbursement::list::{self as disbursement, ListParams as MoneyParams};
use zhuxue::life::receipt::list::{self as receipt, ListParams as ReceiptParams};
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
        for (tab, _) in receipt::TABS {
            let params = ReceiptParams { tab: tab.to_owned(), ..ReceiptParams::default() };
            let rows = walk(&t, &params.to_list(day(DAY)), tab);
            assert_eq!(rows.len(), if tab == "matched" { 20 } else { 0 }, "{tab}");
        }
        let money = MoneyParams::default().to_list(day(DAY));
        for (at, (tab, _)) in disbursement::TABS.iter().enumerate() {
            let rows = walk(&t, &money.of(tab), tab);
            assert_eq!(tabs(&t, &money)[at], rows.len(), "{tab}");
        }
        let q = DifferenceParams { q: "a'%_\\".to_owned(), ..DifferenceParams::default() };
        assert!(walk(&t, &q, "differences").is_empty());
    });
}

/// What the page says of each tab.
fn tabs<L: List>(t: &TestApp, list: &L) -> Vec<usize> {
    let counts = t.app.db.read(|db| list.counts(db, &Scope::of(OFFICE))).unwrap();
    counts.tabs.into_iter().map(|count| usize::try_from(count).unwrap()).collect()
}
