//! A message that a person writes, to one family or to many: what it says of each, or why a family
//! must not get it.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::due_queries;
use super::fields::Fields;
use super::people::Receiver;
use super::reason::Reason;
use crate::base::ids::FileId;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::parts::Parts;
use crate::book::payments_known::{self, BankData};
use crate::error::AppResult;
use crate::plumbing::db::Db;

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
