//! 程林㼆 pays on time: reminded, paid by the due day, reconciled, and again a year later.

use super::{DIRECTOR, story};

const ID: &str = "512098200012207855";
/// The part of the first page that says what comes next.
const HERO: (&str, &str) = ("aria-label=\"下一次还款\">", "<svg");

#[test]
fn a_payer_is_reminded_pays_and_hears_no_reproach() {
    story("payer", "程林㼆", async |s| {
        for on in ["2026-11-20", "2026-12-10", "2026-12-17"] {
            s.night(on).await;
        }
        s.phone(ID, "/m", HERO).await;
        s.night("2026-12-21").await;
        s.phone(ID, "/m", HERO).await;
        s.night("2026-12-22").await;
        let list = ("2026-12-20", "2026-12-22", "正常还款");
        s.bank("导入银行的还款明细：已按时还", list).await;
        s.phone(ID, "/m", HERO).await;
        s.reads(DIRECTOR, "/differences", ("<h1>", "</section>")).await;
        s.phone(ID, "/m/paid", ("<h2", "</section>")).await;
        s.night("2026-12-23").await;
        for on in ["2027-12-10", "2027-12-21"] {
            s.night(on).await;
        }
        let list = ("2027-12-20", "2027-12-21", "正常还款");
        s.bank("导入银行的还款明细：又按时还", list).await;
        s.night("2027-12-22").await;
        s.phone(ID, "/m", HERO).await;
    });
}
