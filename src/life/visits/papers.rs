//! The A4 papers of a batch as its template takes them: the cover list, for each receiver the
//! list of its households, and one visit sheet for each household. Only words and figures; the
//! template only sets them.

use chrono::{Datelike, NaiveDateTime, Timelike};
use serde::Serialize;

use super::cover::numbers;
use super::formats::Wishes;
use super::rules::{Batch, Receiver, ReceiverKind, Sheet};
use super::text;
use crate::base::money::Fen;

/// Lines of a list that fit one page.
const LINES: usize = 17;

/// What whoever prints may choose, beside what workbooks have too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// Amounts, day of return, sender.
    pub wishes: Wishes,
    /// A second copy of each sheet, for the office's own folder.
    pub stub: bool,
    /// The running number of the letter: `12` of 青资助访〔2026〕12 号.
    pub letter: Option<u32>,
    /// When it is printed, local time.
    pub printed_at: NaiveDateTime,
}

/// Everything on paper, in the order of printing.
#[derive(Debug, Serialize)]
pub struct Papers {
    /// Pages of the list of receivers; none when there is one receiver only.
    pub covers: Vec<CoverPage>,
    /// What goes to each receiver.
    pub stacks: Vec<Stack>,
    /// The second copies, all together at the end: they stay in the office.
    pub stubs: Vec<Visit>,
    pub pages: usize,
    /// What all papers share.
    pub common: Common,
}

/// What all papers of a batch share.
#[derive(Debug, Serialize)]
pub struct Common {
    /// The office in the letterhead.
    pub office: String,
    /// `乐资助访〔2026〕12 号`; empty when the letter has no number.
    pub letter: String,
    /// `2026年8月15日`.
    pub return_by: String,
    /// `2026年8月3日`.
    pub as_of: String,
    /// `8月3日`.
    pub as_of_short: String,
    /// `2026年8月3日 9:20 打印　经办 韦清越`.
    pub printed: String,
    /// Where the desk is.
    pub address: String,
    /// `联系人：韦清越　电话：0000-6180312`.
    pub contact: String,
    /// `村（社区）`.
    pub by: &'static str,
    /// What every paper asks for.
    pub discretion: &'static str,
    /// A yearly contact: nothing is owed, and no paper says so.
    pub yearly: bool,
    pub amounts: bool,
    /// Receivers of the batch.
    pub receivers: usize,
    /// Households of the batch.
    pub households: usize,
    /// What they owe together.
    pub total: Fen,
    /// Where a code is typed: `https://zhuxue.county.example`; empty when sheets carry none.
    pub site: String,
}

/// A page of the list of receivers.
#[derive(Debug, Serialize)]
pub struct CoverPage {
    /// 1 for the first.
    pub page: usize,
    /// How many pages the list has.
    pub of: usize,
    /// The receivers on it.
    pub lines: Vec<CoverLine>,
}

#[derive(Debug, Serialize)]
pub struct CoverLine {
    /// Its place in the list.
    pub n: usize,
    /// `中天镇大楼湾村村民委员会`.
    pub name: String,
    /// What is missing before anything can be sent; mostly empty.
    pub missing: String,
    pub households: usize,
    /// What they owe together.
    pub total: Fen,
    /// `HZ26-1031-001 至 014`.
    pub numbers: String,
}

/// What goes to one receiver.
#[derive(Debug, Serialize)]
pub struct Stack {
    /// The list of its households; none when there is one household only.
    pub lists: Vec<ListPage>,
    /// The sheets to fill in.
    pub visits: Vec<Visit>,
}

/// A page of the list of one receiver's households, in the order of the road.
#[derive(Debug, Serialize)]
pub struct ListPage {
    /// 1 for the first.
    pub page: usize,
    /// How many pages the list has.
    pub of: usize,
    /// `中天镇大楼湾村村民委员会`.
    pub addressee: String,
    /// `村民委员会`, `学校`, `派出所`.
    pub filled_by: &'static str,
    /// Households of the receiver.
    pub households: usize,
    /// What they owe together.
    pub total: Fen,
    /// Those on this page.
    pub lines: Vec<ListLine>,
}

/// One household of the list.
#[derive(Debug, Serialize)]
pub struct ListLine {
    /// `HZ26-1031-001`.
    pub number: String,
    pub name: String,
    pub address: String,
    pub amount: Fen,
}

#[derive(Clone, Debug, Serialize)]
pub struct Visit {
    /// `HZ26-1031-001`.
    pub number: String,
    /// `中天镇大楼湾村村民委员会`.
    pub addressee: String,
    /// `村民委员会`, `学校`, `派出所`.
    pub filled_by: &'static str,
    /// The four boxes to sign and seal.
    pub seals: [String; 4],
    /// `贵村村民`.
    pub of_yours: &'static str,
    pub name: String,
    /// `国家助学贷款`.
    pub programme: &'static str,
    /// `有一期还款到期未还`.
    pub instalments: String,
    /// `男　29 岁`.
    pub sex_and_age: String,
    pub id_mask: String,
    pub address: String,
    /// `西岭师范学院，2019 年毕业`.
    pub studies: String,
    /// `父亲 覃志强　187****3350`; empty when there is none.
    pub co_borrower: String,
    /// The borrower's telephones, masked.
    pub phones: String,
    /// What is overdue; none when amounts are left out.
    pub amount: Option<Fen>,
    /// `7K3M-9QXP`, by which it comes back; empty when it has none.
    pub code: String,
    /// The same as a picture for telephones (SVG).
    pub qr: String,
}

/// Sets a batch on paper.
pub fn papers(batch: &Batch, choices: &Choices) -> Papers {
    let stacks: Vec<Stack> =
        batch.receivers.iter().map(|receiver| stack(batch, receiver, choices)).collect();
    let stubs: Vec<Visit> = if choices.stub {
        stacks.iter().flat_map(|stack| stack.visits.iter().cloned()).collect()
    } else {
        Vec::new()
    };
    let covers = covers(batch);
    let sheets: usize = stacks.iter().map(|s| s.lists.len() + s.visits.len()).sum();
    let pages = covers.len() + sheets + stubs.len();
    Papers { covers, stacks, stubs, pages, common: common(batch, choices) }
}

fn common(batch: &Batch, choices: &Choices) -> Common {
    let sender = &choices.wishes.sender;
    let at = choices.printed_at;
    let by = if sender.contact.is_empty() {
        String::new()
    } else {
        format!("　经办 {}", sender.contact)
    };
    let letter = match (choices.letter, sender.office.chars().next()) {
        (Some(n), Some(county)) => format!("{county}资助访〔{}〕{n} 号", at.year()),
        _ => String::new(),
    };
    let (as_of, yearly) = (batch.as_of, choices.wishes.purpose.is_yearly());
    let known = choices.wishes.bank_data.day_of(as_of);
    let basis = match yearly {
        true => String::new(),
        false => format!("　{}", choices.wishes.bank_data.in_words()),
    };
    Common {
        office: sender.office.clone(),
        letter,
        return_by: text::full_day(choices.wishes.return_by),
        as_of: text::full_day(as_of),
        as_of_short: match choices.wishes.assumed {
            "" => crate::base::dates::in_words(known, at.date()),
            assumed => format!("{}，{assumed}", crate::base::dates::in_words(known, at.date())),
        },
        printed: format!(
            "{} {}:{:02} 打印{by}{basis}",
            text::full_day(at.date()),
            at.hour(),
            at.minute()
        ),
        address: sender.address.clone(),
        contact: sender.contact_line(),
        by: batch.by.in_words(),
        discretion: if yearly { text::KEEP } else { text::DISCRETION },
        yearly,
        amounts: choices.wishes.amounts,
        receivers: batch.receivers.len(),
        households: batch.households(),
        total: batch.total_fen(),
        site: String::new(),
    }
}

fn covers(batch: &Batch) -> Vec<CoverPage> {
    if batch.receivers.len() < 2 {
        return Vec::new();
    }
    let lines: Vec<CoverLine> =
        (1..).zip(&batch.receivers).map(|(n, r)| cover_line(batch.by, n, r)).collect();
    let of = lines.len().div_ceil(LINES);
    let mut lines = lines.into_iter();
    (1..=of)
        .map(|page| CoverPage { page, of, lines: lines.by_ref().take(LINES).collect() })
        .collect()
}

fn cover_line(by: ReceiverKind, n: usize, receiver: &Receiver) -> CoverLine {
    let unknown = receiver.is_unknown();
    CoverLine {
        n,
        name: if unknown {
            format!("{}{}", receiver.township, text::receiver_name(by, receiver))
        } else {
            text::addressee(by, receiver)
        },
        missing: if unknown { text::unknown_note(by) } else { String::new() },
        households: receiver.sheets.len(),
        total: receiver.total_fen(),
        numbers: numbers(receiver),
    }
}

fn stack(batch: &Batch, receiver: &Receiver, choices: &Choices) -> Stack {
    let addressee = text::addressee(batch.by, receiver);
    let count = receiver.sheets.len();
    let of = if count < 2 { 0 } else { count.div_ceil(LINES) };
    let lists = receiver
        .sheets
        .chunks(LINES)
        .zip(1..=of)
        .map(|(sheets, page)| ListPage {
            page,
            of,
            addressee: addressee.clone(),
            filled_by: text::filled_by(batch.by, receiver),
            households: count,
            total: receiver.total_fen(),
            lines: sheets.iter().map(list_line).collect(),
        })
        .collect();
    let visits =
        receiver.sheets.iter().map(|sheet| visit(batch, receiver, sheet, choices)).collect();
    Stack { lists, visits }
}

fn list_line(sheet: &Sheet) -> ListLine {
    ListLine {
        number: sheet.number.clone(),
        name: sheet.household.name.clone(),
        address: sheet.household.address.clone(),
        amount: sheet.household.arrears.total_fen(),
    }
}

fn visit(batch: &Batch, receiver: &Receiver, sheet: &Sheet, choices: &Choices) -> Visit {
    let household = &sheet.household;
    Visit {
        number: sheet.number.clone(),
        addressee: text::addressee(batch.by, receiver),
        filled_by: text::filled_by(batch.by, receiver),
        seals: text::seals((choices.wishes.purpose, batch.by), receiver, household),
        of_yours: text::of_yours(batch.by, receiver),
        name: household.name.clone(),
        programme: text::programme(household),
        instalments: match choices.wishes.bank_data.ahead {
            Some(_) => text::MAY_BE_PAID.to_owned(),
            None => text::instalments(household),
        },
        sex_and_age: format!("{}　{} 岁", household.sex.in_words(), household.age),
        id_mask: household.id_mask.clone(),
        address: household.address.clone(),
        studies: text::studies(household, batch.as_of),
        co_borrower: household.co_borrower.as_ref().map(text::co_borrower).unwrap_or_default(),
        phones: household.phones.iter().take(2).cloned().collect::<Vec<_>>().join("　"),
        amount: choices.wishes.amounts.then(|| household.arrears.total_fen()),
        code: sheet.code.clone(),
        qr: String::new(),
    }
}
