//! The bank of a rehearsal: its repayment list of a month comes on the fifth of the next, that of a
//! due day eight days after it. Until then nobody knows who has paid, as in life.

use chrono::{Datelike, Days, NaiveDate};

use crate::app::App;
use crate::base::ids::RowId;
use crate::base::scope::Scope;
use crate::book::payments_known::{self, PaymentsKnown, Source};
use crate::book::position;
use crate::book::statement::Product;
use crate::error::AppResult;

/// So many days after the yearly due day its list comes.
const AFTER_DUE_DAY: u64 = 8;
/// The due day that nearly all contracts have.
const DUE_DAY: (u32, u32) = (12, 20);
/// On this day of a month the list of the month before comes.
const MONTHLY_ON: u32 = 5;

/// The list that comes on a day, if one does: the day it is of.
pub(super) fn tells(app: &App, scope: &Scope, day: NaiveDate) -> AppResult<Option<NaiveDate>> {
    let due_day = day - Days::new(AFTER_DUE_DAY);
    let after_due_day = (due_day.month(), due_day.day()) == DUE_DAY;
    if !after_due_day && day.day() != MONTHLY_ON {
        return Ok(None);
    }
    let until =
        if after_due_day { day.pred_opt() } else { day.with_day(1).and_then(|d| d.pred_opt()) };
    let Some(until) = until else { return Ok(None) };
    let (id, now) = (RowId::new(app.next_id()), app.clock.now_at());
    let row = PaymentsKnown {
        reason: "rehearsal".to_owned(),
        ..PaymentsKnown::new(id, (scope.own(), Product::Cdb), Source::List, until, now)
    };
    app.db.write("rehearsal list", |db| {
        payments_known::add(db, &row)?;
        position::outdate(db, scope, day, day).map(|_| ())
    })?;
    position::catch_up(&app.db, scope, day, || app.newest_basis())?;
    Ok(Some(until))
}
