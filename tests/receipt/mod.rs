//! 高校回执, from a university's list to the county's report, on both databases.

use calamine::{Reader as _, Xlsx};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use zhuxue::base::ids::RowId;
use zhuxue::base::scope::Scope;
use zhuxue::base::url::encoded;
use zhuxue::book::audit_log::Actor;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::Product;
use zhuxue::imports::batch::{self, Batch, Upload};
use zhuxue::jobs;
use zhuxue::plumbing::schema::{
    import_row, loan, loan_file, message, staff, university_receipt as receipts,
};

use crate::borrower::town::{STUDENT, each, read, sign_in, words};
use crate::support::county::day;
use crate::support::{Browser, OFFICE, TestApp};

/// 廖中旭 agrees; 吕凤欢's lodging is 500 yuan less than declared; 周丽莺 has another's code.
const LIST: &str = "姓名,班级,学号,回执校验码,贷款金额（元）,学费（元）,住宿费（元）,就读高校,贷款学年\n\
    廖中旭,1班,202612970000000,332822,20000.00,4600,800,四川职业技术学院,2026-2027\n\
    吕凤欢,2班,202512751000001,011520,20000.00,5300,600,四川机电职业技术学院,2026-2027\n\
    周丽莺,3班,202414629000002,332822,9400.00,4800,900,西昌民族幼儿师范高等专科学校,2026-2027\n";

/// As if no university had entered anything this year.
const NOTHING_YET: &str = "DELETE FROM university_receipt WHERE loan_year = 2026; \
    UPDATE loan SET receipt_on = NULL WHERE loan_year = 2026";

fn start(t: &TestApp) {
    t.set_day("2026-10-05");
    t.app.db.write("test", |db| Ok(db.batch_execute(NOTHING_YET)?)).unwrap();
}

fn import(t: &TestApp, text: &str) -> Batch {
    let name = "韦清越".to_owned();
    let id =
        read(t, |db| Ok(staff::table.filter(staff::name.eq(&name)).select(staff::id).first(db)?));
    let by = Actor { staff_id: Some(id), name, office_code: OFFICE.to_owned() };
    let (scope, name) = (Scope::of(OFFICE), "高校名单.csv".to_owned());
    let list = [Upload { name, bytes: text.as_bytes().to_vec() }];
    let made = batch::receive_files(&t.app, &scope, &by, &list, None, Product::Cdb).unwrap();
    batch::check(&t.app, &scope, &made, |_| {}).unwrap();
    batch::post(&t.app, &scope, &made, |_| {}).unwrap();
    made
}

fn at(t: &TestApp, name: &str) -> String {
    let of = receipts::table.filter(receipts::name.eq(name)).filter(receipts::loan_year.eq(2026));
    let id: RowId = read(t, |db| Ok(of.select(receipts::id).first(db)?));
    format!("/receipts/{id}")
}

fn on_contract(t: &TestApp, code: &str) -> Option<chrono::NaiveDate> {
    let of = loan::table.filter(loan::receipt_code.eq(code)).filter(loan::loan_year.eq(2026));
    read(t, |db| Ok(of.select(loan::receipt_on).first(db)?))
}

async fn tabs(browser: &mut Browser) -> String {
    let page = browser.get("/receipts").await;
    let (_, rest) = page.is(200).text.split_once("aria-label=\"名单\">").unwrap();
    crate::support::plain(rest.split("</div>").next().unwrap())
}

#[test]
fn a_list_is_held_against_the_contracts_and_decided() {
    each(async |t| {
        start(&t);
        let mut clerk = t.sign_in(Role::Clerk);
        assert_eq!(tabs(&mut clerk).await, "待核对 0 还没有回执 20 一致 0 已采用 0 已退回 0");
        import(&t, LIST);
        assert_eq!(tabs(&mut clerk).await, "待核对 2 还没有回执 18 一致 1 已采用 0 已退回 0");
        clerk.get("/receipts").await.says(&["吕凤欢", "少 ¥500.00", "回执校验码与合同上的不一致"]);
        clerk.get("/home").await.says(&["份高校回执待核对", "份合同还没有高校回执，要催学校"]);

        let at = self::at(&t, "吕凤欢");
        let page = clerk.get(&at).await;
        page.is(200).says(&["采用这份回执", "5,300.00", "600.00", "1,100.00"]);
        let form =
            |decision, reason| [("version", "0"), ("decision", decision), ("reason", reason)];
        clerk.post(&at, &form("reject", "")).await.is(422).says(&["退回要写一句原因"]);
        clerk.post(&at, &form("accept", "已问过学校")).await.is(303);
        clerk.post(&at, &form("accept", "已问过学校")).await.is(303);
        assert_eq!(on_contract(&t, "011520"), Some(day("2026-10-05")));
        let mut other = t.sign_in(Role::Reviewer);
        other
            .post(&at, &form("reject", "金额不对"))
            .await
            .is(409)
            .says(&["别人刚刚改过", "金额不对"]);
        assert_eq!(tabs(&mut clerk).await, "待核对 1 还没有回执 18 一致 1 已采用 1 已退回 0");
        // The same list again changes nothing of what was decided.
        import(&t, LIST);
        assert_eq!(tabs(&mut clerk).await, "待核对 1 还没有回执 18 一致 1 已采用 1 已退回 0");
        clerk.post(&at, &[("version", "1"), ("decision", "reopen")]).await.is(303);
        assert_eq!(on_contract(&t, "011520"), None);
        let again = [("version", "2"), ("decision", "reject"), ("reason", "少录住宿费")];
        clerk.post(&at, &again).await.is(303);
        assert_eq!(tabs(&mut clerk).await, "待核对 1 还没有回执 19 一致 1 已采用 0 已退回 1");
        // The university mends it.
        import(&t, &LIST.replace("5300,600", "5300,1100"));
        assert_eq!(tabs(&mut clerk).await, "待核对 1 还没有回执 18 一致 2 已采用 0 已退回 0");

        let strange = self::at(&t, "周丽莺");
        let refused = clerk.post(&strange, &form("accept", "")).await;
        refused.is(422).says(&["还没有对上合同", "右边是这个学号这一学年的合同"]);
        let of = loan::table.inner_join(loan_file::table).filter(loan::loan_year.eq(2026));
        let of = of.filter(loan_file::student_number.eq("202414629000002"));
        let of = of.select((loan::contract_no, loan::receipt_code, loan_file::file_no));
        let (contract, code, file): (String, String, String) = read(&t, |db| Ok(of.first(db)?));
        assert_ne!(code, "332822");
        refused.says(&[&contract, &code, &format!("/receipts/new/{file}")]);
        t.sign_in(Role::Auditor).post(&strange, &form("accept", "")).await.is(403);
        let log = t.sign_in(Role::Director).get("/audit?action=receipt_decided").await;
        log.says(&["采用，已采用", "原因：少录住宿费", "撤回，待核对"]);
    });
}

#[test]
fn a_stale_page_of_the_same_person_decides_nothing() {
    each(async |t| {
        start(&t);
        import(&t, LIST);
        let mut clerk = t.sign_in(Role::Clerk);
        let at = self::at(&t, "吕凤欢");
        let form = |decision, version, reason| {
            [("version", version), ("decision", decision), ("reason", reason)]
        };
        clerk.post(&at, &form("accept", "0", "")).await.is(303);
        clerk.post(&at, &form("accept", "0", "")).await.is(303);
        clerk.post(&at, &form("reopen", "1", "")).await.is(303);
        clerk.post(&at, &form("reject", "2", "少录住宿费")).await.is(303);
        clerk.post(&at, &form("accept", "0", "")).await.is(409).says(&["别人刚刚改过"]);
        clerk.post(&at, &form("accept", "2", "")).await.is(409).says(&["别人刚刚改过"]);
        assert_eq!(on_contract(&t, "011520"), None);
        // The same fields for another receipt are another form.
        let other = self::at(&t, "廖中旭");
        clerk.post(&other, &form("accept", "0", "")).await.is(303);
        assert_eq!(tabs(&mut clerk).await, "待核对 1 还没有回执 19 一致 0 已采用 1 已退回 1");
    });
}

#[test]
fn what_goes_back_is_missing_wherever_it_is_counted() {
    each(async |t| {
        start(&t);
        import(&t, LIST);
        // The day came with the contracts' own list.
        let day_known = "UPDATE loan SET receipt_on = '2026-09-18' \
            WHERE receipt_code = '332822' AND loan_year = 2026";
        t.app.db.write("test", |db| Ok(db.batch_execute(day_known)?)).unwrap();
        let of = loan::table.inner_join(loan_file::table).filter(loan::receipt_code.eq("332822"));
        let of = of.filter(loan::loan_year.eq(2026)).select(loan_file::file_no);
        let no: String = read(&t, |db| Ok(of.first(db)?));
        let mut clerk = t.sign_in(Role::Clerk);
        let (file, universities) = (format!("/loans/{no}"), "/receipts/universities");
        let entered = async |clerk: &mut Browser| {
            let page = clerk.get(&file).await;
            page.is(200).text.contains("高校回执已录入")
        };
        assert!(entered(&mut clerk).await);
        assert_eq!(tabs(&mut clerk).await, "待核对 2 还没有回执 18 一致 1 已采用 0 已退回 0");
        let at = self::at(&t, "廖中旭");
        let back = [("version", "0"), ("decision", "reject"), ("reason", "学费不对")];
        clerk.post(&at, &back).await.is(303);
        assert_eq!(on_contract(&t, "332822"), None);
        assert_eq!(tabs(&mut clerk).await, "待核对 2 还没有回执 19 一致 0 已采用 0 已退回 1");
        assert!(!entered(&mut clerk).await);
        clerk.get(universities).await.says(&["19 份合同还没有回执"]);
        clerk.get("/receipts?tab=missing").await.says(&["廖中旭"]);
        clerk.post(&at, &[("version", "1"), ("decision", "reopen")]).await.is(303);
        assert_eq!(on_contract(&t, "332822"), Some(day("2026-09-18")));
        assert!(entered(&mut clerk).await);
        // One without a contract goes back without being missed anywhere.
        let strange = self::at(&t, "周丽莺");
        clerk.post(&strange, &back).await.is(303);
        let page = clerk.get(&strange).await;
        assert!(!page.text.contains("合同又列在"), "no contract, none listed");
    });
}

/// Another's name, a day to come, and fees of which one is left out.
const ODD: &str = "姓名,学号,回执校验码,贷款金额（元）,学费（元）,住宿费（元）,就读高校,贷款学年,回执录入日期\n\
    吕凤欢,202612970000000,332822,20000.00,4600,800,四川职业技术学院,2026-2027,2026-09-20\n\
    吕凤欢,202512751000001,011520,20000.00,5300,,四川机电职业技术学院,2026-2027,2026-12-20\n\
    周丽莺,202414629000002,332822,9400.00,,900,西昌民族幼儿师范高等专科学校,2026-2027,\n";

#[test]
fn a_list_with_anothers_name_a_day_to_come_and_a_fee_left_out() {
    each(async |t| {
        start(&t);
        let made = import(&t, ODD);
        let mut clerk = t.sign_in(Role::Clerk);
        assert_eq!(tabs(&mut clerk).await, "待核对 2 还没有回执 19 一致 1 已采用 0 已退回 0");
        let list = clerk.get("/receipts").await;
        let why = "姓名与学号对应的学生不一致";
        list.says(&[why, "回执校验码与合同上的不一致"]);
        assert!(!list.text.contains("少 ¥"), "what is not known is not less");
        let of = receipts::table.filter(receipts::student_number.eq("202612970000000"));
        let of = of.filter(receipts::loan_year.eq(2026)).select((receipts::id, receipts::mismatch));
        let (id, mismatch): (RowId, String) = read(&t, |db| Ok(of.first(db)?));
        assert!(mismatch.contains(why) && !mismatch.contains("廖中旭"), "{mismatch}");
        let accept = [("version", "0"), ("decision", "accept"), ("reason", "")];
        clerk.post(&format!("/receipts/{id}"), &accept).await.is(422).says(&["还没有对上合同"]);
        let of = receipts::table.filter(receipts::code.eq("011520"));
        let of = of.filter(receipts::loan_year.eq(2026)).select(receipts::entered_on);
        let on: Option<chrono::NaiveDate> = read(&t, |db| Ok(of.first(db)?));
        assert_eq!(on, None, "no day to come");
        let of = import_row::table.filter(import_row::import_id.eq(made.jobs[0]));
        let of = of.order(import_row::line).select(import_row::notes);
        let notes: Vec<String> = read(&t, |db| Ok(of.load(db)?));
        let notes = notes.concat();
        for label in ["姓名", "回执录入日期", "回执校验码"] {
            assert!(notes.contains(label), "{label}: {notes}");
        }
        assert_eq!(notes.matches("回执校验码").count(), 2, "its label and its sentence: {notes}");
    });
}

#[test]
fn a_student_who_has_no_number_yet_gets_it_with_the_receipt() {
    each(async |t| {
        start(&t);
        let of = loan::table.inner_join(loan_file::table).filter(loan::receipt_code.eq("007099"));
        let (id, no, number): (i64, String, String) = read(&t, |db| {
            Ok(of.select((loan::id, loan_file::file_no, loan_file::student_number)).first(db)?)
        });
        let without = diesel::update(loan_file::table.filter(loan_file::file_no.eq(&no)))
            .set(loan_file::student_number.eq(""));
        t.app.db.write("test", |db| Ok(without.clone().execute(db)?)).unwrap();
        let (id, path) = (id.to_string(), format!("/receipts/new/{no}"));
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get(&path).await.is(200).says(&["学号", "学生证上有"]);
        let form = |number| {
            [
                ("loan", id.as_str()),
                ("told_by", "sms"),
                ("code", "007099"),
                ("tuition", "21000"),
                ("lodging", "1200"),
                ("entered_on", "2026-09-20"),
                ("student_number", number),
            ]
        };
        clerk.post(&path, &form("")).await.is(422).says(&["档案里还没有学号", "value=\"1200\""]);
        clerk.post(&path, &form(number.as_str())).await.is(303);
        assert_eq!(on_contract(&t, "007099"), Some(day("2026-09-20")));
        let of = loan_file::table.filter(loan_file::file_no.eq(&no));
        let now: String = read(&t, |db| Ok(of.select(loan_file::student_number).first(db)?));
        assert_eq!(now, number);
    });
}

#[test]
fn one_comes_by_hand_with_every_refusal_its_own_sentence() {
    each(async |t| {
        start(&t);
        let of = loan::table.inner_join(loan_file::table).filter(loan::receipt_code.eq("007099"));
        let (id, no): (i64, String) =
            read(&t, |db| Ok(of.select((loan::id, loan_file::file_no)).first(db)?));
        let (id, path) = (id.to_string(), format!("/receipts/new/{no}"));
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get(&format!("/loans/{no}/contracts")).await.says(&["登记回执"]);
        clerk.get(&path).await.is(200).says(&["受理证明", "学费（元）"]);
        let form = |code, tuition, on| {
            let lodging = ("lodging", "1200");
            [
                ("loan", id.as_str()),
                ("told_by", "sms"),
                ("code", code),
                ("tuition", tuition),
                lodging,
                ("entered_on", on),
            ]
        };
        for (fields, why) in [
            (form("007099", "", "2026-09-20"), "没有的写 0"),
            (form("007099", "21000", "2026-12-20"), "不能晚于今天"),
            (form("0070999", "21000", "2026-09-20"), "六位数字"),
            (form("7098", "21000", "2026-09-20"), "前面的零"),
            (form("332822", "21000", "2026-09-20"), "与这份合同的不一致"),
        ] {
            clerk.post(&path, &fields).await.is(422).says(&[why]).says(&["value=\"1200\""]);
        }
        // A code that lost its zeros is not taken before somebody has looked at the paper.
        let short = form("7099", "21000", "2026-09-20");
        let asked = clerk.post(&path, &short).await;
        asked.is(422).says(&["不足六位，是不是 007099？", "校验码是 007099"]);
        let seen = [&short[..], &[("code_seen", "1")]].concat();
        clerk.post(&path, &seen).await.is(303);
        assert_eq!(on_contract(&t, "007099"), Some(day("2026-09-20")));
        let twice = form("007099", "20000", "2026-09-21");
        clerk.post(&path, &twice).await.is(422).says(&["已经登记过"]);
        assert_eq!(tabs(&mut clerk).await, "待核对 0 还没有回执 19 一致 1 已采用 0 已退回 0");
        // Sent back, the same words may come again: from another page they are another form.
        let of = receipts::table.filter(receipts::code.eq("007099"));
        let receipt: RowId = read(&t, |db| Ok(of.select(receipts::id).first(db)?));
        let at = format!("/receipts/{receipt}");
        let version = clerk.get(&at).await.hidden("version");
        let back =
            [("version", version.as_str()), ("decision", "reject"), ("reason", "学费写错了")];
        clerk.post(&at, &back).await.is(303);
        assert_eq!(on_contract(&t, "007099"), None);
        let key = clerk.get(&path).await.hidden("key");
        let again = form("7099", "21000", "2026-09-20");
        let again = [&again[..], &[("key", key.as_str()), ("code_seen", "1")]].concat();
        clerk.post(&path, &again).await.is(303);
        assert_eq!(on_contract(&t, "007099"), Some(day("2026-09-20")));
    });
}

#[test]
fn universities_are_chased_and_the_report_adds_up() {
    each(async |t| {
        start(&t);
        import(&t, LIST);
        let mut clerk = t.sign_in(Role::Clerk);
        let (name, year) = ("四川职业技术学院", "2026");
        let list = clerk.get("/receipts/universities").await;
        list.is(200).says(&[name, "18 份合同还没有回执", "10月10日截止", "还没有催过"]);
        let one = format!("/receipts/universities/one?name={}", encoded(name));
        clerk.get(&one).await.is(200).says(&["孔美蓉", "徐蓉梅", "2 份合同还没有回执"]);
        let to = "/receipts/universities/one";
        let of = [("name", name), ("year", year)];
        let call = [of[0], of[1], ("key", "1"), ("how", "phone"), ("result", "")];
        clerk.post(to, &call).await.is(422).says(&["请写一句结果"]);
        let call = [of[0], of[1], ("key", "1"), ("how", "phone"), ("result", "答应本周录入")];
        clerk.post(to, &call).await.is(303);
        clerk.post(to, &call).await.is(303);
        let mail = |mail, version| {
            [
                of[0],
                of[1],
                ("person", "李老师"),
                ("phone", "0825-2290000"),
                ("email", mail),
                ("address", "遂宁市"),
                ("version", version),
            ]
        };
        clerk.post(to, &mail("李老师", "0")).await.is(422).says(&["邮箱请写成"]);
        clerk.post(to, &mail("zizhu@school.edu.cn", "0")).await.is(303);
        t.sign_in(Role::Reviewer).post(to, &mail("x@school.edu.cn", "0")).await.is(409);
        let page = clerk.get("/receipts/universities").await;
        page.says(&["李老师", "0825-2290000", "10月5日电话，答应本周录入"]);
        let page = clerk.get(&one).await;
        assert_eq!(page.text.matches("答应本周录入").count(), 1);
        let letter = clerk.get(&one.replace("/one?", "/letter?")).await;
        letter.is(200).says(&["下列 2 名学生", "孔美蓉", "202412970000022", "2026-2027", "盖章"]);
        assert!(!letter.text.contains("5120"), "no identity numbers");
        t.set_day("2026-10-11");
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/home").await.says(&["份合同过了截止日还没有高校回执"]);
        clerk.get("/receipts/universities").await.says(&["10月10日已过截止日"]);

        let report = clerk.get("/receipts/report").await;
        let plain = crate::support::plain(report.is(200).text.split_once("<tbody>").unwrap().1);
        assert!(plain.starts_with("合计 2 ¥29,400.00 18 ¥314,800.00 1 ¥20,000.00"), "{plain}");
        report.says(&["10月20日前上报"]);
        let links: Vec<&str> = report.text.split("<td class=\"num\"><a href=\"").skip(1).collect();
        for link in &links {
            let (to, rest) = link.split_once("\">").unwrap();
            let count: usize = rest.split('<').next().unwrap().parse().unwrap();
            let rows = clerk.get(&to.replace("&amp;", "&").replace("&#x2f;", "/")).await;
            let rows = rows.is(200).text.matches("<td class=\"nw\"><a class=\"b\"").count();
            assert_eq!(rows, count, "{to}");
        }
        assert!(links.len() > 10);
        let answer = clerk.get("/receipts/report.xlsx").await;
        let book = std::io::Cursor::new(answer.is(200).bytes.clone());
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(book).unwrap();
        let range = book.worksheet_range_at(0).unwrap().unwrap();
        let rows: Vec<Vec<String>> =
            range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        let of = |name: &str| rows.iter().filter(|row| row[0] == name).collect::<Vec<_>>();
        let [all] = of("合计")[..] else { panic!("one row for all: {rows:?}") };
        assert_eq!(all[1..7], ["2", "29400", "18", "314800", "1", "20000"]);
        assert_eq!(of(name).len(), 1, "one row for a university");
        clerk.get("/receipts.xlsx?tab=missing").await.is(200);
    });
}

#[test]
fn a_family_reads_how_far_it_is_and_is_told_once() {
    each(async |t| {
        start(&t);
        let mut phone = sign_in(&t, STUDENT).await;
        assert!(words(&phone.get("/m").await).contains("等待高校录入回执"));
        import(&t, LIST);
        assert!(words(&phone.get("/m").await).contains("与合同不一致，县里正在核对"));
        let told = || -> i64 {
            let of = message::table.filter(message::reason.eq("receipt_differs"));
            read(&t, |db| Ok(of.filter(message::channel.eq("sms")).count().get_result(db)?))
        };
        for on in ["2026-10-05", "2026-10-06", "2026-10-11"] {
            t.set_day(on);
            jobs::chase_university_receipts::run(&t.app, day(on)).unwrap();
            assert_eq!(told(), 1);
        }
        import(&t, &LIST.replace("5300,600", "5300,1100"));
        let mut phone = sign_in(&t, STUDENT).await;
        assert!(
            words(&phone.get("/m").await).contains("高校已录入：学费 ¥5,300.00，住宿费 ¥1,100.00")
        );
    });
}
