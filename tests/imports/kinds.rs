//! Which kind of sheet it is: a title over the headings of another kind, headings that no kind has,
//! and what a posted sheet was read by.

use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::imports::batch;
use zhuxue::imports::layout::{Layout, LayoutProblem, recognise};
use zhuxue::plumbing::sheet::{SheetLimits, read};

use super::bank_lines::{county, import, list};
use super::columns::{filled, texts, titled, upload};
use super::county::number;
use super::pages::{jobs, send, wait};
use crate::support::TestApp;
use crate::support::database::Kind;

#[actix_web::test]
async fn a_title_over_the_headings_of_another_kind_is_said_until_somebody_chooses() {
    let t = TestApp::new();
    let mut clerk = t.sign_in(Role::Clerk);
    let wrong = titled("repayments", "学生名单（乐至县）");
    send(&mut clerk, &[("名单.csv", wrong.as_bytes())]).await.is(303);
    let job = jobs(&t).remove(0);
    assert_eq!((job.state.as_str(), job.layout.as_str()), ("failed", "repayments"));
    let said = "标题写的是“学生名单”，列名却是“还款明细”的列名。请核对后选定表格种类。";
    assert_eq!(job.problem, said);
    let path = format!("/imports/{}/columns", job.id);
    clerk.get(&path).await.is(200).says(&[said]);
    for (kind, missing) in [("repayments", ""), ("contracts", "缺少必需的列：贷款学年")]
    {
        let page = clerk.get(&format!("{path}?kind={kind}")).await;
        page.is(200).says(&[missing]);
        assert!(!page.text.contains("标题写的是"), "{}", page.text);
    }
    let mut fields = vec![("kind".to_owned(), "repayments".to_owned())];
    for (at, heading) in wrong.lines().nth(1).unwrap().split(',').enumerate() {
        let column = Layout::REPAYMENTS.columns().iter().find(|c| c.heading == heading);
        fields.push((format!("c{at}"), column.map_or("", |column| column.key).to_owned()));
    }
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    clerk.post(&path, &fields).await.is(303);
    wait(&t);
    let job = jobs(&t).remove(0);
    assert_eq!((job.state.as_str(), job.problem.as_str()), ("checked", ""));
    let page = clerk.get(&format!("/imports/{}", job.id)).await;
    assert!(!page.is(200).text.contains("标题写的是"), "{}", page.text);
}

#[test]
fn what_remains_of_a_renamed_list_is_no_student_list() {
    let known = ["借款学生姓名", "身份证号"];
    for layout in [Layout::REPAYMENTS, Layout::OVERDUE, Layout::CONTRACTS] {
        let heads = layout.columns().iter().enumerate().map(|(at, column)| {
            if known.contains(&column.heading) {
                column.heading.to_owned()
            } else {
                format!("列{at}")
            }
        });
        let text = format!("{}\n", heads.collect::<Vec<_>>().join(","));
        let table = read(text.as_bytes(), &SheetLimits::default()).unwrap().remove(0);
        let said = recognise(&table);
        assert_eq!(said, Err(LayoutProblem::Ambiguous(vec![Layout::BORROWERS])), "{layout:?}");
    }
}

#[test]
fn a_corrected_bank_line_is_shown_as_old_and_new() {
    let county = county(Kind::Sqlite);
    let of = |total, balance| list(&[(0, "2025-12-20", "2025-12-20", total, "正常还款", balance)]);
    import(&county, "一.csv", &of(50_000, 531_819), "2026-01-31");
    let rows = import(&county, "二.csv", &of(60_000, 521_819), "2026-02-28");
    let said = "更新：实还合计（元）（500.00 → 600.00）、\
                还款后贷款余额（元）（5,318.19 → 5,218.19）。";
    assert_eq!(rows[0].notes, said);
}

#[test]
fn a_posted_list_is_read_as_it_was_posted_whatever_was_forgotten_since() {
    let county = filled();
    let (app, scope, by) = (&county.app, &county.scope, &county.by);
    let title = "生源地信用助学贷款还款明细（乐至县，截至2026-10-31）";
    let text = titled("repayments", title).replacen("合同编号", "合约号", 1);
    let table = read(text.as_bytes(), &SheetLimits::default()).unwrap().remove(0);
    let picks = [("合约号".to_owned(), "合同编号".to_owned())];
    let chosen = (scope, by.staff_id.unwrap());
    zhuxue::imports::columns::choose_for(app, chosen, &table, Layout::REPAYMENTS, &picks).unwrap();
    let (batch, _) = texts(&county, vec![upload("还款.csv", &text)]);
    // Forgotten after the check and before the posting; and again before what it tells is looked
    // at once more.
    let forget = "DELETE FROM import_profile";
    app.db.write("test", |db| Ok(diesel::sql_query(forget).execute(db)?)).unwrap();
    batch::post(app, scope, &batch, |_| {}).unwrap();
    let known = "SELECT count(*) AS n FROM payments_known";
    assert_eq!(number(app, known), 1);
    app.db
        .write("test", |db| Ok(diesel::sql_query("DELETE FROM payments_known").execute(db)?))
        .unwrap();
    zhuxue::imports::known::learn(app, scope).unwrap();
    assert_eq!(number(app, known), 1);
}
