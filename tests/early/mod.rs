//! 提前还款, from the question what it takes to the event of the contract, on both databases; and
//! what cannot be: too little, too much, twice, while something else is under way.

use diesel::prelude::*;
use zhuxue::base::ids::{LoanId, RowId};
use zhuxue::base::money::Fen;
use zhuxue::book::staff::Role;
use zhuxue::jobs;
use zhuxue::plumbing::crypto::Field;
use zhuxue::plumbing::schema::{
    early_repayment, loan, loan_event, loan_file, loan_position, message,
};

use crate::borrower::town::{STUDENT, each, read, sign_in};
use crate::counter::review_of;
use crate::support::county::day;
use crate::support::{Answer, Browser, TestApp};

/// 程林㼆: in grace, three contracts at 2.80 %; her number is that of `tests/borrower`.
const FILE: &str = "LZ2020-0001";
const GRACE: &str = "512098200012207855";
const NEW: &str = "/early-repayments/new/LZ2020-0001";

fn contract(t: &TestApp, year: i32) -> LoanId {
    let of = loan::table.inner_join(loan_file::table).filter(loan_file::file_no.eq(FILE));
    read(t, |db| Ok(of.filter(loan::loan_year.eq(year)).select(loan::id).first(db)?))
}

/// Early repayments of a contract: the day, a part, or the whole of it.
fn prepaid(t: &TestApp, id: LoanId) -> Vec<(String, Option<Fen>, bool)> {
    let of = loan_event::table
        .filter(loan_event::loan_id.eq(id))
        .filter(loan_event::kind.eq("prepaid"))
        .select((loan_event::effective_on, loan_event::amount_fen, loan_event::whole));
    let rows: Vec<(chrono::NaiveDate, Option<Fen>, bool)> = read(t, |db| Ok(of.load(db)?));
    rows.into_iter().map(|(on, part, whole)| (on.to_string(), part, whole)).collect()
}

fn states(t: &TestApp) -> Vec<String> {
    let of = early_repayment::table.order(early_repayment::id).select(early_repayment::state);
    read(t, |db| Ok(of.load(db)?))
}

/// The identity at the end of an address, whose slashes a page writes otherwise.
fn number(at: &str) -> &str {
    at.rsplit('/').next().unwrap()
}

async fn request(clerk: &mut Browser, id: LoanId, amount: &str) -> Answer {
    let id = id.to_string();
    let page = clerk.get(&format!("{NEW}?contract={id}&amount={amount}")).await;
    let key = if page.text.contains("name=\"key\"") { page.hidden("key") } else { "7".to_owned() };
    let form = [
        ("key", key.as_str()),
        ("contract", id.as_str()),
        ("amount", amount),
        ("requester", "student"),
    ];
    clerk.post(NEW, &form).await
}

async fn made(clerk: &mut Browser, id: LoanId, amount: &str) -> String {
    request(clerk, id, amount).await.is(303).header("location").to_owned()
}

async fn answer(clerk: &mut Browser, at: &str, fields: &[(&str, &str)]) -> Answer {
    let version = clerk.get(at).await.hidden("version");
    let first = [("version", version.as_str()), ("step", "answer")];
    clerk.post(at, &[&first[..], fields].concat()).await
}

async fn agree(t: &TestApp, at: &str) {
    let review = review_of(t, at);
    let mut reviewer = t.sign_in(Role::Reviewer);
    let version = reviewer.get(&review).await.is(200).hidden("version");
    let form = [("version", version.as_str()), ("decision", "approve"), ("reason", "")];
    reviewer.post(&review, &form).await.is(303);
}

/// Worked by hand: the interest of 2025 was waived, so 7,100.00 x 2.80 % x 365 / 360 = 201.56 from
/// 2025-12-20 to 2026-12-20, and the whole contract takes 7,301.56.
#[test]
fn a_contract_is_repaid_once_another_person_has_confirmed_the_banks_answer() {
    each(async |t| {
        let id = contract(&t, 2020);
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get(&format!("/loans/{FILE}")).await.is(200).says(&["提前还款"]);
        let look = clerk.get(&format!("{NEW}?contract={id}")).await;
        look.is(200).says(&[
            "¥7,301.56",
            "本金 7,100.00 元 × 年利率 2.80% × 365 天 ÷ 360",
            "等到2027年1月20日扣款",
            "按没有免息政策计算",
        ]);
        let at = made(&mut clerk, id, "").await;
        clerk.get(&at).await.is(200).says(&["全部还清", "¥7,301.56", "还没有送银行"]);
        let paper = clerk.get(&format!("{at}/print")).await;
        paper.is(200).says(&["提前还款通知单", "¥7,301.56", "少一分也扣不成"]);
        clerk.get("/early-repayments").await.is(200).says(&[FILE, "1 笔还没有送银行"]);
        clerk.get("/early-repayments.xlsx?day=2026-12-20").await.is(200);

        // One at a time, and no change of study meanwhile; each with the way out.
        request(&mut clerk, id, "500").await.is(422).says(&["一份合同一次只有一笔"]);
        let study = clerk.get(&format!("/study-changes/new/{FILE}")).await;
        study.is(200).says(&["要改就先撤回那笔申请", number(&at)]);
        let change = [
            ("key", "5"),
            ("kind", "transfer"),
            ("happened_on", "2026-10-31"),
            ("university", "市第二大学"),
            ("proof", "转学证明"),
        ];
        let refused = clerk.post(&format!("/study-changes/new/{FILE}"), &change).await;
        refused.is(422).says(&["有结果以前就学信息和还款计划不能改"]);

        let key = clerk.get("/early-repayments").await.hidden("key");
        let send = [("key", key.as_str()), ("day", "2026-12-20")];
        clerk.post("/early-repayments/sent", &send).await.is(303);
        clerk.get(&at).await.says(&["10月31日送银行"]);
        let again = [("key", "8"), ("day", "2026-12-20")];
        clerk.post("/early-repayments/sent", &again).await.is(422);

        let debited = [("outcome", "debited"), ("on", "2026-12-20"), ("amount", "7301.56")];
        answer(&mut clerk, &at, &debited).await.is(422).says(&["还没有到，银行还没有结果"]);
        t.set_day("2026-12-22");
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/home").await.says(&["过了扣款日，还没有登记结果"]);
        let version = clerk.get(&at).await.hidden("version");
        answer(&mut clerk, &at, &debited).await.is(303);
        assert_eq!(prepaid(&t, id), [], "nothing is recorded before it is confirmed");
        let twice = [("version", version.as_str()), ("step", "answer"), debited[0], debited[1]];
        clerk.post(&at, &twice).await.is(409);
        agree(&t, &at).await;
        assert_eq!(prepaid(&t, id), [("2026-12-20".to_owned(), None, true)]);
        let of = loan_position::table.filter(loan_position::loan_id.eq(id));
        let settled: Option<chrono::NaiveDate> =
            read(&t, |db| Ok(of.select(loan_position::settled_on).first(db)?));
        assert_eq!(settled, Some(day("2026-12-20")));
        clerk.get("/early-repayments?tab=paid").await.is(200).says(&["已结清", FILE]);
        request(&mut clerk, id, "").await.is(422).says(&["已经还清"]);
    });
}

/// Worked by hand: 12,000.00 x 2.80 % x 365 / 360 = 340.67 fell due on 2026-12-20 and is taken as
/// unpaid; 90 days to 2027-03-20 are 12,000.00 x 2.80 % x 90 / 360 = 84.00; with the part of
/// 5,000.00 the day takes 5,424.67.
#[test]
fn a_part_counts_what_is_due_and_what_has_accrued() {
    each(async |t| {
        let id = contract(&t, 2022);
        t.set_day("2027-03-10");
        let mut clerk = t.sign_in(Role::Clerk);
        let look = clerk.get(&format!("{NEW}?contract={id}&amount=5000")).await;
        look.is(200).says(&[
            "3月20日扣款，那天要有 ¥5,424.67",
            "340.67",
            "84.00",
            "5,000.00",
            "¥7,000.00",
        ]);
        let at = made(&mut clerk, id, "5000").await;
        t.set_day("2027-03-25");
        let mut clerk = t.sign_in(Role::Clerk);
        let less = [("outcome", "debited"), ("on", "2027-03-20"), ("amount", "4000")];
        answer(&mut clerk, &at, &less).await.is(422).says(&["对不上，先和银行核对"]);
        let other = [("outcome", "debited"), ("on", "2027-03-22"), ("amount", "5424.70")];
        answer(&mut clerk, &at, &other).await.is(303);
        let review = review_of(&t, &at);
        let mut reviewer = t.sign_in(Role::Reviewer);
        reviewer.get(&review).await.says(&["我们算的是", "申请的扣款日是"]);
        agree(&t, &at).await;
        let part = Some(Fen::from_yuan(5_000));
        assert_eq!(prepaid(&t, id), [("2027-03-22".to_owned(), part, false)]);
        clerk.get("/early-repayments?tab=paid").await.says(&["已还部分"]);
    });
}

#[test]
fn a_request_without_money_lapses_without_harm_and_may_be_made_again() {
    each(async |t| {
        let (first, second) = (contract(&t, 2020), contract(&t, 2022));
        let mut clerk = t.sign_in(Role::Clerk);
        let failed = made(&mut clerk, first, "").await;
        let silent = made(&mut clerk, second, "500").await;
        t.set_day("2026-12-28");
        let mut clerk = t.sign_in(Role::Clerk);
        let no = ("outcome", "not_debited");
        answer(&mut clerk, &failed, &[no]).await.is(422).says(&["请写银行说的原因"]);
        answer(&mut clerk, &failed, &[no, ("bank_reason", "余额不足")]).await.is(303);
        agree(&t, &failed).await;
        let page = clerk.get(&failed).await;
        page.says(&["没有扣成", "余额不足", "不影响征信"]);
        assert_eq!(prepaid(&t, first), []);

        // The other one: nobody knows, and the day for it to lapse is 20 days after 12-20.
        jobs::follow_early_repayments::run(&t.app, day("2026-12-28")).unwrap();
        assert_eq!(states(&t), ["unpaid", "open"]);
        t.set_day("2027-01-10");
        for _ in 0..2 {
            jobs::follow_early_repayments::run(&t.app, day("2027-01-10")).unwrap();
            assert_eq!(states(&t), ["unpaid", "lapsed"]);
        }
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get(&silent).await.says(&["没有收到扣款结果", "可以重新申请"]);
        clerk.get("/early-repayments?tab=lapsed").await.says(&["余额不足", "没有收到扣款结果"]);
        made(&mut clerk, first, "").await;
        // The bank answers late after all.
        let late = [("outcome", "debited"), ("on", "2026-12-20"), ("amount", "840.67")];
        answer(&mut clerk, &silent, &late).await.is(303);
        agree(&t, &silent).await;
        assert_eq!(states(&t), ["unpaid", "paid", "open"]);
        assert_eq!(prepaid(&t, second).len(), 1);
    });
}

#[test]
fn a_family_is_told_once_what_its_contracts_need_together() {
    each(async |t| {
        let mut clerk = t.sign_in(Role::Clerk);
        made(&mut clerk, contract(&t, 2020), "").await;
        made(&mut clerk, contract(&t, 2022), "500").await;
        let written = || -> i64 {
            let of = message::table.filter(message::reason.eq("early_repayment_day"));
            read(&t, |db| Ok(of.count().get_result(db)?))
        };
        for (on, some) in [("2026-12-14", false), ("2026-12-15", true), ("2026-12-16", true)] {
            t.set_day(on);
            jobs::follow_early_repayments::run(&t.app, day(on)).unwrap();
            assert_eq!(written() > 0, some, "{on}");
        }
        let of = message::table.filter(message::reason.eq("early_repayment_day"));
        let sealed: Vec<Vec<u8>> = read(&t, |db| Ok(of.select(message::text_sealed).load(db)?));
        let people = sealed.len();
        for text in sealed {
            let text = t.app.sealer.open_text(Field::Message, &text).unwrap();
            // 7,301.56 and 840.67.
            assert!(text.contains("12月20日扣款，账户里要有¥8,142.23"), "{text}");
        }
        jobs::follow_early_repayments::run(&t.app, day("2026-12-16")).unwrap();
        assert_eq!(written(), i64::try_from(people).unwrap());
    });
}

#[test]
fn a_family_requests_on_its_phone_and_takes_it_back() {
    each(async |t| {
        let id = contract(&t, 2023).to_string();
        let mut family = sign_in(&t, GRACE).await;
        let look = family.get(&format!("/m/early?contract={id}&amount=&on=")).await;
        look.is(200).says(&["请中心登记这笔申请", "等到2027年1月20日再还，多付利息约"]);
        let key = look.hidden("key");
        let form = [("key", key.as_str()), ("contract", id.as_str()), ("amount", "")];
        for _ in 0..2 {
            family.post("/m/early", &form).await.is(303);
        }
        assert_eq!(states(&t), ["open"], "pressed twice is requested once");
        let page = family.get("/m/early").await;
        page.says(&["已经申请的", "2023-2024 学年的合同，全部还清，12月20日扣款"]);
        let second = [("key", "3"), ("contract", id.as_str()), ("amount", "550")];
        family.post("/m/early", &second).await.is(422).says(&["一份合同一次只有一笔"]);

        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/early-repayments").await.says(&[FILE]);
        let at = clerk.get("/early-repayments").await;
        let id: String = {
            let of = early_repayment::table.select(early_repayment::id);
            let id: RowId = read(&t, |db| Ok(of.first(db)?));
            id.to_string()
        };
        assert!(at.text.contains(&id));
        // Another family cannot.
        let back = [("withdraw", id.as_str()), ("version", "1")];
        let mut other = sign_in(&t, STUDENT).await;
        other.post("/m/early", &back).await.is(404);
        family.post("/m/early", &back).await.is(303);
        assert_eq!(states(&t), ["withdrawn"]);
        family.post("/m/early", &back).await.is(422);
        clerk.get("/early-repayments?tab=withdrawn").await.says(&["家里在手机页面撤回"]);
    });
}

#[test]
fn what_cannot_be_requested_is_said() {
    each(async |t| {
        let id = contract(&t, 2022);
        let mut clerk = t.sign_in(Role::Clerk);
        for (amount, says) in [
            ("400", "一次至少还 500 元，而且是 100 元的整数倍"),
            ("550", "一次至少还 500 元，而且是 100 元的整数倍"),
            ("12000", "正好是剩下的全部本金"),
            ("12100", "这份合同只剩本金 12,000.00 元没有到期"),
            ("5k", "金额请写成"),
        ] {
            request(&mut clerk, id, amount).await.is(422).says(&[says]);
        }
        let nobody = [("key", "1"), ("contract", "7"), ("amount", ""), ("requester", "student")];
        clerk.post(NEW, &nobody).await.is(422).says(&["请选一份还没还清的合同"]);
        let id = id.to_string();
        let who = [("key", "2"), ("contract", id.as_str()), ("amount", ""), ("requester", "")];
        clerk.post(NEW, &who).await.is(422).says(&["请选是谁来申请的"]);
        assert_eq!(states(&t), [] as [&str; 0]);
        clerk.get("/early-repayments/77").await.is(404);
    });
}

#[test]
fn a_contract_without_money_and_a_file_with_an_open_change_are_refused() {
    each(async |t| {
        let of = loan::table
            .inner_join(loan_file::table)
            .inner_join(loan_position::table)
            .filter(loan_position::stage.eq("undisbursed"))
            .select((loan::id, loan_file::file_no));
        let (id, file_no): (LoanId, String) = read(&t, |db| Ok(of.first(db)?));
        let mut clerk = t.sign_in(Role::Clerk);
        let (id, at) = (id.to_string(), format!("/early-repayments/new/{file_no}"));
        let form = [("key", "1"), ("contract", id.as_str()), ("requester", "student")];
        clerk.post(&at, &form).await.is(422).says(&["还没有放款，不用提前还"]);

        let change = [
            ("key", "5"),
            ("kind", "transfer"),
            ("happened_on", "2026-10-31"),
            ("university", "市第二大学"),
            ("proof", "转学证明"),
        ];
        let study = clerk.post(&format!("/study-changes/new/{FILE}"), &change).await;
        let study = study.is(303).header("location").to_owned();
        let id = contract(&t, 2022);
        clerk.get(NEW).await.is(200).says(&["有一份就学信息变更没有办完", number(&study)]);
        request(&mut clerk, id, "").await.is(422).says(&["先办完或者撤销那一份"]);
    });
}

#[test]
fn a_request_is_withdrawn_before_its_day_with_a_reason() {
    each(async |t| {
        let id = contract(&t, 2022);
        let mut clerk = t.sign_in(Role::Clerk);
        let at = made(&mut clerk, id, "").await;
        let version = clerk.get(&at).await.hidden("version");
        let back = [("version", version.as_str()), ("step", "withdraw"), ("reason", "")];
        clerk.post(&at, &back).await.is(422).says(&["请写一句为什么撤回"]);
        t.set_day("2026-12-20");
        let mut clerk = t.sign_in(Role::Clerk);
        let back = [("version", version.as_str()), ("step", "withdraw"), ("reason", "不还了")];
        clerk.post(&at, &back).await.is(422).says(&["扣款日已经到了"]);
        t.set_day("2026-12-19");
        let mut clerk = t.sign_in(Role::Clerk);
        clerk.get("/home").await.says(&["快到扣款日，名单还没有送银行"]);
        clerk.post(&at, &back).await.is(303);
        clerk.get(&at).await.says(&["已撤回", "不还了"]);
        clerk.post(&at, &back).await.is(409);
        made(&mut clerk, id, "").await;
    });
}
