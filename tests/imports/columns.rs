//! What a sheet is and what its columns are: never guessed, chosen by a person, kept for the next
//! time; and what is out of the ordinary about a sheet is said before anything is posted.

use zhuxue::base::scope::Scope;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::Product;
use zhuxue::imports::batch::{self, Upload};
use zhuxue::imports::columns::empty_sheet;
use zhuxue::imports::findings;
use zhuxue::imports::layout::{Layout, recognise};
use zhuxue::imports::profile;
use zhuxue::imports::read::Columns;
use zhuxue::imports::store::{self, ImportJob};
use zhuxue::plumbing::sheet::{SheetLimits, read};

use super::county::number;
use super::pages::{jobs, send, sheet, wait};
use crate::support::county::{County, day, small_sheets};
use crate::support::database::Kind;
use crate::support::{Browser, OFFICE, TestApp};

/// A sheet of the small set as text, below a title.
pub fn titled(name: &str, title: &str) -> String {
    let text = String::from_utf8(sheet(name)).unwrap();
    format!("{title}\n{}", text.trim_start_matches('\u{feff}'))
}

pub const REPAYMENTS: &str = "生源地信用助学贷款还款明细（乐至县，截至2026-10-31）";

async fn post(t: &TestApp, clerk: &mut Browser, files: &[(&str, &[u8])]) {
    send(clerk, files).await.is(303);
    wait(t);
    clerk.post("/imports/post", &[]).await.is(303);
    wait(t);
    assert!(jobs(t).iter().all(|job| job.state == "posted"), "{:?}", jobs(t));
}

#[actix_web::test]
async fn a_sheet_of_repayments_without_its_contracts_waits_for_a_person() {
    let t = TestApp::new();
    let mut clerk = t.sign_in(Role::Clerk);
    post(&t, &mut clerk, &[("名单.csv", &sheet("borrowers")), ("合同.csv", &sheet("contracts"))])
        .await;
    let renamed = titled("repayments", REPAYMENTS).replacen("合同编号", "合约号", 1);
    let answer = send(&mut clerk, &[("还款.csv", renamed.as_bytes())]).await;
    let job = jobs(&t).remove(0);
    assert_eq!((job.state.as_str(), job.layout.as_str()), ("failed", "repayments"));
    let path = format!("/imports/{}/columns", job.id);
    assert_eq!(answer.is(303).header("location"), path);
    let before = number(&t.app, "SELECT count(*) AS n FROM person");
    clerk.get(&path).await.is(200).says(&[
        "这张表最像“还款明细”，但缺少必需的列：合同编号",
        "合约号",
        "不读取",
        "记下对应并核对",
    ]);
    // It cannot be posted before somebody has chosen.
    clerk.post(&format!("/imports/{}/post", job.id), &[]).await.is(409);
    let fields = |first: &'static str, also: &'static str| {
        let text = renamed.lines().nth(1).unwrap().to_owned();
        let mut fields = vec![("kind".to_owned(), "repayments".to_owned())];
        for (at, heading) in text.split(',').enumerate() {
            let known = Layout::REPAYMENTS.columns().iter().find(|c| c.heading == heading);
            let key = match (heading, known) {
                ("合约号", _) => first,
                ("还款渠道", _) => also,
                (_, Some(column)) => column.key,
                (_, None) => "",
            };
            fields.push((format!("c{at}"), key.to_owned()));
        }
        fields
    };
    let send_form = async |clerk: &mut Browser, fields: Vec<(String, String)>| {
        let pairs: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        clerk.post(&path, &pairs).await
    };
    let answer = send_form(&mut clerk, fields("", "channel")).await;
    answer.is(422).says(&["“合同编号”是必需的，请选定是哪一列"]);
    let answer = send_form(&mut clerk, fields("contract_number", "contract_number")).await;
    answer.is(422).says(&["“合约号”和“还款渠道”都选成了“合同编号”，只能选一列"]);
    send_form(&mut clerk, fields("contract_number", "channel")).await.is(303);
    wait(&t);
    let job = jobs(&t).remove(0);
    assert_eq!((job.state.as_str(), job.refused_rows), ("checked", 0), "{job:?}");
    assert!(job.new_rows > 0);
    let page = clerk.get(&format!("/imports/{}", job.id)).await;
    page.is(200).says(&["合约号（读成“合同编号”）", "读取的列"]);
    assert_eq!(number(&t.app, "SELECT count(*) AS n FROM person"), before);
    // The same headings the next time are bound by what was chosen.
    send(&mut clerk, &[("还款2.csv", renamed.as_bytes())]).await.is(303);
    wait(&t);
    let job = jobs(&t).remove(0);
    assert_eq!((job.state.as_str(), job.layout.as_str()), ("checked", "repayments"));
    // And the choice can be taken back.
    let path = format!("/imports/{}/columns", job.id);
    clerk.post(&path, &[("kind", "repayments"), ("forget", "1")]).await.is(303);
    wait(&t);
    let job = jobs(&t).remove(0);
    assert_eq!(job.state, "failed");
    assert!(job.problem.contains("缺少必需的列：合同编号"), "{}", job.problem);
}

#[actix_web::test]
async fn a_renamed_column_of_amounts_is_named_and_has_to_be_confirmed() {
    let t = TestApp::new();
    let mut clerk = t.sign_in(Role::Clerk);
    post(&t, &mut clerk, &[("名单.csv", &sheet("borrowers")), ("合同.csv", &sheet("contracts"))])
        .await;
    let renamed = titled("repayments", REPAYMENTS).replacen("实还利息（元）", "付息数", 1);
    send(&mut clerk, &[("还款.csv", renamed.as_bytes())]).await.is(303);
    wait(&t);
    let job = jobs(&t).remove(0);
    let path = format!("/imports/{}", job.id);
    clerk.get(&path).await.is(200).says(&[
        "没有读取的列：付息数。同时表里没有 实还利息（元），可能是改了列名",
        "核对过了，可以入账",
        "入账前请先核对",
    ]);
    clerk.post(&format!("{path}/post"), &[]).await.is(422).says(&["有要先确认的地方"]);
    clerk.post("/imports/post", &[]).await.is(303);
    wait(&t);
    assert_eq!(jobs(&t).remove(0).state, "checked");
    clerk.post(&format!("{path}/confirm"), &[("seen", "another")]).await.is(409);
    let seen = profile::key_of(&job.findings);
    clerk.post(&format!("{path}/confirm"), &[("seen", &seen)]).await.is(303);
    clerk.post(&format!("{path}/post"), &[]).await.is(303);
    wait(&t);
    assert_eq!(jobs(&t).remove(0).state, "posted");
}

#[actix_web::test]
async fn rows_say_whom_and_how_much_and_warnings_come_first() {
    let t = TestApp::new();
    let mut clerk = t.sign_in(Role::Clerk);
    let text = "学生名单\n姓名,身份证号,性别,学号\n程林㼆,512098200012207855,女,1\n\
                赵𬱖,51209920041227261X,男,2\n";
    send(&mut clerk, &[("名单.csv", text.as_bytes())]).await.is(303);
    wait(&t);
    let job = jobs(&t).remove(0);
    let page = clerk.get(&format!("/imports/{}", job.id)).await;
    page.is(200).says(&["程林㼆", "有提示", "与身份证号中的“男”不一致"]);
    assert!(!page.text.contains("赵𬱖"), "what needs attention is shown first");
    let all = clerk.get(&format!("/imports/{}?show=all", job.id)).await;
    all.is(200).says(&["程林㼆", "赵𬱖"]);
    let contracts = sheet("contracts");
    send(&mut clerk, &[("名单2.csv", &sheet("borrowers")), ("合同.csv", &contracts)]).await.is(303);
    wait(&t);
    let job = jobs(&t).into_iter().find(|job| job.layout == "contracts").unwrap();
    let row = t.app.db.read(|db| store::rows(db, job.id, None, 0, 1)).unwrap().remove(0);
    assert!(!row.name.is_empty() && row.amount_fen.is_some(), "{row:?}");
}

#[actix_web::test]
async fn previews_of_what_waits_follow_what_is_posted() {
    let t = TestApp::new();
    let mut clerk = t.sign_in(Role::Clerk);
    let list = sheet("borrowers");
    send(&mut clerk, &[("一.csv", &list)]).await.is(303);
    wait(&t);
    send(&mut clerk, &[("二.csv", &list)]).await.is(303);
    wait(&t);
    let two = jobs(&t);
    let rows = two[0].new_rows;
    assert_eq!(two[1].new_rows, rows);
    let page = clerk.get("/imports").await;
    page.is(200).says(&[&format!("全部入账会新增 {rows} 行")]);
    let page = clerk.get(&format!("/imports/{}", two[0].id)).await;
    page.is(200).says(&["内容与“一.csv”（", "也在等待入账）完全相同。"]);
    clerk.post(&format!("/imports/{}/post", two[1].id), &[]).await.is(303);
    wait(&t);
    let left = &jobs(&t)[0];
    assert_eq!((left.state.as_str(), left.new_rows, left.same_rows), ("checked", 0, rows));
    let page = clerk.get(&format!("/imports/{}", left.id)).await;
    page.is(200).says(&["已入账）完全相同。"]);
}

#[actix_web::test]
async fn lines_that_two_waiting_lists_have_are_not_promised_twice() {
    let t = TestApp::new();
    let mut clerk = t.sign_in(Role::Clerk);
    post(&t, &mut clerk, &[("名单.csv", &sheet("borrowers")), ("合同.csv", &sheet("contracts"))])
        .await;
    let whole = titled("repayments", REPAYMENTS);
    let half: Vec<&str> = whole.lines().take(100).collect();
    send(&mut clerk, &[("一.csv", whole.as_bytes())]).await.is(303);
    wait(&t);
    let page = clerk.get("/imports").await;
    page.is(200).says(&["全部入账会新增 298 行"]);
    send(&mut clerk, &[("二.csv", half.join("\n").as_bytes())]).await.is(303);
    wait(&t);
    let page = clerk.get("/imports").await;
    page.is(200).says(&["全部入账最多新增 396 行", "有几份“还款明细”：几份里都有的行只入账一次"]);
}

#[actix_web::test]
async fn an_empty_sheet_of_each_kind_can_be_taken_and_is_known_as_that() {
    for layout in Layout::ALL {
        let bytes = empty_sheet(layout).unwrap();
        let table = read(&bytes, &SheetLimits::default()).unwrap().remove(0);
        let binding = recognise(&table).unwrap();
        assert_eq!((binding.layout, binding.extra.len()), (layout, 0));
        assert_eq!(binding.absent, Vec::<&str>::new(), "{layout:?}");
        assert_eq!(binding.bound().count(), layout.columns().len());
        assert!(binding.bound().all(|(_, _, column)| column.is_some()));
    }
    let t = TestApp::new();
    let mut clerk = t.sign_in(Role::Clerk);
    clerk.get("/imports/new").await.is(200).says(&["/imports/templates/repayments"]);
    let answer = clerk.get("/imports/templates/repayments").await;
    answer.is(200);
    assert_eq!(answer.bytes, empty_sheet(Layout::REPAYMENTS).unwrap());
    clerk.get("/imports/templates/unknown").await.is(404);
    // Sent back empty, it is a sheet of its kind without lines.
    send(&mut clerk, &[("空表.xlsx", &answer.bytes)]).await.is(303);
    wait(&t);
    let job = jobs(&t).remove(0);
    assert_eq!((job.state.as_str(), job.layout.as_str()), ("checked", "repayments"));
}

#[test]
fn what_a_known_file_changes_is_shown_as_old_and_new() {
    let county = County::new(Kind::Sqlite);
    let County { app, scope, by, .. } = &county;
    let import = |text: &str| {
        let uploads = [upload("名单.csv", text)];
        let batch = batch::receive_files(app, scope, by, &uploads, None, Product::Cdb).unwrap();
        batch::check(app, scope, &batch, |_| {}).unwrap();
        let rows = app.db.read(|db| store::rows(db, batch.jobs[0], None, 0, 9)).unwrap();
        batch::post(app, scope, &batch, |_| {}).unwrap();
        rows[0].notes.clone()
    };
    let line = "姓名,身份证号,学号,专业,手机\n程林㼆,512098200012207855";
    assert_eq!(import(&format!("{line},1,,16411034442\n")), "");
    let notes = import(&format!("{line},2,会计,16411034443\n"));
    assert_eq!(notes, "更新：手机、专业（空 → 会计）、学号（1 → 2）。");
    assert_eq!(import(&format!("{line},2,会计,16411034443\n")), "");
}

// ---- what is out of the ordinary

pub fn texts(county: &County, uploads: Vec<Upload>) -> (batch::Batch, Vec<(bool, String)>) {
    let County { app, scope, by, .. } = county;
    let batch = batch::receive_files(app, scope, by, &uploads, None, Product::Cdb).unwrap();
    assert!(batch.refused.is_empty() && batch.asks.is_empty(), "{batch:?}");
    batch::check(app, scope, &batch, |_| {}).unwrap();
    let job = find(county, &batch);
    let found = findings::from_text(&job.findings);
    (batch, found.into_iter().map(|one| (one.stops, one.text)).collect())
}

pub fn find(county: &County, batch: &batch::Batch) -> ImportJob {
    county.app.db.read(|db| store::find(db, &county.scope, batch.jobs[0])).unwrap()
}

pub fn upload(name: &str, text: &str) -> Upload {
    Upload { name: name.to_owned(), bytes: text.as_bytes().to_vec() }
}

/// A county whose people and contracts are in the books.
pub fn filled() -> County {
    let county = County::new(Kind::Sqlite);
    let uploads: Vec<Upload> = small_sheets("clean_plain")
        .into_iter()
        .filter(|one| ["borrowers.csv", "contracts.csv"].contains(&one.name.as_str()))
        .collect();
    let County { app, scope, by, .. } = &county;
    let on = Some(day("2026-10-31"));
    let batch = batch::receive_files(app, scope, by, &uploads, on, Product::Cdb).unwrap();
    batch::check(app, scope, &batch, |_| {}).unwrap();
    batch::post(app, scope, &batch, |_| {}).unwrap();
    county
}

#[test]
fn a_true_list_has_nothing_out_of_the_ordinary() {
    let county = filled();
    let (batch, found) =
        texts(&county, vec![upload("还款.csv", &titled("repayments", REPAYMENTS))]);
    assert_eq!(found, []);
    let columns = Columns::from_text(&find(&county, &batch).bindings);
    assert!(columns.bound.contains(&("合同编号".to_owned(), "合同编号".to_owned())));
    assert_eq!(columns.unread, Vec::<String>::new());
}

#[test]
fn a_list_of_another_county_says_so_before_its_rows_do() {
    let county = filled();
    let text = titled("repayments", "生源地信用助学贷款还款明细（安岳县，截至2026-10-31）");
    let foreign = text.replace("\n512022", "\n511021");
    let (_, found) = texts(&county, vec![upload("还款.csv", &foreign)]);
    let rows = foreign.lines().skip(2).map(|line| line.split(',').next().unwrap());
    let contracts = rows.collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!(
        found,
        [
            (true, "标题写的是“安岳县”，本中心是“乐至县”：可能是别的县的表，请核对。".to_owned()),
            (
                true,
                format!(
                    "这张表的 {contracts} 份合同，本中心一份都没有登记：可能是别的县的表，\
                     或者还没有导入合同明细。"
                )
            ),
        ]
    );
}

#[test]
fn totals_that_contradict_their_rows_stop_a_sheet() {
    let county = filled();
    let text = titled("repayments", REPAYMENTS);
    let heads: Vec<&str> = text.lines().nth(1).unwrap().split(',').collect();
    let at = heads.iter().position(|head| *head == "实还本金（元）").unwrap();
    let sum: i64 = text
        .lines()
        .skip(2)
        .map(|line| line.split(',').nth(at).unwrap().replace('.', "").parse::<i64>().unwrap())
        .sum();
    let total = |fen: i64| {
        let mut cells = vec![String::new(); heads.len()];
        cells[0] = "合计".to_owned();
        cells[at] = format!("{}.{:02}", fen / 100, fen % 100);
        format!("{}\n{}\n", text.trim_end(), cells.join(","))
    };
    let (_, found) = texts(&county, vec![upload("一.csv", &total(sum))]);
    assert_eq!(found, []);
    let (batch, found) = texts(&county, vec![upload("二.csv", &total(sum + 1))]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0 && found[0].1.contains("是合计，“实还本金（元）”写的是"), "{found:?}");
    assert!(findings::waits(&find(&county, &batch)));
}

#[test]
fn an_older_list_and_half_a_list_are_said() {
    let county = filled();
    let text = titled("repayments", REPAYMENTS);
    let (batch, _) = texts(&county, vec![upload("十月.csv", &text)]);
    batch::post(&county.app, &county.scope, &batch, |_| {}).unwrap();
    let older = text.replacen("2026-10-31", "2026-09-30", 1);
    let (_, found) = texts(&county, vec![upload("九月.csv", &older)]);
    let said =
        "这张表截至 2026-09-30，比已入账的同类表（截至 2026-10-31）旧：新的数字不会被旧的改掉。";
    assert_eq!(found, [(false, said.to_owned())]);
    let lines = text.lines().count();
    let half: Vec<&str> = text.lines().take(lines / 2).collect();
    let (_, found) = texts(&county, vec![upload("半份.csv", &half.join("\n"))]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.contains("少了很多：请核对是不是完整。"), "{found:?}");
    let (_, found) = texts(&county, vec![upload("又名.csv", &text)]);
    assert!(found[0].1.starts_with("内容与“十月.csv”（"), "{found:?}");
}

#[test]
fn a_title_of_another_day_than_was_typed_is_refused() {
    let county = filled();
    let County { app, scope, by, .. } = &county;
    let typed = Some(day("2026-10-31"));
    let text = titled("repayments", REPAYMENTS).replacen("2026-10-31", "2026-09-30", 1);
    let uploads = [upload("还款.csv", &text)];
    let mut batch = batch::receive_files(app, scope, by, &uploads, typed, Product::Cdb).unwrap();
    batch::refuse_other_day(app, scope, &mut batch, typed).unwrap();
    assert!(batch.jobs.is_empty());
    assert_eq!(
        batch.refused[0].1,
        "标题写的是截至 2026-09-30，填写的余额截止日期是 2026-10-31。请核对是不是选错了文件。"
    );
    let waiting = app.db.read(|db| store::in_states(db, &Scope::of(OFFICE), &["uploaded"]));
    assert_eq!(waiting.unwrap(), []);
}

#[test]
fn what_is_hidden_is_said() {
    let file = |name: &str| {
        let path = crate::support::county::path(&format!("tests/sample/field/{name}"));
        Upload { name: name.to_owned(), bytes: std::fs::read(path).unwrap() }
    };
    let county = County::new(Kind::Sqlite);
    let (_, found) = texts(&county, vec![file("F05_hidden_rows.xlsx")]);
    let said = "有 2 行在表格里是隐藏的（或被筛选掉），也读取了：第 3、5 行。";
    assert_eq!(found, [(false, said.to_owned())]);
    let (_, found) = texts(&county, vec![file("F06_hidden_sheet.xlsx")]);
    let said = "隐藏的工作表没有读取：“2024级”。要导入的话，请在表格软件里取消隐藏后重新上传。";
    assert_eq!(found, [(false, said.to_owned())]);
}

#[test]
fn every_remark_is_counted_and_can_be_listed() {
    let county = County::new(Kind::Sqlite);
    let County { app, scope, by, .. } = &county;
    let on = Some(day("2026-10-31"));
    let uploads = small_sheets("dirty_excel");
    let batch = batch::receive_files(app, scope, by, &uploads, on, Product::Cdb).unwrap();
    batch::check(app, scope, &batch, |_| {}).unwrap();
    batch::post(app, scope, &batch, |_| {}).unwrap();
    let mut warnings = 0;
    for id in &batch.jobs {
        let (all, noted, warned, counts) = app
            .db
            .read(|db| {
                let of = |db: &mut _, kind| store::rows(db, *id, kind, 0, i64::MAX);
                let counts = (store::count_noted(db, *id)?, store::count_warned(db, *id)?);
                Ok((of(db, None)?, of(db, Some("noted"))?, of(db, Some("warned"))?, counts))
            })
            .unwrap();
        let with_notes = all.iter().filter(|row| !row.notes.is_empty()).count();
        assert_eq!((noted.len(), warned.len()), (with_notes, usize::try_from(counts.1).unwrap()));
        assert_eq!(i64::try_from(with_notes).unwrap(), counts.0);
        // A line that is taken with a warning is among those listed.
        for row in all.iter().filter(|row| row.outcome != "refused") {
            let calls = row.notes.contains("请核对") || row.notes.contains("请补录");
            assert!(!calls || row.warned, "{row:?}");
        }
        warnings += warned.len();
    }
    assert!(warnings > 10, "{warnings}");
}
