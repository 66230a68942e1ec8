//! A message that a person writes, to one family or to many: what it says of each, or why a family
//! must not get it.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::due_queries;
use super::fields::Fields;
use super::people::Receiver;
use super::reason::Reason;
use crate::base::dates;
use crate::base::ids::FileId;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::parts::Parts;
use crate::book::payments_known::{self, BankData};
use crate::error::AppResult;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::outbox::State;
use crate::plumbing::schema::message;

/// What sets the subject of a message by hand apart: of a reason and a day nobody gets two.
pub const SUBJECT: &str = "by-hand";

/// The reasons that a person may write for.
pub const BY_HAND: [Reason; 3] = [Reason::PleaseCall, Reason::DueReminder, Reason::OverdueNotice];

/// What the messages of one reason say of some families.
pub struct ByHand {
    reason: Reason,
    today: NaiveDate,
    bank_data: BankData,
    amounts: HashMap<FileId, (NaiveDate, Fen)>,
    unconfirmed: HashSet<FileId>,
}

impl ByHand {
    pub fn load(
        app: &Parts,
        db: &mut Db,
        scope: &Scope,
        (reason, files): (Reason, &[FileId]),
    ) -> AppResult<ByHand> {
        let today = app.clock.today();
        let bank_data = payments_known::bank_data(db, scope, today)?;
        let amounts = match reason {
            Reason::DueReminder => due_queries::due_amounts(db, scope, files)?,
            Reason::OverdueNotice => due_queries::overdue_amounts(db, scope, files)?,
            _ => HashMap::new(),
        };
        let unconfirmed = match reason {
            Reason::OverdueNotice => {
                due_queries::unconfirmed(db, scope, files, (&bank_data, today))?
            }
            _ => HashSet::new(),
        };
        Ok(ByHand { reason, today, bank_data, amounts, unconfirmed })
    }

    /// Why this family must not get it.
    pub fn fault(&self, file: FileId) -> Option<&'static str> {
        match self.reason {
            _ if self.unconfirmed.contains(&file) => Some(
                "银行这一期的结果还没有到，不知道还了没有，不能发这条；要联系这一家，请发「请来电联系」。",
            ),
            Reason::PleaseCall => None,
            _ if self.amounts.contains_key(&file) => None,
            Reason::OverdueNotice => Some("按银行现有的数据，没有到期未还的，不用发这条。"),
            _ => Some("现在没有下一期要还的，不用发这条。"),
        }
    }

    /// The words of the message about a family to one of its people.
    pub fn fields(&self, app: &Parts, file: FileId, receiver: &Receiver) -> Fields {
        let fields = Fields::to(&receiver.name);
        let fields = match &receiver.student {
            Some(student) => fields.of_student(student),
            None => fields,
        };
        let Some((due_on, amount)) = self.amounts.get(&file).copied() else { return fields };
        let fields = fields.day("due_on", due_on, self.today);
        match self.reason {
            Reason::OverdueNotice => {
                let assumed = app.policy().assumed_in_arrears(self.today);
                fields.arrears(amount, assumed, (&self.bank_data, self.today))
            }
            _ => fields.amount(amount, app.policy().assumed(due_on)),
        }
    }
}

/// Those of these files about whose repayment the program itself writes today: one has left today,
/// or waits and is for today at the latest.
pub fn files_written_today(
    db: &mut Db,
    scope: &Scope,
    files: &[FileId],
    today: NaiveDate,
) -> AppResult<HashSet<FileId>> {
    let reasons = [Reason::DueReminder, Reason::OverdueNotice, Reason::DueUnconfirmed];
    let on_its_way = || {
        let waits = message::state
            .eq_any([State::Held, State::Waiting, State::Sending, State::Unsure])
            .and(message::planned_on.le(today));
        let left = message::state
            .eq_any([State::Sent, State::Delivered])
            .and(message::sent_at.assume_not_null().ge(dates::starts_at(today)));
        waits.or(left)
    };
    let mut found = HashSet::new();
    for chunk in files.chunks(BINDS_MAX) {
        let some: Vec<Option<FileId>> = message::table
            .filter(scope.holds(message::office_code))
            .filter(message::file_id.eq_any(chunk))
            .filter(message::reason.eq_any(reasons.map(Reason::as_text)))
            .filter(message::subject.not_like(format!("%/{SUBJECT}")))
            .filter(on_its_way())
            .select(message::file_id)
            .distinct()
            .load(db)?;
        found.extend(some.into_iter().flatten());
    }
    Ok(found)
}
