//! What papers say (ui/README 12 and 15): plain, kind, no more than the visit needs.
//!
//! It is 还款提醒 and 走访, people are 村民, and nothing here speaks of consequences.

use chrono::{Datelike, NaiveDate};

use super::purpose::Purpose;
use super::rules::{CoBorrower, Household, Receiver, ReceiverKind};

/// What a receiver may write into the column 走访结果, and an import reads back.
pub const RESULTS: [&str; 13] = [
    "接通本人",
    "见到家人",
    "家中无人",
    "号码失效",
    "在服役",
    "在读书",
    "有困难",
    "已还",
    "对金额有疑问",
    "已请人转告",
    "已搬走",
    "不愿意谈",
    "本人已去世",
];

/// The same of a yearly contact, where nothing is owed.
const YEARLY_RESULTS: [&str; 11] = [
    "接通本人",
    "见到家人",
    "家中无人",
    "号码失效",
    "在服役",
    "在读书",
    "有困难",
    "已请人转告",
    "已搬走",
    "不愿意谈",
    "本人已去世",
];

/// The results of a workbook.
pub const fn results(purpose: Purpose) -> &'static [&'static str] {
    match purpose {
        Purpose::Overdue => &RESULTS,
        Purpose::Yearly => &YEARLY_RESULTS,
    }
}

/// What a batch is called in a heading.
pub const fn matter(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Overdue => "助学贷款还款提醒走访",
        Purpose::Yearly => "助学贷款家庭联系",
    }
}

/// Asked for on every paper of a yearly contact.
pub const KEEP: &str = "请勿对外张贴或转发本表。";

/// What papers say instead of arrears where the director goes ahead without the bank.
pub const MAY_BE_PAID: &str = "有还款已经到期，银行的结果还没有到，可能已经还了";

/// Asked for on every paper.
pub const DISCRETION: &str = "请勿将还款交给个人，请勿对外张贴或转发本表。";

/// The office in whose name papers go out.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Sender {
    /// `乐至县学生资助管理中心`.
    pub office: String,
    /// Where to find the desk.
    pub address: String,
    /// Telephone of the desk.
    pub phone: String,
    /// Whom to ask for; may be empty.
    pub contact: String,
}

impl Sender {
    /// One line: `联系人：韦清越　电话：0000-6180312`; what is not known is left out.
    pub fn contact_line(&self) -> String {
        let mut parts = Vec::new();
        if !self.contact.is_empty() {
            parts.push(format!("联系人：{}", self.contact));
        }
        if !self.phone.is_empty() {
            parts.push(format!("电话：{}", self.phone));
        }
        parts.join("　")
    }
}

/// `2026年8月15日`.
pub fn full_day(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// The receiver as a list shows it: `大楼湾村村民委员会`, or that it is not filled in.
pub fn receiver_name(by: ReceiverKind, receiver: &Receiver) -> String {
    if receiver.is_unknown() {
        format!("未填写{}", by.in_words())
    } else {
        receiver.name.clone()
    }
}

/// The receiver as a letter begins: `中天镇大楼湾村村民委员会`. A village whose list gives only
/// its name gets the committee it must have.
pub fn addressee(by: ReceiverKind, receiver: &Receiver) -> String {
    if receiver.is_unknown() {
        return "　　　　　　　　　　　　".to_owned();
    }
    let name = &receiver.name;
    let committee = match by {
        ReceiverKind::Village if name.ends_with('村') => "村民委员会",
        ReceiverKind::Village if name.ends_with("社区") => "居民委员会",
        _ => "",
    };
    // Some lists repeat the township in front of the village.
    let township = if name.starts_with(&receiver.township) { "" } else { &receiver.township };
    format!("{township}{name}{committee}")
}

/// `贵村村民`, `贵社区居民`, `贵校毕业生`, `贵所辖区村民`.
pub fn of_yours(by: ReceiverKind, receiver: &Receiver) -> &'static str {
    match by {
        ReceiverKind::Village if committee(&receiver.name) == "居民委员会" => "贵社区居民",
        ReceiverKind::Village => "贵村村民",
        ReceiverKind::School => "贵校毕业生",
        ReceiverKind::Police => "贵所辖区村民",
    }
}

/// `国家助学贷款`, or `助学贷款` for the county's own product.
pub fn programme(household: &Household) -> &'static str {
    if household.is_state_programme { "国家助学贷款" } else { "助学贷款" }
}

/// `有一期还款到期未还`, `有 3 期还款到期未还`.
pub fn instalments(household: &Household) -> String {
    match household.arrears.due_days {
        0 | 1 => "有一期还款到期未还".to_owned(),
        2 => "有两期还款到期未还".to_owned(),
        n => format!("有 {n} 期还款到期未还"),
    }
}

/// `西岭师范学院，2019 年毕业`.
pub fn studies(household: &Household, as_of: NaiveDate) -> String {
    let university = &household.university;
    match household.graduates_in {
        None => university.clone(),
        Some(year) if year > as_of.year() => format!("{university}，{year} 年应毕业"),
        Some(year) => format!("{university}，{year} 年毕业"),
    }
}

/// `父亲 覃志强　187****3350`.
pub fn co_borrower(co: &CoBorrower) -> String {
    let who = [co.relation.as_str(), co.name.as_str()];
    let who: Vec<&str> = who.into_iter().filter(|part| !part.is_empty()).collect();
    let mut text = who.join(" ");
    for phone in co.phones.iter().take(2) {
        text.push('　');
        text.push_str(phone);
    }
    text
}

/// `村民委员会` or `居民委员会`, as the name of the village says; both when it says nothing.
pub fn committee(village: &str) -> &'static str {
    if village.is_empty() {
        "村（居）民委员会"
    } else if village.contains("社区") || village.contains("居民") {
        "居民委员会"
    } else {
        "村民委员会"
    }
}

/// Who fills in the first copy and seals it.
pub fn filled_by(by: ReceiverKind, receiver: &Receiver) -> &'static str {
    match by {
        ReceiverKind::Village => committee(&receiver.name),
        ReceiverKind::School => "学校",
        ReceiverKind::Police => "派出所",
    }
}

/// The boxes to sign and seal, as many as fit the page. The police have no part in a yearly
/// contact: there the office itself signs for what came back.
pub fn seals(
    (purpose, by): (Purpose, ReceiverKind),
    receiver: &Receiver,
    household: &Household,
) -> [String; 4] {
    let third = filled_by(by, receiver);
    let fourth = match (purpose, by) {
        (Purpose::Yearly, _) => "资助中心收回（签字）".to_owned(),
        (Purpose::Overdue, ReceiverKind::Village) => "派出所（盖章）".to_owned(),
        (Purpose::Overdue, _) => format!("{}（盖章）", committee(&household.village)),
    };
    ["走访人（两人以上）".to_owned(), "借款人或家人".to_owned(), format!("{third}（盖章）"), fourth]
}

/// What a file without a receiver needs before its sheet can go out.
pub fn unknown_note(by: ReceiverKind) -> String {
    format!("档案里没有填写{}，请先补上再发出", by.in_words())
}
