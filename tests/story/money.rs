//! The money of 吕凤欢's second year: on a list for the bank, which cannot pay it, on a second one,
//! at the university.

use diesel::prelude::*;
use zhuxue::base::money::Fen;
use zhuxue::plumbing::schema::{batch, batch_line};

use super::{CLERK, DIRECTOR, Story, story};
use crate::borrower::town::{STUDENT, read};

const CONTRACT: &str = "51202220260000001";
const WAY: (&str, &str) = ("钱到哪里了", "</ol>");

async fn step(s: &mut Story, who: &str, what: &str, at: &str, fields: &[(&str, &str)]) {
    s.does(who, what, (at, at), fields).await;
}

/// The bank's answer: all are paid but one.
async fn bank_answers(s: &mut Story, at: &str, on: &str) {
    let of = batch_line::table.inner_join(batch::table.on(batch::id.eq(batch_line::batch_id)));
    let of = of.filter(batch::serial.eq(1)).order(batch_line::line);
    let of = of.select((batch_line::number, batch_line::amount_fen));
    let lines: Vec<(String, Fen)> = read(&s.t, |db| Ok(of.load(db)?));
    let mut text = "合同编号,金额,结果,日期,原因\n".to_owned();
    let mut sum = Fen::ZERO;
    for (number, amount) in &lines {
        let fails = number == CONTRACT;
        sum += if fails { Fen::ZERO } else { *amount };
        text.push_str(&match fails {
            true => format!("{number},{amount},失败,,账户已注销\n"),
            false => format!("{number},{amount},成功,{on},\n"),
        });
    }
    let (file, sum) = ([("结果.csv", text.as_bytes())], sum.to_yuan_text());
    let csrf = s.at(CLERK).await.get(at).await.hidden("csrf");
    let fields = [("csrf", csrf.as_str()), ("sum", sum.as_str())];
    s.at(CLERK).await.upload(&format!("{at}/answer"), &fields, &file).await.is(303);
}

#[test]
fn money_is_ordered_fails_is_ordered_again_and_reaches_the_university() {
    story("money", "吕凤欢", async |s| {
        s.night("2026-11-16").await;
        s.phone(STUDENT, "/m/contracts", WAY).await;
        let page = s.at(CLERK).await.get("/disbursements").await;
        let (csrf, key) = (page.hidden("csrf"), page.hidden("key"));
        let of = [("csrf", csrf.as_str()), ("key", &key), ("kind", "cdb_disbursement")];
        s.at(CLERK).await.post_bare("/disbursements", &of).await.is(303);
        s.tell(CLERK, "把可以发放的编成一批").await;
        let first = s.link(CLERK, "/disbursements/batches", "GF2026-001").await;
        step(s, CLERK, "提交审批", &first, &[("step", "freeze")]).await;
        step(s, DIRECTOR, "批准", &first, &[("step", "approve")]).await;
        step(s, CLERK, "登记已送银行", &first, &[("step", "send")]).await;
        s.phone(STUDENT, "/m/contracts", WAY).await;
        s.night("2026-11-19").await;
        bank_answers(s, &first, "2026-11-18").await;
        s.tell(CLERK, "上传银行的结果：一笔发放失败").await;
        s.reads(CLERK, &first, ("aria-label=\"笔数\"", "</div>")).await;
        s.phone(STUDENT, "/m/contracts", WAY).await;
        step(s, CLERK, "把发放失败的另编一批", &first, &[("step", "repeat")]).await;
        s.tries(CLERK, "不写原因就关闭", (&first, &first), &[("step", "close")]).await;
        let close = [("step", "close"), ("reason", "与银行回单核对过")];
        step(s, CLERK, "关闭第一批", &first, &close).await;
        let second = s.link(CLERK, "/disbursements/batches", "GF2026-002").await;
        step(s, CLERK, "提交第二批", &second, &[("step", "freeze")]).await;
        step(s, DIRECTOR, "批准第二批", &second, &[("step", "approve")]).await;
        step(s, CLERK, "第二批送银行", &second, &[("step", "send")]).await;
        s.night("2026-11-25").await;
        let paid = [("number", CONTRACT), ("result", "成功"), ("day", "2026-11-24")];
        s.does(CLERK, "登记银行的结果：到账", (&second, &second), &paid).await;
        let other = [("step", "close"), ("reason", "")];
        s.tries(CLERK, "不写原因就关闭", (&second, &second), &other).await;
        step(s, CLERK, "关闭第二批", &second, &close).await;
        s.phone(STUDENT, "/m/contracts", WAY).await;
        let money = s.link(CLERK, "/disbursements?tab=paid", "吕凤欢").await;
        s.night("2026-12-02").await;
        let there = [("by", "reach"), ("on", "2026-12-01")];
        s.does(CLERK, "高校来电话：钱到了", (&money, &money), &there).await;
        s.phone(STUDENT, "/m/contracts", WAY).await;
        s.reads(DIRECTOR, &first, ("<h2>办理经过</h2>", "</ol>")).await;
    });
}
