//! Who may borrow, with whom, and how much: rule by rule with its source (rules.md 1, 2, 5.3, 6;
//! rules-more.md 3.2). Pure: knows no database, page or clock.

use chrono::{Months, NaiveDate};

use super::form::{CoBorrower, Party, Read, Renewal, Study};
use super::kinds::{Case, Relation};
use crate::base::dates::{age_on, in_words};
use crate::base::id_number::Sex;
use crate::base::ids::text_enum;
use crate::base::money::Fen;
use crate::base::person_name::may_be_same;
use crate::book::partner::PartnerHit;
use crate::book::policy::{CoBorrowerRule, CounterPaper, RenewalRule, Step, TermRule};
use crate::book::statement::Product;
use crate::book::university;
use crate::error::FieldError;

/// A card that runs out within so many months is named.
pub const LOOK_AHEAD_MONTHS: u32 = 3;

text_enum! {
    Verdict {
        Met = "met", "符合";
        /// For a person to look at; does not stop.
        Ask = "ask", "请核对";
        Stop = "stop", "不符合";
    }
}

/// One rule and what it says of this case.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Ruling {
    pub rule: &'static str,
    pub words: String,
    pub source: String,
    pub verdict: Verdict,
    /// The field at which it is shown.
    pub field: &'static str,
}

/// Another loan or application of the same student for the year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    pub product: Product,
    /// The county, where it is another one.
    pub county: Option<String>,
    /// Who works on it since when; empty for a contract.
    pub by: String,
    pub is_contract: bool,
    /// Where it is read; none in another county.
    pub link: Option<String>,
}

/// What is known of both parties.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub others: Vec<Other>,
    /// Where the student stands on lists of other counties, and the co-borrower.
    pub partner_hits: Vec<PartnerHit>,
    pub co_partner_hits: Vec<PartnerHit>,
    /// Passed pre-application or level of recognition, in words.
    pub recognised: Option<String>,
    /// Contracts of the co-borrower's own that are not settled.
    pub co_unsettled: i64,
    /// Other students whose co-borrower this person is.
    pub co_elsewhere: i64,
    /// Somebody else than last year signs with the student.
    pub has_other_co: bool,
    /// Names on file with these identity numbers.
    pub student_name: Option<String>,
    pub co_name: Option<String>,
}

/// The dated rules that hold for a case.
#[derive(Clone, Debug)]
pub struct RuleSet {
    pub today: NaiveDate,
    pub loan_year: i32,
    pub product: Product,
    pub is_first: bool,
    pub window: (NaiveDate, NaiveDate),
    pub cap: Fen,
    pub cap_source: String,
    pub step: Step,
    pub term: TermRule,
    pub co: CoBorrowerRule,
    pub renewal: RenewalRule,
    /// Where the rules on who may sign come from.
    pub co_source: String,
}

/// As pages name a product.
pub const fn product_words(product: Product) -> &'static str {
    match product {
        Product::Cdb => "国家开发银行助学贷款",
        Product::Local => "县自办免息助学贷款",
    }
}

impl Other {
    fn in_words(&self, product: Product) -> String {
        let place = self.county.as_deref().map(|county| format!("在{county}"));
        let place = place.unwrap_or_default();
        let what = product_words(self.product);
        match (self.is_contract, self.product == product) {
            (true, true) => format!("{place}已经签过本学年的{what}，同一学年只能办一笔"),
            (true, false) => format!("{place}本学年已签{what}，同一学年只能有一笔助学贷款"),
            (false, _) => format!("{place}已经在办本学年的{what}：{}", self.by),
        }
    }
}

fn ruling(
    rule: &'static str,
    field: &'static str,
    source: &str,
    (verdict, words): (Verdict, String),
) -> Ruling {
    Ruling { rule, words, source: source.to_owned(), verdict, field }
}

/// A parent is at least so many years older than the child.
const PARENT_OLDER: i32 = 16;
/// Fees of a year above so many times the cap are asked about.
const FEES_OF_CAP: i64 = 5;

const HELP: &str = "国家开发银行学生在线系统帮助";

/// Every rule that can be judged with what was read so far, in the order of the counter.
pub fn judge(read: &Read, known: &Known, set: &RuleSet) -> Vec<Ruling> {
    let mut all = vec![window(set), no_second_loan(known, set)];
    all.extend(on_other_lists(read, known));
    if set.is_first {
        all.push(recognised(known));
    }
    if let Some(student) = &read.student {
        all.extend(same_name("name", &student.name, known.student_name.as_deref()));
        all.push(card("学生的身份证", "id_until", student, set.today));
    }
    if let Some(co) = &read.co {
        co_borrower(&mut all, (read.student.as_ref(), co), known, set);
    }
    if let Some(study) = &read.study {
        money(&mut all, study, set);
    }
    if let Some(renewal) = &read.renewal {
        all.push(statement(renewal, set));
    }
    all
}

/// What stops, as mistakes of their fields.
pub fn stops(rulings: &[Ruling]) -> Vec<FieldError> {
    let stops = rulings.iter().filter(|one| one.verdict == Verdict::Stop);
    stops
        .map(|one| FieldError { field: one.field.to_owned(), message: one.words.clone() })
        .collect()
}

fn window(set: &RuleSet) -> Ruling {
    let (opens, closes) = set.window;
    let days = format!("{}至{}", in_words(opens, set.today), in_words(closes, set.today));
    let is_open = (opens..=closes).contains(&set.today);
    let finding = match is_open {
        true => (Verdict::Met, format!("受理时间{days}")),
        false => (Verdict::Stop, format!("今天不在受理时间里，今年受理{days}")),
    };
    ruling("受理时间", "id_number", "本县公告", finding)
}

fn no_second_loan(known: &Known, set: &RuleSet) -> Ruling {
    let finding = match known.others.first() {
        Some(other) => (Verdict::Stop, other.in_words(set.product)),
        None => (Verdict::Met, "本库各县没有查到本学年的其他助学贷款".to_owned()),
    };
    ruling("同一学年只有一笔助学贷款", "id_number", "财教〔2024〕188号", finding)
}

/// A hint: whoever stands there may have given it up since, and only the other county can say.
fn on_other_lists(read: &Read, known: &Known) -> Vec<Ruling> {
    let mut all = Vec::new();
    let mut say = |field, finding| {
        all.push(ruling("别的县的名单", field, "财教〔2024〕188号", finding));
    };
    let (hits, answer) = (&known.partner_hits, &read.partner_answer);
    if let Some(one) = hits.iter().find(|one| !one.is_co).or(hits.first()) {
        let hit = hit_in_words(one);
        let finding = match answer.is_empty() {
            true => {
                let words = "请打电话报匹配号，问清楚以后写下“对方县怎么答复”";
                (Verdict::Stop, format!("{hit}，{words}"))
            }
            false => (Verdict::Ask, format!("{hit}，对方答复：{answer}")),
        };
        say("partner_answer", finding);
    }
    if let Some(one) = known.co_partner_hits.first() {
        let words = format!("共同借款人：{}", hit_in_words(one));
        say("co_id_number", (Verdict::Ask, words));
    }
    all
}

fn hit_in_words(one: &PartnerHit) -> String {
    let role = if one.is_co { "，在那里是共同借款人" } else { "" };
    let (partner, id) = (&one.partner, &one.match_id);
    format!("另一个县的名单上有同一身份证号（对方：{partner}，匹配号 {id}）{role}")
}

fn recognised(known: &Known) -> Ruling {
    let finding = match &known.recognised {
        Some(words) => (Verdict::Met, words.clone()),
        None => (Verdict::Ask, "没有预申请和认定记录，要收认定申请表".to_owned()),
    };
    ruling("家庭经济困难", "family_kind", "教财〔2018〕16号", finding)
}

/// The number is on file under another name.
fn same_name(field: &'static str, name: &str, on_file: Option<&str>) -> Option<Ruling> {
    let on_file = on_file.filter(|on_file| !may_be_same(name, on_file))?;
    let words = format!("这个身份证号在系统里的姓名是“{on_file}”，请对照证件核对");
    Some(ruling("人证相符", field, "办理助学贷款核对要求", (Verdict::Stop, words)))
}

fn card(rule: &'static str, field: &'static str, party: &Party, today: NaiveDate) -> Ruling {
    let soon = today.checked_add_months(Months::new(LOOK_AHEAD_MONTHS)).unwrap_or(today);
    let finding = match party.id_until {
        None => {
            (Verdict::Met, format!("{}，{} 岁", party.name, age_on(party.id.birth_on(), today)))
        }
        Some(until) if until < today => {
            let words = "身份证已经过期，要收公安机关出具的带照片的身份证明";
            (Verdict::Ask, format!("{}的{words}", party.name))
        }
        Some(until) if until <= soon => {
            let until = in_words(until, today);
            (Verdict::Ask, format!("{}的身份证 {until} 到期，提醒及时换证", party.name))
        }
        Some(_) => (Verdict::Met, format!("{}的证件在有效期内", party.name)),
    };
    ruling(rule, field, "办理助学贷款核对要求", finding)
}

fn co_borrower(
    all: &mut Vec<Ruling>,
    (student, co): (Option<&Party>, &CoBorrower),
    known: &Known,
    set: &RuleSet,
) {
    let source = &set.co_source;
    all.extend(same_name("co_name", &co.party.name, known.co_name.as_deref()));
    let mut say = |rule, field, finding| all.push(ruling(rule, field, source, finding));
    let age = age_on(co.party.id.birth_on(), set.today);
    if student.is_some_and(|student| student.id == co.party.id) {
        let words = "共同借款人不能是学生本人，请换成父母或其他人".to_owned();
        say("不是学生本人", "co_id_number", (Verdict::Stop, words));
    }
    if student.is_some_and(|student| student.phone == co.party.phone) {
        let words = "两人的手机号不能相同，还款提醒要发给两个人".to_owned();
        say("各留各的手机", "co_phone", (Verdict::Stop, words));
    }
    let swapped = student.is_some_and(|student| {
        co.relation.is_parent() && co.party.id.birth_on() > student.id.birth_on()
    });
    if swapped {
        let words = "共同借款人比学生年纪小，两个身份证号是不是填反了".to_owned();
        say("长幼相符", "co_id_number", (Verdict::Stop, words));
    }
    if !co.relation.is_parent() {
        let range = set.co.youngest..=set.co.oldest;
        let (from, to) = (set.co.youngest, set.co.oldest);
        let finding = match range.contains(&age) {
            true => (Verdict::Met, format!("不是父母的要 {from} 到 {to} 周岁，现在 {age} 岁")),
            false => {
                let words =
                    format!("不是父母的共同借款人要 {from} 到 {to} 周岁，{}", co.party.name);
                (Verdict::Stop, format!("{words} {age} 岁，请换人"))
            }
        };
        say("年龄", "co_id_number", finding);
    } else {
        let words = format!("父母签字不限年龄，{} {age} 岁", co.party.name);
        say("年龄", "co_id_number", (Verdict::Met, words));
    }
    for words in contradictions(student, co) {
        say("关系相符", "relation", (Verdict::Ask, words));
    }
    say("先父母，后近亲属", "case", order(co));
    let finding = match known.co_unsettled {
        0 => (Verdict::Met, format!("{}自己没有未结清的助学贷款", co.party.name)),
        count => {
            let words = format!("{}自己还有 {count} 份助学贷款没有结清", co.party.name);
            (Verdict::Stop, format!("{words}，不能作共同借款人，请换人"))
        }
    };
    say("没有自己的未结清贷款", "co_id_number", finding);
    if known.co_elsewhere > 0 {
        let words = format!("{}还是另外 {} 名学生的", co.party.name, known.co_elsewhere);
        let words = format!("{words}共同借款人，要当面说清责任，再勾选“已经说明”");
        let verdict = if co.is_known_elsewhere { Verdict::Ask } else { Verdict::Stop };
        say("同时作几名学生的共同借款人", "co_known", (verdict, words));
    }
    all.push(card("共同借款人的身份证", "co_id_until", &co.party, set.today));
}

/// What the papers of a parent can hardly say: a clerk looks at them once more.
fn contradictions(student: Option<&Party>, co: &CoBorrower) -> Vec<String> {
    let sex = match co.relation {
        Relation::Father => Some(Sex::Male),
        Relation::Mother => Some(Sex::Female),
        _ => None,
    };
    let mut found = Vec::new();
    let relation = co.relation.in_words();
    if sex.is_some_and(|sex| sex != co.party.id.sex()) {
        let is = co.party.id.sex().to_chinese();
        found.push(format!("{relation}的身份证号是{is}性的，请核对关系和号码"));
    }
    let born = student.map(|student| student.id.birth_on());
    let older = born.map(|born| age_on(co.party.id.birth_on(), born));
    if let Some(older) = older.filter(|years| sex.is_some() && (0..PARENT_OLDER).contains(years)) {
        found.push(format!("{relation}只比学生大 {older} 岁，请核对关系和号码"));
    }
    found
}

fn order(co: &CoBorrower) -> (Verdict, String) {
    let relation = co.relation.in_words();
    match (co.relation.is_parent(), co.case) {
        (true, Case::Plain) => (Verdict::Met, format!("{relation}签字")),
        (true, _) => {
            (Verdict::Stop, format!("{relation}亲自来签的，请选“{}”", Case::Plain.in_words()))
        }
        (false, Case::Plain) => {
            let words = format!("{relation}来签，要选父母为什么不能签");
            (Verdict::Stop, words)
        }
        (false, case) => (Verdict::Ask, format!("{relation}签字：{}", case.in_words())),
    }
}

/// The details of study that can hardly be, and a university that nobody knows by that name.
fn details(all: &mut Vec<Ruling>, study: &Study, set: &RuleSet) {
    let mut ask = |rule, field, words| {
        all.push(ruling(rule, field, "办理助学贷款核对要求", (Verdict::Ask, words)));
    };
    let name = &study.university;
    match university::find(name) {
        university::Found::Exact => {}
        university::Found::Traditional(full) | university::Found::Variant(full) => {
            ask("学校名称", "university", format!("全称是不是“{full}”，请照录取通知书核对"));
        }
        university::Found::OneOf(full) => {
            let full = full.join("、");
            ask("学校名称", "university", format!("是下面哪一所，请照录取通知书核对：{full}"));
        }
        university::Found::Unknown => {
            let of = university::LIST_OF;
            let words = format!("教育部名单（{of}）里没有“{name}”，请照录取通知书写全称");
            ask("学校名称", "university", words);
        }
    }
    let usual = study.entered + study.school_years;
    if study.graduates != usual {
        let (entered, years) = (study.entered, study.school_years);
        let words = format!(
            "{entered} 年入学、学制 {years} 年，应是 {usual} 年毕业，填的是 {} 年，请核对",
            study.graduates
        );
        ask("毕业年份", "graduates", words);
    }
    // Fees of several times the cap are a slip of the pen, or a private school.
    if study.fees().get() > set.cap.get().saturating_mul(FEES_OF_CAP) {
        let fees = study.fees().to_page_text();
        ask("学费住宿费", "tuition", format!("一年共 ¥{fees}，比一般的高很多，请照通知书核对"));
    }
}

fn money(all: &mut Vec<Ruling>, study: &Study, set: &RuleSet) {
    if study.has_other_loan {
        let words =
            "学生说本学年已经在学校或别的银行办了助学贷款：同一学年只能办一笔，这里不能再办";
        let finding = (Verdict::Stop, words.to_owned());
        all.push(ruling("别处的贷款", "other_loan", "财教〔2024〕188号", finding));
    }
    if study.entered > set.loan_year {
        let (entered, year) = (study.entered, set.loan_year);
        let words = format!("{entered} 年才入学，不能办 {year} 年开始的学年的贷款，请核对入学年份");
        all.push(ruling("入学年份", "entered", "教财〔2020〕4号", (Verdict::Stop, words)));
    }
    details(all, study, set);
    let Step { minimum, step } = set.step;
    let (amount, text) = (study.amount, |fen: Fen| format!("¥{}", fen.to_page_text()));
    let finding = if amount > set.cap {
        let level = if study.degree.is_graduate() { "研究生" } else { "本专科" };
        let words = format!("{level}今年最多贷 {}，请改小", text(set.cap));
        (Verdict::Stop, words)
    } else if amount < minimum {
        (Verdict::Stop, format!("最少贷 {}，请改大", text(minimum)))
    } else if !set.step.fits(amount) {
        (Verdict::Stop, format!("贷款金额要是 {} 的整数倍", text(step)))
    } else {
        (Verdict::Met, format!("{} 不超过上限 {}", text(amount), text(set.cap)))
    };
    all.push(ruling("金额", "amount", &set.cap_source, finding));
    if study.fees() < amount && amount <= set.cap {
        let rest = text(amount - study.fees());
        let words = format!("学费住宿费共 {}，余下 {rest} 作生活费", text(study.fees()));
        all.push(ruling("用途", "tuition", "财教〔2021〕164号", (Verdict::Met, words)));
    }
    let remaining = study.remaining(set.loan_year);
    let longest = set.term.longest(remaining);
    let finding = match study.years {
        _ if remaining < 1 => {
            let words = format!("{} 年毕业，本学年已不在校，请核对", study.graduates);
            (Verdict::Stop, words)
        }
        Some(years) if !(set.term.min_years..=longest).contains(&years) => {
            let words = format!("贷款期限要在 {} 到 {longest} 年之间", set.term.min_years);
            (Verdict::Stop, words)
        }
        years => (Verdict::Met, format!("期限 {} 年", years.unwrap_or(longest))),
    };
    let field = if remaining < 1 { "graduates" } else { "years" };
    all.push(ruling("期限", field, "教财〔2020〕4号", finding));
}

fn statement(renewal: &Renewal, set: &RuleSet) -> Ruling {
    let (most, now) = (set.renewal.statement_characters, characters(&renewal.statement));
    let finding = match now >= most {
        true => (Verdict::Met, format!("续贷声明 {now} 字")),
        false => (Verdict::Stop, format!("续贷声明至少 {most} 字，现在 {now} 字")),
    };
    ruling("续贷声明", "statement", HELP, finding)
}

/// Characters that somebody wrote; blanks are none.
pub fn characters(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// The papers of a case, out of the list of the policy.
pub fn papers<'a>(
    all: &'a [CounterPaper],
    read: &Read,
    known: &Known,
    set: &RuleSet,
) -> Vec<&'a CounterPaper> {
    let has_run_out = |party: &Party| party.id_until.is_some_and(|until| until < set.today);
    let case = read.co.as_ref().map(|co| co.case);
    let signs_here = set.is_first || known.has_other_co;
    let is_asked = |when: &str| match when {
        "first" => set.is_first,
        "renewal" => !set.is_first,
        "hardship" => set.is_first && known.recognised.is_none(),
        "relative" => signs_here && case == Some(Case::Unable),
        "delegated" => signs_here && case == Some(Case::Delegated),
        "orphan" => signs_here && case == Some(Case::Orphan),
        "proof" => {
            read.student.as_ref().is_some_and(has_run_out)
                || read.co.as_ref().is_some_and(|co| has_run_out(&co.party))
        }
        "new_co" => !set.is_first && known.has_other_co,
        _ => false,
    };
    all.iter().filter(|paper| is_asked(&paper.when)).collect()
}

/// Why a raise is refused; none when it may be.
pub fn no_raise(
    to: Fen,
    (signed, before): (Fen, Option<Fen>),
    (loan_year, is_paid): (i32, bool),
    set: &RuleSet,
) -> Option<String> {
    let text = |fen: Fen| format!("¥{}", fen.to_page_text());
    if before.is_some() {
        return Some("一份合同只能提额一次，这份已经提过".to_owned());
    }
    if is_paid {
        return Some("贷款已经发放，不能再提额".to_owned());
    }
    if loan_year != set.loan_year {
        return Some("只有本学年签的合同可以提额".to_owned());
    }
    if to <= signed {
        return Some(format!("提额以后要多于现在的 {}", text(signed)));
    }
    if to > set.cap {
        return Some(format!("提额以后不能超过上限 {}", text(set.cap)));
    }
    let hundreds = format!("贷款金额要是 {} 的整数倍", text(set.step.step));
    (!set.step.fits(to)).then_some(hundreds)
}

/// A receipt code as the certificate prints it; six digits with their zeros.
pub fn receipt_code(text: &str) -> Result<String, &'static str> {
    let code: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let is_digits = code.bytes().all(|b| b.is_ascii_digit());
    match (is_digits, code.len()) {
        (true, 6) => Ok(code),
        (true, 1..=5) => Err("回执校验码是六位数字，前面的零也要填"),
        _ => Err("回执校验码是六位数字，请照银行系统填写"),
    }
}
