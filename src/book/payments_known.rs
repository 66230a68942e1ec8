//! How far payments are known (银行数据截至), per office and lender. Writes table `payments_known`.
//!
//! A due day after that day awaits the bank: nobody is called overdue on a guess (rules-more 3.14).
//! What the desk books itself, the county's own loan, is known until today. Rows are never deleted:
//! what does not hold any more is withdrawn, and the newest day of the rest holds.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::base::dates;
use crate::base::ids::{ImportId, RowId, text_enum};
use crate::base::scope::Scope;
use crate::book::statement::{AsOf, Product};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan, payments_known};

text_enum! {
    /// Where it is known from.
    Source {
        /// A repayment list that covers every contract of the lender.
        List = "list", "还款明细";
        /// A reviewer or the director says that all payments are in.
        Declaration = "declaration", "人工确认";
        /// The director goes ahead without the list, for that day only.
        GoAhead = "go_ahead", "主任决定先行跟进";
    }
}

/// One reason to know, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = payments_known, treat_none_as_default_value = false)]
pub struct PaymentsKnown {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    /// Whose loans: the product stands for its lender.
    pub product: String,
    /// Where it is known from.
    pub source: Source,
    /// The last day of which all payments are known; of a [`Source::GoAhead`] the day it is for.
    pub known_until: NaiveDate,
    /// The import of a list.
    pub import_id: Option<ImportId>,
    /// Why, in a person's words.
    pub reason: String,
    pub by_name: String,
    pub recorded_at: NaiveDateTime,
    /// Since when it does not hold any more.
    pub withdrawn_at: Option<NaiveDateTime>,
    pub withdrawn_by: String,
}

impl PaymentsKnown {
    /// A reason that holds from now on, without words or a person yet.
    pub fn new(
        id: RowId,
        (office_code, product): (&str, Product),
        source: Source,
        known_until: NaiveDate,
        recorded_at: NaiveDateTime,
    ) -> PaymentsKnown {
        PaymentsKnown {
            id,
            office_code: office_code.to_owned(),
            product: product.as_text().to_owned(),
            source,
            known_until,
            import_id: None,
            reason: String::new(),
            by_name: String::new(),
            recorded_at,
            withdrawn_at: None,
            withdrawn_by: String::new(),
        }
    }
}

/// How far payments are known, over some offices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    until: BTreeMap<(String, String), (NaiveDate, Source)>,
    ahead: BTreeMap<(String, String), Vec<(NaiveDate, String)>>,
}

impl Known {
    /// The last day of which all payments to a lender are known.
    pub fn until(&self, office_code: &str, product: &str) -> Option<NaiveDate> {
        self.until.get(&(office_code.to_owned(), product.to_owned())).map(|(until, _)| *until)
    }

    /// Whether a person said so, and no list.
    pub fn is_declared(&self, office_code: &str, product: &str) -> bool {
        let newest = self.until.get(&(office_code.to_owned(), product.to_owned()));
        newest.is_some_and(|(_, source)| *source == Source::Declaration)
    }

    /// Why the director goes ahead without the bank's list on a day.
    pub fn ahead(&self, office_code: &str, product: &str, day: NaiveDate) -> Option<&str> {
        let days = self.ahead.get(&(office_code.to_owned(), product.to_owned()))?;
        days.iter().find(|(on, _)| *on == day).map(|(_, reason)| reason.as_str())
    }

    /// The same for whoever does not go ahead: a family's own pages.
    #[must_use]
    pub fn without_going_ahead(self) -> Known {
        Known { ahead: BTreeMap::new(), ..self }
    }

    /// A day, as far as payments of a contract are known on it.
    pub fn as_of(&self, office_code: &str, product: &str, day: NaiveDate) -> AsOf {
        let until = self.until(office_code, product);
        if product == Product::Local.as_text() {
            day.into()
        } else if self.ahead(office_code, product, day).is_some() {
            AsOf::ahead(day, until)
        } else {
            AsOf::known_until(day, until)
        }
    }
}

/// How far the bank's data go for whoever looks or prints on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BankData {
    /// The last day of which all payments are known.
    pub until: Option<NaiveDate>,
    /// A person said so (人工确认), no list.
    pub declared: bool,
    /// Why the director goes ahead without the bank's list on that day.
    pub ahead: Option<String>,
}

impl BankData {
    /// `银行数据截至 2026年10月31日`; with why nobody waits for more, where that is so.
    pub fn in_words(&self) -> String {
        let by_hand = if self.declared { "（人工确认）" } else { "" };
        let known = format!("{}{by_hand}", in_words(self.until));
        match &self.ahead {
            Some(reason) => format!("{known}，今天经主任决定先行跟进（{reason}）"),
            None => known,
        }
    }

    /// What amounts are based on: the same, and what they assume where nobody knows yet.
    pub fn based_on(&self, assumed: Option<&str>) -> String {
        let assumed = assumed.map(|assumed| format!("，金额{assumed}")).unwrap_or_default();
        format!("{}{assumed}", self.in_words())
    }

    /// The day that amounts of `day` are of.
    pub fn day_of(&self, day: NaiveDate) -> NaiveDate {
        if self.ahead.is_some() { day } else { self.until.map_or(day, |until| until.min(day)) }
    }
}

/// The bank's data of one office on a day.
pub fn bank_data(db: &mut Db, scope: &Scope, day: NaiveDate) -> AppResult<BankData> {
    let (known, bank) = (load(db, scope)?, Product::Cdb.as_text());
    Ok(BankData {
        until: known.until(scope.own(), bank).map(|until| until.min(day)),
        declared: known.is_declared(scope.own(), bank),
        ahead: known.ahead(scope.own(), bank, day).map(str::to_owned),
    })
}

/// What is known of these offices.
pub fn load(db: &mut Db, scope: &Scope) -> AppResult<Known> {
    let rows: Vec<PaymentsKnown> = payments_known::table
        .filter(scope.holds(payments_known::office_code))
        .filter(payments_known::withdrawn_at.is_null())
        .select(PaymentsKnown::as_select())
        .load(db)?;
    let mut known = Known::default();
    for row in rows {
        let key = (row.office_code, row.product);
        if row.source == Source::GoAhead {
            known.ahead.entry(key).or_default().push((row.known_until, row.reason));
        } else {
            let until = known.until.entry(key).or_insert((row.known_until, row.source));
            if row.known_until > until.0 {
                *until = (row.known_until, row.source);
            }
        }
    }
    Ok(known)
}

/// The last day, not after `today`, up to which everything of these offices is known: what figures
/// over many families are computed for. `None` while nothing is known of some lender.
pub fn figures_until(db: &mut Db, scope: &Scope, today: NaiveDate) -> AppResult<Option<NaiveDate>> {
    let known = load(db, scope)?;
    let mut days = vec![Some(today)];
    for product in Product::ALL.iter().filter(|product| **product != Product::Local) {
        for office in scope.codes() {
            let of_lender = loan::table
                .filter(loan::office_code.eq(office))
                .filter(loan::product.eq(product.as_text()));
            if diesel::select(diesel::dsl::exists(of_lender)).get_result(db)? {
                days.push(known.until(office, product.as_text()));
            }
        }
    }
    Ok(days.into_iter().min().flatten())
}

/// `银行数据截至 2026年10月31日`, for the head of pages, papers and workbooks.
pub fn in_words(until: Option<NaiveDate>) -> String {
    match until {
        Some(day) => format!("银行数据截至 {}", dates::in_words(day, NaiveDate::MIN)),
        None => "还没有银行的还款数据".to_owned(),
    }
}

/// Keeps one more reason to know.
pub fn add(db: &mut Db, row: &PaymentsKnown) -> AppResult<()> {
    diesel::insert_into(payments_known::table).values(row).execute(db)?;
    Ok(())
}

/// The rows of these offices, newest first.
pub fn list(db: &mut Db, scope: &Scope, limit: i64) -> AppResult<Vec<PaymentsKnown>> {
    Ok(payments_known::table
        .filter(scope.holds(payments_known::office_code))
        .order(payments_known::id.desc())
        .limit(limit)
        .select(PaymentsKnown::as_select())
        .load(db)?)
}

/// Is this list on record as one that covers everything?
pub fn has_list(db: &mut Db, scope: &Scope, import_id: ImportId) -> AppResult<bool> {
    let rows = payments_known::table
        .filter(scope.holds(payments_known::office_code))
        .filter(payments_known::import_id.eq(import_id))
        .filter(payments_known::withdrawn_at.is_null());
    Ok(diesel::select(diesel::dsl::exists(rows)).get_result(db)?)
}

/// What a list tells, and what is known without it; nothing when it moves no day.
pub fn without_list(
    db: &mut Db,
    scope: &Scope,
    import_id: ImportId,
) -> AppResult<Option<(NaiveDate, Option<NaiveDate>)>> {
    let rows: Vec<PaymentsKnown> = payments_known::table
        .filter(scope.holds(payments_known::office_code))
        .filter(payments_known::withdrawn_at.is_null())
        .filter(payments_known::source.ne(Source::GoAhead))
        .select(PaymentsKnown::as_select())
        .load(db)?;
    let Some(own) = rows.iter().find(|row| row.import_id == Some(import_id)) else {
        return Ok(None);
    };
    let lender = (&own.office_code, &own.product);
    let others = rows.iter().filter(|row| (&row.office_code, &row.product) == lender);
    let rest =
        others.filter(|row| row.import_id != Some(import_id)).map(|row| row.known_until).max();
    Ok((rest < Some(own.known_until)).then_some((own.known_until, rest)))
}

/// Which rows are withdrawn.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    One(RowId),
    /// What a list that is taken back had told.
    OfImport(ImportId),
}

/// Withdraws what does not hold any more; says how many rows that were. The positions of the
/// office must be computed anew ([`crate::book::position::outdate`]).
pub fn withdraw(
    db: &mut Db,
    scope: &Scope,
    which: Which,
    (at, by): (NaiveDateTime, &str),
) -> AppResult<usize> {
    let open = payments_known::table
        .filter(scope.holds(payments_known::office_code))
        .filter(payments_known::withdrawn_at.is_null());
    let set = (payments_known::withdrawn_at.eq(Some(at)), payments_known::withdrawn_by.eq(by));
    Ok(match which {
        Which::One(id) => {
            diesel::update(open.filter(payments_known::id.eq(id))).set(set).execute(db)?
        }
        Which::OfImport(import) => {
            diesel::update(open.filter(payments_known::import_id.eq(import)))
                .set(set)
                .execute(db)?
        }
    })
}
