//! 周松邦 does not pay: rung up, a promise broken, up to the police station, paid, and taken back.

use super::{CLERK, DIRECTOR, story};

#[test]
fn a_case_goes_up_is_paid_and_comes_back_when_the_payment_is_taken_back() {
    story("overdue", "周松邦", async |s| {
        s.night("2026-12-22").await;
        let list = ("2026-12-20", "2026-12-22", "逾期未还");
        s.bank("导入银行的还款明细：没有还", list).await;
        s.night("2026-12-23").await;
        let promise = [("promised_on", "2026-12-28"), ("promised", "500")];
        s.contact("打电话给本人，约好还款", "student", "promised", &promise).await;
        s.night("2026-12-29").await;
        s.contact("打电话给本人，没人接", "student", "no_answer", &[]).await;
        let up = |to, why| [("step", "move"), ("to", to), ("reason", why)];
        s.step(CLERK, "转到共同借款人", &up("co_borrower", "约定没有还")).await;
        s.contact("打电话给共同借款人，联系不上", "co_borrower", "no_answer", &[]).await;
        s.night("2027-01-05").await;
        s.step(CLERK, "转到学校", &up("school", "家里也联系不上")).await;
        s.night("2027-01-12").await;
        s.contact("托毕业高中带话", "school", "left_word", &[]).await;
        s.step(CLERK, "转到村里", &up("village", "学校没有消息")).await;
        let ask = [("step", "ask"), ("ask", "police"), ("reason", "全家外出")];
        let steps = ("/overdue/{}", "/overdue/{}/steps");
        s.tries(CLERK, "请示派出所协助", steps, &ask).await;
        s.night("2027-01-25").await;
        s.contact("托村里带话", "village", "left_word", &[]).await;
        s.step(CLERK, "请示派出所协助", &ask).await;
        let decision = ("/overdue/{}", "/overdue/{}/decision");
        s.does(DIRECTOR, "同意请派出所协助", decision, &[("decision", "allow")]).await;
        s.contact("请派出所找到本人", "police", "reached", &[]).await;
        s.night("2027-02-03").await;
        let list = ("2026-12-20", "2027-02-03", "逾期还款");
        s.bank("导入银行的还款明细：逾期后还清", list).await;
        s.night("2027-02-04").await;
        s.reads(CLERK, "/overdue/{}", ("<h2>经过</h2>", "</section>")).await;
        let list = ("2026-12-20", "2027-02-10", "冲正");
        s.night("2027-02-10").await;
        s.bank("导入银行的还款明细：冲回那一笔", list).await;
    });
}
