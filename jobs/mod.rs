//! What happens by the clock. Each file says what it does, when, and what if it was missed.

use crate::app::App;
use crate::book::notice::Wrote;
use crate::book::office::{self, Office};
use crate::error::AppResult;
use crate::plumbing::timetable::{Counts, Job};

pub mod chain_history;
pub mod chase_university_receipts;
pub mod close_day;
pub mod remind_early_repayment_window;
pub mod remind_graduation_confirmation;
pub mod remind_renewals;
pub mod send_due_reminders;
pub mod send_overdue_notices;

/// Every job of the timetable.
pub const ALL: &[Job] = &[
    send_due_reminders::JOB,
    send_overdue_notices::JOB,
    chase_university_receipts::JOB,
    remind_renewals::JOB,
    remind_graduation_confirmation::JOB,
    remind_early_repayment_window::JOB,
];

/// The offices for which a job is to run.
pub fn offices(app: &App, _job: &Job) -> AppResult<Vec<Office>> {
    app.db.read(office::all)
}

/// What a job that writes messages says of its run.
fn wrote(all: Wrote) -> Counts {
    let note = if all == Wrote::default() {
        String::new()
    } else {
        format!("写好 {} 条；{} 户没有人可发", all.messages, all.nobody)
    };
    Counts { done: all.messages, skipped: all.nobody, failed: all.failed, note }
}
pub mod deliver_messages;
pub mod read_delivery_receipts;
