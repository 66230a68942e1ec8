//! 签约受理 and 复核: from the first card on the table to a contract, on both databases.

mod attachments;
pub mod renewal;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use zhuxue::base::ids::{LoanId, RowId};
use zhuxue::book::staff::{Role, Staff};
use zhuxue::plumbing::schema::{loan, loan_application, loan_file, loan_position, person, review};

use crate::borrower::town::{each, read};
use crate::season::open_year;
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

/// The version in the form of a page that leads there; other forms have that of a review.
pub fn version_in(page: &crate::support::Answer, to: &str) -> String {
    let forms = page.text.split("<form").filter(|form| form.contains(&format!("\"{to}\"")));
    let sign = "name=\"version\" value=\"";
    let version = forms.into_iter().find_map(|form| form.split_once(sign)).unwrap().1;
    version.split('"').next().unwrap().to_owned()
}

/// Begins at the counter; where the application is.
pub async fn begin(desk: &mut Browser, number: &str, product: &str) -> String {
    let answer = desk.post("/applications/new", &[("q", number), ("product", product)]).await;
    let to = answer.is(303).header("location").to_owned();
    to.strip_suffix("/next").unwrap_or_else(|| panic!("{to}")).to_owned()
}

/// What is typed of school and money, with another amount.
pub fn study_of(amount: &str) -> Vec<(&str, &str)> {
    let rest = STUDY.iter().filter(|(name, _)| *name != "amount");
    rest.copied().chain([("amount", amount)]).collect()
}

/// What the bank's form asks besides, of the first step.
const BESIDES: [(&str, &str); 3] =
    [("household", "乐至县宝林镇"), ("postcode", "641500"), ("loan_reason", "父母务农，学费不够")];

/// A first loan up to the check page.
pub async fn fill(desk: &mut Browser, at: &str, co: &str, amount: &str) {
    send(desk, &format!("{at}/who"), &WHO).await.is(303);
    let co = co_of(co);
    let co: Vec<(&str, &str)> = co.iter().map(|(name, text)| (*name, text.as_str())).collect();
    send(desk, &format!("{at}/co"), &co).await.is(303);
    send(desk, &format!("{at}/study"), &study_of(amount)).await.is(303);
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

async fn people(t: &TestApp) -> (Staff, Staff) {
    t.set_day("2027-07-20");
    open_year(t, 2027).await;
    (t.add_staff("wei02", "韦清越", Role::Clerk), t.add_staff("lan02", "蓝敬安", Role::Reviewer))
}

#[test]
fn a_first_loan_goes_from_the_card_to_a_contract() {
    each(async |t| {
        let (wei, lan) = people(&t).await;
        let (mut clerk, mut reviewer) = (t.sign_in_as(&wei), t.sign_in_as(&lan));
        let (girl, father) = (id(GIRL), id(FATHER));
        clerk.get("/applications").await.is(200).says(&["这里没有申请", "受理下一人"]);
        let at = begin(&mut clerk, &girl, "cdb").await;
        assert_eq!(begin(&mut clerk, &girl, "cdb").await, at, "the same person goes on with it");
        fill(&mut clerk, &at, &father, "12000").await;
        let check = clerk.get(&format!("{at}/check")).await;
        check.is(200).says(&["壹万贰仟元整", "¥5,800.00", "2046年9月20日", "罗建松，父亲，45 岁"]);
        let page = format!("{at}/check");
        send(&mut clerk, &page, &[]).await.is(422).says(&["两位都说没有错以后"]);
        submit(&mut clerk, &at).await;
        let review = review_of(&t, &at);
        let decide = [("decision", "approve"), ("step", ""), ("reason", "")];
        clerk.get(&review).await.is(200).says(&["这是您自己提交的"]);
        reviewer.get("/reviews").await.is(200).says(&["罗一禾", "12,000.00"]);
        reviewer.get(&review).await.is(200).says(&["罗一禾", "四川大学", "同意"]);
        send(&mut reviewer, &review, &decide).await.is(303);
        assert_eq!(state(&t, &at), "approved");
        let bank = [("contract_no", "5120222027000001"), ("code", "007316")];
        let show = clerk.get(&at).await;
        show.is(200).says(&["银行系统给的号", "待登记合同号"]);
        let to = format!("{at}/bank");
        let version = version_in(&show, &to);
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

#[test]
fn each_wrong_input_has_a_sentence_of_its_own() {
    each(async |t| {
        let (wei, _) = people(&t).await;
        let mut clerk = t.sign_in_as(&wei);
        let (girl, father) = (id(GIRL), id(FATHER));
        let wrong = format!("{}{}", &girl[..17], if girl.ends_with('1') { "2" } else { "1" });
        for (typed, why) in [
            ("", "学生身份证号还没有填"),
            ("5120902008031400", "应是 18 位，现在是 16 位"),
            ("512090200813140021", "出生日期不存在"),
            (wrong.as_str(), "学生身份证号对不上，请对照证件重输"),
            ("无名氏", "系统里还没有无名氏"),
        ] {
            let form = [("q", typed), ("product", "cdb")];
            clerk.post("/applications/new", &form).await.is(422).says(&[why]);
        }
        let at = begin(&mut clerk, &girl, "cdb").await;
        send(&mut clerk, &format!("{at}/who"), &WHO).await.is(303);
        let to = format!("{at}/co");
        let older = id("51209019660202001");
        let younger = id("51209020100303001");
        let cases: [(&[(&str, &str)], &str); 7] = [
            (&[("co_id_number", &girl)], "共同借款人不能是学生本人"),
            (&[("co_id_number", &younger)], "两个身份证号是不是填反了"),
            (&[("co_phone", "16410000316")], "两人的手机号不能相同"),
            (
                &[("co_id_number", &older), ("relation", "relative"), ("case", "unable")],
                "要 25 到 60 周岁，罗建松 61 岁，请换人",
            ),
            (&[("relation", "relative")], "要选父母为什么不能签"),
            (&[("co_id_number", "51209719800127996")], "应是 18 位"),
            (&[("co_phone", "1641000")], "号"),
        ];
        for (changed, why) in cases {
            let mut form: Vec<(&str, String)> = co_of(&father);
            for (name, text) in changed {
                form.retain(|(known, _)| known != name);
                form.push((name, (*text).to_owned()));
            }
            let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
            send(&mut clerk, &to, &form).await.is(422).says(&[why, "罗建松"]);
        }
        let co = co_of(&father);
        let co: Vec<(&str, &str)> = co.iter().map(|(n, v)| (*n, v.as_str())).collect();
        send(&mut clerk, &to, &co).await.is(303);
        let to = format!("{at}/study");
        for (name, text, why) in [
            ("amount", "25000", "本专科今年最多贷 ¥20,000.00，请改小"),
            ("amount", "12050", "要是 ¥100.00 的整数倍"),
            ("amount", "900", "最少贷 ¥1,000.00"),
            ("amount", "一万", "贷款金额请写成 12000 这样"),
            ("lodging", "", "没有的写 0"),
            ("school_years", "40", "学制请写年数"),
            ("entered", "2020", "2024 年毕业，本学年已不在校"),
            ("years", "30", "贷款期限要在 6 到 19 年之间"),
            ("account", "6217账号", "账号请照银行卡"),
        ] {
            let mut form = STUDY.to_vec();
            form.retain(|(known, _)| *known != name);
            form.push((name, text));
            send(&mut clerk, &to, &form).await.is(422).says(&[why]);
        }
        t.set_day("2027-11-02");
        let mut clerk = t.sign_in_as(&wei);
        let form = [("q", father.as_str()), ("product", "cdb")];
        clerk.post("/applications/new", &form).await.is(422).says(&["今天不在受理时间里"]);
    });
}

#[test]
fn two_desks_sign_one_student_and_the_second_hears_who() {
    each(async |t| {
        let (wei, lan) = people(&t).await;
        let (mut one, mut other) = (t.sign_in_as(&wei), t.sign_in_as(&lan));
        let girl = id(GIRL);
        let at = begin(&mut one, &girl, "cdb").await;
        for product in ["cdb", "local"] {
            let form = [("q", girl.as_str()), ("product", product)];
            let answer = other.post("/applications/new", &form).await;
            answer.is(422).says(&["已经在办本学年的", "韦清越，2027-07-20"]);
            let link = at.replace('/', "&#x2f;");
            answer.says(&[&format!("<a href=\"{link}\">看这份申请")]);
        }
        // Parked with what was typed half, taken up by the other.
        let park = [("name", "罗一禾"), ("phone", "164"), ("then", "park")];
        send(&mut one, &format!("{at}/who"), &park).await.is(303);
        one.get("/applications?tab=parked").await.is(200).says(&["罗一禾"]);
        let version = other.get(&at).await.says(&["由我接着办理"]).hidden("version");
        let take = [("version", version.as_str())];
        other.post(&format!("{at}/take"), &take).await.is(303);
        other.get(&format!("{at}/who")).await.is(200).says(&["value=\"164\"", "经办 蓝敬安"]);
        // A page of another time keeps what was typed.
        let stale = [("version", "1"), ("name", "罗二禾")];
        let answer = one.post(&format!("{at}/who"), &[&stale[..], &WHO[1..]].concat()).await;
        answer.is(409).says(&["罗二禾", "蓝敬安在 2027-07-20", "保存过这份申请"]);
    });
}

#[test]
fn nobody_decides_what_they_have_proposed_and_what_comes_back_shows_what_is_new() {
    each(async |t| {
        let (_, lan) = people(&t).await;
        let mo = t.add_staff("mo02", "莫主任", Role::Director);
        let (mut author, mut director) = (t.sign_in_as(&lan), t.sign_in_as(&mo));
        let at = begin(&mut author, &id(GIRL), "local").await;
        fill(&mut author, &at, &id(FATHER), "8000").await;
        let study = format!("{at}/study");
        let too_much = send(&mut author, &study, &study_of("9000")).await;
        too_much.is(422).says(&["本专科今年最多贷 ¥8,000.00"]);
        submit(&mut author, &at).await;
        let review = review_of(&t, &at);
        // A forged form by its own author.
        let approve = [("version", "1"), ("decision", "approve"), ("step", ""), ("reason", "")];
        author.post(&review, &approve).await.is(422).says(&["自己提出的不能自己复核"]);
        assert_eq!(state(&t, &at), "submitted");
        // Taken back while nobody has looked, and handed in again.
        author.get(&at).await.says(&["撤回提交"]);
        author.post(&format!("{review}/withdraw"), &[("version", "1")]).await.is(303);
        assert_eq!(state(&t, &at), "draft");
        submit(&mut author, &at).await;
        director.get("/home").await.says(&["份等复核"]);
        director.get(&review).await.is(200).says(&["¥8,000.00，捌仟元整"]);
        let version = author.get(&review).await.hidden("version");
        let withdraw = [("version", version.as_str())];
        let answer = author.post(&format!("{review}/withdraw"), &withdraw).await;
        answer.is(422).says(&["莫主任", "撤不回了"]);
        author.post(&format!("{review}/urge"), &withdraw).await.is(303);
        director.get("/reviews").await.says(&["催办"]);
        let back = |step, reason| [("decision", "return"), ("step", step), ("reason", reason)];
        send(&mut director, &review, &back("study", "")).await.is(422).says(&["请写一句原因"]);
        let odd = send(&mut director, &review, &back("moon", "金额太少")).await;
        odd.is(422).says(&["请选退回到哪一步"]);
        send(&mut director, &review, &back("study", "学费写少了")).await.is(303);
        assert_eq!(state(&t, &at), "returned");
        author.get("/home").await.says(&["份申请退回补正"]);
        author.get(&at).await.says(&["学费写少了"]);
        let mut mended = study_of("7000");
        mended.retain(|(name, _)| *name != "tuition");
        mended.push(("tuition", "6600"));
        send(&mut author, &study, &mended).await.is(303);
        submit(&mut author, &at).await;
        let page = director.get(&review).await;
        page.is(200).says(&[
            "上次看过以后改了什么",
            "¥4,600.00，¥1,200.00",
            "¥6,600.00，¥1,200.00",
        ]);
        // No bank behind it: the approval makes number and code.
        send(&mut director, &review, &[("decision", "approve"), ("reason", "")]).await.is(303);
        assert_eq!(state(&t, &at), "signed");
        let of = loan::table.filter(loan::product.eq("local")).select((
            loan::contract_no,
            loan::receipt_code,
            loan::principal_fen,
            loan::fixed_rate_ppm,
        ));
        let (no, code, fen, rate): (String, String, i64, Option<i32>) =
            read(&t, |db| Ok(of.first(db)?));
        assert_eq!((no.as_str(), code.len(), fen, rate), ("LZD2027-0001", 6, 700_000, Some(0)));
        for paper in ["form", "contract", "plan", "certificate", "cover"] {
            let page = author.get(&format!("{at}/print/{paper}")).await;
            page.is(200).says(&["罗一禾", "LZD2027-0001"]);
        }
        // The county's own contract stands in full, a copy for each side.
        let contract = author.get(&format!("{at}/print/contract")).await;
        contract.is(200).says(&[
            "借款合同",
            "¥7,000.00（柒仟元整）",
            "罗建松，父亲",
            "甲方（资助中心）一份",
        ]);
        assert_eq!(contract.text.matches("第七条").count(), 2);
        // A paper keeps its number, on paper and in the history.
        author.get(&format!("{at}/print/form")).await.says(&["LZP2027-0001（补打）"]);
        let prints = director.get("/audit?action=printed").await;
        prints.is(200).says(&["LZP2027-0001 打印申请表", "LZP2027-0001 补打申请表"]);
        let log = director.get("/audit?action=review_decided").await;
        log.is(200).says(&["退回补正", "学费写少了"]);
    });
}

#[test]
fn many_are_approved_at_once_and_what_is_to_be_read_is_left() {
    each(async |t| {
        let (wei, lan) = people(&t).await;
        let (mut clerk, mut reviewer) = (t.sign_in_as(&wei), t.sign_in_as(&lan));
        let mut ticked = Vec::new();
        for (girl, father) in [(GIRL, FATHER), ("51209020080314022", "51209019811121033")] {
            let at = begin(&mut clerk, &id(girl), "local").await;
            fill(&mut clerk, &at, &id(father), "6000").await;
            submit(&mut clerk, &at).await;
            ticked.push(review_of(&t, &at).replace("/reviews/", "") + ":1");
        }
        // Nobody has recognised either; one was looked at and may go.
        let no_exceptions = "UPDATE review SET exceptions = '' WHERE id = ";
        let first = ticked[0].split(':').next().unwrap();
        let sql = format!("{no_exceptions}{first}");
        t.app.db.write("test", |db| Ok(db.batch_execute(&sql)?)).unwrap();
        let form: Vec<(&str, &str)> = ticked.iter().map(|one| ("one", one.as_str())).collect();
        let page = reviewer.post("/reviews/approve", &form).await;
        page.is(200).says(&["已同意 1 份", "留下 1 份", "要收认定申请表"]);
        clerk.post("/reviews/approve", &form).await.is(403);
    });
}

#[test]
fn a_contract_is_raised_once_and_void_with_a_reason() {
    each(async |t| {
        let (wei, lan) = people(&t).await;
        let (mut clerk, mut reviewer) = (t.sign_in_as(&wei), t.sign_in_as(&lan));
        let girl = id(GIRL);
        let at = begin(&mut clerk, &girl, "local").await;
        fill(&mut clerk, &at, &id(FATHER), "6000").await;
        submit(&mut clerk, &at).await;
        let approve = [("decision", "approve"), ("reason", ""), ("step", "")];
        send(&mut reviewer, &review_of(&t, &at), &approve).await.is(303);
        let change = async |clerk: &mut Browser, what: &str, field: (&str, &str)| {
            let to = format!("{at}/{what}");
            // A raise is not offered twice, and refused all the same.
            let version = version_in(clerk.get(&at).await.is(200), &format!("{at}/void"));
            clerk.post(&to, &[("version", version.as_str()), field]).await
        };
        for (to, why) in [
            ("9000", "不能超过上限 ¥8,000.00"),
            ("6050", "整数倍"),
            ("6000", "要多于现在的 ¥6,000.00"),
            ("", "请写提额以后的金额"),
        ] {
            change(&mut clerk, "raise", ("to", to)).await.is(422).says(&[why]);
        }
        change(&mut clerk, "raise", ("to", "8000")).await.is(303);
        change(&mut clerk, "raise", ("to", "7000")).await.is(422).says(&["已经提交复核"]);
        let review = review_of(&t, &at);
        reviewer.get(&review).await.is(200).says(&["¥6,000.00", "¥8,000.00"]);
        send(&mut reviewer, &review, &approve).await.is(303);
        let principal = |t: &TestApp| -> Vec<i64> {
            let of = loan::table.filter(loan::product.eq("local")).select(loan::principal_fen);
            read(t, |db| Ok(of.load(db)?))
        };
        assert_eq!(principal(&t), [800_000]);
        change(&mut clerk, "raise", ("to", "8000")).await.is(422).says(&["这份已经提过"]);
        change(&mut clerk, "void", ("why", "")).await.is(422).says(&["为什么作废"]);
        // What the county's bank has on a list, or is about to have, stays as it is.
        let listed = "INSERT INTO batch (id, office_code, kind, year, serial, state, lines, \
            sum_fen, seal, version) \
            SELECT 1, office_code, 'local_disbursement', 2027, 1, 'draft', 1, \
            principal_fen, '', 1 FROM loan WHERE product = 'local'; \
            INSERT INTO batch_line (id, office_code, batch_id, kind, line, subject_id, person_id, \
            name, number, amount_fen, account_mask, seal, state, reason, running) \
            SELECT 1, loan.office_code, 1, 'local_disbursement', 1, loan.id, loan_file.person_id, \
            '', loan.contract_no, principal_fen, '', '', 'open', '', TRUE FROM loan \
            JOIN loan_file ON loan_file.id = loan.file_id WHERE loan.product = 'local'";
        t.app.db.write("test", |db| Ok(db.batch_execute(listed)?)).unwrap();
        let kept = change(&mut clerk, "void", ("why", "学生放弃入学")).await;
        kept.is(422).says(&["合同已经编进放款批次"]);
        let free = "UPDATE batch_line SET running = FALSE";
        t.app.db.write("test", |db| Ok(db.batch_execute(free)?)).unwrap();
        let of = loan::table.filter(loan::contract_no.eq("LZD2027-0001")).select(loan::id);
        let id: LoanId = read(&t, |db| Ok(of.first(db)?));
        let letter = format!("/disbursements/loans/{id}/letter");
        clerk.get(&at).await.says(&["绿色通道说明"]);
        clerk.get(&letter).await.is(200).says(&[
            "四川大学资助部门",
            "款项尚未发放",
            "LZD2027-0001",
            "¥8,000.00",
            "捌仟元整",
            "12月31日前查清",
        ]);
        let stage = |stage: &str| {
            let of = "(SELECT id FROM loan WHERE contract_no = 'LZD2027-0001')";
            let sql = format!("UPDATE loan_position SET stage = '{stage}' WHERE loan_id = {of}");
            t.app.db.write("test", |db| Ok(db.batch_execute(&sql)?)).unwrap();
        };
        stage("in_study");
        clerk.get(&letter).await.is(422).says(&["贷款已经发放，不用再开绿色通道说明"]);
        assert!(!clerk.get(&at).await.text.contains("绿色通道说明"));
        stage("undisbursed");
        change(&mut clerk, "void", ("why", "学生放弃入学")).await.is(303);
        send(&mut reviewer, &review_of(&t, &at), &approve).await.is(303);
        assert_eq!((state(&t, &at).as_str(), principal(&t).len()), ("void", 0));
        clerk.get(&at).await.is(200).says(&["已作废", "学生放弃入学"]);
        clerk.get(&letter).await.is(404);
        // The student may come again this year.
        assert_ne!(begin(&mut clerk, &girl, "cdb").await, at);
    });
}

#[test]
fn what_the_banks_form_asks_besides_is_kept_printed_and_copied_in_its_order() {
    each(async |t| {
        let (wei, lan) = people(&t).await;
        let (mut clerk, mut reviewer) = (t.sign_in_as(&wei), t.sign_in_as(&lan));
        let at = begin(&mut clerk, &id(GIRL), "cdb").await;
        clerk.get(&format!("{at}/who")).await.is(200).says(&["家庭经济困难，学费和住宿费不够"]);
        let who = format!("{at}/who");
        let odd = [&WHO[..], &[("postcode", "6415")]].concat();
        send(&mut clerk, &who, &odd).await.is(422).says(&["邮编是六位数字"]);
        fill(&mut clerk, &at, &id(FATHER), "12000").await;
        send(&mut clerk, &who, &[&WHO[..], &BESIDES[..]].concat()).await.is(303);
        let more = [("department", "华西临床医学院"), ("account", "6217 0000 1234 5678")];
        let study = [&study_of("１２０００")[..], &more[..]].concat();
        send(&mut clerk, &format!("{at}/study"), &study).await.is(303);
        let form = clerk.get(&format!("{at}/print/form")).await;
        form.is(200).says(&["641500", "父母务农，学费不够", "华西临床医学院"]);
        submit(&mut clerk, &at).await;
        let approve = [("decision", "approve"), ("step", ""), ("reason", "")];
        send(&mut reviewer, &review_of(&t, &at), &approve).await.is(303);
        let show = clerk.get(&at).await;
        let labels = ["户籍所在地", "邮编", "院系", "贷款原因", "贷款学年"];
        let places = labels.map(|label| show.text.find(&format!(">{label}</label>")).unwrap());
        assert!(places.is_sorted(), "in the order of the bank's form: {places:?}");
        let to = format!("{at}/bank");
        let version = version_in(&show, &to);
        let no = [("contract_no", "5120222027000009"), ("code", "007316")];
        clerk.post(&to, &[("version", version.as_str()), no[0], no[1]]).await.is(303);
        // The pay-out goes to the account that was said at the counter.
        let of = loan::table.filter(loan::contract_no.eq("5120222027000009"));
        let mask: String = read(&t, |db| Ok(of.select(loan::account_mask).first(db)?));
        assert_eq!(mask, "6217******5678");
    });
}

#[test]
fn the_director_sets_the_terms_of_the_countys_own_contract_from_a_day_on() {
    each(async |t| {
        let (wei, lan) = people(&t).await;
        let (mut clerk, mut reviewer) = (t.sign_in_as(&wei), t.sign_in_as(&lan));
        let mut director = t.sign_in(Role::Director);
        clerk.get("/admin/contract-text").await.is(403);
        let page = director.get("/admin/contract-text").await;
        page.is(200).says(&["程序原来的条款", "借款学生张三", "捌仟元整"]);
        let to = "/admin/contract-text";
        let text = "{学生}和{共同借款人}借{金额}，向本县还清。";
        let look = [("text", text), ("since", "2027-07-20"), ("step", "look")];
        send(&mut director, to, &look).await.is(200).says(&["张三和张大山借¥8,000.00"]);
        for (wrong, why) in [
            ([("text", "{学生}借钱"), ("since", "2027-07-20")], "合同里要有{共同借款人}"),
            ([("text", text), ("since", "2027-07-19")], "请写今天或以后的日期"),
        ] {
            send(&mut director, to, &wrong).await.is(422).says(&[why]);
        }
        let save = [("text", text), ("since", "2027-07-20"), ("step", "save")];
        send(&mut director, to, &save).await.is(303);
        let forged = [("text", "{学生}{共同借款人}{金额}"), save[1], ("step", "zzz")];
        send(&mut director, to, &forged).await.is(422).says(&["保存条款"]);
        send(&mut director, to, &save).await.is(422).says(&["条款没有改动"]);
        let old = [("version", "0"), save[0], save[1], save[2]];
        director.post(to, &old).await.is(409).says(&["别人刚刚改过"]);
        let approve = [("decision", "approve"), ("step", ""), ("reason", "")];
        let at = begin(&mut clerk, &id(GIRL), "local").await;
        fill(&mut clerk, &at, &id(FATHER), "6000").await;
        submit(&mut clerk, &at).await;
        send(&mut reviewer, &review_of(&t, &at), &approve).await.is(303);
        let contract = clerk.get(&format!("{at}/print/contract")).await;
        contract.is(200).says(&["罗一禾和罗建松借¥6,000.00，向本县还清。"]);
        contract.says(&["乙方（借款学生）", &id(GIRL), &id(FATHER), "借款合同 罗一禾"]);
        assert!(!contract.text.contains("合同摘要") && !contract.text.contains("（补打）"));
        let plan = clerk.get(&format!("{at}/print/plan")).await;
        assert!(!plan.is(200).text.contains("估算"), "a column of nothing but 0.00");
        clerk.get(&format!("{at}/print/contract")).await.is(200).says(&["（补打）"]);
        assert!(!contract.text.contains("第七条"));
    });
}
