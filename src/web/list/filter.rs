//! What a list is asked for: read from the address, and written back into links.
//!
//! Nothing here is ever an error: a value that cannot be read is as if it were not there, and
//! the fields of the query row show what was understood.

use chrono::NaiveDate;

use super::kit::Side;
use super::params::Params as _;
use crate::base::money::Fen;
use crate::base::person_name::name_key;
use crate::book::statement::Stage;

crate::list_params! {
    /// The address as it came, most fields empty.
    ListParams {
        /// Part of a name, or the end of an identity number.
        q,
        /// 乡镇.
        township,
        /// 毕业高中.
        school,
        /// Part of the name of a university.
        university,
        /// 派出所.
        police,
        /// `undisbursed`, `in_study`, `grace`, `repaying`, `settled`; on the overdue page a stage
        /// of the ladder.
        stage,
        /// School year of one of the contracts: `2024`.
        year,
        graduates,
        /// `yes`: with arrears; `no`: without.
        overdue,
        /// Arrears of at least so many yuan.
        min,
        /// A list of the overdue page: `today`, `mine`, `parked`, `new`, `long`, `ended` ...
        list,
        /// Who looks after the overdue case.
        owner,
        /// `file_no`, `next_due`, `balance`; on the overdue page `first`.
        sort,
        /// Rows on a page: 10, 50 or 100.
        size,
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sort {
    FileNo,
    /// By the next due day, those without one last.
    NextDue,
    Balance,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Part of a name.
    pub name: Option<String>,
    /// The end of an identity number (1 to 17 characters, at least one digit).
    pub id_tail: Option<String>,
    /// 乡镇.
    pub township: Option<String>,
    /// 毕业高中.
    pub school: Option<String>,
    /// Part of the name of a university.
    pub university: Option<String>,
    /// 派出所.
    pub police: Option<String>,
    /// Stage of the file.
    pub stage: Option<Stage>,
    /// School year of one of the contracts.
    pub year: Option<i32>,
    pub graduates: Option<i32>,
    /// With or without arrears.
    pub overdue: Option<bool>,
    /// Only with a due day that awaits the bank.
    pub awaiting: bool,
    /// Arrears of at least this.
    pub least: Option<Fen>,
    /// The oldest unpaid due day is this one or later.
    pub unpaid_from: Option<NaiveDate>,
    /// The oldest unpaid due day is before this one.
    pub unpaid_before: Option<NaiveDate>,
    /// No due day is to come any more.
    pub ended: bool,
    pub sort: Sort,
    pub side: Side,
    /// Rows on the page.
    pub size: i64,
}

fn text(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn year(text: &str) -> Option<i32> {
    text.trim().parse().ok().filter(|year| (1990..=2100).contains(year))
}

/// The end of an identity number looks like one: digits, at most an X at the end.
fn id_tail(text: &str) -> Option<String> {
    let digits = text.strip_suffix(['x', 'X']).unwrap_or(text);
    let plausible = (3..=17).contains(&text.len())
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit());
    plausible.then(|| text.to_ascii_uppercase())
}

impl ListParams {
    pub fn to_filter(&self) -> Filter {
        let sort = match self.sort.as_str() {
            "next_due" => Sort::NextDue,
            "balance" => Sort::Balance,
            _ => Sort::FileNo,
        };
        let q = self.q.trim();
        let id_tail = id_tail(q);
        Filter {
            name: if id_tail.is_some() { None } else { text(q).map(|name| name_key(&name)) },
            id_tail,
            township: text(&self.township),
            school: text(&self.school),
            university: text(&self.university),
            police: text(&self.police),
            stage: Stage::from_text(&self.stage),
            year: year(&self.year),
            graduates: year(&self.graduates),
            overdue: match self.overdue.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            awaiting: self.overdue == "awaiting",
            least: self.min.trim().parse().ok(),
            unpaid_from: None,
            unpaid_before: None,
            ended: false,
            sort,
            side: self.side(&sort.keyset()),
            size: match self.size.as_str() {
                "10" => 10,
                "100" => 100,
                _ => 50,
            },
        }
    }
}

/// In an address: those of which a text is empty. An empty field would be no condition.
pub const NOTHING: &str = "-";

/// What a field of an address asks a column to be.
pub fn meant(value: &str) -> &str {
    if value == NOTHING { "" } else { value }
}

/// A pattern for LIKE with the text anywhere; `%`, `_` and `\` in it are literal (the queries say
/// `ESCAPE '\'`).
pub fn anywhere(text: &str) -> String {
    format!("%{}%", literal(text))
}

/// A pattern for LIKE with the text at the end.
pub fn at_end(text: &str) -> String {
    format!("%{}", literal(text))
}

fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_understood_and_written_back() {
        let params = ListParams {
            q: " 覃 ".to_owned(),
            township: "柳溪镇".to_owned(),
            stage: "grace".to_owned(),
            graduates: "20x9".to_owned(),
            after: "2026-12-20.QH2015-0483".to_owned(),
            ..ListParams::default()
        };
        let filter = params.to_filter();
        assert_eq!(filter.name.as_deref(), Some("覃"));
        assert_eq!(filter.stage, Some(Stage::Grace));
        assert_eq!(filter.graduates, None);
        assert_eq!(filter.side, Side::Start, "the key of another order");
        assert_eq!(filter.size, 50);
        let link = params.link("/loans", &[("stage", ""), ("size", "10")]);
        assert_eq!(
            link,
            "/loans?q=%20%E8%A6%83%20&township=%E6%9F%B3%E6%BA%AA%E9%95%87&graduates=20x9&size=10"
        );
    }

    #[test]
    fn digits_are_the_end_of_an_identity_number() {
        let tail = |q: &str| ListParams { q: q.to_owned(), ..ListParams::default() }.to_filter();
        assert_eq!(tail("125x").id_tail.as_deref(), Some("125X"));
        assert_eq!(tail("覃1").id_tail, None);
        assert_eq!(tail("12").name.as_deref(), Some("12"));
    }

    #[test]
    fn signs_of_a_pattern_are_literal() {
        assert_eq!(anywhere("100%_\\"), "%100\\%\\_\\\\%");
        assert_eq!(at_end("0483"), "%0483");
    }
}
