//! 贴息结算, 免息和延期, 风险补偿金: what the statements say is owed, what people have entered.

use chrono::Datelike;
use diesel::prelude::*;
use zhuxue::base::money::Fen;
use zhuxue::base::scope::Scope;
use zhuxue::book::staff::Role;
use zhuxue::book::statement::Product;
use zhuxue::plumbing::schema::{loan_event, review};
use zhuxue::reports::contract_line::Report;
use zhuxue::reports::treasury::facts::Treasury;
use zhuxue::reports::treasury::rules::{self, Figure, Line};

use super::sheet;
use crate::borrower::town::{self, each, read};
use crate::support::{OFFICE, TestApp};

fn lines(t: &TestApp) -> Vec<Line> {
    let (basis, today) = (t.app.basis(), t.app.clock.today());
    let report = Treasury::new(Scope::of(OFFICE), &basis, today);
    let found = town::read(t, |db| report.compute(db));
    assert!(found.left_out.is_empty(), "{:?}", found.left_out);
    found.lines
}

async fn approve(t: &TestApp) -> usize {
    let open: Vec<i64> = read(t, |db| {
        let of = review::table.filter(review::kind.eq("fund_entry"));
        Ok(of.filter(review::state.eq("open")).select(review::id).load(db)?)
    });
    let mut reviewer = t.sign_in(Role::Reviewer);
    for id in &open {
        let at = format!("/reviews/{id}");
        let version = reviewer.get(&at).await.is(200).hidden("version");
        let fields = [("version", version.as_str()), ("decision", "approve"), ("reason", "")];
        reviewer.post(&at, &fields).await.is(303);
    }
    open.len()
}

#[test]
fn all_that_was_disbursed_and_all_subsidy_stands_in_the_sums() {
    each(async |t| {
        let lines = lines(&t);
        let paid_out: Vec<Fen> = read(&t, |db| {
            let of = loan_event::table.filter(loan_event::kind.eq("disbursed"));
            Ok(of.select(loan_event::amount_fen.assume_not_null()).load(db)?)
        });
        let sum: Fen = lines.iter().map(|line| line.disbursed).sum();
        assert_eq!(sum, paid_out.iter().copied().sum());
        let of_bank = lines.iter().filter(|line| line.product == Product::Cdb);
        let of_bank: Fen = of_bank.map(|line| line.disbursed).sum();
        let by_year: Fen = rules::new_loans(&lines).values().map(|year| year.money).sum();
        assert_eq!(by_year, of_bank);

        let this_year = t.app.clock.today().year();
        for year in 2015..=this_year {
            let groups = rules::subsidy(&lines, year);
            let shown: Fen = groups.values().map(|sum| sum.money).sum();
            let settled = lines.iter().flat_map(|line| line.settled.iter());
            let own = settled.filter(|one| one.on.year() == year);
            assert_eq!(shown, own.map(|one| one.subsidy).sum::<Fen>(), "{year}");
            for (group, sum) in &groups {
                let rows = rules::behind_subsidy(&lines, group);
                assert_eq!(rows.iter().map(|(_, fen)| *fen).sum::<Fen>(), sum.money);
                assert_eq!(i64::try_from(rows.len()).unwrap(), sum.persons);
            }
        }
        // Waived interest is of waiver years only (rules.md 3.6), and moved from the borrower.
        let waived = |year| rules::waivers(&lines, year, Product::Cdb)[0].money;
        assert!((2022..=2025).any(|year| waived(year).is_positive()));
        assert_eq!(waived(2021), Fen::ZERO);
        assert_eq!(waived(this_year), Fen::ZERO, "nobody knows of this year yet");
        let year = (2022..=2025).find(|year| waived(*year).is_positive()).unwrap();
        let rows = rules::behind_waivers(&lines, (year, Product::Cdb), Figure::Interest);
        assert_eq!(rows.iter().map(|(_, fen)| *fen).sum::<Fen>(), waived(year));
    });
}

#[test]
fn a_payment_counts_when_a_second_person_agrees_and_the_rest_is_not_known() {
    each(async |t| {
        let lines = lines(&t);
        let year = 2025;
        let groups = rules::subsidy(&lines, year);
        let (group, sum) = groups.iter().max_by_key(|(_, sum)| sum.money).unwrap();
        let mut clerk = t.sign_in(Role::Clerk);
        let at = format!("/reports/subsidy?year={year}");
        clerk.get(&at).await.is(200).says(&["贴息结算", "没有登记", "不知道"]);
        let on = group.on.to_string();
        let list = format!(
            "/reports/subsidy/rows?on={on}&office={OFFICE}&authority={}&product={}",
            group.authority, group.product
        );
        clerk.get(&list).await.is(200).says(&[&sum.money.to_page_text()]);
        clerk.get("/reports/subsidy/rows?on=never").await.is(404);

        let new = "/funds/new";
        let key = clerk.get("/funds/new?kind=subsidy").await.is(200).hidden("key");
        let empty = [("key", key.as_str()), ("kind", "subsidy")];
        clerk.post(new, &empty).await.is(422).says(&["请填金额", "请写文号或凭证号"]);
        let less = (sum.money - Fen::from_yuan(1)).to_yuan_text();
        let mut fields = vec![
            ("key", key.as_str()),
            ("kind", "subsidy"),
            ("settled_on", &on),
            ("on", "2026-01-15"),
            ("amount", &less),
            ("document", "川财教〔2026〕1号"),
        ];
        let without = clerk.post(new, &fields).await;
        without.is(422).says(&["请选是哪一类高校的贴息", "请选是哪种贷款的贴息"]);
        fields.extend([("authority", group.authority), ("product", group.product)]);
        clerk.post(new, &fields).await.is(303);
        clerk.get("/funds").await.is(200).says(&["贴息拨付", "川财教〔2026〕1号"]);
        let before = clerk.get(&at).await;
        assert!(!before.text.contains("1.00"), "nothing counts before it is approved");
        assert_eq!(approve(&t).await, 1);
        clerk.get(&at).await.says(&["1.00"]);
        let id: i64 = read(&t, |db| {
            let of = zhuxue::plumbing::schema::fund_entry::table;
            Ok(of.select(zhuxue::plumbing::schema::fund_entry::id).first(db)?)
        });
        clerk.get(&format!("/funds/{id}")).await.is(200).says(&["已登记", &on]);
        clerk.get("/funds.xlsx?tab=approved").await.is(200);
        let book = clerk.get("/reports/subsidy.xlsx?year=2025").await;
        let table = format!("{:?}", sheet(book.is(200), "贴息结算"));
        assert!(table.contains("制表人：") && table.contains("没有登记") && table.contains(&less));
        t.sign_in(Role::Administrator).get(&at).await.is(403);
    });
}

#[test]
fn a_fund_is_its_rate_of_the_new_loans_and_without_losses_the_rest_is_not_known() {
    each(async |t| {
        let lines = lines(&t);
        let new = rules::new_loans(&lines);
        let money = new[&2025].money;
        let due = Fen::new((money.get() * 5 + 50) / 100);
        let mut clerk = t.sign_in(Role::Clerk);
        let page = clerk.get("/reports/risk-fund").await;
        page.is(200).says(&["2025 学年", &due.to_page_text(), "损失没有登记，还不知道", "5.00%"]);
        let rows = "/reports/risk-fund/rows?year=2025";
        clerk.get(rows).await.is(200).says(&[&money.to_page_text()]);
        let enter = [
            ("kind", "loss"),
            ("year", "2025"),
            ("on", "2026-09-30"),
            ("amount", "0"),
            ("document", "川助〔2026〕5号"),
        ];
        let key = clerk.get("/funds/new?kind=loss").await.is(200).hidden("key");
        let all = [&[("key", key.as_str())][..], &enter[..]].concat();
        clerk.post("/funds/new", &all).await.is(303);
        let wrong = [("kind", "use"), ("year", "2025"), ("on", "2026-10-01"), ("amount", "50")];
        let wrong = [&wrong[..], &[("document", "D1"), ("purpose", "聚餐"), ("key", "3")]].concat();
        clerk.post("/funds/new", &wrong).await.is(422).says(&["请从规定的用途里选一项"]);
        let used = [("kind", "use"), ("year", "2025"), ("on", "2026-10-01"), ("amount", "50")];
        let used = [&used[..], &[("document", "D1"), ("purpose", "宣传"), ("key", "4")]].concat();
        // Nothing is spent before it was given.
        clerk.post("/funds/new", &used).await.is(422).says(&["已登记的奖励还剩 ¥0.00"]);
        let given = [("kind", "reward"), ("year", "2025"), ("on", "2026-09-30"), ("amount", "80")];
        let given = [&given[..], &[("document", "D2"), ("key", "5")]].concat();
        clerk.post("/funds/new", &given).await.is(303);
        let twice = [&given[..5], &[("key", "6")]].concat();
        clerk.post("/funds/new", &twice).await.is(422).says(&["确实是另一笔请打勾"]);
        assert_eq!(approve(&t).await, 2);
        clerk.post("/funds/new", &used).await.is(303);
        assert_eq!(approve(&t).await, 1);
        clerk.get("/reports/risk-fund").await.says(&["结余，作为奖励", "宣传"]);
        let book = clerk.get("/reports/risk-fund.xlsx").await;
        let table = format!("{:?}", sheet(book.is(200), "风险补偿金"));
        assert!(table.contains("结余，作为奖励") && table.contains("宣传 50.00"));
        let waivers = clerk.get("/reports/waivers").await;
        waivers.is(200).says(&["免息和延期", "不知道", "2022年"]);
        let rows = "/reports/waivers/rows?year=2024&product=cdb&figure=interest";
        clerk.get(rows).await.is(200).says(&["免除的利息"]);
        clerk.get("/reports/waivers/rows?year=2024&product=cdb&figure=x").await.is(404);
        let book = clerk.get("/reports/waivers.xlsx").await;
        sheet(book.is(200), "免息和延期");
    });
}
