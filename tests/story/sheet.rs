//! A visit sheet goes out to the village of 程林㼆 and comes back by its code, twice.

use super::{CLERK, DIRECTOR, between, story};

const VILLAGE: &str = "王主任（村）";

#[test]
fn a_sheet_goes_out_comes_back_is_refused_and_then_taken() {
    story("sheet", "程林㼆", async |s| {
        s.night("2026-12-22").await;
        s.bank("导入银行的还款明细：没有还", ("2026-12-20", "2026-12-22", "逾期未还")).await;
        s.does(CLERK, "生成走访表", ("/visits", "/visits/batches"), &[("letter", "12")]).await;
        let batch = s.link(CLERK, "/visits/sent", "/visits/batches/").await;
        let handed = [("on", "2026-12-22"), ("to", "王主任"), ("how", "当面")];
        s.does(CLERK, "交给村里", (&batch, &format!("{batch}/handed")), &handed).await;
        let print = s.at(CLERK).await.get(&format!("{batch}/print")).await;
        let code = between(&print.is(200).text, "回报码", "</").replace('-', "");
        let page = format!("/r/{}", code.trim_matches(|c: char| !c.is_ascii_alphanumeric()));
        s.night("2026-12-28").await;
        let filled = [("met", "parents"), ("filled_by", "王主任"), ("visited_on", "2026-12-27")];
        let nobody = [&filled[1..], &[("outcome", "no_answer")]].concat();
        s.does(VILLAGE, "扫码交回：没有见到人", (&page, &page), &nobody).await;
        let back = s.link(CLERK, "/visits/returns", "/visits/returns/").await;
        let form = (back.as_str(), back.as_str());
        s.tries(CLERK, "不采用，不写原因", form, &[("decision", "refuse"), ("note", "")]).await;
        let refuse = [("decision", "refuse"), ("note", "请再去一次")];
        s.does(CLERK, "不采用，请再去一次", form, &refuse).await;
        s.night("2027-01-04").await;
        let promise = [("outcome", "promised"), ("promised_on", "2027-01-15")];
        let promised = [&filled[..], &promise, &[("new_phone", "16410990021")]].concat();
        s.does(VILLAGE, "再扫码交回：约好还款，给了新电话", (&page, &page), &promised).await;
        let back = s.link(CLERK, "/visits/returns", "/visits/returns/").await;
        let accept = [("decision", "accept"), ("take_phone", "1")];
        s.does(CLERK, "采用", (&back, &back), &accept).await;
        s.reads(DIRECTOR, "/overdue/{}", ("<ul class=\"ppl\">", "</ul>")).await;
        s.night("2027-01-10").await;
        s.bank("导入银行的还款明细：逾期后还清", ("2026-12-20", "2027-01-10", "逾期还款")).await;
        s.night("2027-01-11").await;
        s.reads(CLERK, "/overdue/{}", ("<h2>经过</h2>", "</section>")).await;
    });
}
