//! The kinds of sheet that a centre meets, each in its own file: columns, what it builds on, what a
//! line of it comes to. Here is the only list of them.
//!
//! They stand here and not in their stages as long as `imports` stands above `life`.

mod borrowers;
mod contracts;
mod enlistment;
mod graduation;
mod hardship;
mod monthly;
mod overdue;
mod preapply;
mod receipts;
pub mod repayments;

pub use borrowers::BorrowerRow;
pub use contracts::ContractRow;
pub use enlistment::EnlistmentRow;
pub use graduation::GraduationRow;
pub use hardship::HardshipRow;
pub use monthly::MonthlyRow;
pub use overdue::OverdueRow;
pub use preapply::PreapplicationRow;
pub use receipts::ReceiptRow;
pub use repayments::RepaymentRow;

use super::kind::Kind;
use super::layout::{Declared, Layout};
use super::records::Undone;

macro_rules! kinds {
    ($($row:ident,)*) => {
        const KINDS: &[Kind] = &[$(Kind::of::<$row>(),)*];

        impl Layout {
            /// All kinds, in the order in which sheets are posted: people before contracts before
            /// money before lists.
            pub const ALL: [Layout; KINDS.len()] = [$($row::LAYOUT,)*];
        }
    };
}

kinds! {
    BorrowerRow,
    ContractRow,
    RepaymentRow,
    OverdueRow,
    GraduationRow,
    PreapplicationRow,
    HardshipRow,
    EnlistmentRow,
    ReceiptRow,
    MonthlyRow,
}

/// The kind whose layout has this key.
pub fn find(key: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.layout.as_text() == key)
}

/// What undoing has to know of the lists that have a table of their own.
pub fn records() -> impl Iterator<Item = Undone> {
    KINDS.iter().filter_map(|kind| kind.records)
}

/// The place of a kind in the order of posting; last for what is none.
pub fn rank(key: &str) -> usize {
    KINDS.iter().position(|kind| kind.layout.as_text() == key).unwrap_or(KINDS.len())
}

/// True for sheets whose figures are of a certain day.
pub fn has_balances(layout: &str) -> bool {
    find(layout).is_some_and(|kind| kind.of_bank)
}
