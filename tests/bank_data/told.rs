//! What families, clerks and whoever carries a sheet are told while the bank's result is awaited or
//! nearly nothing is open.

use diesel::prelude::*;

use super::*;
use crate::liaison::ready;
use crate::visits::{batches, sheets};

#[test]
fn half_a_yuan_is_a_rest_and_nobody_is_called_overdue_for_it() {
    each(AFTER, async |t| {
        let all = awaited(&t);
        let told: Vec<(String, &str)> = all
            .iter()
            .enumerate()
            .map(|(at, one)| (one.clone(), if at == 0 { "差五角" } else { "正常还款" }))
            .collect();
        let upload = list(&t, "2026-12-21", &told);
        post(&t, upload, AFTER);
        night(&t, AFTER);
        assert_eq!(count(&t), [0, 0, 0, 0]);
        let (file_no, id) = family_of(&t, &all[0]);
        let mut family = town::sign_in(&t, &id).await;
        for (path, said) in [
            ("/m", "上一期还差 ¥0.50，下一次一起还就行，不算逾期。"),
            ("/m/repay", "上一期还差 ¥0.50"),
            ("/m/schedule", "还差一点"),
        ] {
            let page = family.get(path).await;
            page.is(200).says(&[said]);
            for word in ["到期未还", "已过", "请联系我们"] {
                assert!(!town::words(&page).contains(word), "{word} in {}", town::words(&page));
            }
        }
        let mut clerk = t.sign_in(Role::Clerk);
        let page = clerk.get(&format!("/loans/{file_no}")).await;
        page.is(200).says(&["还差 ¥0.50", "上一期还差（随下一次一起还）"]);
        for word in ["逾期 1 期", "期到期未还", "逾期 2 天", "还清逾期"] {
            assert!(!town::words(&page).contains(word), "{word} in {}", town::words(&page));
        }
        let page = clerk.get("/reports/december").await;
        page.is(200).says(&["figure=left\">0 人</a>", "¥0.50"]);
    });
}

#[test]
fn whoever_carries_a_sheet_reads_that_it_may_be_paid_and_after_the_withdrawal_not_to_go() {
    each(AFTER, async |t| {
        let mut director = t.sign_in(Role::Director);
        let form = [("ahead_reason", "银行系统停机到月底")];
        director.post("/bank-data/go-ahead", &form).await.is(303);
        director.post("/visits/batches", &[("by", "village"), ("set", "1")]).await.is(303);
        let batch = batches(&t).remove(0);
        let all = sheets(&t);
        let (sheet, code) = all.iter().find(|(one, _)| one.batch_id == batch.id).unwrap().clone();
        let mut liaison = ready(&t, "wang01", &batch.township, &batch.receiver).await;
        let mut anybody = t.nobody();
        let (own, by_code) = (format!("/l/sheets/{}", sheet.id), format!("/r/{code}"));
        let may_be = "银行的结果还没有到，可能已经还了；先提醒（银行系统停机到月底）。";
        liaison.get(&own).await.is(200).says(&[may_be]);
        anybody.get(&by_code).await.is(200).says(&[may_be]);
        liaison.get("/l").await.is(200).says(&["户没有回报，走访后点开填一填"]);

        let id = director.get("/bank-data").await.is(200).hidden("id");
        director.post("/bank-data/withdrawal", &[("id", &id)]).await.is(303);
        let stop = "银行的结果还没有到，先不要去，等中心通知。";
        liaison.get(&own).await.is(200).says(&[stop, "multipart/form-data"]);
        anybody.get(&by_code).await.is(200).says(&[stop, "multipart/form-data"]);
        let list = liaison.get("/l").await;
        list.is(200).says(&["现在没有要去的户", "先不要去的", stop, &sheet.number]);
        for word in ["都回报了", "不用再去的", "可能已经还了"] {
            assert!(!town::words(&list).contains(word), "{word} in {}", town::words(&list));
        }
        // The history says what was withdrawn, and nothing that nobody ever said.
        let audit = director.get("/audit").await;
        audit.is(200).says(&["撤回先行跟进", "撤回：12月22日不等银行结果，先行跟进"]);
        assert!(!town::words(&audit).contains("以前的还款都已入账"), "{}", town::words(&audit));
    });
}

#[test]
fn a_list_of_the_due_day_itself_leaves_it_open_until_what_is_booked_on_time_is_in() {
    each(AFTER, async |t| {
        // 2026-12-20 is a Sunday: what is booked on the Monday is on time.
        let told: Vec<(String, &str)> =
            awaited(&t).into_iter().map(|one| (one, "逾期未还")).collect();
        let upload = list(&t, "2026-12-20", &told);
        post(&t, upload, "2026-12-20");
        night(&t, AFTER);
        assert_eq!(known(&t), Some(day("2026-12-19")));
        let [late, waiting, cases, notices] = count(&t);
        assert_eq!((late, cases, notices), (0, 0, 0));
        assert!(waiting > 10, "{waiting}");
        let mut reviewer = t.sign_in(Role::Reviewer);
        let form = [("known_until", "2026-12-20"), ("reason", "银行电话答复，已全部入账")];
        let said = "12月20日到期的，12月21日入账也算按时。请写 12月21日或更晚的日子";
        reviewer.post("/bank-data/declaration", &form).await.is(422).says(&[said]);
        // The list of the Monday tells.
        let upload = list(&t, "2026-12-21", &told);
        post(&t, upload, "2026-12-21");
        assert_eq!(known(&t), Some(day("2026-12-21")));
        assert_eq!(count(&t)[..2], [waiting, 0]);
        is_clean(&t);
    });
}

#[test]
fn what_waits_for_the_list_of_repayments_is_not_called_the_same_as_at_the_bank() {
    each(AFTER, async |t| {
        let contract = awaited(&t).remove(0);
        let (file_no, id) = family_of(&t, &contract);
        let text = format!(
            "身份证号,合同编号,贷款余额（元）,逾期本金（元）,逾期利息（元）,罚息（元）,\
             逾期合计（元）,首次逾期日期,逾期天数,截止日期\n\
             {id},{contract},8000.00,0.00,100.00,0.00,100.00,2026-12-20,2,2026-12-22\n"
        );
        post(&t, Upload { name: "逾期名单.csv".to_owned(), bytes: text.into_bytes() }, AFTER);
        assert_eq!(count(&t)[0], 0, "the list of arrears alone accuses nobody");
        let mut clerk = t.sign_in(Role::Clerk);
        let page = clerk.get("/differences").await;
        page.is(200).says(&[
            "到 10月31日为止与银行一致",
            "12月22日的文件里的余额和逾期，要等还款明细到了才能核对",
            "银行名单上有、这里还在等还款明细的合同",
            &contract,
            &file_no,
        ]);
        let words = town::words(&page);
        assert!(!words.contains("全都一致") && !words.contains("核对到 12月22日"), "{words}");
    });
}

#[test]
fn rows_that_were_refused_are_no_gap_of_the_bank_and_an_older_list_no_answer() {
    each(AFTER, async |t| {
        let advice = || -> String {
            let own = warning::table.filter(warning::kind.eq("bank_data"));
            read(&t, |db| Ok(own.select(warning::advice).first(db)?))
        };
        let asked = "向银行要还款明细，导入后逾期名单、提醒和报表才会更新";
        assert_eq!(advice(), asked);
        // One contract's line has a kind of payment that the bank does not have.
        let told: Vec<(String, &str)> = awaited(&t)
            .into_iter()
            .enumerate()
            .map(|(at, one)| (one, if at == 0 { "已扣款" } else { "正常还款" }))
            .collect();
        let upload = list(&t, "2026-12-21", &told);
        post(&t, upload, AFTER);
        night(&t, AFTER);
        let said =
            "还款明细（截至 12月22日）有 1 行没有收进来，缺 1 份合同的结果。改好这些行再导入";
        assert_eq!(advice(), said);
        let mut clerk = t.sign_in(Role::Clerk);
        let page = clerk.get("/bank-data").await;
        page.is(200).says(&["有 1 行没有收进来"]);
        assert!(!town::words(&page).contains("请向银行补要"), "{}", town::words(&page));
    });
    each("2026-11-30", async |t| {
        // A list of November with few lines says nothing of December.
        let due: Vec<String> = read(&t, |db| {
            Ok(loan_position::table
                .inner_join(loan::table)
                .filter(loan_position::next_due_on.eq(day("2026-12-20")))
                .order(loan::contract_no)
                .select(loan::contract_no)
                .limit(2)
                .load(db)?)
        });
        let told: Vec<(String, &str)> = due.into_iter().map(|one| (one, "正常还款")).collect();
        let upload = list(&t, "2026-11-28", &told);
        post(&t, upload, "2026-11-28");
        night(&t, AFTER);
        let advice: String = read(&t, |db| {
            let own = warning::table.filter(warning::kind.eq("bank_data"));
            Ok(own.select(warning::advice).first(db)?)
        });
        assert_eq!(advice, "向银行要还款明细，导入后逾期名单、提醒和报表才会更新");
    });
}

#[test]
fn before_a_list_is_taken_back_the_page_says_how_far_payments_are_known_then() {
    each(AFTER, async |t| {
        let told: Vec<(String, &str)> =
            awaited(&t).into_iter().map(|one| (one, "正常还款")).collect();
        let [_, waiting, ..] = count(&t);
        let upload = list(&t, "2026-12-21", &told);
        post(&t, upload, AFTER);
        assert_eq!(known(&t), Some(day(AFTER)));
        let id: i64 = read(&t, |db| {
            let own = known_table::table.filter(known_table::known_until.eq(day(AFTER)));
            let id: Option<i64> = own.select(known_table::import_id).first(db)?;
            Ok(id.unwrap())
        });
        let mut reviewer = t.sign_in(Role::Reviewer);
        let said = format!(
            "“银行数据截至”退回到 10月31日：在这以后到期的 {waiting} 户重新待银行结果，不再算已还或逾期"
        );
        reviewer.get(&format!("/imports/{id}/undo")).await.is(200).says(&[&said]);
        reviewer.post(&format!("/imports/{id}/undo"), &[("reason", "导错了")]).await.is(303);
        night(&t, AFTER);
        assert_eq!(count(&t)[..2], [0, waiting]);
    });
}
