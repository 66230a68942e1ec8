//! Lists that are not what they seem to be: of a part of the county, half of one, with days that
//! cannot be.

use diesel::prelude::*;
use zhuxue::book::statement::Product;
use zhuxue::error::AppError;
use zhuxue::imports::{batch, known};

use super::bank_lines::{county, import, list, standing};
use super::columns::{REPAYMENTS, filled, texts, titled, upload};
use super::county::number;
use crate::support::county::{County, day};
use crate::support::database::Kind;

fn posted(county: &County, name: &str, text: &str) -> Vec<(bool, String)> {
    let (batch, found) = texts(county, vec![upload(name, text)]);
    batch::post(&county.app, &county.scope, &batch, |_| {}).unwrap();
    found
}

/// Title and headings, and this many of the lines.
fn first(text: &str, lines: usize) -> String {
    text.lines().take(2 + lines).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_list_of_one_township_says_so_and_is_no_measure_for_the_next() {
    let county = filled();
    let whole = titled("repayments", REPAYMENTS);
    posted(&county, "十月.csv", &whole);
    let known = "SELECT count(*) AS n FROM payments_known";
    let before = number(&county.app, known);
    let title = "生源地信用助学贷款还款明细（乐至县中天镇，截至2026-10-31）";
    let part = first(&titled("repayments", title), 30);
    let found = posted(&county, "中天镇.csv", &part);
    let said = "标题写的是“中天镇”：这是一部分合同的表，不是全县的。只更新表里有的合同，\
                单凭它“银行数据截至”不会往前走。";
    assert_eq!(found, [(false, said.to_owned())]);
    assert_eq!(number(&county.app, known), before);
    // Half of a list is held against the last whole one, not against the township's.
    let (_, found) = texts(&county, vec![upload("半份.csv", &first(&whole, 100))]);
    let said = "这张表有 100 行，上一份全县的“十月.csv”有 298 行，少了很多：请核对是不是完整。";
    assert_eq!(found, [(false, said.to_owned())]);
}

#[test]
fn a_list_of_one_township_never_tells_for_all() {
    // Every contract that has to be named is in it: all the same it is the list of a township.
    let county = filled();
    let title = "生源地信用助学贷款还款明细（乐至县中天镇，截至2026-10-31）";
    posted(&county, "中天镇.csv", &titled("repayments", title));
    assert_eq!(number(&county.app, "SELECT count(*) AS n FROM payments_known"), 0);
    posted(&county, "全县.csv", &titled("repayments", REPAYMENTS));
    assert_eq!(number(&county.app, "SELECT count(*) AS n FROM payments_known"), 1);
}

#[test]
fn what_a_posted_list_names_is_read_once() {
    let county = filled();
    let (app, scope) = (&county.app, &county.scope);
    let few = first(&titled("repayments", REPAYMENTS), 30);
    let (batch, _) = texts(&county, vec![upload("还款.csv", &few)]);
    batch::post(app, scope, &batch, |_| {}).unwrap();
    let short = known::short(app, scope).unwrap();
    assert!(short.as_ref().is_some_and(|short| !short.missing.is_empty()), "{short:?}");
    let gone = "DELETE FROM import_file";
    app.db.write("test", |db| Ok(diesel::sql_query(gone).execute(db)?)).unwrap();
    assert_eq!(known::short(app, scope).unwrap(), short);
}

#[test]
fn what_cannot_have_happened_by_the_day_of_the_list_is_refused() {
    let county = county(Kind::Sqlite);
    let lines = [
        (0, "2025-12-20", "2026-02-03", 72_727, "逾期还款", 509_092),
        (1, "2026-12-20", "", 0, "逾期未还", 581_819),
        (2, "2025-12-20", "2025-12-20", 72_727, "正常还款", 509_092),
    ];
    let rows = import(&county, "还款.csv", &list(&lines), "2026-01-31");
    let outcomes: Vec<&str> = rows.iter().map(|row| row.outcome.as_str()).collect();
    assert_eq!(outcomes, ["refused", "refused", "new"]);
    for (row, said) in [
        (0, "还款日期：2026-02-03 晚于这份名单的截止日 2026-01-31"),
        (1, "应还日期：2026-12-20 晚于这份名单的截止日 2026-01-31，那时还没有到期"),
    ] {
        assert!(rows[row].notes.contains(said), "{rows:?}");
    }
    assert_eq!(standing(&county).len(), 1);
    let text = "合同编号,贷款余额（元）,逾期本金（元）,逾期利息（元）,首次逾期日期,截止日期\n\
                51202220160000101,5818.19,727.27,0.00,2026-09-20,2026-08-31\n";
    let rows = import(&county, "逾期名单.csv", text.as_bytes(), "2026-08-31");
    assert_eq!(rows[0].outcome, "refused", "{rows:?}");
    assert!(rows[0].notes.contains("首次逾期日期：2026-09-20 晚于截止日期 2026-08-31"), "{rows:?}");
}

#[test]
fn a_list_of_a_day_to_come_is_refused() {
    let County { app, scope, by, .. } = &filled();
    let text = titled("repayments", REPAYMENTS).replacen("2026-10-31", "2026-11-01", 1);
    let uploads = [upload("十一月.csv", &text)];
    let batch = batch::receive_files(app, scope, by, &uploads, None, Product::Cdb).unwrap();
    assert!(batch.jobs.is_empty() && batch.asks.is_empty(), "{batch:?}");
    let why = "标题写的是截至 2026-11-01，这一天还没有到。请核对标题里的日期。";
    assert_eq!(batch.refused, [("十一月.csv".to_owned(), why.to_owned())]);
    let on = Some(day("2026-11-01"));
    let typed = batch::receive_files(app, scope, by, &uploads, on, Product::Cdb);
    assert!(matches!(typed, Err(AppError::Invalid(_))), "{:?}", typed.map(|batch| batch.jobs));
    assert_eq!(number(app, "SELECT count(*) AS n FROM import_job WHERE state = 'uploaded'"), 0);
}
