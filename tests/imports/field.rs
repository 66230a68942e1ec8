//! Files from the field (`tests/sample/field/README.md`): each has one trouble that people have met
//! with spreadsheets and bank lists, and is read right, or refused with its true cause.

use diesel::prelude::*;
use diesel::sql_types::Text;
use zhuxue::base::ids::ImportId;
use zhuxue::book::statement::Product;
use zhuxue::imports::batch::{self, Batch, Upload};
use zhuxue::imports::store::{self, ImportJob, ImportRow};
use zhuxue::plumbing::db::Db;

use super::county::number;
use crate::support::county::{County, day, path};
use crate::support::database::Kind;

fn file(name: &str) -> Upload {
    let bytes = std::fs::read(path(&format!("tests/sample/field/{name}"))).unwrap();
    Upload { name: name.to_owned(), bytes }
}

/// Imports files one after the other, each as an upload of its own.
fn import(county: &County, names: &[&str]) -> Vec<Batch> {
    names.iter().map(|name| import_one(county, file(name))).collect()
}

fn import_one(county: &County, upload: Upload) -> Batch {
    let on = Some(day("2026-10-31"));
    let County { app, scope, by, .. } = county;
    let batch = batch::receive_files(app, scope, by, &[upload], on, Product::Cdb).unwrap();
    batch::check(app, scope, &batch, |_| {}).unwrap();
    batch::post(app, scope, &batch, |_| {}).unwrap();
    batch
}

fn job(county: &County, id: ImportId) -> ImportJob {
    county.app.db.read(|db| store::find(db, &county.scope, id)).unwrap()
}

fn rows(county: &County, batch: &Batch) -> Vec<ImportRow> {
    let id = batch.jobs[0];
    county.app.db.read(|db| store::rows(db, id, None, 0, i64::MAX)).unwrap()
}

/// What became of the last of some files: line, outcome, remarks.
fn said(names: &[&str]) -> (County, Vec<(i32, String, String)>) {
    let county = County::new(Kind::Sqlite);
    let batches = import(&county, names);
    for batch in &batches {
        assert!(batch.refused.is_empty(), "{:?}", batch.refused);
    }
    let last = rows(&county, batches.last().unwrap());
    let said = last.into_iter().map(|row| (row.line, row.outcome, row.notes)).collect();
    (county, said)
}

fn outcomes(said: &[(i32, String, String)]) -> Vec<&str> {
    said.iter().map(|(_, outcome, _)| outcome.as_str()).collect()
}

fn refusal(name: &str) -> String {
    let county = County::new(Kind::Sqlite);
    let batch = import(&county, &[name]).remove(0);
    assert_eq!(number(&county.app, "SELECT count(*) AS n FROM person"), 0);
    let (_, why) = batch.refused.into_iter().next().expect("the file is refused");
    why
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    t: String,
}

fn texts(county: &County, sql: &str) -> Vec<String> {
    let rows: Vec<Word> = county
        .app
        .db
        .read(|db: &mut Db| Ok(diesel::sql_query(sql.to_owned()).load(db)?))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.into_iter().map(|row| row.t).collect()
}

#[test]
fn f01_a_name_merged_over_several_contracts_is_that_of_each() {
    let (county, said) = said(&["F01_merged_down.xlsx"]);
    assert_eq!(outcomes(&said), ["new"; 4], "{said:?}");
    assert_eq!(number(&county.app, "SELECT count(*) AS n FROM loan_file"), 2);
    assert!(said[1].2.contains("身份证号：与上面的行合并成一格"), "{}", said[1].2);
    assert_eq!(said[0].2, "");
}

#[test]
fn f02_the_same_heading_again_is_the_co_borrowers() {
    let (county, said) = said(&["F02_duplicate_heading.xlsx"]);
    assert_eq!(outcomes(&said), ["new"; 3], "{said:?}");
    let co = "SELECT count(*) AS n FROM loan_file f JOIN person p ON p.id = f.co_person_id \
              WHERE p.name IN ('罗大山', '蒋建国', '唐国强')";
    assert_eq!(number(&county.app, co), 3);
    let phones = "SELECT count(*) AS n FROM person_phone h JOIN loan_file f \
                  ON f.co_person_id = h.person_id";
    assert_eq!(number(&county.app, phones), 3);
}

#[test]
fn f04_a_stray_quotation_mark_is_refused_by_its_line() {
    let why = refusal("F04_unclosed_quote.csv");
    assert!(why.starts_with("第 3 行有一个多余的英文双引号"), "{why}");
}

#[test]
fn f07_a_receipt_code_has_six_digits() {
    let names = ["F07b_borrowers.csv", "F07a_contracts.csv", "F07c_receipts_number.xlsx"];
    let (county, said) = said(&names);
    assert_eq!(outcomes(&said), ["new"; 3], "{said:?}");
    assert_eq!(said[0].2, "回执校验码：校验码应为 6 位，“1234”前面丢失的 0 已补上：001234。");
    let matched = "SELECT count(*) AS n FROM university_receipt \
                   WHERE loan_id IS NOT NULL AND mismatch = ''";
    assert_eq!(number(&county.app, matched), 3);
}

#[test]
fn f08_numbers_wrapped_for_a_spreadsheet_are_read_without_the_wrapping() {
    let (county, said) = said(&["F08_equals_quote.csv"]);
    assert_eq!(outcomes(&said), ["new"; 3], "{said:?}");
    let numbers = texts(&county, "SELECT student_number AS t FROM loan_file ORDER BY 1");
    assert_eq!(numbers, ["202112970000000", "202112970000001", "202112970000002"]);
    assert_eq!(number(&county.app, "SELECT count(*) AS n FROM person_phone"), 3);
}

#[test]
fn f09_a_dot_and_zero_behind_a_number_is_dropped_and_said() {
    let (county, said) = said(&["F09_dot_zero.csv"]);
    assert_eq!(outcomes(&said), ["new"; 3], "{said:?}");
    assert!(said[0].2.contains("手机：末尾多出的“.0”已去掉。"), "{}", said[0].2);
    assert!(said[0].2.contains("学号：末尾多出的“.0”已去掉。"), "{}", said[0].2);
    let numbers = texts(&county, "SELECT student_number AS t FROM loan_file ORDER BY 1");
    assert_eq!(numbers, ["202112970000", "202112970001", "202112970002"]);
    assert_eq!(number(&county.app, "SELECT count(*) AS n FROM person_phone"), 3);
}

#[test]
fn f11_days_are_counted_from_1904_where_the_workbook_says_so() {
    let (county, said) = said(&["F11b_1904_general.xlsx"]);
    assert_eq!(outcomes(&said), ["new"; 2], "{said:?}");
    assert!(said[0].2.contains("到期日期：“49937”已按 2040-09-20 读取。"), "{}", said[0].2);
    let right = "SELECT count(*) AS n FROM loan WHERE final_due_on = '2040-09-20' \
                 AND signed_on = '2021-08-10' AND subsidy_ends_on = '2025-08-31'";
    assert_eq!(number(&county.app, right), 2);
}

#[test]
fn f12_the_day_number_zero_is_no_day() {
    let (county, said) = said(&["F12_date_zero.xlsx"]);
    assert_eq!(outcomes(&said), ["new"; 2], "{said:?}");
    assert_eq!(said[0].2, "发放日期：“1900/1/0”是空的日期，已当作没有填写。");
    assert_eq!(said[1].2, "回执录入日期：“1900/1/0”是空的日期，已当作没有填写。");
    let none = "SELECT count(*) AS n FROM loan WHERE receipt_on < '2000-01-01'";
    assert_eq!(number(&county.app, none), 0);
    let events = "SELECT count(*) AS n FROM loan_event WHERE effective_on < '2000-01-01'";
    assert_eq!(number(&county.app, events), 0);
}

#[test]
fn f13_a_cell_with_an_error_is_an_error_of_that_cell() {
    let (_, contracts) = said(&["F13_na.xlsx"]);
    assert_eq!(outcomes(&contracts), ["refused", "refused", "new"], "{contracts:?}");
    let error =
        "：这一格是出错的公式（#N/A），没有值。请在表格软件里改好公式，或直接填上内容后重新导入。";
    assert_eq!(contracts[0].2, format!("贷款金额（元）{error}"));
    assert_eq!(contracts[1].2, format!("身份证号{error}"));
    assert!(contracts[2].2.starts_with("发放日期：这一格是出错的公式（#REF!）"));

    let (county, people) = said(&["F13b_error_text_cells.xlsx"]);
    // Without a name nobody is made; the co-borrower of the last line is not known yet.
    assert_eq!(outcomes(&people), ["refused", "new", "new", "refused"], "{people:?}");
    assert_eq!(people[0].2, format!("借款学生姓名{error}"));
    assert!(people[1].2.contains("家庭详细地址：这一格是出错的公式（#REF!）"), "{}", people[1].2);
    assert!(people[1].2.contains("就读高校：这一格是出错的公式（#N/A）"), "{}", people[1].2);
    assert!(people[2].2.contains("手机：这一格是出错的公式（#VALUE!）"), "{}", people[2].2);
    assert!(people[3].2.contains("共同借款人姓名：这一格是出错的公式（#N/A）"), "{}", people[3].2);
    let stored = "SELECT count(*) AS n FROM person WHERE name LIKE '%#%' OR address LIKE '%#%'";
    assert_eq!(number(&county.app, stored), 0);
}

#[test]
fn f15_a_page_of_the_web_is_called_so_however_long_its_head_is() {
    let why = refusal("F15b_html_long_head.xls");
    assert!(why.starts_with("这是网页格式的文件"), "{why}");
}

#[test]
fn f17_what_stands_under_the_list_is_passed_over_and_counted() {
    let county = County::new(Kind::Sqlite);
    let batch = import(&county, &["F17_footers.xlsx"]).remove(0);
    let job = job(&county, batch.jobs[0]);
    assert_eq!((job.new_rows, job.refused_rows, job.skipped_rows), (2, 0, 6));
}

#[test]
fn f18_columns_of_a_parent_are_those_of_the_co_borrower() {
    let (county, said) = said(&["F18b_two_rows_parent.xlsx"]);
    assert_eq!(outcomes(&said), ["new"; 3], "{said:?}");
    let co = "SELECT count(*) AS n FROM loan_file WHERE co_person_id IS NOT NULL \
              AND co_relation = '父亲'";
    assert_eq!(number(&county.app, co), 3);
    assert_eq!(number(&county.app, "SELECT count(*) AS n FROM person_phone"), 6);
}

#[test]
fn f19_a_heading_with_an_english_second_line_is_known() {
    let (county, said) = said(&["F19_bilingual_heading.xlsx"]);
    assert_eq!(outcomes(&said), ["new"; 3], "{said:?}");
    let there = "SELECT count(*) AS n FROM loan_file WHERE university = '四川职业技术学院'";
    assert_eq!(number(&county.app, there), 3);
}

#[test]
fn f34_two_digits_may_be_a_year_a_month_or_a_day_and_are_asked_for() {
    let (_, said) = said(&["base_borrowers.csv", "base_contracts.csv", "F34_us_dates.csv"]);
    assert!(
        said[0].2.contains("还款日期：“12/05/25”的年份只有两位，分不清年、月、日。"),
        "{}",
        said[0].2
    );
    assert_eq!(said[0].1, "refused");
    assert!(said[1].2.contains("还款日期：“12/19/2025”已按 2025-12-19 读取。"), "{}", said[1].2);
    assert_eq!(said[1].1, "new");
}

#[test]
fn f68_a_name_without_its_dot_is_the_same_name_with_a_remark() {
    let (county, said) = said(&["F68a_borrowers.csv", "F68b_contracts.csv"]);
    assert_eq!(outcomes(&said), ["new"; 4], "{said:?}");
    for (line, _, notes) in &said {
        assert!(notes.contains("古丽米热·艾比布力"), "{line}: {notes}");
    }
    let names = "SELECT count(*) AS n FROM person WHERE name = '古丽米热·艾比布力'";
    assert_eq!(number(&county.app, names), 4);
}

#[test]
fn f71_two_numbers_in_a_cell_are_two_numbers() {
    let (county, said) = said(&["F71_two_phones.xlsx"]);
    assert_eq!(outcomes(&said), ["new"; 3], "{said:?}");
    assert!(said[0].2.contains("164****0000、164****0099"), "{}", said[0].2);
    let own =
        "SELECT count(*) AS n FROM person_phone h JOIN loan_file f ON f.person_id = h.person_id";
    assert_eq!(number(&county.app, own), 5);
}

#[test]
fn f83_and_f84_blank_columns_and_semicolons_in_cells_are_no_trouble() {
    let (_, blank) = said(&["F83_trailing_commas.csv"]);
    assert_eq!(outcomes(&blank), ["new"; 6], "{blank:?}");
    let names = ["F84b_borrowers.csv", "F84b_contracts.csv", "F84b_contract_list.csv"];
    let (county, said) = said(&names);
    assert_eq!(outcomes(&said), ["new"; 8], "{said:?}");
    assert_eq!(number(&county.app, "SELECT count(*) AS n FROM enlistment"), 8);
}
