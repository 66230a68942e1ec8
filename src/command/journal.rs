//! `zhuxue journal [--until DAY]`: the ledger of an office as plain-text double entry, for
//! `hledger` and its kin.

use std::io::Write;

use chrono::NaiveDate;
use clap::Args;
use diesel::prelude::*;

use super::{CliError, office, open};
use crate::base::dates::Clock;
use crate::base::ids::LoanId;
use crate::base::scope::Scope;
use crate::book::statement::Product;
use crate::book::{facts, journal, payments_known};
use crate::error::{AppError, AppResult};
use crate::localized;
use crate::plumbing::config::Config;
use crate::plumbing::db::Db;
use crate::plumbing::schema::loan;

/// Contracts whose events are in memory at one time.
const AT_ONCE: usize = 2_000;

/// Writes the whole ledger as plain-text double entry.
#[derive(Clone, Debug, Args)]
pub struct Journal {
    /// The last day; without it the last one of which all payments are known.
    #[arg(long, value_name = "DAY")]
    pub until: Option<NaiveDate>,
    /// Code of the office; needed only when there are several.
    #[arg(long, value_name = "CODE")]
    pub office: Option<String>,
}

impl Journal {
    /// Reads every contract in one snapshot and writes as it goes.
    ///
    /// # Errors
    /// Exit code 2 for an unknown office, for a day after the last one that is known, or when no
    /// payments are known; 1 when the database or the disk says no.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        let app = open(config, Clock::real())?;
        let office = office::chosen(&app, self.office.as_deref())?;
        let (scope, rates, today) =
            (Scope::of(&office.code), app.policy().rates(), app.clock.today());
        let known = app.db.read(|db| payments_known::figures_until(db, &scope, today))?;
        let Some(known) = known else {
            return Err(CliError::input(localized!(
                "还没有银行的还款数据，请先导入还款明细",
                "no payments are known yet; import the bank's sheet first"
            )));
        };
        let until = self.until.unwrap_or(known);
        if until > known {
            return Err(CliError::input(localized!(
                "--until：还款结果只知道到 {known}",
                "--until: payments are known until {known} only"
            )));
        }
        let left_out = app.db.read(|db| {
            let title = format!("{}，到 {until}", office.name);
            out.write_all(journal::head(&title).as_bytes()).map_err(AppError::broken)?;
            let ids = signed(db, &scope, until)?;
            let mut left_out = Vec::new();
            for ids in ids.chunks(AT_ONCE) {
                let mut lives = facts::events(db, &scope, ids)?;
                for one in facts::loans(db, &scope, ids)? {
                    let product = Product::from_text(&one.product).unwrap_or(Product::Cdb);
                    let (terms, events) = (one.terms()?, lives.take(one.id)?);
                    match journal::journal((&terms, product), &events, &rates, until) {
                        Ok(made) => {
                            out.write_all(made.to_text().as_bytes()).map_err(AppError::broken)?
                        }
                        Err(error) => left_out.push(format!("{} ({error})", one.contract_no)),
                    }
                }
            }
            Ok(left_out)
        })?;
        out.flush()?;
        if left_out.is_empty() {
            return Ok(());
        }
        let names = left_out.join(", ");
        Err(CliError::failed(localized!("没有算出，不在里面：{names}", "left out: {names}")))
    }
}

fn signed(db: &mut Db, scope: &Scope, until: NaiveDate) -> AppResult<Vec<LoanId>> {
    let of = loan::table.filter(scope.holds(loan::office_code)).filter(loan::signed_on.le(until));
    Ok(of.order(loan::id).select(loan::id).load(db)?)
}
