//! What the pages say in each situation of a life.

use zhuxue::base::money::Fen;

use super::town::{STUDENT, ask, each, messages, sign_in, words};
use crate::support::TestApp;

/// 程林㼆: graduated in 2024, in grace. 廖中旭: signed this summer.
const GRACE: &str = "512098200012207855";
const SIGNED: &str = "51209920080403125X";

#[test]
fn the_main_pages_read_like_this() {
    each(async |t| {
        let mut browser = sign_in(&t, GRACE).await;
        let mut text = String::new();
        for path in ["/m", "/m/schedule", "/m/paid", "/m/repay", "/m/contracts", "/m/contacts"] {
            let page = browser.get(path).await;
            text.push_str(&format!("== {path}\n{}\n", words(page.is(200))));
        }
        let early = "/m/early?contract=all&on=2026-10-31";
        text.push_str(&format!("== {early}\n{}\n", words(browser.get(early).await.is(200))));
        insta::assert_snapshot!("main_pages", text);
    });
}

#[test]
fn each_situation_reads_right() {
    each(async |t| {
        let mut signed = sign_in(&t, SIGNED).await;
        words(signed.get("/m").await.is(200));
        signed.get("/m").await.says(&["现在不用还钱", "等学校录入回执、银行放款"]);
        signed.get("/m/schedule").await.is(200).says(&["还没有放款"]);
        signed.get("/m/early").await.is(200).says(&["不用提前还款"]);
        let mut student = sign_in(&t, STUDENT).await;
        student.get("/m").await.says(&["现在不用还钱", "读书时的利息由国家付"]);
        let mut grace = sign_in(&t, GRACE).await;
        grace.get("/m").await.says(&[
            "下一次还款",
            "2026年12月20日",
            "只还利息，按没有免息政策计算，还有 50 天",
        ]);
    });
}

#[test]
fn the_due_day_the_day_after_and_the_years_of_principal() {
    each(async |t| {
        for (day, says) in [
            ("2026-12-20", vec!["今天是还款日，要还", "今天把钱存进还款账户"]),
            ("2026-12-21", vec!["有一期还款到期未还", "已过 1 天", "请联系我们，一起想办法"]),
            ("2030-03-01", vec!["有一期还款到期未还", "罚息", "下一次还款是"]),
        ] {
            t.set_day(day);
            let mut browser = sign_in(&t, GRACE).await;
            let home = browser.get("/m").await;
            home.is(200).says(&says);
            browser.get("/m/schedule").await.is(200);
            let repay = browser.get("/m/repay").await;
            repay.is(200);
            if day != "2026-12-20" {
                repay.says(&["晚了怎么还", "一起想办法"]);
            }
        }
    });
}

#[test]
fn the_window_of_early_repayment_and_what_is_refused() {
    each(async |t| {
        let mut browser = sign_in(&t, GRACE).await;
        for (on, settles) in [
            ("2026-11-10", "2026年12月20日扣款"),
            ("2026-12-15", "2026年12月20日扣款"),
            ("2026-12-16", "2027年1月20日扣款"),
            ("2027-03-15", "2027年3月20日扣款"),
            ("2027-03-16", "2027年4月20日扣款"),
        ] {
            let page = browser.get(&format!("/m/early?contract=all&on={on}")).await;
            page.is(200).says(&[settles, "少付利息约"]);
        }
        for (query, says) in [
            ("contract=all&on=2026-10-01", "已经过去了"),
            ("contract=all&on=2029-01-01", "一年以内"),
            ("contract=all&on=x", "日期看不懂"),
            ("contract=7&on=2026-11-10", "请选一份"),
            ("contract=all&amount=700", "请先选是哪一份合同"),
        ] {
            let page = browser.get(&format!("/m/early?{query}")).await;
            page.is(422).says(&[says]);
        }
        let form = browser.get("/m/early").await;
        let at = form.text.find("<option value=\"").map(|at| at + 15).unwrap();
        let rest = &form.text[at..];
        let values: Vec<&str> =
            rest.split("<option value=\"").map(|o| o.split('"').next().unwrap()).collect();
        let one = values.iter().find(|v| v.chars().all(|c| c.is_ascii_digit())).unwrap();
        for (amount, says) in [
            ("400", "至少还 500 元"),
            ("550", "100 元的整数倍"),
            ("abc", "金额看不懂"),
            ("9000000", "这份合同只剩本金"),
        ] {
            let page = browser.get(&format!("/m/early?contract={one}&amount={amount}")).await;
            page.is(422).says(&[says]);
        }
        let part = browser.get(&format!("/m/early?contract={one}&amount=5,000")).await;
        part.is(200).says(&["¥5,000.00", "还完后剩下的本金"]);
    });
}

/// What is due anyway by the settling day is named beside the principal that is paid early: the
/// sum is not only what was typed in.
#[test]
fn a_part_paid_early_says_what_of_the_sum_is_due_anyway() {
    each(async |t| {
        // Years of principal are past due.
        t.set_day("2030-03-01");
        let mut browser = sign_in(&t, GRACE).await;
        let form = browser.get("/m/early").await;
        let mut options = form.text.split("<option value=\"").skip(1);
        let one = options.find(|o| o.starts_with(|c: char| c.is_ascii_digit())).unwrap();
        let one = one.split('"').next().unwrap();
        let page = browser.get(&format!("/m/early?contract={one}&amount=500&on=2030-03-10")).await;
        page.is(200).says(&["其中到那天本来就要还的"]);
        let figure = |words: &str| {
            let rest = page.text.split_once(words).unwrap().1;
            let yuan = rest.split_once('¥').unwrap().1.split('<').next().unwrap();
            yuan.replace(',', "").parse::<Fen>().unwrap()
        };
        assert_eq!(figure(">本金<"), figure("本来就要还的") + Fen::from_yuan(500));
    });
}

#[test]
fn nobody_sees_another_file_and_every_form_needs_its_token() {
    each(async |t| {
        let mut browser = sign_in(&t, STUDENT).await;
        browser.post("/m/files", &[("file", "LZ2020-0001")]).await.is(404);
        for path in ["/m/contacts", "/m/contacts/confirm", "/m/settings", "/m/files", "/m/sign-out"]
        {
            browser.post_bare(path, &[("csrf", "")]).await.is(403);
        }
        // A borrower is nobody at the desk.
        browser.get("/loans").await.is(303);
        browser.get("/m/no-such-page").await.is(404).says(&["回到首页"]);
    });
}

#[test]
fn large_type_stays_and_leads_nowhere_else() {
    each(async |t| {
        let mut browser = t.nobody();
        let answer = browser.post_bare("/m/type", &[("big", "1"), ("back", "/m/help")]).await;
        assert_eq!(answer.is(303).header("location"), "/m/help");
        browser.get("/m/help").await.is(200).says(&["class=\"m big\"", "标准字"]);
        for back in ["https://evil.example", "//evil.example", "/m/\\evil", "/moon"] {
            let answer = browser.post_bare("/m/type", &[("big", "0"), ("back", back)]).await;
            assert_eq!(answer.header("location"), "/m", "{back}");
        }
    });
}

#[test]
fn a_message_of_ours_is_known_by_its_code_and_guesses_are_slowed_down() {
    each(async |t| {
        let mut browser = t.nobody();
        ask(&mut browser, STUDENT).await.is(303);
        let text = messages(&t).pop().unwrap();
        let rest = text.split("核对码").nth(1).unwrap().trim();
        let code: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        let token = browser.get("/m/check").await.hidden("csrf");
        let check = async |browser: &mut crate::support::Browser, code: &str| {
            browser.post_bare("/m/check", &[("csrf", &token), ("code", code)]).await
        };
        let yes = check(&mut browser, &code).await;
        yes.is(200).says(&["是我们发的", "登录验证码", "164****2766"]);
        check(&mut browser, "1").await.is(422);
        check(&mut browser, "99999999").await.is(200).says(&["不是我们发的"]);
        let mut slowed = false;
        for guess in 0..80 {
            slowed |= check(&mut browser, &format!("9999{guess:04}")).await.status == 429;
        }
        assert!(slowed, "eighty guesses from one address");
    });
}

#[test]
fn wishes_are_kept() {
    each(async |t: TestApp| {
        let mut browser = sign_in(&t, STUDENT).await;
        browser.get("/m/settings").await.says(&["还款提醒", "到期未还提醒", "办理提醒"]);
        browser.post("/m/settings", &[("repayment_sms", "1")]).await.is(303);
        let page = browser.get("/m/settings").await;
        assert!(page.text.contains("name=\"repayment_sms\" value=\"1\" checked"));
        assert!(!page.text.contains("name=\"overdue_sms\" value=\"1\" checked"));
    });
}

#[test]
fn the_same_person_in_two_files_chooses() {
    each(async |t| {
        // The student signs as co-borrower for somebody else.
        use diesel::prelude::*;
        use zhuxue::plumbing::schema::{loan_file, person};
        t.app
            .db
            .write("test", |db| {
                let student: i64 =
                    person::table.filter(person::name.eq("吕凤欢")).select(person::id).first(db)?;
                let other: i64 =
                    person::table.filter(person::name.eq("廖中旭")).select(person::id).first(db)?;
                diesel::update(loan_file::table.filter(loan_file::person_id.eq(other)))
                    .set(loan_file::co_person_id.eq(student))
                    .execute(db)?;
                Ok(())
            })
            .unwrap();
        let mut browser = sign_in(&t, STUDENT).await;
        assert_eq!(browser.get("/m").await.is(303).header("location"), "/m/files");
        let page = browser.get("/m/files").await;
        page.is(200).says(&["看吕凤欢的贷款", "看廖中旭的贷款", "共同借款"]);
        browser.csrf = page.hidden("csrf");
        let at = page.text.find("看廖中旭的贷款").unwrap();
        let from = page.text[..at].rfind("value=\"").unwrap() + 7;
        let file_no = page.text[from..].split('"').next().unwrap().to_owned();
        browser.post("/m/files", &[("file", &file_no)]).await.is(303);
        browser.get("/m").await.is(200).says(&["廖中旭的贷款，您是共同借款人"]);
    });
}
