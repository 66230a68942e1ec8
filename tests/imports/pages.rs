//! The import pages as somebody uses them: choose files, look at the check, post, get the sheet
//! back; and what the pages say when something is not in order.

use calamine::Reader;
use zhuxue::base::ids::ImportId;
use zhuxue::base::money::Fen;
use zhuxue::base::scope::Scope;
use zhuxue::book::staff::Role;
use zhuxue::imports::runner::Runner;
use zhuxue::imports::store::{self, ImportJob};

use super::county::number;
use crate::support::county::small_sheets;
use crate::support::database::{Kind, on_both};
use crate::support::{Answer, Browser, OFFICE, TestApp};

pub fn sheet(name: &str) -> Vec<u8> {
    let file = format!("{name}.csv");
    small_sheets("clean_plain").into_iter().find(|one| one.name == file).unwrap().bytes
}

/// Waits until no import runs.
pub fn wait(t: &TestApp) {
    for _ in 0..6_000 {
        if Runner::of(&t.app).is_idle() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("imports still run");
}

pub fn jobs(t: &TestApp) -> Vec<ImportJob> {
    t.app.db.read(|db| store::list(db, &Scope::of(OFFICE), None, 100)).unwrap()
}

pub fn job(t: &TestApp, layout: &str) -> ImportJob {
    jobs(t).into_iter().find(|job| job.layout == layout).unwrap()
}

pub async fn send(browser: &mut Browser, files: &[(&str, &[u8])]) -> Answer {
    send_as_of(browser, files, "2026-10-31").await
}

pub async fn send_as_of(browser: &mut Browser, files: &[(&str, &[u8])], as_of: &str) -> Answer {
    let csrf = browser.csrf.clone();
    let fields = [("csrf", csrf.as_str()), ("as_of", as_of), ("product", "cdb")];
    browser.upload("/imports", &fields, files).await
}

pub fn run(test: impl AsyncFn(TestApp)) {
    on_both(|kind| actix_web::rt::System::new().block_on(test(TestApp::on(kind))));
}

#[test]
fn two_sheets_in_the_wrong_order_go_in_and_come_back_with_results() {
    run(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/imports").await.is(200).says(&["还没有导入过表", "能导入哪些表", "学生名单"]);
        clerk.get("/imports/new").await.is(200).says(&["余额截止日期", "64 MB"]);
        let (contracts, borrowers) = (sheet("contracts"), sheet("borrowers"));
        let answer = send(&mut clerk, &[("合同.csv", &contracts), ("名单.csv", &borrowers)]).await;
        assert_eq!(answer.is(303).header("location"), "/imports");
        wait(&t);
        let one = job(&t, "contracts");
        assert_eq!((one.state.as_str(), one.refused_rows), ("checked", 0));
        let all = format!("全部入账（{} 份）", 2);
        clerk.get("/imports").await.is(200).says(&["合同.csv", "名单.csv", "待入账", &all]);
        let path = format!("/imports/{}", one.id);
        clerk.get(&path).await.is(200).says(&[
            "核对完了，还没有入账",
            &format!("新增 {} 行", one.new_rows),
            "同时先入账 名单.csv",
            "可以由复核或主任整份撤销",
        ]);
        clerk.get(&format!("{path}?show=changed")).await.is(200).says(&["没有这样的行"]);
        clerk.headers = vec![("HX-Request", "true".to_owned())];
        let part = clerk.get(&path).await;
        assert!(!part.is(200).text.contains("<html"), "{}", part.text);
        clerk.headers.clear();
        let answer = clerk.post(&format!("{path}/post"), &[]).await;
        assert_eq!(answer.is(303).header("location"), path);
        wait(&t);
        for layout in ["borrowers", "contracts"] {
            let one = job(&t, layout);
            assert_eq!((one.state.as_str(), one.refused_rows), ("posted", 0), "{layout}");
            assert_eq!(one.rows_done, one.rows_total);
            assert!(one.differences >= 0);
        }
        clerk.get(&path).await.is(200).says(&["入账完成", "没有落下的行", "已新增"]);
        // Pressed twice, or by two people: the second is told and nothing happens.
        clerk.post(&format!("{path}/post"), &[]).await.is(409);
        clerk.post(&format!("{path}/drop"), &[]).await.is(409);
        result_has_two_columns_more(&t, &mut clerk, one.id).await;
    });
}

#[test]
fn a_list_of_contracts_says_before_posting_what_it_pays_out_and_a_line_twice_is_booked_once() {
    run(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let (contracts, borrowers) = (sheet("contracts"), sheet("borrowers"));
        // First without the day of one disbursement.
        let text = String::from_utf8(contracts.clone()).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let column = lines[0].split(',').position(|name| name == "发放日期").unwrap();
        let is_out = |line: &String| line.split(',').nth(column).is_some_and(|day| day.len() == 10);
        let at = lines.iter().position(is_out).unwrap();
        let mut cells: Vec<&str> = lines[at].split(',').collect();
        let paid_out_on = std::mem::take(&mut cells[column]).to_owned();
        lines[at] = cells.join(",");
        let fewer = lines.join("\n");
        send(&mut clerk, &[("合同.csv", fewer.as_bytes()), ("名单.csv", &borrowers)]).await.is(303);
        wait(&t);
        let one = job(&t, "contracts");
        let path = format!("/imports/{}", one.id);
        let preview = clerk.get(&path).await;
        clerk.post(&format!("{path}/post"), &[]).await.is(303);
        wait(&t);
        let of = |what: &str| {
            let from = "FROM loan_event WHERE kind = 'disbursed'";
            number(&t.app, &format!("SELECT CAST({what} AS BIGINT) AS n {from}"))
        };
        let (count, sum) = (of("count(*)"), Fen::new(of("sum(amount_fen)")));
        let said = format!("入账会记 {count} 笔放款，共 ¥{}；", sum.to_page_text());
        preview.says(&[&said]);
        send(&mut clerk, &[("合同二.csv", &contracts)]).await.is(303);
        wait(&t);
        let path = format!("/imports/{}?show=changed", job(&t, "contracts").id);
        let row = format!("记一笔放款：{paid_out_on}，¥");
        clerk.get(&path).await.is(200).says(&["入账会记 1 笔放款，共 ¥", &row]);

        // The same payment in two lines, alike in every column.
        let text = String::from_utf8(sheet("repayments")).unwrap();
        let paid = text.lines().find(|line| line.contains("正常还款")).unwrap();
        let twice = format!("{}\n{paid}\n", text.trim_end());
        send(&mut clerk, &[("还款.csv", twice.as_bytes())]).await.is(303);
        wait(&t);
        let path = format!("/imports/{}", job(&t, "repayments").id);
        clerk.post(&format!("{path}/post"), &[]).await.is(303);
        wait(&t);
        let page = clerk.get(&path).await;
        page.is(200).says(&[
            "入账完成",
            "有完全相同的行，只入了一次，见下面的说明",
            "行和这一行完全相同，只入一次。如果确实还了两次",
        ]);
        assert!(!page.text.contains("没有落下的行"));
    });
}

async fn result_has_two_columns_more(t: &TestApp, clerk: &mut Browser, id: ImportId) {
    let answer = clerk.get(&format!("/imports/{id}/result.xlsx")).await;
    answer.is(200);
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(answer.bytes)).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    let rows: Vec<Vec<String>> =
        range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    let at = rows.iter().position(|row| row.contains(&"结果".to_owned())).unwrap();
    let width = rows[at].len();
    assert_eq!(rows[at][width - 2..], ["结果", "说明"]);
    let lines = &rows[at + 1..];
    // Masked: in full only with a reason, three times an hour, and written down.
    let id_at = rows[at].iter().position(|text| text.contains("身份证号")).unwrap();
    assert!(lines.iter().all(|row| row[id_at].contains("***") || row[id_at].is_empty()));
    let path = format!("/imports/{id}/result.xlsx");
    clerk.post(&path, &[("reason", "看")]).await.is(422).says(&["请写明为什么"]);
    let reason = [("reason", "银行要求核对原件")];
    for _ in 0..3 {
        let answer = clerk.post(&path, &reason).await;
        answer.is(200);
        let mut book: calamine::Xlsx<_> =
            calamine::open_workbook_from_rs(std::io::Cursor::new(answer.bytes)).unwrap();
        let range = book.worksheet_range_at(0).unwrap().unwrap();
        assert!(range.rows().skip(at + 1).all(|row| !row[id_at].to_string().contains('*')));
    }
    clerk.post(&path, &reason).await.is(422).says(&["请过一小时"]);
    let revealed = "SELECT count(*) AS n FROM history \
                    WHERE action = 'sheet_revealed' AND reason = '银行要求核对原件'";
    assert_eq!(number(&t.app, revealed), 3);
    let said = lines.iter().filter(|row| row[width - 2] == "已新增").count();
    assert_eq!(said, usize::try_from(job(t, "contracts").new_rows).unwrap());
    for told in ["exported' AND summary LIKE '下载%", "imported' AND summary LIKE '交付入账%"]
    {
        let sql = format!("SELECT count(*) AS n FROM history WHERE action = '{told}'");
        assert_eq!(number(&t.app, &sql), 1, "{told}");
    }
}

#[actix_web::test]
async fn a_file_that_is_no_sheet_is_named_and_the_others_go_on() {
    let t = TestApp::new();
    let mut clerk = t.sign_in(Role::Clerk);
    let borrowers = sheet("borrowers");
    let answer =
        send(&mut clerk, &[("会议通知.csv", "a,b\n1,2\n".as_bytes()), ("名单.csv", &borrowers)])
            .await;
    answer.is(422).says(&["“会议通知.csv”没有收下", "其余 1 份已收下", "2026-10-31"]);
    wait(&t);
    assert_eq!(job(&t, "borrowers").state, "checked");
    send(&mut clerk, &[]).await.is(422).says(&["还没有选择文件"]);
    send(&mut clerk, &[("", b"")]).await.is(422).says(&["还没有选择文件"]);
    let csrf = clerk.csrf.clone();
    let fields = [("csrf", csrf.as_str()), ("as_of", "31日"), ("product", "local")];
    let answer = clerk.upload("/imports", &fields, &[("名单.csv", &borrowers)]).await;
    answer.is(422).says(&["请写成 2026-10-31 这样", "value=\"31日\"", "value=\"local\" checked"]);
    assert_eq!(jobs(&t).len(), 1);
}

#[actix_web::test]
async fn too_much_is_refused_in_words() {
    let t = TestApp::with(|config| config.upload_mb = 1);
    let mut clerk = t.sign_in(Role::Clerk);
    let large = vec![b'x'; 1_200_000];
    send(&mut clerk, &[("大.csv", &large)]).await.is(422).says(&["文件合计超过 1 MB"]);
    let half = vec![b'x'; 700_000];
    let answer = send(&mut clerk, &[("一.csv", &half), ("二.csv", &half)]).await;
    answer.is(422).says(&["文件合计超过 1 MB"]);
    assert!(jobs(&t).is_empty());
}

#[actix_web::test]
async fn only_with_the_token_and_the_right() {
    let t = TestApp::new();
    let borrowers = sheet("borrowers");
    let files: [(&str, &[u8]); 1] = [("名单.csv", &borrowers)];
    let mut clerk = t.sign_in(Role::Clerk);
    clerk.upload("/imports", &[], &files).await.is(403);
    clerk.upload("/imports", &[("csrf", "0")], &files).await.is(403);
    let mut auditor = t.sign_in(Role::Auditor);
    send(&mut auditor, &files).await.is(403).says(&["不在您的权限里"]);
    auditor.get("/imports").await.is(403);
    assert!(jobs(&t).is_empty());
    // Somebody of another county sees nothing of it.
    send(&mut clerk, &files).await.is(303);
    wait(&t);
    t.add_office("512023", "AY", "安岳县学生资助管理中心");
    let other = t.add_staff_to("512023", "other", "外县", Role::Clerk, "");
    let mut other = t.sign_in_as(&other);
    let id = jobs(&t)[0].id;
    for path in ["", "/result.xlsx"] {
        other.get(&format!("/imports/{id}{path}")).await.is(404);
    }
    for verb in ["post", "stop", "drop", "check"] {
        other.post(&format!("/imports/{id}/{verb}"), &[]).await.is(404);
    }
    other.post(&format!("/imports/{id}/as-of"), &[("as_of", "2026-10-31")]).await.is(404);
    assert_eq!(jobs(&t)[0].state, "checked");
}

#[actix_web::test]
async fn an_import_is_stopped_goes_on_and_is_put_away() {
    let t = TestApp::new();
    let mut clerk = t.sign_in(Role::Clerk);
    send(&mut clerk, &[("名单.csv", &sheet("borrowers"))]).await.is(303);
    wait(&t);
    let id = jobs(&t)[0].id;
    let path = format!("/imports/{id}");
    let scope = Scope::of(OFFICE);
    let now = t.app.clock.now_at();
    // In line, not begun: what a press on 入账 does before a thread takes it.
    let queue = |db: &mut _| store::enqueue(db, &scope, id, &["checked"], "posting", now);
    assert!(t.app.db.write("test", queue).unwrap());
    clerk.get(&path).await.says(&["等待入账", "every 2s", "停止"]);
    clerk.get("/imports").await.says(&["等待入账", "every 2s"]);
    clerk.post(&format!("{path}/stop"), &[]).await.is(303);
    clerk.get(&path).await.says(&["停在", "继续入账"]);
    clerk.post(&format!("{path}/drop"), &[]).await.is(409);
    clerk.post(&format!("{path}/post"), &[]).await.is(303);
    wait(&t);
    assert_eq!(jobs(&t)[0].state, "posted");
    clerk.post(&format!("{path}/stop"), &[]).await.is(303);
    send(&mut clerk, &[("名单.csv", &sheet("borrowers"))]).await.is(303);
    wait(&t);
    let again = &jobs(&t)[0];
    assert_eq!((again.new_rows, again.changed_rows), (0, 0));
    let path = format!("/imports/{}", again.id);
    clerk.get(&path).await.says(&["放弃这份表"]);
    clerk.post(&format!("{path}/drop"), &[]).await.is(303);
    clerk.get(&path).await.is(404);
    assert_eq!(jobs(&t).len(), 1);
}

#[actix_web::test]
async fn the_day_of_the_balances_is_asked_for() {
    let t = TestApp::on(Kind::Sqlite);
    let mut clerk = t.sign_in(Role::Clerk);
    let all = sheet("contracts");
    // Without the title, which says of which day the balances are.
    let text = String::from_utf8(all).unwrap();
    let text = text.trim_start_matches('\u{feff}').replace("截至", "");
    let csrf = clerk.csrf.clone();
    let files: [(&str, &[u8]); 1] = [("合同.csv", text.as_bytes())];
    clerk.upload("/imports", &[("csrf", &csrf)], &files).await.is(303);
    wait(&t);
    let one = job(&t, "contracts");
    if one.as_of.is_some() {
        return;
    }
    let path = format!("/imports/{}", one.id);
    clerk.get(&path).await.says(&["记下日期并重新核对"]);
    let as_of = format!("{path}/as-of");
    clerk
        .post(&as_of, &[("as_of", "2027-01-01")])
        .await
        .is(422)
        .says(&["不能晚于今天", "value=\"2027-01-01\""]);
    clerk.post(&as_of, &[("as_of", "2026-10-31")]).await.is(303);
    wait(&t);
    let one = job(&t, "contracts");
    assert_eq!(
        (one.state.as_str(), one.as_of.unwrap().to_string().as_str()),
        ("checked", "2026-10-31")
    );
    assert!(!clerk.get(&path).await.text.contains("记下日期并重新核对"));
}
