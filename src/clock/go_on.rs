//! After a restore, or a clock that has jumped: a person lets the jobs go on, and, once they have
//! caught up, the messages. From the page 备份与恢复 and from `zhuxue restore --release`.

use crate::app::App;
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::office;
use crate::error::{AppError, AppResult};
use crate::plumbing::outbox;
use crate::plumbing::restored::{self, Restored};

/// Lets the jobs go on, of all offices.
///
/// # Errors
/// `NotFound` when nothing is held.
pub fn jobs(act: &mut Act<'_>) -> AppResult<()> {
    let Some(now) = restored::get(act.db)? else { return Err(AppError::NotFound) };
    restored::set(act.db, &Restored { jobs_released: true, ..now })?;
    act.audit(AuditEntry::of("restore_released", "定时任务", "恢复以后，定时任务继续运行"))
}

/// What the jobs make up for is written before it is decided what becomes of it: a notice of this
/// morning that left before the restore would leave once more.
///
/// # Errors
/// `Refused` as long as a job has a day to make up for.
pub fn caught_up(app: &App) -> AppResult<()> {
    match super::unfinished(app, app.clock.now_at())? {
        None => Ok(()),
        Some(job) => Err(AppError::refused(format!(
            "定时任务“{}”还没有补完，请过一会儿再放行；做不成的，请先在“定时任务”里处理",
            job.words
        ))),
    }
}

/// Lets the messages go on, of all offices; what could have left by now is cancelled when `drop`.
/// Says what was done.
///
/// # Errors
/// `Refused` before the jobs go on, `NotFound` when nothing is held.
pub fn messages(act: &mut Act<'_>, drop: bool) -> AppResult<String> {
    let why = match restored::get(act.db)? {
        Some(now) if now.copy.is_empty() => "电脑的时间不对，不再发送",
        Some(now) if now.jobs_released => "从备份恢复，多半已经发过，不再发送",
        Some(_) => return Err(AppError::refused("请先让定时任务继续，再放行消息")),
        None => return Err(AppError::NotFound),
    };
    let mut cancelled = 0;
    if drop {
        for office in office::all(act.db)? {
            let scope = Scope::of(&office.code);
            cancelled += outbox::cancel_unsent(act.db, &scope, why, act.now)?;
        }
    }
    restored::clear(act.db)?;
    let sentence = match drop {
        true => format!("已取消等待的 {cancelled} 条消息，以后的照常发送"),
        false => "等待的消息开始发送".to_owned(),
    };
    act.audit(AuditEntry::of("restore_released", "消息", sentence.clone()))?;
    Ok(sentence)
}
