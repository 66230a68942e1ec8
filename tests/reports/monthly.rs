//! 资助月报表 as imported, and pictures that can be saved.

use crate::borrower::town::each;
use zhuxue::book::staff::Role;

use super::sheet;

#[test]
fn imported_months_are_shown_drawn_and_taken_along() {
    each(async |t| {
        let mut browser = t.sign_in(Role::Clerk);
        let page = browser.get("/reports/monthly").await;
        page.is(200).says(&["资助月报表", "月末贷款余额", "年合计", "每月收回本息", "<polyline"]);
        browser.get("/reports/monthly?year=1999").await.is(200).says(&["还没有月报表"]);
        let picture = browser.get("/reports/monthly.svg").await;
        picture.is(200);
        assert_eq!(picture.header("content-type"), "image/svg+xml");
        assert!(picture.text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
        let table = sheet(browser.get("/reports/monthly.xlsx").await.is(200), "资助月报表");
        assert!(table.len() > 4, "{table:?}");
        let log = t.sign_in(Role::Director).get("/audit?action=exported").await;
        log.is(200).says(&["保存图片", "导出资助月报表"]);
        t.sign_in(Role::Administrator).get("/reports/monthly").await.is(403);
    });
}

#[test]
fn a_december_is_drawn_beside_the_one_before_and_its_rows_begin_with_the_first_money() {
    each(async |t| {
        let mut browser = t.sign_in(Role::Clerk);
        let page = browser.get("/reports/december?year=2025").await;
        page.is(200).says(&["2025年12月每天的回收率", "2024 年", "保存图片"]);
        let rows = page.text.matches("<th scope=\"row\"").count();
        assert!((1..31).contains(&rows), "{rows}");
        browser.get("/reports/december.svg?year=2025").await.is(200);
    });
}
