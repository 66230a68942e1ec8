//! The clerk of 程林㼆 is moved elsewhere: her cases and what was promised to her go to another.

use super::{ADMIN, CLERK, DIRECTOR, OTHER, between, sign_in, story};

#[test]
fn cases_and_promises_go_to_another_clerk_and_the_old_account_is_shut() {
    story("handover", "程林㼆", async |s| {
        s.night("2026-12-22").await;
        s.bank("导入银行的还款明细：没有还", ("2026-12-20", "2026-12-22", "逾期未还")).await;
        let promise = [("promised_on", "2026-12-28"), ("note", "发工资后还")];
        s.contact("打电话给本人，约好还款", "student", "promised", &promise).await;
        s.hires(OTHER, "lan01", "clerk").await;
        s.tell(ADMIN, "添加蓝敬安，经办").await;
        let owner = [("step", "owner"), ("owner", "=蓝敬安")];
        s.step(DIRECTOR, "韦清越调走，这一户交给蓝敬安", &owner).await;
        let account = s.link(ADMIN, "/admin", "韦清越").await;
        s.tries(ADMIN, "停用韦清越的账号", (&account, &format!("{account}/state")), &[]).await;
        let handover = format!("{account}/handover");
        let page = s.at(ADMIN).await.get(&handover).await.text;
        let before = page.split("> 蓝敬安 ").next().unwrap();
        let to = before.rsplit("value=\"").next().unwrap().split('"').next().unwrap().to_owned();
        s.does(ADMIN, "韦清越的工作全部交给蓝敬安", (&handover, &handover), &[("to", &to)]).await;
        let state = format!("{account}/state");
        s.does(ADMIN, "停用韦清越的账号", (&account, &state), &[]).await;
        let signed_out = s.at(CLERK).await.get("/home").await;
        s.tell(CLERK, &format!("再打开工作台：转到 {}", signed_out.is(303).header("location")))
            .await;
        let mut browser = s.t.nobody();
        let answer = sign_in(&mut browser, "wei01").await;
        let why = between(&answer.text, "<h2>没有登录</h2>", "</div>");
        s.tell(CLERK, &format!("再登录——没有成：{why}")).await;
        s.night("2026-12-29").await;
        s.reads(OTHER, "/overdue", ("<tbody", "</tbody>")).await;
        let contact = ("/overdue/{}", "/overdue/{}/contacts");
        let form = [("whom", "student"), ("outcome", "reached"), ("channel", "call")];
        s.does(OTHER, "打电话给本人，问为什么没有还", contact, &form).await;
        s.reads(DIRECTOR, "/loans/{}/history", ("<ol class=\"steps\">", "</ol>")).await;
    });
}
