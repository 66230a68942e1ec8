//! 批次: a list that leaves the office for somebody who answers it line by line. It is drawn up,
//! checked against what its receiver takes (data, `policies/`), frozen with a seal of each line and
//! of the whole, approved by somebody who did not freeze it, sent, answered, closed. What failed is
//! repeated in a new batch. A subject is in at most one running batch of a kind (a unique index).
//!
//! What the lines are about, who may be on a list and what an answer moves is the stage's: it draws
//! up by [`steps::draw`], says what else is against a line, and hears from [`steps::answer`] which
//! lines were paid. Money in is money out: every step compares the sum with that of the seal.
//!
//! `moves.rs` is the table of allowed moves, `rules.rs` and `answer.rs` decide (pure), `store.rs`
//! alone writes the tables `batch`, `batch_line` and `batch_step`.

pub mod answer;
pub mod file;
pub mod moves;
pub mod rules;
pub mod steps;
pub mod store;

use crate::base::ids::{RowId, text_enum};
use crate::book::act::Act;
use crate::book::loan::Loan;
use crate::book::statement::Product;
use crate::error::{AppError, AppResult};

text_enum! {
    /// What a list is for. A subject may be on running lists of several kinds.
    Kind {
        Cdb = "cdb_disbursement", "国开行贷款发放";
        Local = "local_disbursement", "县自办贷款发放";
    }
}

impl Kind {
    pub const fn of(product: Product) -> Kind {
        match product {
            Product::Cdb => Kind::Cdb,
            Product::Local => Kind::Local,
        }
    }

    pub const fn product(self) -> Product {
        match self {
            Kind::Cdb => Product::Cdb,
            Kind::Local => Product::Local,
        }
    }

    /// Begins the number of a batch of this kind.
    const fn letters(self) -> &'static str {
        match self {
            Kind::Cdb => "GF",
            Kind::Local => "XF",
        }
    }
}

/// `GF2026-003`: the kind, the year, a serial.
pub fn number(kind: Kind, year: i32, serial: i32) -> String {
    format!("{}{year}-{serial:03}", kind.letters())
}

/// Keeps a contract as it is while it is on a list of pay-outs: what its receiver was told, or is
/// about to be told, must stay true.
///
/// # Errors
/// `Refused` while a running list has it.
pub fn refuse_listed(act: &mut Act<'_>, loan: &Loan) -> AppResult<()> {
    let Some(product) = loan.product() else { return Ok(()) };
    let subject = [RowId::new(loan.id.get())];
    if store::running(act.db, act.scope, Kind::of(product), &subject)?.is_empty() {
        return Ok(());
    }
    Err(AppError::refused("合同已经编进放款批次，先从批次里去掉；已经送出的等银行的结果"))
}
