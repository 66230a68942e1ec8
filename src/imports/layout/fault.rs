//! What can be wrong with a cell or a line, and how it is told to the clerk.

use crate::base::id_number::IdNumber;

/// How much a note weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Put right by the program; nothing to do.
    Repaired,
    /// The row is taken; somebody should look.
    Warning,
    /// The row is not taken unless the note's hook is resolved.
    Refused,
}

/// What the database half can resolve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hook {
    /// The number had 15 digits. When exactly one known person has this 18-digit number, the
    /// row may be taken.
    Upgraded(IdNumber),
    /// The name is damaged or written otherwise. When the row's number finds a known person,
    /// that person's name is kept.
    KnownName,
}

/// One remark about one cell or line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowMessage {
    /// How much it weighs.
    pub severity: Severity,
    /// The heading of the column; empty when the whole line is meant.
    pub heading: &'static str,
    /// The kind of fault.
    pub fault: Fault,
    /// What was found, and what to do, in Chinese. No full identity or telephone number.
    pub message: String,
    /// What could still save a refused row.
    pub hook: Option<Hook>,
}

impl RowMessage {
    /// Heading and message: `身份证号：最后的 x 已改为大写 X。`
    pub fn sentence(&self) -> String {
        if self.heading.is_empty() {
            self.message.clone()
        } else {
            format!("{}：{}", self.heading, self.message)
        }
    }

    /// A note on the whole line.
    pub(super) fn on_line(
        severity: Severity,
        fault: Fault,
        message: impl Into<String>,
    ) -> RowMessage {
        RowMessage { severity, heading: "", fault, message: message.into(), hook: None }
    }
}

/// All notes on one line in one text, the weightiest first, for the column 说明.
pub fn explain<'n>(notes: impl IntoIterator<Item = &'n RowMessage>) -> String {
    let mut notes: Vec<&RowMessage> = notes.into_iter().collect();
    notes.sort_by_key(|note| std::cmp::Reverse(note.severity));
    let sentences: Vec<String> = notes.into_iter().map(RowMessage::sentence).collect();
    sentences.join("\n")
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// The kinds of fault. [`Fault::code`] names them in files and counts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault { $($(#[$doc])* $name,)* }

        impl Fault {
            pub const ALL: &'static [Fault] = &[$(Fault::$name,)*];

            /// The name in files and counts: `outer_blanks`.
            pub const fn code(self) -> &'static str {
                match self { $(Fault::$name => $code,)* }
            }
        }
    };
}

faults! {
    /// Blanks before or behind the value.
    OuterBlanks = "outer_blanks",
    /// An identity number with a wrong digit.
    WrongCheckDigit = "wrong_check_digit",
    /// Full-width digits or letters.
    FullWidthDigits = "full_width_digits",
    /// A long number that a spreadsheet took for a quantity: its end is lost.
    ScientificNotation = "scientific_notation",
    /// The same key as an earlier line.
    DuplicateRow = "duplicate_row",
    /// A small x at the end of an identity number.
    LowerCaseX = "lower_case_x",
    /// A first-generation identity number.
    Id15Digits = "id_15_digits",
    /// More than the yearly cap.
    AmountOverCap = "amount_over_cap",
    /// Money as words: 元, 万, commas, a currency sign.
    AmountAsText = "amount_as_text",
    /// A date as the number of days since 1900.
    ExcelSerialDate = "excel_serial_date",
    /// A date written otherwise than 2026-10-31.
    OtherDateForm = "other_date_form",
    MissingCoBorrower = "missing_co_borrower",
    /// The birthday in the sheet is not that of the identity number.
    BirthDateConflict = "birth_date_conflict",
    /// The sex in the sheet is not that of the identity number.
    SexConflict = "sex_conflict",
    BlankId = "blank_id",
    /// A telephone number in an unusual or damaged form.
    PhoneForm = "phone_form",
    /// In a column of e-mail stands something else.
    NoEmail = "no_email",
    TraditionalCharacters = "traditional_characters",
    /// A blank between the characters of a name.
    BlankInsideName = "blank_inside_name",
    /// A `?`, a box or a private character where a rare character stood.
    RareCharacterLost = "rare_character_lost",
    /// A university under another form of its name.
    UniversityVariant = "university_variant",
    BlankRowBefore = "blank_row_before",
    /// The headings once more.
    HeadingRepeated = "heading_repeated",
    /// A line of totals.
    TotalRow = "total_row",
    /// A line of signatures or remarks below the table.
    FooterRow = "footer_row",
    /// Blanks inside a number.
    InnerBlanks = "inner_blanks",
    /// Hyphens, apostrophes or invisible marks in a number.
    StrayMarks = "stray_marks",
    /// Another form of the dot in a name.
    MiddleDot = "middle_dot",
    /// An identity number that is none for another reason than its check character.
    BadId = "bad_id",
    /// A required value is missing.
    MissingValue = "missing_value",
    BadDate = "bad_date",
    BadMonth = "bad_month",
    /// No amount of money.
    BadMoney = "bad_money",
    /// No whole number, or one out of range.
    BadNumber = "bad_number",
    BadLoanYear = "bad_loan_year",
    /// A word that the column does not know.
    UnknownWord = "unknown_word",
    /// A university that is not in the ministry's list.
    UnknownUniversity = "unknown_university",
    /// Parts that do not add up to the total beside them.
    SumConflict = "sum_conflict",
    /// An error of the spreadsheet program stands where a value should be.
    ErrorCell = "error_cell",
    /// `.0` behind a long number: a program took it for a quantity.
    DotZero = "dot_zero",
    /// Zeros in front were lost.
    LeadingZeros = "leading_zeros",
    /// The value stands in a cell that is merged over several lines.
    MergedCell = "merged_cell",
    /// The day number zero: no date.
    EmptyDate = "empty_date",
    /// Below the least amount, or not a multiple of what the rules say.
    AmountStep = "amount_step",
}
