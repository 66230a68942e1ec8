//! The demo's December: the bank's sheets of 2026-12-22 turn waiting into paid and overdue, with
//! the totals they were made with and no difference with the bank.

use zhuxue::book::statement::Product;
use zhuxue::command::demo::december_sheets;
use zhuxue::imports::batch::{self, Upload};
use zhuxue::imports::store;
use zhuxue::jobs::close_day;

use super::county::{compare_totals, number};
use crate::support::county::{County, day, sheets, summary};
use crate::support::database::Kind;

fn import(county: &County, uploads: &[Upload], as_of: &str) {
    let County { app, scope, by, .. } = county;
    let on = Some(day(as_of));
    let batch = batch::receive_files(app, scope, by, uploads, on, Product::Cdb).unwrap();
    assert!(batch.refused.is_empty(), "{:?}", batch.refused);
    batch::check(app, scope, &batch, |_| {}).unwrap();
    let differ = batch::post(app, scope, &batch, |_| {}).unwrap();
    for id in &batch.jobs {
        let job = app.db.read(|db| store::find(db, scope, *id)).unwrap();
        assert_eq!((job.state.as_str(), job.refused_rows), ("posted", 0), "{job:?}");
        assert_eq!(job.as_of, on, "{}", job.layout);
    }
    assert_eq!((differ, number(app, "SELECT count(*) AS n FROM bank_difference")), (0, 0));
}

#[test]
fn the_banks_december_sheets_go_in_on_the_day_the_county_waits_for_them() {
    let county = County::new(Kind::chosen());
    import(&county, &sheets("county"), "2026-10-31");
    county.app.clock.set_day(day("2026-12-22"));
    close_day::refresh_all(&county.app).unwrap();
    let december = december_sheets().unwrap();
    assert!(december.iter().all(|sheet| sheet.name.ends_with("-2026-12-22.xlsx")));
    import(&county, &december, "2026-12-22");
    compare_totals(&county.app, &summary("data/sample/december"));
}
