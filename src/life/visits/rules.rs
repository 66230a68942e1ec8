//! Who is written to about which household, in which order, and under which number. Pure.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::names::Names;
use super::road;
use crate::base::ids::FileId;
use crate::base::money::Fen;
use crate::book::person::Sex;

/// To whom the sheets of one batch go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiverKind {
    /// 村（社区）: the committee of the home village.
    Village,
    /// 毕业高中: the senior high school.
    School,
    /// 派出所: the police station of the home.
    Police,
}

impl ReceiverKind {
    /// Every kind, in the order pages offer them.
    pub const ALL: [ReceiverKind; 3] =
        [ReceiverKind::Village, ReceiverKind::School, ReceiverKind::Police];

    /// As the address and the command line write it.
    pub const fn as_text(self) -> &'static str {
        match self {
            ReceiverKind::Village => "village",
            ReceiverKind::School => "school",
            ReceiverKind::Police => "police",
        }
    }

    /// The kind that a word names.
    pub fn from_text(text: &str) -> Option<ReceiverKind> {
        ReceiverKind::ALL.into_iter().find(|by| by.as_text() == text)
    }

    /// As pages say it.
    pub const fn in_words(self) -> &'static str {
        match self {
            ReceiverKind::Village => "村（社区）",
            ReceiverKind::School => "毕业高中",
            ReceiverKind::Police => "派出所",
        }
    }

    /// The letters before a sheet's number: each kind has its own series, so that one number of
    /// one day never names two households.
    pub const fn letters(self) -> &'static str {
        match self {
            ReceiverKind::Village => "HZ",
            ReceiverKind::School => "XZ",
            ReceiverKind::Police => "PZ",
        }
    }
}

/// A borrower with arrears on the chosen day, as a paper may show them: numbers masked, money
/// from the statement of that day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Household {
    pub file_id: FileId,
    pub file_no: String,
    pub name: String,
    pub id_mask: String,
    pub sex: Sex,
    /// Full years on the chosen day.
    pub age: i32,
    /// Home address in full.
    pub address: String,
    /// 乡镇（街道）.
    pub township: String,
    /// 村（社区）, as the county's list writes it.
    pub village: String,
    /// 12-digit code of the village, may be empty.
    pub village_code: String,
    /// 毕业高中.
    pub high_school: String,
    /// 就读高校.
    pub university: String,
    pub graduates_in: Option<i32>,
    /// 派出所.
    pub police_station: String,
    /// The borrower's telephones that work, masked.
    pub phones: Vec<String>,
    /// The co-borrower of the latest contract.
    pub co_borrower: Option<CoBorrower>,
    /// False when every overdue contract is the county's own product.
    pub is_state_programme: bool,
    /// False when no due day is to come any more.
    pub has_more_due: bool,
    pub arrears: Arrears,
}

/// The co-borrower, as a paper may show them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoBorrower {
    pub name: String,
    /// 父亲, 母亲 ...
    pub relation: String,
    /// Telephones that work, masked.
    pub phones: Vec<String>,
}

/// What is overdue over all contracts of a file. Money in fen, from the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrears {
    /// Principal past its due day.
    pub principal_fen: Fen,
    /// Interest past its due day.
    pub interest_fen: Fen,
    /// Penalty interest not paid.
    pub penalty_fen: Fen,
    /// Due days of which something is open; contracts with the same due day count once.
    pub due_days: usize,
    /// The oldest of them.
    pub oldest_due_on: NaiveDate,
}

impl Arrears {
    /// What settles the arrears: principal, interest and penalty.
    pub fn total_fen(&self) -> Fen {
        self.principal_fen + self.interest_fen + self.penalty_fen
    }
}

/// Which households are wanted; what is not said does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// 乡镇（街道）.
    pub township: Option<String>,
    /// 村（社区）.
    pub village: Option<String>,
    /// 毕业高中.
    pub school: Option<String>,
    /// 派出所.
    pub police: Option<String>,
    /// These loan files only.
    pub files: Vec<String>,
    /// Arrears of at least so much.
    pub least: Option<Fen>,
    /// One receiver of the batch, by the name of its file.
    pub receiver: Option<String>,
    /// Part of the name, or the end of the identity number.
    pub who: Option<String>,
    /// Part of the name of the university.
    pub university: Option<String>,
    /// The oldest overdue due day is this one or later.
    pub due_from: Option<NaiveDate>,
    /// The oldest overdue due day is before this one.
    pub due_before: Option<NaiveDate>,
    /// No due day is to come any more.
    pub ended: bool,
}

impl Selection {
    fn takes(&self, household: &Household) -> bool {
        let same = |given: &Option<String>, is: &str| given.as_ref().is_none_or(|w| w == is);
        same(&self.township, &household.township)
            && same(&self.village, &household.village)
            && same(&self.school, &household.high_school)
            && same(&self.police, &household.police_station)
            && (self.files.is_empty() || self.files.contains(&household.file_no))
            && self.least.is_none_or(|least| household.arrears.total_fen() >= least)
            && self.who.as_ref().is_none_or(|who| is_called(household, who))
            && self.university.as_ref().is_none_or(|part| household.university.contains(part))
            && self.due_from.is_none_or(|day| household.arrears.oldest_due_on >= day)
            && self.due_before.is_none_or(|day| household.arrears.oldest_due_on < day)
            && (!self.ended || !household.has_more_due)
    }

    /// One line for the page and the history: `中天镇，至少 1000.00 元`; empty when all are wanted.
    pub fn in_words(&self) -> String {
        let named = [
            &self.township,
            &self.village,
            &self.school,
            &self.police,
            &self.receiver,
            &self.who,
            &self.university,
        ];
        let mut parts: Vec<String> = named.into_iter().flatten().cloned().collect();
        if !self.files.is_empty() {
            parts.push(format!("选定 {} 户", self.files.len()));
        }
        if let Some(least) = self.least {
            parts.push(format!("至少 {} 元", least.to_page_text()));
        }
        if let Some(day) = self.due_from {
            parts.push(format!("{day} 起到期"));
        }
        if let Some(day) = self.due_before {
            parts.push(format!("{day} 以前到期"));
        }
        if self.ended {
            parts.push("贷款期已满".to_owned());
        }
        parts.join("，")
    }
}

/// A part of the name, or the last characters of the identity number; only its last four are
/// known here, so more are compared by those.
fn is_called(household: &Household, who: &str) -> bool {
    let digits = who.strip_suffix(['x', 'X']).unwrap_or(who);
    if who.len() >= 3 && digits.bytes().all(|b| b.is_ascii_digit()) {
        let tail = who.get(who.len().saturating_sub(4)..).unwrap_or(who).to_ascii_uppercase();
        return household.id_mask.ends_with(&tail);
    }
    household.name.contains(who)
}

/// One sheet: a household and the number it goes under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// `HZ26-1031-001`.
    pub number: String,
    /// `7K3M-9QXP`, by which it comes back; empty on a sheet that was only looked at.
    pub code: String,
    pub household: Household,
}

/// A village committee, school or police station and the households it is written to about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// 乡镇（街道） of a village; empty for the others.
    pub township: String,
    /// The name as the county's lists write it; empty when the files do not say.
    pub name: String,
    /// Name of its file, without ending; unique in the batch.
    pub stem: String,
    /// The sheets, in the order of the road.
    pub sheets: Vec<Sheet>,
}

impl Receiver {
    /// True when the files do not say who it is: nothing can be sent.
    pub fn is_unknown(&self) -> bool {
        self.name.is_empty()
    }

    /// What its households owe together, in fen.
    pub fn total_fen(&self) -> Fen {
        self.sheets.iter().map(|sheet| sheet.household.arrears.total_fen()).sum()
    }
}

/// Everything that is printed or sent in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub by: ReceiverKind,
    /// The day the amounts are of.
    pub as_of: NaiveDate,
    /// The receivers, in the order of printing.
    pub receivers: Vec<Receiver>,
}

impl Batch {
    pub fn households(&self) -> usize {
        self.receivers.iter().map(|receiver| receiver.sheets.len()).sum()
    }

    /// What they owe together, in fen.
    pub fn total_fen(&self) -> Fen {
        self.receivers.iter().map(Receiver::total_fen).sum()
    }
}

/// Sorts all households of the county into receivers and numbers them, then keeps what is
/// wanted. Numbers are given before narrowing: a household has one number a day however the
/// batch was narrowed, so two batches of a day never send out the same number twice.
pub fn batch(by: ReceiverKind, as_of: NaiveDate, all: Vec<Household>, filter: &Selection) -> Batch {
    let mut names = Names::default();
    let mut next = 0_u32;
    let mut receivers = Vec::new();
    for ((township, name), households) in grouped(by, all) {
        let unknown = format!("未填写{}", by.in_words());
        let shown = if name.is_empty() { unknown.as_str() } else { name.as_str() };
        let stem = names.stem(&[&township, shown]);
        let mut sheets = Vec::with_capacity(households.len());
        for household in households {
            next += 1;
            let number = number(by, as_of, next);
            if filter.takes(&household) {
                sheets.push(Sheet { number, code: String::new(), household });
            }
        }
        if !sheets.is_empty() && filter.receiver.as_ref().is_none_or(|one| *one == stem) {
            receivers.push(Receiver { township, name, stem, sheets });
        }
    }
    Batch { by, as_of, receivers }
}

/// The day in a number: `26-1221`.
pub fn stamp(day: NaiveDate) -> String {
    day.format("%y-%m%d").to_string()
}

fn number(by: ReceiverKind, day: NaiveDate, n: u32) -> String {
    format!("{}{}-{n:03}", by.letters(), stamp(day))
}

type Groups = Vec<((String, String), Vec<Household>)>;

/// Receivers in order: villages as the statistics codes go (the order every list of the county
/// has), schools and stations by name; those without a name last. Inside: the road.
fn grouped(by: ReceiverKind, all: Vec<Household>) -> Groups {
    let order = Order::of(
        all.iter().map(|h| (h.township.as_str(), h.village.as_str(), h.village_code.as_str())),
    );
    let mut groups: BTreeMap<(String, String), Vec<Household>> = BTreeMap::new();
    for household in all {
        let key = match by {
            ReceiverKind::Village => (household.township.clone(), household.village.clone()),
            ReceiverKind::School => (String::new(), household.high_school.clone()),
            ReceiverKind::Police => (String::new(), household.police_station.clone()),
        };
        groups.entry(key).or_default().push(household);
    }
    let mut groups: Groups = groups.into_iter().collect();
    if by == ReceiverKind::Village {
        groups.sort_by(|((t1, v1), _), ((t2, v2), _)| {
            v1.is_empty().cmp(&v2.is_empty()).then_with(|| order.compare((t1, v1), (t2, v2)))
        });
    } else {
        groups.sort_by_key(|((_, name), _)| name.is_empty());
    }
    for (_, households) in &mut groups {
        households.sort_by_cached_key(|h| {
            let (township, village) = order.rank(&h.township, &h.village);
            (township, village, road::place(&h.address), h.name.clone(), h.file_no.clone())
        });
    }
    groups
}

/// The smallest statistics code seen of each township and village; a name without a code comes
/// after those with one.
pub(super) struct Order {
    townships: BTreeMap<String, String>,
    villages: BTreeMap<(String, String), String>,
}

/// 0 with a code, 1 without, 2 without even a name; then the code and the name.
pub(super) type Rank = (u8, String, String);

impl Order {
    /// Of places: township, village and its code.
    pub(super) fn of<'a>(places: impl Iterator<Item = (&'a str, &'a str, &'a str)>) -> Order {
        let mut order = Order { townships: BTreeMap::new(), villages: BTreeMap::new() };
        for (township, village, code) in places.filter(|(_, _, code)| !code.is_empty()) {
            keep_smallest(&mut order.townships, township.to_owned(), code);
            let village = (township.to_owned(), village.to_owned());
            keep_smallest(&mut order.villages, village, code);
        }
        order
    }

    /// Where a village comes among all of them.
    pub(super) fn rank(&self, township: &str, village: &str) -> (Rank, Rank) {
        let rank = |code: Option<&String>, name: &str| {
            let known = if name.is_empty() { 2 } else { u8::from(code.is_none()) };
            (known, code.cloned().unwrap_or_default(), name.to_owned())
        };
        let key = (township.to_owned(), village.to_owned());
        (rank(self.townships.get(township), township), rank(self.villages.get(&key), village))
    }

    fn compare(&self, one: (&str, &str), other: (&str, &str)) -> Ordering {
        self.rank(one.0, one.1).cmp(&self.rank(other.0, other.1))
    }
}

fn keep_smallest<K: Ord>(codes: &mut BTreeMap<K, String>, key: K, code: &str) {
    let known = codes.entry(key).or_insert_with(|| code.to_owned());
    if code < known.as_str() {
        code.clone_into(known);
    }
}
