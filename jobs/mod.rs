//! What happens by the clock. Each file says what it does, when, and what if it was missed.
//!
//! To add a job: a file here with `pub const JOB`, its `run` and a line in [`ALL`]. A job asks
//! "which rows should have X and do not?", so that a second run changes nothing; a test runs
//! every job twice. It works for the offices of [`offices`], a few hundred rows a write.

pub mod ask_for_bank_data;
pub mod back_up;
pub mod chain_history;
pub mod check_books;
pub mod chase_sheets;
pub mod chase_university_receipts;
pub mod check_rate_table;
pub mod close_day;
pub mod deliver_messages;
pub mod plan_contact_duties;
pub mod follow_bookings;
pub mod follow_early_repayments;
pub mod follow_matching;
pub mod follow_overdue;
pub mod read_delivery_receipts;
pub mod remind_early_repayment_window;
pub mod remind_graduation_confirmation;
pub mod remind_renewals;
pub mod retire_sessions_and_codes;
pub mod send_due_reminders;
pub mod send_overdue_notices;
pub mod take_up_imports;
pub mod warn_staff;

use crate::app::App;
use crate::book::notice::Wrote;
use crate::book::office::{self, Office};
use crate::clock::{Counts, Job, pause};
use crate::error::AppResult;

/// What is wrong with `[jobs.*]` of a configuration.
pub fn mistakes(name: &str, text: &str) -> Vec<String> {
    crate::clock::settings::mistakes(name, text, ALL)
}

/// Every job, in the order in which pages list them.
pub const ALL: &[Job] = &[
    close_day::JOB,
    ask_for_bank_data::JOB,
    plan_contact_duties::JOB,
    follow_overdue::JOB,
    deliver_messages::JOB,
    read_delivery_receipts::JOB,
    send_due_reminders::JOB,
    send_overdue_notices::JOB,
    chase_university_receipts::JOB,
    chase_sheets::JOB,
    follow_bookings::JOB,
    follow_early_repayments::JOB,
    remind_renewals::JOB,
    remind_graduation_confirmation::JOB,
    remind_early_repayment_window::JOB,
    warn_staff::JOB,
    check_rate_table::JOB,
    check_books::JOB,
    back_up::JOB,
    retire_sessions_and_codes::JOB,
    follow_matching::JOB,
    take_up_imports::JOB,
    chain_history::JOB,
];

/// Jobs that keep the books and the data safe, or serve all offices in one go (an office holds
/// its messages instead): no office can pause them.
pub const NEVER_PAUSED: &[Job] = &[
    close_day::JOB,
    ask_for_bank_data::JOB,
    follow_overdue::JOB,
    deliver_messages::JOB,
    read_delivery_receipts::JOB,
    check_books::JOB,
    back_up::JOB,
    retire_sessions_and_codes::JOB,
    follow_matching::JOB,
    take_up_imports::JOB,
    chain_history::JOB,
];

/// May an office pause this job?
pub fn can_be_paused(job: &Job) -> bool {
    !NEVER_PAUSED.iter().any(|always_on| always_on.name == job.name)
}

/// The offices that a job works for: all that have not paused it.
pub fn offices(app: &App, job: &Job) -> AppResult<Vec<Office>> {
    app.db.read(|db| {
        let paused = pause::offices_without(db, job.name)?;
        let mut all = office::all(db)?;
        if can_be_paused(job) {
            all.retain(|office| !paused.contains(&office.code));
        }
        Ok(all)
    })
}

/// A count of rows as [`crate::clock::Counts`] keeps it.
pub fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
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
