//! Visit sheets out and back, through HTTP: made once, handed over, returned by code, by telephone,
//! by workbook, decided by the desk; and what people do wrong with each.

mod back;
mod rounds;
mod workbook;

use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::life::visits::sheets::store::{Batch, Sheet, State};
use zhuxue::plumbing::crypto::Field;
use zhuxue::plumbing::schema::{
    contact_record, history, person_phone, sheet, sheet_batch, warning,
};

use crate::borrower::town::{each, read};
use crate::support::{Answer, Browser, TestApp};

/// The day after a due day of which nobody has paid yet.
pub const AFTER: &str = "2026-12-21";

/// The sheets of the office in the order they were made, each with its code.
pub fn sheets(t: &TestApp) -> Vec<(Sheet, String)> {
    let all: Vec<Sheet> =
        read(t, |db| Ok(sheet::table.order(sheet::number).select(Sheet::as_select()).load(db)?));
    let code = |one: &Sheet| t.app.sealer.open_text(Field::Sheet, &one.code_sealed).unwrap();
    all.into_iter().map(|one| (one.clone(), code(&one))).collect()
}

pub fn batches(t: &TestApp) -> Vec<Batch> {
    read(t, |db| {
        Ok(sheet_batch::table.order(sheet_batch::id).select(Batch::as_select()).load(db)?)
    })
}

/// A clerk who has just sent sheets to every village.
pub async fn sent(t: &TestApp) -> Browser {
    t.set_day(AFTER);
    let mut clerk = t.sign_in(Role::Clerk);
    let fields = [("by", "village"), ("set", "1"), ("amounts", "1"), ("letter", "12")];
    clerk.post("/visits/batches", &fields).await.is(303);
    clerk
}

pub fn count_records(t: &TestApp) -> i64 {
    read(t, |db| Ok(contact_record::table.count().get_result(db)?))
}

fn flash(answer: &Answer) -> bool {
    answer.status == 303
}

#[test]
fn a_batch_is_made_once_printed_with_codes_and_handed_over() {
    each(async |t| {
        let mut clerk = sent(&t).await;
        let (made, all) = (batches(&t), sheets(&t));
        assert!(made.len() > 3 && all.len() >= made.len(), "{} {}", made.len(), all.len());
        assert!(all[0].0.number.starts_with("HZ26-1221-001"), "{}", all[0].0.number);
        clerk.get("/visits/sent").await.is(200).says(&["做好", "未交付"]);

        // A double click, or the same list again, makes nothing twice.
        let again = clerk.post("/visits/batches", &[("by", "village")]).await;
        again.is(422).says(&["选中的户都已有走访表在外或等核对"]);
        assert_eq!(sheets(&t).len(), all.len());
        // What is out is said where batches are chosen, and leads to its batch.
        let batch = format!("/visits/batches/{}", made[0].id);
        clerk.get("/visits").await.is(200).says(&["表已全部发出", &batch]);
        // Two visits for one matter: only when somebody wants that.
        let school = clerk.post("/visits/batches", &[("by", "school")]).await;
        school.is(422).says(&["户的表在别处还没有收回", "表在别处：村（社区）"]);
        assert_eq!(sheets(&t).len(), all.len());
        let both = [("by", "school"), ("set", "1"), ("also", "1")];
        let school = clerk.post("/visits/batches", &both).await;
        assert!(flash(&school), "another kind of receiver is another visit");
        // To the police station goes no paper before the director has let the case go there.
        let police = clerk.post("/visits/batches", &[("by", "police")]).await;
        police.is(422).says(&["没有转到“派出所协助”的逾期户"]);
        clerk.get("/visits?by=police").await.is(200).says(&["还没有转到“派出所协助”，没有列入"]);

        let one = &made[0];
        let here = format!("/visits/batches/{}", one.id);
        let fresh = clerk.get(&here).await;
        fresh.is(200).says(&["记下交付", "HZ26-1221-001", "<td>未交付"]);
        assert!(!fresh.text.contains("<td>在外"), "nothing is out before it was handed over");
        let page = clerk.get(&format!("{here}/print")).await;
        let code = &all[0].1;
        let spoken = format!("{}-{}", &code[..4], &code[4..]);
        page.is(200).says(&["<svg class=\"qr\"", &spoken, "编号 HZ26-1221-001", "〔2026〕12 号"]);
        assert!(!page.text.contains(" style="));
        let together = clerk.get(&format!("{here}/print?all=1")).await;
        together.is(200).says(&["交接总表"]);
        assert_eq!(together.text.matches("<svg class=\"qr\"").count(), all.len());
        clerk.get(&format!("{here}/papers.pdf")).await.is(422).says(&["zhuxue-papers"]);

        let form = [("version", "1"), ("on", AFTER), ("to", ""), ("how", "邮寄")];
        clerk.post(&format!("{here}/handed"), &form).await.is(422).says(&["请写谁收下的"]);
        let form = [("version", "1"), ("on", "2026-12-20"), ("to", "王主任"), ("how", "当面")];
        let early = clerk.post(&format!("{here}/handed"), &form).await;
        early.is(422).says(&["交付日期在做表那天（12月21日）和今天之间"]);
        clerk.get(&here).await.says(&["还没有记下交付"]);
        let form = [
            ("version", "1"),
            ("on", AFTER),
            ("to", "王主任"),
            ("how", "当面"),
            ("receipt", "签收单"),
        ];
        clerk.post(&format!("{here}/handed"), &form).await.is(303);
        clerk.post(&format!("{here}/handed"), &form).await.is(409);
        clerk.get(&here).await.says(&["王主任", "当面", "签收单", "已交付", "<td>在外"]);

        let sheet = &all[0].0;
        let void = format!("/visits/sheets/{}/void", sheet.id);
        clerk.post(&void, &[("why", "")]).await.is(422).says(&["写一句原因"]);
        clerk.post(&void, &[("why", "印坏了")]).await.is(303);
        clerk.post(&void, &[("why", "印坏了")]).await.is(303);
        clerk.get(&here).await.says(&["已经交回或作废，没有再改"]);
        let mut phone = t.nobody();
        phone.get(&format!("/r/{code}")).await.is(200).says(&["已经作废"]);
    });
}

/// Nobody outside the office learns an amount before the director has allowed it (issue 4, 5).
#[test]
fn papers_show_amounts_only_when_the_director_has_allowed_it() {
    each(async |t| {
        t.set_day(AFTER);
        let (mut clerk, mut director) = (t.sign_in(Role::Clerk), t.sign_in(Role::Director));
        let asks = [("by", "village"), ("set", "1"), ("amounts", "1")];
        clerk.get("/visits").await.is(200).says(&["不印金额；要印出金额，请主任先在这一页允许"]);
        let sample = clerk.get("/visits/print").await;
        assert!(!sample.is(200).text.contains('¥'), "whatever the address bar says");
        clerk.post("/visits/amounts", &[("amounts", "yes")]).await.is(403);
        clerk.post("/visits/batches", &asks).await.is(303);
        assert!(batches(&t).iter().all(|one| !one.amounts));
        director.post("/visits/amounts", &[("amounts", "yes")]).await.is(303);
        clerk.get("/visits").await.says(&["印出金额"]);
        clerk.get("/visits/print").await.is(200).says(&["¥"]);
        // All that are out, out of use; what was made before keeps what it was made with.
        for one in batches(&t) {
            let url = format!("/visits/batches/{}/void", one.id);
            clerk.post(&url, &[("why", " ")]).await.is(422).says(&["写一句原因"]);
            clerk.post(&url, &[("why", "重做，印出金额")]).await.is(303);
        }
        assert!(sheets(&t).iter().all(|(one, _)| one.state == State::Void));
        clerk.post("/visits/batches", &asks).await.is(303);
        assert!(batches(&t).last().unwrap().amounts);
        director.post("/visits/amounts", &[("amounts", "no")]).await.is(303);
        clerk.get("/visits").await.says(&["不印金额"]);
    });
}

#[test]
fn what_is_late_is_listed_and_on_the_workbench() {
    each(async |t| {
        let _ = sent(&t).await;
        t.set_day("2027-02-01");
        let day = t.app.clock.today();
        for _ in 0..2 {
            zhuxue::jobs::chase_sheets::run(&t.app, day).unwrap();
        }
        let lines: Vec<String> = read(&t, |db| {
            Ok(warning::table.filter(warning::kind.eq("sheets")).select(warning::title).load(db)?)
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("过了交回日还没有回来"));
        // Weeks later somebody else is at the desk.
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/visits/sent?list=late").await.is(200).says(&["超期，回来 0"]);
        let one = &batches(&t)[0];
        let here = format!("/visits/batches/{}", one.id);
        clerk.get(&here).await.says(&["记下今天问过一次"]);
        clerk.post(&format!("{here}/chased"), &[("version", "1")]).await.is(303);
        clerk.get("/visits/sent").await.says(&["催过 1 次"]);
        for (sheet, _) in sheets(&t) {
            let void = format!("/visits/sheets/{}/void", sheet.id);
            clerk.post(&void, &[("why", "年底清理")]).await.is(303);
        }
        zhuxue::jobs::chase_sheets::run(&t.app, day).unwrap();
        let left: i64 = read(&t, |db| {
            Ok(warning::table.filter(warning::kind.eq("sheets")).count().get_result(db)?)
        });
        assert_eq!(left, 0);
    });
}

#[test]
fn the_desk_types_in_what_was_said_and_accepts_it() {
    each(async |t| {
        let mut clerk = sent(&t).await;
        let (sheet, code) = sheets(&t).remove(0);
        clerk.get("/visits/enter").await.is(200);
        clerk.get("/visits/enter?code=ZZZZ-ZZZZ").await.is(422).says(&["没有这个编号"]);
        let said = format!("/visits/enter?code={}", code.to_lowercase());
        let page = clerk.get(&said).await;
        page.is(200).says(&["走访结果", &sheet.number]);
        assert_eq!(page.hidden("came_by"), "spoken");
        let by_number = clerk.get(&format!("/visits/enter?code={}", sheet.number)).await;
        assert_eq!(by_number.hidden("came_by"), "desk");
        let id = page.hidden("sheet");
        let wrong = [("sheet", id.as_str()), ("came_by", "spoken"), ("outcome", "promised")];
        clerk.post("/visits/enter", &wrong).await.is(422).says(&["请选见到了谁", "请写约定的日子"]);
        let right = [
            ("sheet", id.as_str()),
            ("came_by", "spoken"),
            ("outcome", "promised"),
            ("met", "parents"),
            ("promised_on", "2027-01-08"),
            ("new_phone", "16410990021"),
            ("family_phone", "16410994848"),
            ("filled_by", "王主任"),
        ];
        let kept = clerk.post("/visits/enter", &right).await;
        kept.is(303);
        clerk.post("/visits/enter", &right).await.is(422).says(&["已经回来"]);
        let here = kept.header("location").to_owned();
        clerk.get("/visits/returns").await.is(200).says(&["约好了还款日子", "王主任"]);
        let page = clerk.get(&here).await;
        page.is(200).says(&["164****0021", "1月8日", "电话报码"]);
        assert!(!page.text.contains("checked"), "no number is put on file by itself");
        let id = here.rsplit('/').next().unwrap();
        for (kind, number) in [("sheet_phone", "16410990021"), ("sheet_family", "16410994848")] {
            clerk.post("/reveal", &[("kind", kind), ("id", id)]).await.is(200).says(&[number]);
        }
        let bare = clerk.post(&here, &[("decision", "refuse"), ("note", "")]).await;
        bare.is(422).says(&["不采用时请写一句原因", "164****0021"]);
        assert_eq!(count_records(&t), 0, "a proposal is no record");
        let accept = [("decision", "accept"), ("take_phone", "1"), ("take_family", "1")];
        clerk.post(&here, &accept).await.is(422).says(&["录入人不能自己把号码记入档案"]);
        let accept = [accept[0], accept[1], accept[2], ("reached", "1")];
        clerk.post(&here, &accept).await.is(303);
        clerk.post(&here, &accept).await.is(303);
        clerk.get(&here).await.says(&["这一份刚才已经处理过", "已采用"]);
        let records: Vec<(String, String, Option<chrono::NaiveDate>, Option<i64>)> =
            read(&t, |db| {
                Ok(contact_record::table
                    .select((
                        contact_record::outcome,
                        contact_record::channel,
                        contact_record::promised_on,
                        contact_record::sheet_id,
                    ))
                    .load(db)?)
            });
        let wanted = ("promised".to_owned(), "sheet".to_owned());
        assert_eq!(records.len(), 1);
        assert_eq!((records[0].0.clone(), records[0].1.clone()), wanted);
        assert_eq!(records[0].2, Some("2027-01-08".parse().unwrap()));
        assert_eq!(records[0].3, Some(sheet.id.get()));
        let phones: i64 = read(&t, |db| {
            let mask = person_phone::phone_mask.eq("164****0021");
            Ok(person_phone::table.filter(mask).count().get_result(db)?)
        });
        assert_eq!(phones, 1);
        clerk.get(&here).await.is(200).says(&["已采用"]);
        let notes: i64 = read(&t, |db| {
            let done = history::action.eq_any(["sheet_returned", "sheet_accepted"]);
            Ok(history::table.filter(done).count().get_result(db)?)
        });
        assert_eq!(notes, 2);
    });
}
