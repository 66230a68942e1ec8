//! What the figures mean and how they are added up. Pure: whole fen, and rates in hundredths of
//! a percent as whole numbers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use crate::base::ids::{FileId, LoanId};
use crate::base::money::Fen;

pub use super::sums::{DueYear, Sums};

/// What the office calls somebody or something that was never filled in.
pub const BLANK: &str = "（未填）";

/// The definitions, as the page and the workbook show them.
pub const DEFINITIONS: &[(&str, &str)] = &[
    (
        "统计范围",
        "到统计日为止（含当日）到期的各期本金和利息；提前还款不算到期，也不算回收率的分子",
    ),
    (
        "违约率（按人数）",
        "有到期本金过了还款日还没有还清的人数（差额小到不算逾期的不计）÷ 有到期本金的人数",
    ),
    ("本金回收率", "到期本金中已收回的金额 ÷ 到期本金"),
    ("利息回收率", "到期利息中已收回的金额 ÷ 到期利息；只算借款人应付的利息，不含贴息、免息和罚息"),
    ("到期合同回收率", "到期的本金和利息已全部还清的合同数 ÷ 有本金或利息到期的合同数"),
    (
        "本年收回",
        "统计日所在年的1月1日到统计日记入的本金、利息、罚息，含提前还款、代偿和救助；\
         预存的款在还款日记入；人数是有款项记入的借款人数",
    ),
    (
        "分组",
        "乡镇按学生户籍，学校按毕业高中，年度按合同的贷款学年，责任人按档案（没有时按逾期跟进）。\
         同一人的合同分在几组时，每组各算一人，所以各组人数之和可以大于合计",
    ),
    ("百分比", "四舍五入到万分之一；没有收齐时不进到 100.00%。分母是零时不算，写“—”"),
];

/// Whose contract it is, shared by the contracts of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// `LZ2015-0483`.
    pub file_no: Box<str>,
    pub name: Box<str>,
    /// 乡镇.
    pub township: Arc<str>,
    /// 毕业高中.
    pub school: Arc<str>,
    /// 就读高校.
    pub university: Arc<str>,
    /// Name of the clerk in charge.
    pub clerk: Arc<str>,
}

/// One contract on the day of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub loan_id: LoanId,
    pub file_id: FileId,
    pub owner: Arc<Owner>,
    /// 合同编号.
    pub contract_no: Box<str>,
    /// First year of the school year.
    pub loan_year: i32,
    /// What fell due, by year of the due day.
    pub by_due_year: Box<[DueYear]>,
    /// Principal, interest and penalty interest collected in the year.
    pub got: [Fen; 3],
    /// Its late principal is part of what makes its person a defaulter.
    pub is_default: bool,
}

impl Line {
    pub fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for year in &self.by_due_year {
            sums.add(&year.sums(self.is_default));
        }
        let [got_principal, got_interest, got_penalty] = self.got;
        Sums { got_principal, got_interest, got_penalty, ..sums }.counted()
    }
}

/// By what the table is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// 乡镇.
    Township,
    /// 毕业高中.
    School,
    /// 就读高校.
    University,
    /// 合同年度.
    Year,
    /// 责任人.
    Clerk,
    /// The year of the due day: the picture over time.
    DueYear,
}

impl GroupBy {
    /// Every one, in the order pages list them; the last is for the picture.
    pub const ALL: [GroupBy; 6] = [
        GroupBy::Township,
        GroupBy::School,
        GroupBy::University,
        GroupBy::Year,
        GroupBy::Clerk,
        GroupBy::DueYear,
    ];

    /// As the address writes it.
    pub const fn as_text(self) -> &'static str {
        match self {
            GroupBy::Township => "township",
            GroupBy::School => "school",
            GroupBy::University => "university",
            GroupBy::Year => "year",
            GroupBy::Clerk => "clerk",
            GroupBy::DueYear => "due_year",
        }
    }

    /// What an address means.
    pub fn from_text(text: &str) -> Option<GroupBy> {
        GroupBy::ALL.into_iter().find(|by| by.as_text() == text)
    }

    /// As pages say it.
    pub const fn in_words(self) -> &'static str {
        match self {
            GroupBy::Township => "乡镇（街道）",
            GroupBy::School => "毕业高中",
            GroupBy::University => "就读高校",
            GroupBy::Year => "合同年度",
            GroupBy::Clerk => "责任人",
            GroupBy::DueYear => "到期年份",
        }
    }

    /// The groups a contract counts in, each with its part.
    fn parts(self, line: &Line) -> Parts<'_> {
        let owner = &line.owner;
        let key = match self {
            GroupBy::Township => or_blank(&owner.township).into(),
            GroupBy::School => or_blank(&owner.school).into(),
            GroupBy::University => or_blank(&owner.university).into(),
            GroupBy::Clerk => or_blank(&owner.clerk).into(),
            GroupBy::Year => line.loan_year.to_string().into(),
            GroupBy::DueYear => {
                let years = line.by_due_year.iter();
                let part = |one: &DueYear| (one.year.to_string().into(), one.sums(line.is_default));
                return years.map(part).collect();
            }
        };
        vec![(key, line.sums())]
    }
}

type Parts<'a> = Vec<(Cow<'a, str>, Sums)>;

fn or_blank(text: &str) -> &str {
    if text.trim().is_empty() { BLANK } else { text }
}

/// One figure that opens to its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Persons with principal due.
    DuePersons,
    /// Persons in default of principal.
    LatePersons,
    DuePrincipal,
    PaidPrincipal,
    /// Principal past due and open.
    LatePrincipal,
    DueInterest,
    PaidInterest,
    /// Interest due and open.
    OpenInterest,
    /// Principal and interest due.
    DueAll,
    /// Principal and interest recovered.
    PaidAll,
    /// Contracts with something due.
    DueContracts,
    /// Contracts with nothing open.
    PaidContracts,
    /// Persons who paid in the year.
    GotPersons,
    /// Principal collected in the year.
    GotPrincipal,
    /// Interest collected in the year.
    GotInterest,
    /// Penalty interest collected in the year.
    GotPenalty,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// People: a row of its list is a person.
    Persons,
    /// Contracts: a row is one.
    Contracts,
    /// Money: a row is a contract with its amount.
    Money,
}

impl Figure {
    /// Those of a table, in its order; the years have sums of principal and interest beside.
    pub const ALL: [Figure; 14] = [
        Figure::DuePersons,
        Figure::LatePersons,
        Figure::DuePrincipal,
        Figure::PaidPrincipal,
        Figure::LatePrincipal,
        Figure::DueInterest,
        Figure::PaidInterest,
        Figure::OpenInterest,
        Figure::DueContracts,
        Figure::PaidContracts,
        Figure::GotPersons,
        Figure::GotPrincipal,
        Figure::GotInterest,
        Figure::GotPenalty,
    ];

    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Figure::DuePersons => ("due_persons", "有到期本金的人数"),
            Figure::LatePersons => ("late_persons", "本金到期未还的人数"),
            Figure::DuePrincipal => ("due_principal", "到期本金"),
            Figure::PaidPrincipal => ("paid_principal", "已收回本金"),
            Figure::LatePrincipal => ("late_principal", "到期未还本金"),
            Figure::DueInterest => ("due_interest", "到期利息"),
            Figure::PaidInterest => ("paid_interest", "已收回利息"),
            Figure::OpenInterest => ("open_interest", "到期未还利息"),
            Figure::DueContracts => ("due_contracts", "到期合同"),
            Figure::PaidContracts => ("paid_contracts", "到期部分已还清的合同"),
            Figure::DueAll => ("due_all", "到期本息"),
            Figure::PaidAll => ("paid_all", "已收回本息"),
            Figure::GotPersons => ("got_persons", "本年还款人数"),
            Figure::GotPrincipal => ("got_principal", "本年收回本金"),
            Figure::GotInterest => ("got_interest", "本年收回利息"),
            Figure::GotPenalty => ("got_penalty", "本年收回罚息"),
        }
    }

    /// As the address writes it.
    pub const fn as_text(self) -> &'static str {
        self.texts().0
    }

    /// As pages say it.
    pub const fn in_words(self) -> &'static str {
        self.texts().1
    }

    /// What an address means.
    pub fn from_text(text: &str) -> Option<Figure> {
        let of_years = [Figure::DueAll, Figure::PaidAll];
        Figure::ALL.into_iter().chain(of_years).find(|figure| figure.as_text() == text)
    }

    pub const fn unit(self) -> Unit {
        match self {
            Figure::DuePersons | Figure::LatePersons | Figure::GotPersons => Unit::Persons,
            Figure::DueContracts | Figure::PaidContracts => Unit::Contracts,
            _ => Unit::Money,
        }
    }

    /// The money that puts a contract (or a person) on the list of this figure.
    pub fn amount(self, sums: &Sums) -> Fen {
        match self {
            Figure::DuePersons | Figure::DuePrincipal => sums.due_principal,
            Figure::LatePersons => sums.default_principal,
            Figure::LatePrincipal => sums.late_principal,
            Figure::PaidPrincipal => sums.paid_principal,
            Figure::DueInterest => sums.due_interest,
            Figure::PaidInterest => sums.paid_interest,
            Figure::OpenInterest => sums.due_interest - sums.paid_interest,
            Figure::DueContracts | Figure::DueAll => sums.due_principal + sums.due_interest,
            Figure::PaidAll => sums.paid_principal + sums.paid_interest,
            Figure::PaidContracts if sums.paid_contracts > 0 => {
                sums.due_principal + sums.due_interest
            }
            Figure::PaidContracts => Fen::ZERO,
            Figure::GotPersons => sums.got_principal + sums.got_interest + sums.got_penalty,
            Figure::GotPrincipal => sums.got_principal,
            Figure::GotInterest => sums.got_interest,
            Figure::GotPenalty => sums.got_penalty,
        }
    }
}

/// The figures of one group, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    pub sums: Sums,
    /// Persons with principal due.
    pub due_persons: i64,
    /// Persons in default of principal.
    pub late_persons: i64,
    /// Persons who paid in the year.
    pub got_persons: i64,
}

impl Numbers {
    /// A person counts once, however many contracts the sums are of.
    fn add(&mut self, sums: &Sums) {
        self.sums.add(sums);
        let counts = |figure: Figure| i64::from(figure.amount(sums).is_positive());
        self.due_persons += counts(Figure::DuePersons);
        self.late_persons += counts(Figure::LatePersons);
        self.got_persons += counts(Figure::GotPersons);
    }

    /// One figure: fen when it is money.
    pub fn value(&self, figure: Figure) -> i64 {
        match figure {
            Figure::DuePersons => self.due_persons,
            Figure::LatePersons => self.late_persons,
            Figure::GotPersons => self.got_persons,
            Figure::DueContracts => self.sums.due_contracts,
            Figure::PaidContracts => self.sums.paid_contracts,
            money => money.amount(&self.sums).get(),
        }
    }

    /// 违约率.
    pub fn default_rate(&self) -> Option<i64> {
        share(self.late_persons, self.due_persons)
    }

    /// 本金回收率.
    pub fn principal_rate(&self) -> Option<i64> {
        share(self.sums.paid_principal.get(), self.sums.due_principal.get())
    }

    /// 利息回收率.
    pub fn interest_rate(&self) -> Option<i64> {
        share(self.sums.paid_interest.get(), self.sums.due_interest.get())
    }

    /// 到期合同回收率.
    pub fn contract_rate(&self) -> Option<i64> {
        share(self.sums.paid_contracts, self.sums.due_contracts)
    }
}

/// `part` of `whole` in hundredths of a percent, half up; never 100.00% when something is
/// missing. Nothing of nothing has no share.
pub fn share(part: i64, whole: i64) -> Option<i64> {
    if whole <= 0 {
        return None;
    }
    let (part, whole) = (i128::from(part), i128::from(whole));
    let rounded = i64::try_from((part * 20_000 + whole).div_euclid(2 * whole)).ok()?;
    Some(if part < whole { rounded.min(9_999) } else { rounded })
}

/// `0.07%`; what has no share is a dash.
pub fn percent(share: Option<i64>) -> String {
    share.map_or_else(|| "—".to_owned(), |n| format!("{}.{:02}%", n / 100, n.rem_euclid(100)))
}

/// Says of each contract what of its late principal makes its person a defaulter: all of it, or
/// nothing where all contracts of the person together are short of less than `smallest`.
pub fn find_defaults(lines: &mut [Line], smallest: Fen) {
    for own in lines.chunk_by_mut(|one, next| one.file_id == next.file_id) {
        let late: Fen = own.iter().map(|line| line.sums().late_principal).sum();
        for line in own {
            line.is_default = late >= smallest;
        }
    }
}

/// The contracts of each person: lines of a person stand together.
fn by_person(lines: &[Line]) -> impl Iterator<Item = &[Line]> {
    lines.chunk_by(|one, next| one.file_id == next.file_id)
}

/// The figures of everything.
pub fn total(lines: &[Line]) -> Numbers {
    let mut all = Numbers::default();
    for own in by_person(lines) {
        let mut sums = Sums::default();
        own.iter().for_each(|line| sums.add(&line.sums()));
        all.add(&sums);
    }
    all
}

/// The figures of each group, in the order of its name.
pub fn groups(lines: &[Line], by: GroupBy) -> Vec<(String, Numbers)> {
    let mut found: BTreeMap<Cow<'_, str>, Numbers> = BTreeMap::new();
    for own in by_person(lines) {
        let mut person: Parts<'_> = Vec::new();
        for (key, sums) in own.iter().flat_map(|line| by.parts(line)) {
            match person.iter_mut().find(|(known, _)| *known == key) {
                Some((_, all)) => all.add(&sums),
                None => person.push((key, sums)),
            }
        }
        for (key, sums) in person {
            found.entry(key).or_default().add(&sums);
        }
    }
    found.into_iter().map(|(key, numbers)| (key.into_owned(), numbers)).collect()
}

/// The last ten years in which something fell due.
pub fn over_time(lines: &[Line], on: NaiveDate) -> Vec<(String, Numbers)> {
    let from = on.year().saturating_sub(9).to_string();
    groups(lines, GroupBy::DueYear).into_iter().filter(|(year, _)| *year >= from).collect()
}

/// One row behind a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub owner: Arc<Owner>,
    /// The contract; of a person's row, how many contracts.
    pub what: String,
    pub amount: Fen,
}

/// What is behind a figure: of a group, or of all when no group is named.
pub fn rows(lines: &[Line], figure: Figure, group: Option<(GroupBy, &str)>) -> Vec<Row> {
    let mut found = Vec::new();
    let mut people: BTreeMap<FileId, (usize, Row)> = BTreeMap::new();
    for line in lines {
        let sums = match group {
            None => Some(line.sums()),
            Some((by, key)) => {
                by.parts(line).into_iter().find(|(own, _)| *own == key).map(|(_, sums)| sums)
            }
        };
        let Some(sums) = sums else { continue };
        let amount = figure.amount(&sums);
        if amount.is_zero() {
            continue;
        }
        let row = Row { owner: line.owner.clone(), what: line.contract_no.to_string(), amount };
        if figure.unit() == Unit::Persons {
            let fresh = || (0, Row { amount: Fen::ZERO, ..row.clone() });
            let (contracts, sum) = people.entry(line.file_id).or_insert_with(fresh);
            *contracts += 1;
            sum.amount += amount;
        } else {
            found.push(row);
        }
    }
    found.extend(
        people
            .into_values()
            .filter(|(_, row)| row.amount.is_positive())
            .map(|(contracts, row)| Row { what: format!("{contracts} 份合同"), ..row }),
    );
    found.sort_by(|a, b| (&a.owner.file_no, &a.what).cmp(&(&b.owner.file_no, &b.what)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HN18 (rules.md 10.1): 72 of 103,900 persons is printed as 0.07%.
    #[test]
    fn henan_prints_seven_hundredths_of_a_percent() {
        assert_eq!(percent(share(72, 103_900)), "0.07%");
    }

    /// The same paper by money, which is why the rate is of persons: 151,300 of 1.421 bn yuan.
    #[test]
    fn by_money_henan_would_print_one_hundredth() {
        assert_eq!(percent(share(15_130_000, 142_100_000_000)), "0.01%");
    }

    #[test]
    fn all_is_only_printed_when_all_is_there() {
        assert_eq!(percent(share(99_999, 100_000)), "99.99%");
        assert_eq!(percent(share(100_000, 100_000)), "100.00%");
        assert_eq!(percent(share(0, 7)), "0.00%");
        assert_eq!(percent(share(1, 3)), "33.33%");
        assert_eq!(percent(share(2, 3)), "66.67%");
        assert_eq!(percent(share(0, 0)), "—");
    }

    fn line(file: i64, year: i32, due: i64, paid: i64) -> Line {
        let sums = Sums {
            due_principal: Fen::new(due),
            paid_principal: Fen::new(paid),
            late_principal: Fen::new(due - paid),
            ..Sums::default()
        };
        Line {
            loan_id: LoanId::new(file * 10_000 + i64::from(year)),
            file_id: FileId::new(file),
            owner: Arc::default(),
            contract_no: format!("{file}-{year}").into(),
            loan_year: year,
            by_due_year: Box::new([DueYear::new(2026, &sums).unwrap()]),
            got: [Fen::ZERO; 3],
            is_default: false,
        }
    }

    #[test]
    fn a_person_counts_once_however_many_contracts() {
        let mut lines = [line(1, 2020, 100, 100), line(1, 2021, 100, 40), line(2, 2021, 50, 50)];
        find_defaults(&mut lines, Fen::new(60));
        let all = total(&lines);
        assert_eq!((all.due_persons, all.late_persons), (2, 1));
        assert_eq!((all.sums.due_contracts, all.sums.paid_contracts), (3, 2));
        assert_eq!(percent(all.default_rate()), "50.00%");
        assert_eq!(percent(all.principal_rate()), "76.00%");
        assert_eq!(percent(all.contract_rate()), "66.67%");
        let years = groups(&lines, GroupBy::Year);
        assert_eq!(years.len(), 2);
        assert_eq!(years[0].1.late_persons + years[1].1.late_persons, 1);
        assert_eq!(years[0].1.due_persons + years[1].1.due_persons, 3);
        assert_eq!(groups(&lines, GroupBy::Township)[0].0, BLANK);
        // So little is no default; the money stays open.
        find_defaults(&mut lines, Fen::new(61));
        let all = total(&lines);
        assert_eq!((all.late_persons, all.sums.late_principal), (0, Fen::new(60)));
    }

    #[test]
    fn every_figure_is_the_sum_of_its_rows() {
        let mut lines = [line(1, 2020, 100, 100), line(1, 2021, 100, 40), line(2, 2021, 50, 50)];
        find_defaults(&mut lines, Fen::new(1));
        for figure in Figure::ALL {
            assert_eq!(Figure::from_text(figure.as_text()), Some(figure));
            let mut expected = vec![(None, total(&lines))];
            for by in GroupBy::ALL {
                let groups = groups(&lines, by);
                expected.extend(groups.into_iter().map(|(key, n)| (Some((by, key)), n)));
            }
            for (group, numbers) in expected {
                let list =
                    rows(&lines, figure, group.as_ref().map(|(by, key)| (*by, key.as_str())));
                let sum = match figure.unit() {
                    Unit::Money => list.iter().map(|row| row.amount.get()).sum(),
                    _ => i64::try_from(list.len()).unwrap(),
                };
                assert_eq!(sum, numbers.value(figure), "{figure:?} {group:?}");
            }
        }
    }
}
