//! What the address of the report and of its workbook may ask.

use chrono::NaiveDate;
use serde::Deserialize;

use super::rules::GroupBy;
use crate::app::App;
use crate::base::dates::{DAY_OUTSIDE, day_in, in_words, is_outside, typed_day};
use crate::base::scope::Scope;
use crate::book::payments_known;
use crate::error::AppResult;

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReportParams {
    /// The day of the report.
    pub as_of: String,
    /// What the table is divided by.
    pub by: String,
    /// The figure whose list is wanted.
    pub figure: String,
    /// The group of that list; nothing for all.
    pub key: String,
    /// The page of that list, from 1.
    pub page: String,
}

impl ReportParams {
    /// The day: the last one of which all payments are known, unless an earlier one is named. And
    /// what to say about it.
    pub async fn day(&self, app: &App, scope: &Scope) -> AppResult<(NaiveDate, Option<String>)> {
        let (today, scope) = (app.clock.today(), scope.clone());
        let known = app.read(move |db| payments_known::figures_until(db, &scope, today)).await?;
        let Some(last) = known else {
            let why = "还没有银行的还款数据，到期和收回都还不知道。请先导入还款明细。";
            // Before the first of these loans: nothing was due.
            return Ok((day_in(2007, 1, 1), Some(why.to_owned())));
        };
        let words = in_words(last, today);
        Ok(match typed_day(&self.as_of) {
            Some(day) if day <= last => (day, None),
            Some(_) => (last, Some(format!("统计日不能晚于银行数据的截止日，下面按{words}统计"))),
            None if self.as_of.trim().is_empty() => (last, None),
            None if is_outside(&self.as_of) => {
                (last, Some(format!("{DAY_OUTSIDE}，下面按{words}统计")))
            }
            None => (last, Some(format!("统计日没有看懂，下面按{words}统计"))),
        })
    }

    /// The division: by township unless another is named.
    pub fn by(&self) -> GroupBy {
        GroupBy::from_text(&self.by).unwrap_or(GroupBy::Township)
    }
}
