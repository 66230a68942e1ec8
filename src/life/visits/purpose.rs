//! What a batch of sheets is about: a reminder of what is past due, or the yearly contact with
//! families, most of whom owe nothing. The second shows no amount and says nothing of arrears.

use super::rules::ReceiverKind;
use crate::base::ids::text_enum;
use crate::book::contact::record::Outcome;
use crate::book::contact::task::AssigneeKind;

text_enum! {
    /// What a batch is about.
    Purpose {
        /// Something is past due.
        Overdue = "overdue", "还款提醒走访";
        /// The contact of the year.
        Yearly = "yearly", "家庭联系";
    }
}

/// The results of a yearly contact, in plain words.
const YEARLY: [(Outcome, &str); 9] = [
    (Outcome::Reached, "见到本人或家人，联系上了"),
    (Outcome::Hardship, "家里有困难"),
    (Outcome::InService, "在部队服役"),
    (Outcome::Studying, "还在读书"),
    (Outcome::NoAnswer, "家中无人"),
    (Outcome::LeftWord, "已请人转告"),
    (Outcome::MovedAway, "已搬走"),
    (Outcome::Refused, "不愿意谈"),
    (Outcome::Died, "本人已去世"),
];

/// The results of a reminder, in plain words.
const OVERDUE: [(Outcome, &str); 12] = [
    (Outcome::Reached, "见到本人或家人，已告知"),
    (Outcome::Promised, "约好了还款日子"),
    (Outcome::Hardship, "家里有困难"),
    (Outcome::SaysPaid, "说已经还了"),
    (Outcome::InService, "在部队服役"),
    (Outcome::Studying, "还在读书"),
    (Outcome::Dispute, "对金额有疑问"),
    (Outcome::NoAnswer, "家中无人"),
    (Outcome::LeftWord, "已请人转告"),
    (Outcome::MovedAway, "已搬走"),
    (Outcome::Refused, "不愿意谈"),
    (Outcome::Died, "本人已去世"),
];

impl Purpose {
    /// True for the contact of the year.
    pub const fn is_yearly(self) -> bool {
        matches!(self, Purpose::Yearly)
    }

    /// What one paper of it is called.
    pub const fn paper(self) -> &'static str {
        match self {
            Purpose::Overdue => "走访表",
            Purpose::Yearly => "家庭联系表",
        }
    }

    /// The letters before a number: each purpose and kind of receiver has its own series.
    pub const fn letters(self, by: ReceiverKind) -> &'static str {
        match (self, by) {
            (Purpose::Overdue, by) => by.letters(),
            (Purpose::Yearly, ReceiverKind::Village) => "JC",
            (Purpose::Yearly, ReceiverKind::School) => "JX",
            (Purpose::Yearly, ReceiverKind::Police) => "JP",
        }
    }

    /// The results a visitor may choose.
    pub const fn outcomes(self) -> &'static [(Outcome, &'static str)] {
        match self {
            Purpose::Overdue => &OVERDUE,
            Purpose::Yearly => &YEARLY,
        }
    }

    /// To whom such sheets go, in the order pages offer them.
    pub const fn kinds(self) -> &'static [ReceiverKind] {
        match self {
            Purpose::Overdue => &ReceiverKind::ALL,
            Purpose::Yearly => &[ReceiverKind::Village, ReceiverKind::School],
        }
    }
}

/// Who must have the duty of a family whose sheet goes to such a receiver.
pub const fn assignee_kind(by: ReceiverKind) -> Option<AssigneeKind> {
    match by {
        ReceiverKind::Village => Some(AssigneeKind::Village),
        ReceiverKind::School => Some(AssigneeKind::School),
        ReceiverKind::Police => None,
    }
}
