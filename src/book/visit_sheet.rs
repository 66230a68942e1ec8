//! What other stages may know of a visit sheet: where it is, and who carries it.

use diesel::prelude::*;

use crate::base::ids::{SheetId, text_enum};
use crate::base::scope::Scope;
use crate::book::contact::record::Party;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{sheet, sheet_batch};

text_enum! {
    /// Where a sheet is.
    State {
        /// With the receiver, not back yet.
        Out = "out", "在外";
        /// Something came back that the desk has to look at.
        Returned = "returned", "待核对";
        /// What came back was accepted.
        Accepted = "accepted", "已采用";
        /// Taken out of use.
        Void = "void", "作废";
    }
}

/// With whom a contact on this sheet is a contact: its receiver.
pub fn carrier(db: &mut Db, scope: &Scope, id: SheetId) -> AppResult<Option<Party>> {
    let kind: Option<String> = sheet::table
        .inner_join(sheet_batch::table)
        .filter(scope.holds(sheet::office_code))
        .filter(sheet::id.eq(id))
        .select(sheet_batch::receiver_kind)
        .first(db)
        .optional()?;
    Ok(kind.and_then(|kind| Party::from_text(&kind)))
}
