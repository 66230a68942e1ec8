//! Messages that wait to be sent, are on their way, or were sent. The only folder that writes the
//! table `message` (`store.rs` and nothing else does). Knows nothing about loans: what a message
//! says and whether it is still wanted is decided by `book::notice`; `jobs/deliver_messages.rs`
//! sends. What is promised under a crash stands in `docs/messages.md`.
//!
//! A message's life: `held` (until an office releases it) and `waiting` -> `sending` (claimed,
//! under a lease) -> `sent` -> `delivered` or `failed` by the receipt. `cancelled` was not wanted
//! any more; `unsure` was in the hands of a gateway that cannot recognise a repeat when the
//! program died: staff decide.

mod lists;
mod store;

pub use lists::{
    Progress, by_check_code, count_held, count_since, count_unsent, counts_by_state, find, groups,
    is_any_due, is_any_left_over, latest_of, of_file, of_group, of_person, progress,
    waiting_for_gateway, without_receipt,
};
pub use store::{
    AsSent, OVERTAKEN, Settle, Settled, add, cancel, cancel_group, cancel_overtaken, cancel_unsent,
    claim, expire, finish, hold, keep_as_sent, mark_sent, note_asked, note_without_receipt,
    record_receipt, recover, release, release_some, resend,
};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::base::ids::{FileId, PersonId, PhoneId, text_enum};
use crate::plumbing::schema::message;

text_enum! {
    /// By which way a message goes.
    Channel {
        /// 短信
        Sms = "sms", "短信";
        /// 电子邮件
        Email = "email", "电子邮件";
    }
}

text_enum! {
    /// Where a message is on its way.
    State {
        /// Waits until somebody of the office releases it.
        Held = "held", "待放行";
        /// Waits for its time, or for another try.
        Waiting = "waiting", "待发送";
        /// Claimed by a sender until `leased_until`.
        Sending = "sending", "发送中";
        /// The gateway has taken it.
        Sent = "sent", "已发出";
        /// The receipt says that it arrived.
        Delivered = "delivered", "已送达";
        /// Will never arrive: refused for good, or tried often enough.
        Failed = "failed", "发送失败";
        /// Was not wanted any more when its time came; `problem` says why.
        Cancelled = "cancelled", "已取消";
        /// The gateway may or may not have taken it: a person decides.
        Unsure = "unsure", "状态不明";
    }
}

/// A message as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = message, treat_none_as_default_value = false)]
pub struct Message {
    /// Identity; a gateway gets it too, so that a repeat can be seen.
    pub id: i64,
    /// Whose data this is.
    pub office_code: String,
    /// About what and to whom; with reason and day unique in its office:
    /// `file/123/person/456/sms`.
    pub subject: String,
    /// Why, one word of `book::notice::Reason`.
    pub reason: String,
    /// The day it is for; a second message of the same subject and reason needs another day.
    pub planned_on: NaiveDate,
    /// The loan file it is about.
    pub file_id: Option<FileId>,
    pub person_id: Option<PersonId>,
    /// To which of their numbers (SMS).
    pub phone_id: Option<PhoneId>,
    pub channel: Channel,
    /// The number or address, masked.
    pub to_mask: String,
    /// Subject line of an e-mail.
    pub title: String,
    /// The text, sealed (`Field::Message`), without the signature 【…】.
    pub text_sealed: Vec<u8>,
    /// The fields of the text, sealed, where a vendor wants an approved template and its fields.
    pub vendor_fields: String,
    /// How many SMS it is charged as (70 characters, or 67 each); 0 for e-mail.
    pub parts: i32,
    /// The code printed in the text, by which the receiver can ask whether it is ours.
    pub check_code: String,
    /// Goes at once, at any hour (a one-time code).
    pub urgent: bool,
    pub state: State,
    pub not_before: NaiveDateTime,
    /// Of no use after.
    pub expires_at: Option<NaiveDateTime>,
    pub attempts: i32,
    /// Which sender has it.
    pub leased_by: String,
    pub leased_until: Option<NaiveDateTime>,
    /// The gateway that took it.
    pub gateway: String,
    /// The gateway's own number for it.
    pub gateway_ref: String,
    /// What went wrong or why it was not sent, a Chinese sentence.
    pub problem: String,
    /// When it was written.
    pub created_at: NaiveDateTime,
    /// When it last changed.
    pub updated_at: NaiveDateTime,
    /// When the gateway took it.
    pub sent_at: Option<NaiveDateTime>,
    /// When the receipt came.
    pub delivered_at: Option<NaiveDateTime>,
}

/// How many columns [`Message`] has; bulk writes count binds by it.
const COLUMNS: usize = 29;

/// A mass sending: everything of one reason for one day. What a progress bar shows, and what can
/// be stopped and go on.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Group {
    /// One word of `book::notice::Reason`.
    pub reason: String,
    /// The day it is for.
    pub planned_on: NaiveDate,
}

/// What a receipt says. The order is the order in which receipts count: one that says more is
/// never taken back by one that says less and comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Delivery {
    /// The network has it.
    Sent,
    /// It did not arrive.
    Failed,
    Delivered,
}

/// A delivery receipt of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub gateway: String,
    /// Our own number, when the gateway gives it back.
    pub id: Option<i64>,
    pub reference: String,
    pub delivery: Delivery,
    /// Why it did not arrive, in the gateway's words.
    pub why: String,
    pub at: NaiveDateTime,
}

/// What a receipt changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The message, as it is now.
    Moved(Box<Message>),
    /// Nothing: we knew as much.
    Known,
    /// It belongs to no message of ours.
    NoSuch,
}

/// Does a receipt tell more than the state? One never moves a message back.
fn moves(state: State, delivery: Delivery) -> bool {
    match (state, delivery) {
        (State::Delivered, _) | (State::Failed | State::Sent, Delivery::Sent) => false,
        (State::Failed, Delivery::Failed) | (State::Cancelled, Delivery::Failed) => false,
        // A held message never left; whatever the receipt is for, it is not this.
        (State::Held, _) => false,
        _ => true,
    }
}
