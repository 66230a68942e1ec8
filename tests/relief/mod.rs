//! 还款救助, from the question what may be paid to the event of each contract, on both databases;
//! and what cannot be: without papers, too early, twice, beside other compensation. Each has its
//! own sentence and leaves nothing behind.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use zhuxue::base::ids::LoanId;
use zhuxue::base::money::Fen;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::{
    loan, loan_event, loan_file, loan_position, posting, relief, review,
};

use crate::borrower::town::{each, read};
use crate::support::{Answer, Browser, TestApp};

/// 程林㼆: in grace, three contracts; nothing is overdue.
const FILE: &str = "LZ2020-0001";

fn loans(t: &TestApp) -> Vec<(LoanId, String)> {
    let of = loan::table.inner_join(loan_file::table).filter(loan_file::file_no.eq(FILE));
    let of = of.order(loan::id).select((loan::id, loan::contract_no));
    read(t, |db| Ok(of.load(db)?))
}

fn relieved(t: &TestApp) -> Vec<(LoanId, Fen)> {
    let of = loan_event::table
        .filter(loan_event::kind.eq("relieved"))
        .order(loan_event::loan_id)
        .select((loan_event::loan_id, loan_event::amount_fen.assume_not_null()));
    read(t, |db| Ok(of.load(db)?))
}

fn states(t: &TestApp) -> Vec<String> {
    read(t, |db| Ok(relief::table.order(relief::id).select(relief::state).load(db)?))
}

async fn apply(clerk: &mut Browser, fields: &[(&str, &str)]) -> Answer {
    let at = format!("/reliefs/new/{FILE}");
    let mut all = fields.to_vec();
    all.extend([("key", "1"), ("applicant", "relative"), ("applicant_name", "程大山")]);
    clerk.post(&at, &all).await
}

async fn step(clerk: &mut Browser, at: &str, fields: &[(&str, &str)]) -> Answer {
    let version = clerk.get(at).await.is(200).hidden("version");
    let mut all = vec![("version", version.as_str())];
    all.extend_from_slice(fields);
    clerk.post(at, &all).await
}

async fn scan(clerk: &mut Browser, at: &str, paper: &str) {
    let text = format!("%PDF-1.7\n1 0 obj\n<<{paper}>>\nendobj\nstartxref\n9\n%%EOF\n");
    let csrf = clerk.csrf.clone();
    let fields = [("csrf", csrf.as_str()), ("paper", paper)];
    let file = [("a.pdf", text.as_bytes())];
    clerk.upload(&format!("{at}/attachments"), &fields, &file).await.is(303);
}

/// Every open proposal, decided by the reviewer.
async fn decide(t: &TestApp, decision: &str) -> usize {
    let open: Vec<i64> = read(t, |db| {
        let of = review::table.filter(review::state.eq("open")).order(review::id);
        Ok(of.select(review::id).load(db)?)
    });
    let mut reviewer = t.sign_in(Role::Reviewer);
    for id in &open {
        let at = format!("/reviews/{id}");
        let version = reviewer.get(&at).await.is(200).hidden("version");
        let step = if decision == "return" { "check" } else { "" };
        let fields = [
            ("version", version.as_str()),
            ("decision", decision),
            ("reason", "再看"),
            ("step", step),
        ];
        reviewer.post(&at, &fields).await.is(303);
    }
    open.len()
}

fn location(answer: &Answer) -> String {
    let at = answer.is(303).header("location").to_owned();
    at.split('?').next().unwrap().to_owned()
}

/// An application that the province has agreed to; its address.
async fn granted(t: &TestApp, clerk: &mut Browser) -> String {
    let died = [("class", "death"), ("happened_on", "2026-09-01"), ("key", "77")];
    let at = location(&apply(clerk, &died).await);
    scan(clerk, &at, "proof").await;
    scan(clerk, &at, "id").await;
    step(clerk, &at, &[("step", "submit")]).await.is(303);
    assert_eq!(decide(t, "approve").await, 1);
    let public = [("step", "publish"), ("until", "2026-11-06"), ("place", "县资助中心门口")];
    step(clerk, &at, &[&public[..], &[("phone", "0825-000000")]].concat()).await.is(303);
    t.set_day("2026-11-09");
    *clerk = t.sign_in(Role::Clerk);
    step(clerk, &at, &[("step", "end")]).await.is(303);
    for on in ["2026-11-09", "2026-11-09", "2026-11-09"] {
        let up = [("step", "upward"), ("on", on), ("document", "川助〔2026〕9号")];
        step(clerk, &at, &up).await.is(303);
    }
    at
}

#[test]
fn a_family_is_helped_by_one_and_another_and_every_contract_is_paid_off() {
    each(async |t| {
        let loans = loans(&t);
        assert!(loans.len() > 1);
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/reliefs").await.is(200).says(&["还款救助", "这里没有救助申请"]);
        clerk.get(&format!("/loans/{FILE}")).await.is(200).says(&["还款救助"]);
        let new = format!("/reliefs/new/{FILE}");
        clerk.get(&new).await.is(200).says(&["死亡或失踪", "重大疾病"]);
        clerk.get(&format!("{new}?class=death")).await.says(&["应当救助", &loans[0].1]);
        let later = clerk.get(&format!("{new}?class=low_income")).await;
        later.is(200).says(&["视情况救助", "只救助当年到期"]);

        let died = [("class", "death"), ("happened_on", "2026-09-01")];
        let at = location(&apply(&mut clerk, &died).await);
        clerk.get(&at).await.is(200).says(&["缺证明材料", "收材料"]);
        clerk.get(&format!("{at}/print")).await.is(200).says(&["还款救助申请表", "大写"]);
        let again = apply(&mut clerk, &[("key", "2"), died[0], died[1]]).await;
        again.is(422).says(&["已经有一件还款救助在办"]);
        let early = step(&mut clerk, &at, &[("step", "submit")]).await;
        early.is(422).says(&["缺证明材料：公安机关"]);
        step(&mut clerk, &at, &[("step", "withdraw"), ("why", "重新来")]).await.is(303);

        let at = {
            // The first application is withdrawn: the form is another one.
            let died = [("class", "death"), ("happened_on", "2026-09-02"), ("key", "3")];
            let at = location(&apply(&mut clerk, &died).await);
            step(&mut clerk, &at, &[("step", "withdraw"), ("why", "日期写错")]).await.is(303);
            granted(&t, &mut clerk).await
        };
        clerk.get(&format!("/loans/{FILE}")).await.says(&["死亡或失踪，省级同意，待拨款"]);
        let page = clerk.get(&at).await;
        page.is(200).says(&["登记拨款", "川助〔2026〕9号", "公示期满"]);
        let fields: Vec<(String, String)> = loans
            .iter()
            .map(|(id, _)| {
                let name = format!("amount_{id}");
                // Interest has grown since the application: the page says what it takes today.
                let field = page.text.split(&format!("for=\"{name}\"")).nth(1).unwrap();
                let value =
                    field.split("今天全部还清要").nth(1).unwrap().split('<').next().unwrap();
                let value: String =
                    value.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
                (name, value)
            })
            .collect();
        let mut pay: Vec<(&str, &str)> = vec![("step", "pay"), ("on", "2026-11-09")];
        pay.extend(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        // One amount that is too large: nothing is proposed for any contract.
        let mut large = pay.clone();
        large.pop();
        large.push((&fields.last().unwrap().0, "9999999"));
        step(&mut clerk, &at, &large).await.is(422).says(&["全部还清只要", "请和省级核对金额"]);
        let proposed: i64 = read(&t, |db| Ok(posting::table.count().get_result(db)?));
        assert_eq!(proposed, 0, "all or none");
        step(&mut clerk, &at, &pay).await.is(303);
        assert!(relieved(&t).is_empty(), "nothing before a second person agrees");
        assert_eq!(decide(&t, "return").await, loans.len());
        clerk.get(&at).await.is(200).says(&["登记拨款", "退回"]);
        step(&mut clerk, &at, &pay).await.is(303);
        assert_eq!(decide(&t, "approve").await, loans.len());
        assert_eq!(relieved(&t).len(), loans.len());
        assert_eq!(states(&t), ["withdrawn", "withdrawn", "paid"]);
        clerk.get(&at).await.is(200).says(&["已救助"]);
        clerk.get("/reliefs?tab=paid").await.says(&["死亡或失踪"]);
        clerk.get("/reliefs.xlsx?tab=paid").await.is(200);
        clerk.get("/reports/risk-fund").await.is(200).says(&["救助还款"]);
        let settled: i64 = read(&t, |db| {
            let ids: Vec<LoanId> = loans.iter().map(|(id, _)| *id).collect();
            Ok(loan_position::table
                .filter(loan_position::loan_id.eq_any(ids))
                .filter(loan_position::stage.eq("settled"))
                .count()
                .get_result(db)?)
        });
        assert_eq!(settled, i64::try_from(loans.len()).unwrap());
        let more = apply(&mut clerk, &[("key", "9"), died[0], died[1]]).await;
        more.is(422).says(&["已经还清，没有可以救助的"]);
    });
}

#[test]
fn what_cannot_be_is_said_in_its_own_sentence_and_nothing_is_written() {
    each(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let tries = [
            ("", "2026-09-01", "", "请选是哪一种情形"),
            ("disaster", "2025-12-31", "", "要在发生的当年申请"),
            ("illness", "2026-05-01", "", "当年自己付的医药费"),
            ("illness", "2026-05-01", "12000", "没有超过 ¥12,000.00"),
            ("death", "2026-11-01", "", "发生日期不能晚于今天"),
            ("death", "", "", "请填发生日期"),
        ];
        for (class, on, cost, says) in tries {
            let fields = [("class", class), ("happened_on", on), ("cost", cost)];
            apply(&mut clerk, &fields).await.is(422).says(&[says]);
        }
        assert!(states(&t).is_empty());
        t.sign_in(Role::Auditor).get(&format!("/reliefs/new/{FILE}")).await.is(403);

        // Granted, and then compensation of a service member is told: no money is entered.
        let at = granted(&t, &mut clerk).await;
        let loans = loans(&t);
        let number = loans[0].1.clone();
        let sql = format!(
            "INSERT INTO enlistment (id, office_code, person_id, enlisted_on, university, \
             contract_nos, principal_fen, asked_fen, granted_fen, import_id) \
             SELECT 77, office_code, person_id, '2025-09-01', '', '{number}', 5, 5, 5, \
             (SELECT MIN(id) FROM import_job) FROM loan_file WHERE file_no = '{FILE}'"
        );
        t.app.db.write("test", |db| Ok(db.batch_execute(&sql)?)).unwrap();
        let amounts: Vec<String> = loans.iter().map(|(id, _)| format!("amount_{id}")).collect();
        let mut pay: Vec<(&str, &str)> = vec![("step", "pay"), ("on", "2026-11-09")];
        pay.extend(amounts.iter().map(|name| (name.as_str(), "100")));
        let refused = step(&mut clerk, &at, &pay).await;
        refused.is(422).says(&[&number, "已经批准服兵役代偿", "不能再申请救助"]);
        let proposed: i64 = read(&t, |db| Ok(posting::table.count().get_result(db)?));
        assert_eq!(proposed, 0, "nothing half posted");
        assert!(relieved(&t).is_empty());
        // The other contracts may still be helped; this one says why not.
        clerk.get(&format!("/reliefs/new/{FILE}?class=death")).await.says(&["已经批准服兵役代偿"]);
        let none = step(&mut clerk, &at, &[("step", "withdraw"), ("why", "")]).await;
        none.is(422).says(&["为什么撤回"]);
    });
}

#[test]
fn a_publication_runs_its_days_and_an_objection_stops_it() {
    each(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        let died = [("class", "death"), ("happened_on", "2026-09-01")];
        let at = location(&apply(&mut clerk, &died).await);
        scan(&mut clerk, &at, "proof").await;
        scan(&mut clerk, &at, "id").await;
        step(&mut clerk, &at, &[("step", "submit")]).await.is(303);
        decide(&t, "approve").await;
        let public = [("step", "publish"), ("place", "门口"), ("phone", "0825")];
        let short = [&public[..], &[("until", "2026-11-03")]].concat();
        step(&mut clerk, &at, &short).await.is(422).says(&["不能少于 5 个工作日"]);
        let long = [&public[..], &[("until", "2026-11-06")]].concat();
        step(&mut clerk, &at, &long).await.is(303);
        let early = step(&mut clerk, &at, &[("step", "end")]).await;
        early.is(422).says(&["公示期还没有满"]);
        step(&mut clerk, &at, &[("step", "object"), ("said", "邻居说还在工作")]).await.is(303);
        let page = clerk.get(&at).await;
        page.is(200).says(&["邻居说还在工作", "核查异议，公示暂停"]);
        let objection = page.hidden("objection");
        let answer = [("step", "answer"), ("objection", &objection), ("outcome", "changed")];
        let none = step(&mut clerk, &at, &answer).await;
        none.is(422).says(&["请写核查的结果和理由"]);
        let full = [&answer[..], &[("answer", "证明有误，重新开")]].concat();
        step(&mut clerk, &at, &full).await.is(303);
        clerk.get(&at).await.says(&["收材料", "证明有误，重新开"]);
        assert_eq!(states(&t), ["open"]);
    });
}
