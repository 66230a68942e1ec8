//! 远程续贷: begun on the phone, taken back, finished and signed at the desk; on both databases.

use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::{loan_file, person};

use super::{begin, review_of, send, state, submit};
use crate::borrower::town::{PARENT, STUDENT, each, read, sign_in};
use crate::season::open_year;
use crate::support::{Answer, Browser};

const NAME: &str = "吕凤欢";

/// 120 characters.
fn statement() -> String {
    "我在学校认真学习，生活节俭，今后好好工作按时还款。".repeat(5)
}

fn wish<'a>(key: &'a str, amount: &'a str, said: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("key", key),
        ("same", "1"),
        ("tuition", "5300"),
        ("lodging", "1100"),
        ("amount", amount),
        ("present", "student"),
        ("statement", said),
    ]
}

/// The text fields of the counter's form as its page shows them.
fn shown(page: &Answer) -> Vec<(String, String)> {
    let (_, form) = page.text.split_once("data-begin").unwrap();
    let inputs = form.split("<input type=\"text\"").skip(1);
    let of = |input: &str, name: &str| {
        let text = input.split_once(&format!("{name}=\"")).map_or("", |(_, rest)| rest);
        text.split('"').next().unwrap().to_owned()
    };
    inputs.map(|input| (of(input, "name"), of(input, "value"))).collect()
}

/// Signs a renewal of which everything but statement and presence is filled in.
pub async fn sign(clerk: &mut Browser, at: &str) {
    let (step, said) = (format!("{at}/renewal"), statement());
    let mut all = shown(clerk.get(&step).await.is(200));
    all.retain(|(name, _)| name != "amount");
    let mut all: Vec<(&str, &str)> =
        all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    all.extend([("present", "student"), ("degree", "associate"), ("statement", &said)]);
    all.push(("amount", "12000"));
    send(clerk, &step, &all).await.is(303);
    send(clerk, &format!("{at}/papers"), &[("then", "all")]).await.is(303);
    submit(clerk, at).await;
}

#[test]
fn a_renewal_is_begun_on_the_phone_and_signed_at_the_desk() {
    each(async |t| {
        t.set_day("2027-07-20");
        let mut phone = sign_in(&t, STUDENT).await;
        phone.get("/m/renewal").await.is(200).says(&["2027 学年的续贷还没有开始受理"]);
        open_year(&t, 2027).await;
        phone.get("/m").await.says(&["先在手机上填好，9月30日前来签字"]);
        phone.get("/m/renewal").await.is(200).says(&[
            "2027-2028 学年续贷",
            "四川机电职业技术学院",
            "3 年级",
            "整百，最多 ¥20,000",
            "吕康强",
        ]);
        let said = statement();
        for (form, why) in [
            (wish("1", "30000", &said), "本专科今年最多贷 ¥20,000.00"),
            (wish("1", "12050", &said), "整数倍"),
            (wish("1", "", &said), "今年想借多少"),
            (wish("1", "12000", "好好读书"), "续贷声明至少 100 字，现在 4 字"),
        ] {
            phone.post("/m/renewal", &form).await.is(422).says(&[why, "value=\"5300\""]);
        }
        let same = "好".repeat(120);
        let again = phone.post("/m/renewal", &wish("1", "12000", &same)).await;
        again.is(422).says(&["请写自己的话"]);
        for (tuition, lodging, why) in [("0", "0", "不能都是 0"), ("900000", "0", "比一般的高很多")]
        {
            let mut fees = wish("1", "12000", &said);
            fees.retain(|(name, _)| !matches!(*name, "tuition" | "lodging"));
            fees.extend([("tuition", tuition), ("lodging", lodging)]);
            phone.post("/m/renewal", &fees).await.is(422).says(&[why]);
        }
        let mut changed = wish("1", "12000", &said);
        changed.retain(|(name, _)| *name != "same");
        phone.post("/m/renewal", &changed).await.is(422).says(&["变了的先到中心办就学信息变更"]);

        phone.post("/m/renewal", &wish("1", "１２０００", &said)).await.is(303);
        phone.get("/m/renewal").await.is(200).says(&["已发起，等您来签字", "¥12,000.00"]);
        phone.get("/m").await.says(&["已发起，等您来签字"]);
        let second = phone.post("/m/renewal", &wish("2", "12000", &said)).await;
        second.is(422).says(&["已经在办本学年的国家开发银行助学贷款：手机页面，2027-07-20"]);
        // Either party sees and may take it back.
        let mut parent = sign_in(&t, PARENT).await;
        let page = parent.get("/m/renewal").await;
        let (id, rest) =
            page.text.split_once("name=\"withdraw\" value=\"").unwrap().1.split_once('"').unwrap();
        assert!(rest.contains("撤回"));
        let version = page.hidden("version");
        page.says(&["谁来签字", "5300", &said]);
        let mut back = vec![("version", version.as_str()), ("withdraw", id)];
        parent.post("/m/renewal", &back).await.is(422).says(&["撤回以后要重新填"]);
        back.push(("sure", "1"));
        parent.post("/m/renewal", &back).await.is(303);
        phone.get("/m/renewal").await.says(&[&said, "（学生）"]);
        phone.post("/m/renewal", &wish("3", "12000", &said)).await.is(303);

        let mut clerk = t.sign_in(Role::Clerk);
        let list = clerk.get("/applications?tab=phone").await;
        list.is(200).says(&[NAME, "续贷，手机页面发起", "还没有人接"]);
        clerk.get("/home").await.says(&["份续贷在手机上填好，等家里来签字"]);
        let page = phone.get("/m/renewal").await;
        let (id, _) =
            page.text.split_once("name=\"withdraw\" value=\"").unwrap().1.split_once('"').unwrap();
        let stale = [("version", "1"), ("withdraw", id), ("sure", "1")];
        let at = begin(&mut clerk, STUDENT, "cdb").await;
        assert!(at.ends_with(id), "the desk goes on with what the family has begun");
        phone.post("/m/renewal", &stale).await.is(422).says(&["中心已经在办这份续贷"]);
        phone.get("/m/renewal").await.says(&["中心正在办"]);
        clerk.get("/applications?tab=phone").await.says(&["这里没有申请"]);
        let page = clerk.get(&format!("{at}/renewal")).await;
        page.is(200).says(&["手机页面发起", &said, "value=\"12000\""]);
        sign(&mut clerk, &at).await;
        assert_eq!(state(&t, &at), "submitted");
        phone.get("/m/renewal").await.says(&["已签字，中心在复核"]);
        clerk.get(&review_of(&t, &at)).await.is(200).says(&[&said]);
    });
}

#[test]
fn no_renewal_outside_the_window_or_before_a_change_of_study() {
    each(async |t| {
        t.set_day("2027-07-20");
        open_year(&t, 2027).await;
        let said = statement();
        let of = loan_file::table.inner_join(person::table.on(person::id.eq(loan_file::person_id)));
        let of = of.filter(person::name.eq(NAME)).select(loan_file::file_no);
        let file_no: String = read(&t, |db| Ok(of.first(db)?));
        let mut clerk = t.sign_in(Role::Clerk);
        let change = format!("/study-changes/new/{file_no}");
        let key = clerk.get(&change).await.is(200).hidden("key");
        let typed = [
            ("key", key.as_str()),
            ("proof", "录取通知书"),
            ("note", ""),
            ("kind", "advance"),
            ("happened_on", "2027-07-20"),
            ("ends_on", "2031-08-31"),
            ("university", "省师范大学"),
        ];
        clerk.post(&change, &typed).await.is(303);
        let mut phone = sign_in(&t, STUDENT).await;
        phone.get("/m/renewal").await.is(200).says(&["就学信息变更还没有办完"]);
        let open = phone.post("/m/renewal", &wish("1", "12000", &said)).await;
        open.is(422).says(&["就学信息变更还没有办完，办完以后再续贷"]);

        t.set_day("2027-10-08");
        let mut phone = sign_in(&t, STUDENT).await;
        phone.get("/m/renewal").await.is(200).says(&["今天不在受理时间里"]);
        let late = phone.post("/m/renewal", &wish("1", "12000", &said)).await;
        late.is(422).says(&["今天不在受理时间里"]);
        let home = phone.get("/m").await;
        assert!(!home.is(200).text.contains("/m/renewal"), "nothing to be begun");
    });
}
