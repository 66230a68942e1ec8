//! Takes the cells of one line column by column, cleans them and writes the notes.
//!
//! Columns are asked for in the order of the layout, so finding one costs nothing. The rules
//! for single kinds of values are in `value.rs`; here stands what is said about them.

mod checks;
mod numbers;

use chrono::NaiveDate;

use crate::base::email::is_address;
use crate::base::id_number;
use crate::base::money::Fen;
use crate::base::person_name::{half, is_blank, read_name, simplify};
use crate::base::phone_number::{self, PhoneNumber};
use crate::book::university;
use crate::imports::layout::binding::Binding;
use crate::imports::layout::fault::{Fault, Hook, RowMessage, Severity};
use crate::imports::layout::kind::{Column, ColumnKind, Limits};
use crate::imports::layout::unit::Unit;
use crate::imports::layout::words::Word;
use crate::plumbing::sheet::{Cell, CellKind};

pub struct Reader<'a> {
    binding: &'a Binding,
    cells: &'a [Cell],
    pub(in crate::imports::layout) today: NaiveDate,
    pub(in crate::imports::layout) limits: &'a Limits,
    pub(in crate::imports::layout) notes: Vec<RowMessage>,
    /// The student's name, also when the line is refused.
    pub(in crate::imports::layout) who: Option<String>,
    /// The amounts read so far, by column.
    amounts: Vec<(&'static str, Fen)>,
    next: usize,
}

/// The columns whose amount tells most about a line, the best first.
const TELLING: [&str; 9] = [
    "amount",
    "paid_total",
    "overdue_total",
    "paid_principal",
    "overdue_principal",
    "applied",
    "principal",
    "disbursed_amount",
    "balance",
];

/// A trimmed, non-empty cell.
struct Raw<'a> {
    text: &'a str,
    kind: CellKind,
    unit: Unit,
    column: &'static Column,
}

impl<'a> Reader<'a> {
    pub(in crate::imports::layout) fn new(
        binding: &'a Binding,
        cells: &'a [Cell],
        today: NaiveDate,
        limits: &'a Limits,
    ) -> Self {
        Reader {
            binding,
            cells,
            today,
            limits,
            notes: Vec::new(),
            who: None,
            amounts: Vec::new(),
            next: 0,
        }
    }

    /// The day that the title is of.
    pub(in crate::imports::layout) fn as_of(&self) -> Option<NaiveDate> {
        self.binding.as_of
    }

    /// The amount that tells most about the line.
    pub(in crate::imports::layout) fn amount(&self) -> Option<Fen> {
        let of = |key: &&str| self.amounts.iter().find(|(own, _)| own == key);
        TELLING.iter().find_map(of).map(|(_, amount)| *amount)
    }

    /// The place of a column in the layout, looked for from where the last one was found.
    fn place_of(&mut self, key: &str) -> Option<usize> {
        let columns = self.binding.layout.columns();
        let behind = columns.iter().skip(self.next).position(|column| column.key == key);
        let at = match behind {
            Some(found) => self.next + found,
            None => columns.iter().position(|column| column.key == key)?,
        };
        self.next = at + 1;
        Some(at)
    }

    pub(in crate::imports::layout) fn heading(&mut self, key: &str) -> &'static str {
        let place = self.place_of(key);
        let column = place.and_then(|at| self.binding.layout.columns().get(at));
        column.map_or("", |column| column.heading)
    }

    /// True when the sheet has this column at all.
    pub(in crate::imports::layout) fn has_column(&mut self, key: &str) -> bool {
        let place = self.place_of(key);
        place.is_some_and(|at| self.binding.places.get(at).is_some_and(Option::is_some))
    }

    pub(in crate::imports::layout) fn note(
        &mut self,
        severity: Severity,
        heading: &'static str,
        fault: Fault,
        message: impl Into<String>,
    ) {
        self.notes.push(RowMessage {
            severity,
            heading,
            fault,
            message: message.into(),
            hook: None,
        });
    }

    fn repaired(&mut self, column: &Column, fault: Fault, message: impl Into<String>) {
        self.note(Severity::Repaired, column.heading, fault, message);
    }

    /// A value that cannot be used: refuses the row when the column is required.
    fn unusable(&mut self, column: &Column, fault: Fault, message: impl Into<String>) {
        let severity = if column.required { Severity::Refused } else { Severity::Warning };
        self.note(severity, column.heading, fault, message);
    }

    /// The trimmed cell; notes blanks around it, and a required value that is missing.
    fn raw(&mut self, key: &'static str) -> Option<Raw<'a>> {
        let place = self.place_of(key)?;
        let column = self.binding.layout.columns().get(place)?;
        let Some((cell, unit, _)) = self.binding.cell(place, self.cells) else {
            return self.missing(column);
        };
        let text: &str = &cell.text;
        let blank = |c: char| is_blank(c);
        let trimmed = text.trim_matches(blank);
        if trimmed.is_empty() {
            return self.missing(column);
        }
        // A TAB behind a long number is how exports keep it a text; nothing to say about it.
        if cell.kind == CellKind::Error || is_error(trimmed) {
            let message = format!(
                "这一格是出错的公式（{}），没有值。请在表格软件里改好公式，或直接填上内容后重新导入。",
                excerpt(trimmed)
            );
            self.unusable(column, Fault::ErrorCell, message);
            return None;
        }
        if cell.merged {
            return self.lent(trimmed, cell.kind, unit, column);
        }
        let dropped = text.len() - trimmed.len();
        if dropped > 0 && text.trim_matches('\t').len() != trimmed.len() {
            self.repaired(column, Fault::OuterBlanks, "前后多余的空格已去掉。");
        }
        let bare = trimmed.trim_start_matches('\'');
        if bare.len() != trimmed.len() {
            self.repaired(column, Fault::StrayMarks, "开头的撇号已去掉。");
        }
        let long = matches!(column.kind, ColumnKind::Id | ColumnKind::Phone);
        let digits = bare.strip_suffix(".0").or_else(|| bare.strip_suffix(".00"));
        let digits = digits.filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        let bare = match digits.filter(|_| long || column.key == "receipt_code") {
            Some(digits) => {
                self.repaired(column, Fault::DotZero, "末尾多出的“.0”已去掉。");
                digits
            }
            None => bare,
        };
        (!bare.is_empty()).then_some(Raw { text: bare, kind: cell.kind, unit, column })
    }

    /// What stands above in a cell that is merged over several lines. An amount there is that of
    /// all of them together.
    fn lent(
        &mut self,
        text: &'a str,
        kind: CellKind,
        unit: Unit,
        column: &'static Column,
    ) -> Option<Raw<'a>> {
        if column.kind == ColumnKind::Money {
            let message =
                "金额与上面的行合并成一格，分不清每行是多少。请取消合并，逐行填写后重新导入。";
            self.unusable(column, Fault::MergedCell, message);
            return None;
        }
        self.repaired(column, Fault::MergedCell, "与上面的行合并成一格，已按上面的内容读取。");
        Some(Raw { text, kind, unit, column })
    }

    /// True when the note just written says that the cell holds an error.
    fn was_error(&self, key: &str) -> bool {
        let columns = self.binding.layout.columns();
        let column = columns.iter().find(|column| column.key == key);
        self.notes.last().is_some_and(|note| {
            matches!(note.fault, Fault::ErrorCell | Fault::MergedCell)
                && column.is_some_and(|column| column.heading == note.heading)
        })
    }

    fn missing(&mut self, column: &'static Column) -> Option<Raw<'a>> {
        if column.required && column.key != "id_number" {
            let message = "必填的内容是空的，请补填后重新导入。";
            self.note(Severity::Refused, column.heading, Fault::MissingValue, message);
        }
        None
    }

    /// Looks at a column that no typed row keeps (序号), for its blanks only.
    pub(in crate::imports::layout) fn skip(&mut self, key: &'static str) -> Option<()> {
        self.raw(key).map(|_| ())
    }

    /// Text in half-width characters; notes that full-width ones were there.
    fn narrow(&mut self, raw: &Raw<'a>) -> std::borrow::Cow<'a, str> {
        if raw.text.is_ascii() || raw.text.chars().all(|c| half(c) == c) {
            return raw.text.into();
        }
        let digits = |c: char| c.is_alphanumeric() && half(c) != c;
        if raw.text.chars().any(digits) {
            self.repaired(raw.column, Fault::FullWidthDigits, "全角数字已改为半角。");
        }
        raw.text.chars().map(half).collect::<String>().into()
    }

    /// Free text as it stands.
    pub(in crate::imports::layout) fn text(&mut self, key: &'static str) -> Option<String> {
        self.raw(key).map(|raw| raw.text.to_owned())
    }

    /// An address that mail can be sent to.
    pub(in crate::imports::layout) fn email(&mut self, key: &'static str) -> Option<String> {
        let raw = self.raw(key)?;
        let address = self.narrow(&raw).into_owned();
        if is_address(&address) {
            return Some(address);
        }
        let message = format!("“{}”不是电子邮箱地址，没有导入这一格。请核对后更正。", raw.text);
        self.note(Severity::Warning, raw.column.heading, Fault::NoEmail, message);
        None
    }

    /// The name of a place: traditional characters are simplified.
    pub(in crate::imports::layout) fn place(&mut self, key: &'static str) -> Option<String> {
        let raw = self.raw(key)?;
        let simple = simplify(raw.text);
        if simple != raw.text {
            let message = format!("繁体字已改为简体：{simple}。");
            self.repaired(raw.column, Fault::TraditionalCharacters, message);
        }
        Some(simple.into_owned())
    }

    /// A name of the list of universities where it can be found.
    pub(in crate::imports::layout) fn university(&mut self, key: &'static str) -> Option<String> {
        let raw = self.raw(key)?;
        match university::find(raw.text) {
            university::Found::Exact => Some(raw.text.to_owned()),
            university::Found::Traditional(name) => {
                let message = format!("繁体字已改为简体：{name}。");
                self.repaired(raw.column, Fault::TraditionalCharacters, message);
                Some(name)
            }
            university::Found::Variant(name) => {
                let message = format!("“{}”已按高校名单改为“{name}”。", raw.text);
                self.repaired(raw.column, Fault::UniversityVariant, message);
                Some(name)
            }
            university::Found::OneOf(names) => {
                let message = format!(
                    "“{}”不完整，可能是{}，已按原文保留。请改为全称。",
                    raw.text,
                    names.join("、")
                );
                self.note(Severity::Warning, raw.column.heading, Fault::UniversityVariant, message);
                Some(raw.text.to_owned())
            }
            university::Found::Unknown => {
                let message = format!(
                    "“{}”不在教育部高校名单中（旧校名、分校和军队院校也不在），已按原文保留，请核对。",
                    raw.text
                );
                self.note(Severity::Warning, raw.column.heading, Fault::UnknownUniversity, message);
                Some(raw.text.to_owned())
            }
        }
    }

    /// The name of a person. Characters are never changed; what may be wrong is noted.
    pub(in crate::imports::layout) fn name(&mut self, key: &'static str) -> Option<String> {
        let raw = self.raw(key)?;
        let read = read_name(raw.text);
        if raw.column.key == "name" {
            self.who = Some(read.text.clone());
        }
        if read.inner_blank {
            let message = format!("姓名中间的空格已去掉：{}。", read.text);
            self.repaired(raw.column, Fault::BlankInsideName, message);
        }
        if read.other_dot {
            let message = format!("姓名中的间隔号已统一：{}。", read.text);
            self.repaired(raw.column, Fault::MiddleDot, message);
        }
        if read.full_width {
            self.repaired(raw.column, Fault::FullWidthDigits, "全角字母已改为半角。");
        }
        if read.traditional {
            let message = format!(
                "姓名“{}”含有繁体字，没有改动。请对照身份证核对，如系统中已有此人，沿用原来的写法。",
                read.text
            );
            self.note(Severity::Warning, raw.column.heading, Fault::TraditionalCharacters, message);
            self.hook(Hook::KnownName);
        }
        if read.lost {
            // A co-borrower's damaged name alone does not stop the student's row.
            let own = raw.column.key == "name";
            let message = format!(
                "姓名“{}”中有生僻字没有保存下来。请对照身份证补上这个字后重新导入。",
                excerpt(&read.text)
            );
            let severity = if own { Severity::Refused } else { Severity::Warning };
            self.note(severity, raw.column.heading, Fault::RareCharacterLost, message);
            self.hook(Hook::KnownName);
        }
        Some(read.text)
    }

    /// Adds a hook to the note just written.
    fn hook(&mut self, hook: Hook) {
        if let Some(note) = self.notes.last_mut() {
            note.hook = Some(hook);
        }
    }

    /// A word of a list.
    pub(in crate::imports::layout) fn word<W: Word>(&mut self, key: &'static str) -> Option<W> {
        let raw = self.raw(key)?;
        let plain: String = simplify(raw.text).chars().filter(|c| !is_blank(*c)).collect();
        let word = W::read(raw.text).or_else(|| W::read(&plain));
        if word.is_none() {
            let message = format!("“{}”不在可选的词里。请改为：{}。", excerpt(raw.text), W::list());
            self.unusable(raw.column, Fault::UnknownWord, message);
        }
        word
    }

    /// Telephone numbers; an unusable one is left out with a warning.
    pub(in crate::imports::layout) fn phones(&mut self, key: &'static str) -> Vec<PhoneNumber> {
        let Some(raw) = self.raw(key) else { return Vec::new() };
        let narrow = self.narrow(&raw);
        let read = PhoneNumber::parse_all(&narrow);
        if let Some(problem) = read.problem {
            let message = format!(
                "{}后补录，这个号码没有采用。（原值 {}）",
                problem.to_chinese(),
                phone_number::mask(raw.text)
            );
            self.note(Severity::Warning, raw.column.heading, Fault::PhoneForm, message);
        } else if read.repaired {
            let masked: Vec<_> = read.numbers.iter().map(PhoneNumber::masked).collect();
            let message = format!("电话已整理为 {}。", masked.join("、"));
            self.repaired(raw.column, Fault::PhoneForm, message);
        }
        read.numbers
    }
}

/// What spreadsheet programs write where a formula has no value; in a CSV it is text.
fn is_error(text: &str) -> bool {
    let known = [
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#SPILL!",
        "#CALC!",
        "#GETTING_DATA",
        "#FIELD!",
        "#BLOCKED!",
        "#CONNECT!",
    ];
    text.starts_with('#') && known.iter().any(|error| error.eq_ignore_ascii_case(text))
}

/// The beginning of a cell, fit for a message: long digit strings are starred.
fn excerpt(text: &str) -> String {
    let start: String = text.chars().take(20).filter(|c| !c.is_control()).collect();
    let digits = start.chars().filter(char::is_ascii_digit).count();
    if digits >= 10 { id_number::mask(&start) } else { start }
}
