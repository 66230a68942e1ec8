//! The counter in summer: a girl's first loan goes back once and is signed; the year after her
//! mother signs instead of her father; a boy is refused; another takes the county's own loan.

use super::{CLERK, DIRECTOR, Story, story};
use crate::counter::{FATHER, GIRL, WHO, co_of, id, study_of};
use crate::season::open_year;

const STATEMENT: &str = "我在大学第一年学习认真，成绩在班里前列，参加了学院的志愿服务，生活上节俭，没有欠缴费用。\
    家里父亲在外务工，母亲在家照顾老人，收入不稳定，学费和住宿费仍然有困难，所以申请续贷。\
    我知道贷款要按时归还，毕业以后会主动联系资助中心，更换电话和住址会及时告知，珍惜国家给的机会。";

/// The page of an application, and the form of a step on it.
async fn step(s: &mut Story, at: &str, (name, what): (&str, &str), fields: &[(&str, &str)]) {
    let page = format!("{at}/{name}");
    s.does(CLERK, what, (&page, &page), fields).await;
}

/// Begins at the counter; where the application is.
async fn begin(s: &mut Story, number: &str, product: &str, what: &str) -> String {
    let form = [("q", number), ("product", product)];
    let to = s.send(CLERK, ("/applications/new", "/applications/new"), &form).await;
    let at = to.is(303).header("location").trim_end_matches("/next").to_owned();
    s.tell(CLERK, what).await;
    at
}

/// A first loan as far as the check page.
async fn first(s: &mut Story, at: &str, name: &str, (co, amount): (&str, &str)) {
    let mut who = WHO.to_vec();
    who[0] = ("name", name);
    step(s, at, ("who", "填学生"), &who).await;
    let co = co_of(co);
    let co: Vec<(&str, &str)> = co.iter().map(|(name, text)| (*name, text.as_str())).collect();
    step(s, at, ("co", "填共同借款人"), &co).await;
    step(s, at, ("study", "填学校与金额"), &study_of(amount)).await;
    step(s, at, ("papers", "材料都收齐了"), &[("then", "all")]).await;
}

async fn submit(s: &mut Story, at: &str) {
    s.reads(CLERK, &format!("{at}/check"), ("<h2>钱</h2>", "</table>")).await;
    step(s, at, ("check", "念过一遍，提交复核"), &[("agreed", "1")]).await;
}

/// What a second person does with the first of the line.
async fn decide(s: &mut Story, name: &str, what: &str, fields: &[(&str, &str)]) {
    let review = s.link(DIRECTOR, "/reviews", name).await;
    s.does(DIRECTOR, what, (&review, &review), fields).await;
}

async fn bank(s: &mut Story, at: &str, number: &str, code: &str) {
    let form = [("contract_no", number), ("code", code)];
    s.does(CLERK, "登记银行给的合同号", (at, &format!("{at}/bank")), &form).await;
    s.reads(CLERK, at, ("<h1>", "</div>")).await;
}

#[test]
fn a_season_at_the_counter() {
    story("counter", "吕凤欢", async |s| {
        s.t.set_day("2027-07-20");
        open_year(&s.t, 2027).await;
        let girl = id(GIRL);
        let at = begin(s, &girl, "cdb", "罗一禾到窗口，读身份证").await;
        first(s, &at, "罗一禾", (&id(FATHER), "12000")).await;
        submit(s, &at).await;
        let back =
            [("decision", "return"), ("step", "=学校与金额"), ("reason", "学费与通知书不符")];
        decide(s, "罗一禾", "退回补正：学费与通知书不符", &back).await;
        s.reads(CLERK, &at, ("<h1>", "</div>")).await;
        let mut study = study_of("12000");
        study.retain(|(name, _)| *name != "tuition");
        study.push(("tuition", "6600"));
        step(s, &at, ("study", "改好学费"), &study).await;
        submit(s, &at).await;
        let approve = [("decision", "approve"), ("reason", "")];
        let review = s.link(DIRECTOR, "/reviews", "罗一禾").await;
        s.reads(DIRECTOR, &review, ("上次看过以后改了什么", "</section>")).await;
        decide(s, "罗一禾", "同意", &approve).await;
        bank(s, &at, "5120222027000001", "007316").await;
        let certificate = format!("{at}/print/certificate");
        s.reads(CLERK, &certificate, ("第一联", "沿此线剪开")).await;

        let boy = id("51209020080505031");
        let refused = begin(s, &boy, "cdb", "另一名学生到窗口").await;
        let father = id("51209019800404031");
        first(s, &refused, "罗小山", (&father, "8000")).await;
        submit(s, &refused).await;
        let refuse = [("decision", "refuse"), ("reason", "学校不在教育部名单里")];
        decide(s, "罗小山", "不同意：学校不在教育部名单里", &refuse).await;
        s.reads(CLERK, &refused, ("<h1>", "</div>")).await;

        let third = id("51209020080606051");
        let own = begin(s, &third, "local", "第三名学生要县自办贷款").await;
        let father = id("51209019790707051");
        first(s, &own, "罗大海", (&father, "8000")).await;
        submit(s, &own).await;
        decide(s, "罗大海", "同意", &approve).await;
        s.reads(CLERK, &own, ("<h1>", "</div>")).await;

        s.t.set_day("2028-07-18");
        open_year(&s.t, 2028).await;
        let again = begin(s, &girl, "cdb", "罗一禾第二年来续贷").await;
        let renewal = [
            ("present", "both"),
            ("change_co", "1"),
            ("amount", "10000"),
            ("statement", STATEMENT),
            ("phone", "16410000316"),
            ("university", "四川大学"),
            ("address", "宝林镇太平寺村三组 18 号"),
            ("tuition", "6600"),
            ("lodging", "1200"),
            ("degree", "bachelor"),
            ("school_years", "4"),
            ("entered", "2027"),
        ];
        let page = format!("{again}/renewal");
        let mut short = renewal.to_vec();
        short[3] = ("statement", "请批准。");
        s.tries(CLERK, "续贷声明太短", (&page, &page), &short).await;
        step(s, &again, ("renewal", "一页填好，换母亲签字"), &renewal).await;
        let mother = id("51209019820808002");
        let mut co = co_of(&mother);
        co.retain(|(name, _)| !["co_name", "relation"].contains(name));
        co.extend([("co_name", "周秀英".to_owned()), ("relation", "mother".to_owned())]);
        let co: Vec<(&str, &str)> = co.iter().map(|(name, text)| (*name, text.as_str())).collect();
        step(s, &again, ("co", "填新的共同借款人"), &co).await;
        s.reads(CLERK, &format!("{again}/papers"), ("id=\"papers\">", "</ul>")).await;
        step(s, &again, ("papers", "材料都收齐了"), &[("then", "all")]).await;
        submit(s, &again).await;
        decide(s, "罗一禾", "同意", &approve).await;
        bank(s, &again, "5120222028000001", "410007").await;
        s.reads(CLERK, "/loans/LZ2027-0001/contracts", ("<h1>", "</h1>")).await;
    });
}
