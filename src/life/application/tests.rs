//! The rules that pages do not reach in their own tests: whose papers, which raise, whose loan.

use super::form::{CoBorrower, Party, Read, Study};
use super::kinds::{Case, Degree, Relation};
use super::rules::{self, Known, Other, RuleSet, Verdict};
use crate::base::id_number::IdNumber;
use crate::base::money::Fen;
use crate::base::phone_number::PhoneNumber;
use crate::book::partner::PartnerHit;
use crate::book::policy::Policy;
use crate::book::statement::{Product, StudyLevel};
use chrono::NaiveDate;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn set(is_first: bool) -> RuleSet {
    let (policy, today) = (Policy::embedded().unwrap(), day("2026-08-10"));
    RuleSet {
        today,
        loan_year: 2026,
        product: Product::Cdb,
        is_first,
        window: policy.application_window("512022", 2026),
        cap: policy.loan_cap(Product::Cdb, StudyLevel::Undergraduate, 2026),
        cap_source: String::new(),
        step: *policy.loan_step.on(today),
        term: *policy.term_rule(today),
        co: *policy.co_borrower.on(today),
        renewal: *policy.renewal.on(today),
        co_source: String::new(),
    }
}

fn party(id: &str, until: Option<&str>) -> Party {
    Party {
        id: IdNumber::from_stored(id).unwrap(),
        name: "周秀英".to_owned(),
        phone: PhoneNumber::parse("16410007702").unwrap(),
        id_until: until.map(day),
        address: String::new(),
    }
}

fn read(relation: Relation, case: Case, until: Option<&str>) -> Read {
    let party = party("51209019840426193X", until);
    let co = CoBorrower { party, relation, case, is_known_elsewhere: false };
    Read { co: Some(co), ..Read::default() }
}

fn keys(read: &Read, known: &Known, set: &RuleSet) -> Vec<String> {
    let policy = Policy::embedded().unwrap();
    let all = &policy.counter_papers.on(set.today).papers;
    rules::papers(all, read, known, set).into_iter().map(|paper| paper.key.clone()).collect()
}

#[test]
fn each_case_has_its_own_papers() {
    let passed = Known { recognised: Some("预申请已通过".to_owned()), ..Known::default() };
    let father = read(Relation::Father, Case::Plain, None);
    let five = ["student_id", "co_id", "household", "admission", "form"];
    assert_eq!(keys(&father, &passed, &set(true)), five);
    assert!(keys(&father, &Known::default(), &set(true)).contains(&"hardship".to_owned()));
    for (case, paper) in
        [(Case::Delegated, "delegation"), (Case::Unable, "relative"), (Case::Orphan, "guardian")]
    {
        let uncle = read(Relation::Relative, case, None);
        assert_eq!(keys(&uncle, &passed, &set(true)).pop().unwrap(), paper);
    }
    let expired = read(Relation::Father, Case::Plain, Some("2026-08-09"));
    assert_eq!(keys(&expired, &passed, &set(true)).pop().unwrap(), "police");
    assert_eq!(keys(&father, &passed, &set(false)), ["one_id", "renewal_form"]);
    let other = Known { has_other_co: true, ..Known::default() };
    assert_eq!(keys(&father, &other, &set(false)), ["one_id", "renewal_form", "new_co_id"]);
}

#[test]
fn another_loan_of_the_year_stops_and_says_where() {
    let other = |county: Option<&str>, product, is_contract| Other {
        product,
        county: county.map(str::to_owned),
        by: "韦清越，2026-08-10 09:30".to_owned(),
        is_contract,
        link: None,
    };
    for (one, words) in [
        (other(None, Product::Cdb, true), "已经签过本学年的国家开发银行助学贷款"),
        (other(Some("安岳县"), Product::Cdb, true), "在安岳县已经签过本学年的"),
        (other(None, Product::Local, true), "同一学年只能有一笔助学贷款"),
        (other(Some("安岳县"), Product::Cdb, false), "在安岳县已经在办"),
    ] {
        let known = Known { others: vec![one], ..Known::default() };
        let rulings = rules::judge(&Read::default(), &known, &set(true));
        let stops = rules::stops(&rulings);
        assert!(stops[0].message.contains(words), "{stops:?}");
    }
    let known = Known { co_elsewhere: 2, co_unsettled: 1, ..Known::default() };
    let rulings = rules::judge(&read(Relation::Mother, Case::Plain, None), &known, &set(true));
    let stops: Vec<&str> =
        rulings.iter().filter(|one| one.verdict == Verdict::Stop).map(|one| one.field).collect();
    assert_eq!(stops, ["co_id_number", "co_known"]);
}

#[test]
fn a_hit_on_another_county_s_list_asks_and_goes_on_with_an_answer() {
    let hit = |is_co| PartnerHit {
        partner: "安岳县".to_owned(),
        match_id: "K7QF-2MPA".to_owned(),
        is_co,
    };
    let known = Known {
        partner_hits: vec![hit(false)],
        co_partner_hits: vec![hit(true)],
        ..Known::default()
    };
    let found = |answer: &str| {
        let read = Read { partner_answer: answer.to_owned(), ..Read::default() };
        let all = rules::judge(&read, &known, &set(true));
        let all = all.into_iter().filter(|one| one.rule == "别的县的名单");
        all.map(|one| (one.verdict, one.field, one.words)).collect::<Vec<_>>()
    };
    let open = found("");
    assert_eq!((open[0].0, open[0].1), (Verdict::Stop, "partner_answer"));
    assert!(open[0].2.contains("（对方：安岳县，匹配号 K7QF-2MPA）"), "{open:?}");
    assert_eq!((open[1].0, open[1].1), (Verdict::Ask, "co_id_number"));
    let answered = found("合同已作废");
    assert_eq!(answered[0].0, Verdict::Ask);
    assert!(answered[0].2.ends_with("对方答复：合同已作废"), "{answered:?}");
}

#[test]
fn the_end_of_a_card_is_seen_before_it_comes() {
    for (until, verdict) in [
        (Some("2026-08-09"), Verdict::Ask),
        (Some("2026-11-09"), Verdict::Ask),
        (Some("2030-01-01"), Verdict::Met),
        (None, Verdict::Met),
    ] {
        let read = read(Relation::Father, Case::Plain, until);
        let rulings = rules::judge(&read, &Known::default(), &set(true));
        let card = rulings.iter().find(|one| one.field == "co_id_until").unwrap();
        assert_eq!(card.verdict, verdict, "{until:?}: {}", card.words);
    }
}

#[test]
fn a_raise_is_once_of_this_year_before_pay_out_and_within_the_cap() {
    let yuan = Fen::from_yuan;
    let refused = |to, before, year, paid| {
        rules::no_raise(yuan(to), (yuan(16_000), before), (year, paid), &set(true))
    };
    assert_eq!(refused(20_000, None, 2026, false), None);
    assert!(refused(20_100, None, 2026, false).is_some());
    assert!(refused(16_000, None, 2026, false).is_some());
    assert!(refused(18_050, None, 2026, false).is_some());
    assert!(refused(20_000, Some(yuan(8_000)), 2026, false).is_some());
    assert!(refused(20_000, None, 2025, false).is_some());
    assert!(refused(20_000, None, 2026, true).is_some());
}

#[test]
fn a_receipt_code_keeps_its_zeros() {
    assert_eq!(rules::receipt_code(" 007316 ").unwrap(), "007316");
    assert!(rules::receipt_code("7316").unwrap_err().contains("前面的零"));
    assert!(rules::receipt_code("0073167").is_err() && rules::receipt_code("00731a").is_err());
}

fn study(university: &str) -> Study {
    Study {
        university: university.to_owned(),
        major: String::new(),
        student_number: String::new(),
        degree: Degree::Bachelor,
        school_years: 4,
        entered: 2026,
        graduates: 2030,
        tuition: Fen::from_yuan(5_000),
        lodging: Fen::from_yuan(1_200),
        amount: Fen::from_yuan(12_000),
        account: None,
        years: None,
        has_other_loan: false,
    }
}

/// The rules that are not met with these studies, and what they say.
fn of_study(study: Study) -> Vec<(Verdict, &'static str, String)> {
    let read = Read { study: Some(study), ..Read::default() };
    let all = rules::judge(&read, &Known::default(), &set(false));
    let open = all.into_iter().filter(|one| one.verdict != Verdict::Met);
    open.map(|one| (one.verdict, one.field, one.words)).collect()
}

#[test]
fn what_can_hardly_be_of_a_study_is_asked_or_stops() {
    assert_eq!(of_study(study("四川大学")), []);
    let cases = [
        (study("不存在大学"), Verdict::Ask, "university", "名单"),
        (study("西南财经"), Verdict::Ask, "university", "西南财经大学"),
        (Study { graduates: 2032, ..study("四川大学") }, Verdict::Ask, "graduates", "应是 2030 年"),
        (
            Study { tuition: Fen::from_yuan(60_000_000), ..study("四川大学") },
            Verdict::Ask,
            "tuition",
            "高很多",
        ),
        (
            Study { entered: 2030, graduates: 2034, ..study("四川大学") },
            Verdict::Stop,
            "entered",
            "请核对入学年份",
        ),
        (
            Study { has_other_loan: true, ..study("四川大学") },
            Verdict::Stop,
            "other_loan",
            "同一学年只能办一笔",
        ),
    ];
    for (study, verdict, field, words) in cases {
        let found = of_study(study);
        let fits = |one: &&(Verdict, &str, String)| (one.0, one.1) == (verdict, field);
        let one = found.iter().find(fits).unwrap_or_else(|| panic!("{field}: {found:?}"));
        assert!(one.2.contains(words), "{one:?}");
    }
}

#[test]
fn a_mother_with_a_man_s_number_is_asked_about_and_a_parent_of_any_age_signs() {
    let words = |relation| {
        let all = rules::judge(&read(relation, Case::Plain, None), &Known::default(), &set(true));
        let of_co = all.into_iter().filter(|one| one.rule == "关系相符" || one.rule == "年龄");
        of_co.map(|one| (one.verdict, one.words)).collect::<Vec<_>>()
    };
    // The number of `read` is a man's of 1984.
    let father = words(Relation::Father);
    assert_eq!(father.len(), 1);
    assert!(father[0].1.contains("父母签字不限年龄"), "{father:?}");
    let mother = words(Relation::Mother);
    assert!(mother.iter().any(|one| one.0 == Verdict::Ask && one.1.contains("男性")), "{mother:?}");
}
