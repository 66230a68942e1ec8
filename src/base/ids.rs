//! Identities made by the program: 63-bit, time-ordered, the same on both databases.
//!
//! Never numbers made by a database: an upsert that meets a conflict burns one, and a retry
//! must keep what it chose the first time. Papers are never numbered from these.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

/// `ToSql`/`FromSql` for a newtype over a number, on SQLite, PostgreSQL and the enum of both.
#[macro_export]
macro_rules! sql_number {
    ($name:ident, $sql:ident, $inner:ty) => {
        impl<DB> diesel::deserialize::FromSql<diesel::sql_types::$sql, DB> for $name
        where
            DB: diesel::backend::Backend,
            $inner: diesel::deserialize::FromSql<diesel::sql_types::$sql, DB>,
        {
            fn from_sql(
                bytes: <DB as diesel::backend::Backend>::RawValue<'_>,
            ) -> diesel::deserialize::Result<Self> {
                <$inner as diesel::deserialize::FromSql<diesel::sql_types::$sql, DB>>::from_sql(
                    bytes,
                )
                .map($name)
            }
        }

        impl<DB> diesel::serialize::ToSql<diesel::sql_types::$sql, DB> for $name
        where
            DB: diesel::backend::Backend,
            $inner: diesel::serialize::ToSql<diesel::sql_types::$sql, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, DB>,
            ) -> diesel::serialize::Result {
                <$inner as diesel::serialize::ToSql<diesel::sql_types::$sql, DB>>::to_sql(
                    &self.0, out,
                )
            }
        }
    };
}
pub use sql_number;

/// `ToSql`/`FromSql` for an enum kept as text; needs `as_text()` and `from_text(&str)`.
#[macro_export]
macro_rules! sql_text {
    ($name:ident) => {
        impl<DB> diesel::deserialize::FromSql<diesel::sql_types::Text, DB> for $name
        where
            DB: diesel::backend::Backend,
            String: diesel::deserialize::FromSql<diesel::sql_types::Text, DB>,
        {
            fn from_sql(
                bytes: <DB as diesel::backend::Backend>::RawValue<'_>,
            ) -> diesel::deserialize::Result<Self> {
                let text: String =
                    diesel::deserialize::FromSql::<diesel::sql_types::Text, DB>::from_sql(bytes)?;
                $name::from_text(&text)
                    .ok_or_else(|| format!("{text:?} is no {}", stringify!($name)).into())
            }
        }

        impl<DB> diesel::serialize::ToSql<diesel::sql_types::Text, DB> for $name
        where
            DB: diesel::backend::Backend,
            str: diesel::serialize::ToSql<diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, DB>,
            ) -> diesel::serialize::Result {
                <str as diesel::serialize::ToSql<diesel::sql_types::Text, DB>>::to_sql(
                    self.as_text(),
                    out,
                )
            }
        }
    };
}
pub use sql_text;

/// A small enum kept as text: `Name { /// doc  Variant = "text", "中文"; }` gives `ALL`, `as_text`,
/// `from_text`, `in_words`, serde by its text, and what diesel needs.
#[macro_export]
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$vdoc:meta])* $variant:ident = $text:literal, $words:literal;)+
    }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            diesel::deserialize::FromSqlRow, diesel::expression::AsExpression,
        )]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every one, in the order pages offer them.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// As kept in the database and in addresses.
            pub const fn as_text(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
            /// The one that a text names.
            pub fn from_text(text: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|one| one.as_text() == text)
            }
            /// As pages say it.
            pub const fn in_words(self) -> &'static str {
                match self { $($name::$variant => $words),+ }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_text())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(from)?;
                $name::from_text(&text).ok_or_else(|| {
                    serde::de::Error::custom(format!("{text:?} is no {}", stringify!($name)))
                })
            }
        }

        impl From<$name> for $crate::base::choice::Choice {
            fn from(one: $name) -> $crate::base::choice::Choice {
                $crate::base::choice::Choice::new(one.as_text(), one.in_words())
            }
        }

        $crate::base::ids::sql_text!($name);
    };
}
pub use text_enum;

macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize,
            serde::Deserialize, diesel::deserialize::FromSqlRow,
            diesel::expression::AsExpression,
        )]
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Takes a number that was made by [`Ids`] or read from the database.
            pub const fn new(number: i64) -> Self { $name(number) }
            /// The bare number, for keys and log fields.
            pub const fn get(self) -> i64 { self.0 }
        }

        impl From<i64> for $name {
            fn from(number: i64) -> Self { $name(number) }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        sql_number!($name, BigInt, i64);
    )*};
}

id_types! {
    /// A person: student, co-borrower or both.
    PersonId,
    /// One telephone number of one person.
    PhoneId,
    /// A loan file (档案): the whole life of one borrower, all contracts together.
    FileId,
    /// A loan: one contract, one school year.
    LoanId,
    /// One entry of the append-only event list of a loan.
    EventId,
    /// A member of staff.
    StaffId,
    ImportId,
    /// One contact with a family, or one try.
    RecordId,
    /// Somebody around a family who is neither student nor co-borrower.
    PointId,
    /// One overdue case: a loan file on the ladder.
    CaseId,
    /// What one receiver gets in one go: visit sheets, a list of payments.
    BatchId,
    /// One household on paper.
    SheetId,
    /// What came back about a sheet.
    ReturnId,
    /// A liaison of a village, school or police station.
    LiaisonId,
    /// A day on which two visitors go to families.
    RoundId,
    /// Any row that nothing else refers to.
    RowId,
}

/// Makes identities: milliseconds since 2020 (41 bits), a random part chosen at start
/// (10 bits, so that two program instances on one database differ), a counter (12 bits).
#[derive(Debug)]
pub struct Ids {
    instance: i64,
    last: AtomicI64,
}

/// 2020-01-01T00:00:00Z in milliseconds since 1970.
const EPOCH_MS: i64 = 1_577_836_800_000;

impl Ids {
    /// A maker for the program instance `instance` (0 to 1023; higher bits are dropped).
    pub const fn new(instance: i64) -> Self {
        Ids { instance: instance & 0x3FF, last: AtomicI64::new(0) }
    }

    /// The next identity as a bare number. Strictly increasing within one maker, also when the
    /// clock stands still or is set back (the demo's clock, a fake clock in tests).
    pub fn next(&self, now: DateTime<Utc>) -> i64 {
        let tick_of_now = (now.timestamp_millis() - EPOCH_MS).max(1) << 12;
        let mut seen = self.last.load(Ordering::Relaxed);
        loop {
            let tick = tick_of_now.max(seen + 1);
            match self.last.compare_exchange_weak(seen, tick, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return ((tick >> 12) << 22) | (self.instance << 12) | (tick & 0xFFF),
                Err(other) => seen = other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn identities_grow_even_when_the_clock_stands_still_or_runs_back() {
        let ids = Ids::new(7);
        let noon = Utc.with_ymd_and_hms(2026, 10, 31, 4, 0, 0).unwrap();
        let mut last = 0;
        for step in 0..10_000 {
            let now = noon - chrono::Duration::seconds(step);
            let id = ids.next(now);
            assert!(id > last, "{id} after {last}");
            last = id;
        }
        assert_eq!((last >> 12) & 0x3FF, 7);
    }
}
