//! `layout!`: one line a column makes the row of a kind of sheet, its reading and its headings.
//!
//! ```text
//! RECEIPTS: ReceiptRow = "receipts", "高校回执登记表", "国家生源地助学贷款回执登记表（高校侧）";
//! key |row| format!("{} {}", row.student_number, row.loan_year);
//! must amount: Money = "贷款金额（元）" | AMOUNTS => within_cap("amount", amount, loan_year);
//! ```
//!
//! `must`: without the column a sheet is not this kind, without its value a row is not taken;
//! `may`: an `Option`; `many`: empty when there is none; `seen`: read for what may be wrong with
//! it, and not kept. Then the name of the column (the same for the same thing in all kinds), what
//! is in its cells ([`super::cells`]), its heading, other headings, and what the reader checks once
//! it is read. `key` is what makes two lines of one sheet the same thing; it holds identity
//! numbers, so it is for comparing in memory only. `payment`: the bank may mean two by two lines
//! alike.

pub(in crate::imports) use super::cells::*;
pub(in crate::imports) use super::kind::{Column, Layout, Spec};
pub(in crate::imports) use super::reader::Reader;
pub(in crate::imports) use super::rows::{Declared, Row, SheetRow};
pub(in crate::imports) use super::synonyms::*;
pub(in crate::imports) use crate::base::id_number::IdNumber;

macro_rules! layout {
    (@required) => { false };
    (@required $must:ident) => { true };
    (@synonyms) => { "" };
    (@synonyms $others:expr) => { $others };

    // What the columns of these names hold; nothing for all others.
    (@name $own:tt must name) => { Some($own.name.as_str()) };
    (@name $own:tt may name) => { $own.name.as_deref() };
    (@student $own:tt must id_number) => { Some($own.id_number) };
    (@student $own:tt may id_number) => { $own.id_number };
    (@number $own:tt must student_number) => { Some($own.student_number.as_str()) };
    (@co $own:tt may co_id_number) => { $own.co_id_number };
    (@loans $own:tt must contract_number) => { Some(std::slice::from_ref(&$own.contract_number)) };
    (@loans $own:tt must contract_numbers) => { Some($own.contract_numbers.as_slice()) };
    (@rename $own:tt $known:tt must name) => { $own.name = $known.to_owned(); };
    (@rename $own:tt $known:tt may name) => { $own.name = Some($known.to_owned()); };
    (@rename $own:tt $known:tt $mode:ident $column:ident) => { let _ = $known; };
    (@$any:ident $own:tt $mode:ident $column:ident) => { None };

    (
        $(#[$doc:meta])*
        $name:ident: $row:ident = $key:literal, $short_title:literal, $title:literal;
        key |$own:ident| $natural_key:expr;
        $(payment |$line:ident| $is_payment:expr;)?
        $(
            $(must $must:ident)? $(may $may:ident)? $(many $many:ident)? $(seen $seen:ident)?
            : $cell:ty = $heading:literal $(| $others:expr)?
            $(=> $check:ident($($value:expr),*))?;
        )*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $row {$(
            $(#[doc = $heading] pub $must: <$cell as Cell>::Value,)?
            $(#[doc = $heading] pub $may: Option<<$cell as Cell>::Value>,)?
            $(#[doc = $heading] pub $many: <$cell as Cell>::Value,)?
        )*}

        static $name: Spec = Spec {
            key: $key,
            short_title: $short_title,
            title: $title,
            columns: &[$(Column {
                key: concat!(
                    $(stringify!($must))? $(stringify!($may))?
                    $(stringify!($many))? $(stringify!($seen))?
                ),
                heading: $heading,
                kind: <$cell as Cell>::KIND,
                required: layout!(@required $($must)?),
                synonyms: layout!(@synonyms $($others)?),
            },)*],
            read: $row::read,
        };

        impl Layout {
            #[doc = $short_title]
            pub const $name: Layout = Layout(&$name);
        }

        impl Declared for $row {
            const LAYOUT: Layout = Layout::$name;
        }

        impl $row {
            fn read(reader: &mut Reader<'_>) -> Option<Row> {
                $(
                    $(let $must = <$cell as Cell>::read(reader, stringify!($must));)?
                    $(let $may = <$cell as Cell>::read(reader, stringify!($may));)?
                    $(let $many = <$cell as Cell>::read(reader, stringify!($many));)?
                    $(let $seen = <$cell as Cell>::read(reader, stringify!($seen));
                    let _ = &$seen;)?
                    $(reader.$check($($value),*);)?
                )*
                Some(Row::new($row {
                    $($($must: $must?,)? $($may,)? $($many: $many.unwrap_or_default(),)?)*
                }))
            }
        }

        impl SheetRow for $row {
            fn natural_key(&self) -> String {
                let $own = self;
                $natural_key
            }

            fn is_payment(&self) -> bool {
                false $(|| { let $line = self; $is_payment })?
            }

            fn differences(&self, other: &Row) -> Vec<&'static str> {
                let Some(other) = other.of::<Self>() else { return vec!["表格种类"] };
                let mut headings = Vec::new();
                $(
                    $(if self.$must != other.$must { headings.push($heading); })?
                    $(if self.$may != other.$may { headings.push($heading); })?
                    $(if self.$many != other.$many { headings.push($heading); })?
                )*
                headings
            }

            fn id_number(&self) -> Option<IdNumber> {
                None::<IdNumber> $(
                    $(.or(layout!(@student self must $must)))?
                    $(.or(layout!(@student self may $may)))?
                )*
            }

            fn co_id_number(&self) -> Option<IdNumber> {
                None::<IdNumber> $($(.or(layout!(@co self may $may)))?)*
            }

            fn student_number(&self) -> Option<&str> {
                None::<&str> $($(.or(layout!(@number self must $must)))?)*
            }

            fn contract_numbers(&self) -> &[String] {
                let found = None::<&[String]> $($(.or(layout!(@loans self must $must)))?)*;
                found.unwrap_or_default()
            }

            fn name(&self) -> Option<&str> {
                None::<&str> $(
                    $(.or(layout!(@name self must $must)))?
                    $(.or(layout!(@name self may $may)))?
                )*
            }

            fn set_name(&mut self, known: &str) {
                $(
                    $(layout!(@rename self known must $must);)?
                    $(layout!(@rename self known may $may);)?
                )*
            }

            fn boxed(&self) -> Row {
                Row::new(self.clone())
            }
        }
    };
}

pub(in crate::imports) use layout;
