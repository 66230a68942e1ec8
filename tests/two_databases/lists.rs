//! Every list of the kit, page by page: each row once, in one order, forward and back; and what it
//! counts is what it shows.

use zhuxue::base::scope::Scope;
use zhuxue::desk::messages::list::{ListParams as MessageParams, Messages};
use zhuxue::jobs;
use zhuxue::web::list::declare::List;
use zhuxue::web::list::filter::ListParams;

use crate::borrower::town::each;
use crate::support::county::day;
use crate::support::{OFFICE, TestApp};

const DAY: &str = "2026-12-10";

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
        for query in ["", "sort=next_due", "sort=balance", "sort=balance&stage=in_study", "q=张"] {
            let params: ListParams = zhuxue::life::overdue::list::page::asked_of(query);
            walk(&t, &params.to_filter(), query);
        }
        for tab in ["today", "sent", "failed", "unsure", "cancelled"] {
            let params = MessageParams { tab: tab.to_owned(), ..MessageParams::default() };
            let rows = walk(&t, &Messages::of(&params, day(DAY)), tab);
            assert_eq!(rows.is_empty(), tab != "today");
        }
    });
}
