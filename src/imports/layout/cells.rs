//! What the cells of a column hold, for `layout!`.

use chrono::NaiveDate;

use super::kind::ColumnKind;
use super::reader::Reader;
use super::words::{Word, YesNo};
use crate::base::id_number::IdNumber;
use crate::base::money::Fen;
use crate::base::phone_number::PhoneNumber;

/// What the cells of a column hold.
pub trait Cell {
    /// What the column is to those who do not read it.
    const KIND: ColumnKind;
    /// What a cell says once it is understood.
    type Value;
    /// The cell of the line at hand; its faults become notes.
    fn read(reader: &mut Reader<'_>, key: &'static str) -> Option<Self::Value>;
}

macro_rules! cells {
    ($($(#[$doc:meta])* $name:ident: $kind:ident -> $value:ty
        = |$reader:ident, $key:ident| $read:expr;)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl Cell for $name {
            const KIND: ColumnKind = ColumnKind::$kind;
            type Value = $value;
            fn read($reader: &mut Reader<'_>, $key: &'static str) -> Option<$value> {
                $read
            }
        }
    )*};
}

cells! {
    /// Free text as it stands.
    FreeText: Text -> String = |r, key| r.text(key);
    /// An address of e-mail: what is none is left out.
    Email: Text -> String = |r, key| r.email(key);
    /// The name of a person.
    Name: Text -> String = |r, key| r.name(key);
    /// The name of a place.
    Place: Text -> String = |r, key| r.place(key);
    /// A university of the ministry's list, or what stands there.
    University: Text -> String = |r, key| r.university(key);
    /// The student's identity number.
    Id: Id -> IdNumber = |r, key| r.id(key);
    /// The co-borrower's: a wrong one is left out.
    CoId: Id -> IdNumber = |r, key| r.other_id(key);
    /// A long number that is no identity number.
    Code: Id -> String = |r, key| r.code(key);
    /// Several of them in one cell; nothing when there is none.
    Codes: Text -> Vec<String> = |r, key| Some(r.codes(key)).filter(|codes| !codes.is_empty());
    /// The six digits that a university gives.
    ReceiptCode: Text -> String = |r, key| r.receipt_code(key);
    /// One or more telephone numbers.
    Phones: Phone -> Vec<PhoneNumber> = |r, key| Some(r.phones(key));
    /// In yuan with at most two decimals.
    Money: Money -> Fen = |r, key| r.money(key);
    Day: Date -> NaiveDate = |r, key| r.day(key);
    /// A calendar day; where there is none, the one of the title.
    DayOrTitle: Date -> NaiveDate = |r, key| r.day(key).or(r.as_of());
    /// The first day of a month.
    Month: Month -> NaiveDate = |r, key| r.month(key);
    /// The same, written out.
    MonthName: Text -> NaiveDate = |r, key| r.month(key);
    /// The first year of a school year.
    LoanYear: Text -> i32 = |r, key| r.loan_year(key);
    /// A loan term; in years, whatever the sheet counts in.
    TermYears: Int -> i32 = |r, key| r.term_years(key);
    /// 是 or 否.
    YesOrNo: Text -> bool = |r, key| r.word(key).map(|word: YesNo| word == YesNo::Yes);
    /// Nobody needs it; looked at for its blanks only.
    Unread: Int -> () = |r, key| r.skip(key);
}

/// A whole number from 0 to `MOST`.
pub struct Whole<const MOST: i32>;

/// A whole number from 0 on.
pub type Count = Whole<{ i32::MAX }>;

impl<const MOST: i32> Cell for Whole<MOST> {
    const KIND: ColumnKind = ColumnKind::Int;
    type Value = i32;
    fn read(reader: &mut Reader<'_>, key: &'static str) -> Option<i32> {
        reader.whole(key, MOST)
    }
}

impl<W: Word> Cell for W {
    const KIND: ColumnKind = ColumnKind::Text;
    type Value = W;
    fn read(reader: &mut Reader<'_>, key: &'static str) -> Option<W> {
        reader.word(key)
    }
}
