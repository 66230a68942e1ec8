//! 签约受理 and 复核: from the first card on the table to a contract, on both databases.

use diesel::prelude::*;
use zhuxue::base::ids::RowId;
use zhuxue::book::staff::{Role, Staff};
use zhuxue::plumbing::schema::{loan, loan_application, loan_file, loan_position, person, review};

use crate::borrower::town::{each, read};
use crate::support::{Browser, TestApp};

/// A right number: 17 digits and their check character.
pub fn id(first: &str) -> String {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize = first.bytes().zip(weights).map(|(b, w)| usize::from(b - b'0') * w).sum();
    format!("{first}{}", char::from(b"10X98765432"[sum % 11]))
}

/// A girl of 18 and her father of 45.
pub const GIRL: &str = "51209020080314002";
pub const FATHER: &str = "51209019811121001";

/// What is typed of a first loan, step by step.
pub const WHO: [(&str, &str); 5] = [
    ("name", "罗一禾"),
    ("phone", "16410000316"),
    ("township", "宝林镇"),
    ("village", "太平寺村村民委员会"),
    ("address", "宝林镇太平寺村三组 18 号"),
];
pub const STUDY: [(&str, &str); 10] = [
    ("university", "四川大学"),
    ("major", "临床医学"),
    ("student_number", ""),
    ("degree", "bachelor"),
    ("school_years", "4"),
    ("entered", "2027"),
    ("graduates", ""),
    ("tuition", "4600"),
    ("lodging", "1200"),
    ("amount", "12000"),
];

pub fn co_of(number: &str) -> Vec<(&'static str, String)> {
    vec![
        ("co_name", "罗建松".to_owned()),
        ("co_id_number", number.to_owned()),
        ("co_phone", "16410007702".to_owned()),
        ("co_address", String::new()),
        ("relation", "father".to_owned()),
        ("case", "plain".to_owned()),
    ]
}

/// Sends the form of a step as its page has it, with the version that it shows.
pub async fn send(desk: &mut Browser, at: &str, fields: &[(&str, &str)]) -> crate::support::Answer {
    let version = desk.get(at).await.is(200).hidden("version");
    let mut all = vec![("version", version.as_str())];
    all.extend_from_slice(fields);
    desk.post(at, &all).await
}

/// Begins at the counter; where the application is.
pub async fn begin(desk: &mut Browser, number: &str, product: &str) -> String {
    let answer = desk.post("/applications/new", &[("q", number), ("product", product)]).await;
    let to = answer.is(303).header("location").to_owned();
    to.strip_suffix("/next").unwrap_or_else(|| panic!("{to}")).to_owned()
}

/// A first loan up to the check page.
pub async fn fill(desk: &mut Browser, at: &str, co: &str) {
    send(desk, &format!("{at}/who"), &WHO).await.is(303);
    let co = co_of(co);
    let co: Vec<(&str, &str)> = co.iter().map(|(name, text)| (*name, text.as_str())).collect();
    send(desk, &format!("{at}/co"), &co).await.is(303);
    send(desk, &format!("{at}/study"), &STUDY).await.is(303);
    send(desk, &format!("{at}/papers"), &[("then", "all")]).await.is(303);
}

pub async fn submit(desk: &mut Browser, at: &str) {
    send(desk, &format!("{at}/check"), &[("agreed", "1")]).await.is(303);
}

/// The open review of an application.
pub fn review_of(t: &TestApp, at: &str) -> String {
    let id: i64 = at.rsplit('/').next().unwrap().parse().unwrap();
    let of = review::table.filter(review::subject_id.eq(id)).filter(review::state.eq("open"));
    let id: RowId = read(t, |db| Ok(of.select(review::id).first(db)?));
    format!("/reviews/{id}")
}

fn state(t: &TestApp, at: &str) -> String {
    let id: i64 = at.rsplit('/').next().unwrap().parse().unwrap();
    let of = loan_application::table.filter(loan_application::id.eq(id));
    read(t, |db| Ok(of.select(loan_application::state).first(db)?))
}

fn people(t: &TestApp) -> (Staff, Staff) {
    t.set_day("2027-07-20");
    (t.add_staff("wei02", "韦清越", Role::Clerk), t.add_staff("lan02", "蓝敬安", Role::Reviewer))
}

#[test]
fn a_first_loan_goes_from_the_card_to_a_contract() {
    each(async |t| {
        let (wei, lan) = people(&t);
        let (mut clerk, mut reviewer) = (t.sign_in_as(&wei), t.sign_in_as(&lan));
        let (girl, father) = (id(GIRL), id(FATHER));
        clerk.get("/applications").await.is(200).says(&["这里没有申请", "受理下一人"]);
        let at = begin(&mut clerk, &girl, "cdb").await;
        assert_eq!(begin(&mut clerk, &girl, "cdb").await, at, "the same person goes on with it");
        fill(&mut clerk, &at, &father).await;
        let check = clerk.get(&format!("{at}/check")).await;
        check.is(200).says(&["壹万贰仟元整", "¥5,800.00", "2046年9月20日", "罗建松，父亲，45 岁"]);
        let page = format!("{at}/check");
        send(&mut clerk, &page, &[]).await.is(422).says(&["两位都说没有错以后"]);
        submit(&mut clerk, &at).await;
        let review = review_of(&t, &at);
        let decide = [("decision", "approve"), ("step", ""), ("reason", "")];
        clerk.get(&review).await.is(200).says(&["这是您自己提交的"]);
        reviewer.get("/reviews").await.is(200).says(&["罗一禾", "¥12,000.00"]);
        reviewer.get(&review).await.is(200).says(&["罗一禾", "四川大学", "同意"]);
        send(&mut reviewer, &review, &decide).await.is(303);
        assert_eq!(state(&t, &at), "approved");
        let bank = [("contract_no", "5120222027000001"), ("code", "007316")];
        let show = clerk.get(&at).await;
        show.is(200).says(&["银行系统给的号", "待登记合同号"]);
        let version = show.hidden("version");
        let to = format!("{at}/bank");
        let form = [("version", version.as_str()), bank[0], ("code", "7316")];
        clerk.post(&to, &form).await.is(422).says(&["前面的零也要填"]);
        clerk.post(&to, &[form[0], bank[0], bank[1]]).await.is(303);
        assert_eq!(state(&t, &at), "signed");
        let of = loan::table
            .inner_join(loan_position::table)
            .inner_join(
                loan_file::table.inner_join(person::table.on(person::id.eq(loan_file::person_id))),
            )
            .filter(loan::contract_no.eq("5120222027000001"));
        let of = of.select((
            person::name,
            loan_file::file_no,
            loan::receipt_code,
            loan_position::stage,
            loan::principal_fen,
            loan::term_years,
            loan::grace_years,
        ));
        let made: (String, String, String, String, i64, Option<i32>, i32) =
            read(&t, |db| Ok(of.first(db)?));
        let expected = ("罗一禾", "LZ2027-0001", "007316", "undisbursed", 1_200_000, Some(19), 5);
        let (name, no, code, stage, fen, years, grace) = &made;
        let made =
            (name.as_str(), no.as_str(), code.as_str(), stage.as_str(), *fen, *years, *grace);
        assert_eq!(made, expected);
        clerk.get("/loans/LZ2027-0001").await.is(200).says(&["罗一禾"]);
    });
}
