//! 程林㼆 has died: her mother applies, the county looks, the names hang for five working days, city
//! and province agree, and the fund pays what is owed.

use diesel::prelude::*;
use zhuxue::plumbing::schema::review;

use super::{CLERK, DIRECTOR, Story, story};
use crate::borrower::town::read;

async fn scan(s: &mut Story, at: &str, paper: &str) {
    let text = format!("%PDF-1.7\n1 0 obj\n<<{paper}>>\nendobj\nstartxref\n9\n%%EOF\n");
    let csrf = s.at(CLERK).await.get(at).await.hidden("csrf");
    let fields = [("csrf", csrf.as_str()), ("paper", paper)];
    let file = [("a.pdf", text.as_bytes())];
    s.at(CLERK).await.upload(&format!("{at}/attachments"), &fields, &file).await.is(303);
}

/// The director agrees to everything that waits.
async fn agree(s: &mut Story, what: &str) {
    let of = review::table.filter(review::state.eq("open")).order(review::id);
    let open: Vec<i64> = read(&s.t, |db| Ok(of.select(review::id).load(db)?));
    assert!(!open.is_empty(), "{what}");
    for id in open {
        let at = format!("/reviews/{id}");
        let approve = [("decision", "approve"), ("reason", "")];
        s.send(DIRECTOR, (&at, &at), &approve).await.is(303);
    }
    s.tell(DIRECTOR, what).await;
}

/// The fields of the money with what each contract takes today.
async fn amounts(s: &mut Story, at: &str) -> Vec<(String, String)> {
    let page = s.at(CLERK).await.get(at).await;
    let fields = page.is(200).text.split("<label for=\"amount_").skip(1);
    let of = |field: &str| {
        let id = field.split('"').next().unwrap();
        let owed = field.split("今天全部还清要").nth(1).unwrap().split('<').next().unwrap();
        let owed: String = owed.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
        (format!("amount_{id}"), owed)
    };
    fields.map(of).collect()
}

#[test]
fn the_fund_pays_for_a_student_who_has_died() {
    story("relief", "程林㼆", async |s| {
        let new = ("/reliefs/new/{}?class=death", "/reliefs/new/{}");
        let died = [("applicant", "co_borrower"), ("applicant_name", "程母")];
        s.tries(CLERK, "没有写哪天发生", new, &died).await;
        let died = [&died[..], &[("happened_on", "2026-09-01")]].concat();
        s.does(CLERK, "受理还款救助：死亡或失踪", new, &died).await;
        let at = s.link(CLERK, "/reliefs", "程林㼆").await;
        s.tries(CLERK, "没有材料就提交审核", (&at, &at), &[("step", "submit")]).await;
        scan(s, &at, "proof").await;
        scan(s, &at, "id").await;
        s.tell(CLERK, "扫描证明材料").await;
        s.does(CLERK, "提交县级审核", (&at, &at), &[("step", "submit")]).await;
        agree(s, "县级同意").await;
        let place = [("step", "publish"), ("place", "县资助中心门口"), ("phone", "0832-000000")];
        let short = [&place[..], &[("until", "2026-11-04")]].concat();
        s.tries(CLERK, "只公示三天", (&at, &at), &short).await;
        let whole = [&place[..], &[("until", "2026-11-06")]].concat();
        s.does(CLERK, "登记公示", (&at, &at), &whole).await;
        s.night("2026-11-09").await;
        s.does(CLERK, "公示期满，撤下", (&at, &at), &[("step", "end")]).await;
        let on = [("step", "upward"), ("on", "2026-11-09")];
        s.does(CLERK, "报市级", (&at, &at), &on).await;
        s.does(CLERK, "市级同意", (&at, &at), &on).await;
        s.tries(CLERK, "省级同意，没有文号", (&at, &at), &on).await;
        let on = [&on[..], &[("document", "川助〔2026〕9号")]].concat();
        s.does(CLERK, "省级同意", (&at, &at), &on).await;
        let amounts = amounts(s, &at).await;
        let mut pay = vec![("step", "pay"), ("on", "2026-11-09")];
        pay.extend(amounts.iter().map(|(name, fen)| (name.as_str(), fen.as_str())));
        s.does(CLERK, "登记省里的拨款", (&at, &at), &pay).await;
        agree(s, "同意每份合同的拨款").await;
        s.reads(CLERK, &at, ("<h2>申请</h2>", "</section>")).await;
        s.tries(CLERK, "再申请一次", new, &died).await;
        s.reads(DIRECTOR, "/loans/{}", ("<h2>相关记录</h2>", "</section>")).await;
    });
}
