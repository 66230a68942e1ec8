//! Sends the messages that wait, by SMS and e-mail.
//!
//! When: every minute, and at once for urgent ones (a sign-in code), when the bell rings.
//! Missed: the next run sends what has not become of no use meanwhile. Several program instances
//! may run it at once: each message is claimed by one, under a lease.
//!
//! A message is looked at once more when it leaves (`notice::revalidate`), given to the gateway,
//! and what became of it is written down. What happens when the program dies between the
//! gateway's yes and that note: `docs/messages.md`.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{NaiveDate, NaiveDateTime};
use futures_util::future::select;
use tokio::sync::watch;

use crate::app::App;
use crate::base::phone_number::{self, PhoneKind, PhoneNumber};
use crate::book::delivery;
use crate::book::notice::{self, Verdict};
use crate::book::office::{self, Office};
use crate::clock::{Counts, Job, Missed};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;
use crate::plumbing::gateway::{Gateway, Line, Outcome, Outgoing};
use crate::plumbing::outbox::{self, AsSent, Channel, Message, Settle, Settled};
use crate::plumbing::restored;
use crate::plumbing::sms;

pub const JOB: Job = Job {
    name: "deliver_messages",
    words: "发送短信和邮件",
    cron: "0 * * * * *",
    missed: Missed::Often,
    run,
};

/// A run ends before the next one begins; what is left is the next one's.
const RUN_AT_MOST: Duration = Duration::from_secs(50);

/// How often the listener looks by itself: at what another instance wrote, or left when it died.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Minutes before the second, third ... try.
const WAITS_MIN: [i64; 6] = [1, 5, 15, 60, 240, 720];

/// Sends what is due. Ends when nothing is, when the gateways are down, or when the next run is
/// near.
pub fn run(app: &App, _day: NaiveDate) -> AppResult<Counts> {
    deliver(app, false)
}

/// Sends urgent messages as soon as the bell rings, until told to stop; then lets everything that
/// is being sent come to an end.
pub async fn listen(app: App, mut shutdown: watch::Receiver<bool>) {
    // What is due at the start does not wait for the next minute, and keeps no code waiting.
    let at_start = app.clone();
    let first = actix_web::rt::task::spawn_blocking(move || deliver(&at_start, false));
    while !*shutdown.borrow() {
        let at_work = app.clone();
        match actix_web::web::block(move || deliver(&at_work, true)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "urgent messages could not be sent"),
            Err(error) => tracing::error!(%error, "sending ended early"),
        }
        let (ring, time) = (app.bell.notified(), tokio::time::sleep(LOOK_EVERY));
        select(select(pin!(ring), pin!(time)), pin!(shutdown.wait_for(|stop| *stop))).await;
    }
    app.gateways.stop();
    if let Ok(Err(error)) = first.await {
        tracing::error!(%error, "messages could not be sent");
    }
}

/// Both channels side by side: a slow mail server holds no text message up.
fn deliver(app: &App, urgent_only: bool) -> AppResult<Counts> {
    // Put back from a copy: most of what waits in it left long ago.
    if app.db.read(restored::get)?.is_some() {
        let note = "从备份恢复后还没有放行".to_owned();
        return Ok(Counts { note, ..Counts::default() });
    }
    let until = Instant::now() + RUN_AT_MOST;
    let (sms, mail) = std::thread::scope(|threads| {
        let mail = threads.spawn(|| by_channel(app, Channel::Email, urgent_only, until));
        let sms = by_channel(app, Channel::Sms, urgent_only, until);
        (sms, mail.join().unwrap_or_else(|_| Err(AppError::broken("sending mail panicked"))))
    });
    let (sms, mail) = (sms?, mail?);
    Ok(Counts {
        done: sms.done + mail.done,
        skipped: sms.skipped + mail.skipped,
        failed: sms.failed + mail.failed,
        note: [sms.note, mail.note].into_iter().filter(|note| !note.is_empty()).collect(),
    })
}

fn by_channel(app: &App, channel: Channel, urgent_only: bool, until: Instant) -> AppResult<Counts> {
    let line = app.gateways.line(channel);
    take_back(app, channel, line)?;
    let mut counts = Counts::default();
    let Some(gateway) = line.gateway() else {
        tell_no_gateway(app, channel)?;
        return Ok(counts);
    };
    let now = app.clock.now_at();
    if !urgent_only && app.db.read(|db| outbox::is_any_due(db, channel, false, now))? {
        let overtaken =
            app.db.write("overtaken", |db| outbox::cancel_overtaken(db, channel, now))?;
        counts.skipped += u64::try_from(overtaken).unwrap_or_default();
    }
    let mut claimed_any = false;
    while !line.is_stopping() && Instant::now() < until {
        let now = app.clock.now_at();
        if line.is_down(now)
            || !app.db.read(|db| outbox::is_any_due(db, channel, urgent_only, now))?
        {
            break;
        }
        let by = format!("{:x}", app.next_id());
        let lease = chrono::Duration::seconds(i64::from(line.config().lease_s));
        let at_once = line.batch();
        let claimed_at = Instant::now();
        let rows = app.db.write("claim messages", |db| {
            outbox::claim(db, channel, urgent_only, now, lease, &by, at_once)
        })?;
        if rows.is_empty() {
            break;
        }
        claimed_any = true;
        let batch = Batch { app, line, gateway, by, claimed_at, rows };
        batch.send(&mut counts)?;
    }
    if claimed_any || line.trouble().is_some() {
        tell(app, channel, line)?;
    }
    if let Some(trouble) = line.trouble() {
        counts.note = format!("{}：{}", gateway.name(), trouble.detail);
    }
    Ok(counts)
}

/// Cancels what is of no use any more and takes back what a sender that died has left.
fn take_back(app: &App, channel: Channel, line: &Line) -> AppResult<()> {
    let now = app.clock.now_at();
    if !app.db.read(|db| outbox::is_any_left_over(db, channel, now))? {
        return Ok(());
    }
    // Without a gateway nothing is under way; what another configuration left is not ours to
    // send again.
    let harmless = line.gateway().is_some_and(Gateway::repeat_is_harmless);
    let (expired, recovered) = app.db.write("take messages back", |db| {
        Ok((outbox::expire(db, channel, now)?, outbox::recover(db, channel, harmless, now)?))
    })?;
    if expired + recovered > 0 {
        tracing::info!(channel = channel.as_text(), expired, recovered, harmless, "taken back");
    }
    Ok(())
}

fn tell_no_gateway(app: &App, channel: Channel) -> AppResult<()> {
    let now = app.clock.now_at();
    let waiting = app.db.read(|db| outbox::waiting_for_gateway(db, channel, now))?;
    if waiting.is_empty() {
        let offices = app.db.read(office::all)?;
        if app.db.read(|db| delivery::is_told(db, &offices, channel))? {
            app.db.write("nothing waits", |db| {
                delivery::gateway_is_well(db, &offices, channel).map(|_| ())
            })?;
        }
        return Ok(());
    }
    app.db.write("no gateway", |db| {
        for (office_code, number) in &waiting {
            delivery::no_gateway(db, office_code, channel, *number, now)?;
        }
        Ok(())
    })
}

/// Keeps the line on the workbench true.
fn tell(app: &App, channel: Channel, line: &Line) -> AppResult<()> {
    let now = app.clock.now_at();
    let offices = app.db.read(office::all)?;
    if let Some(trouble) = line.trouble() {
        // The workbench says it until it is over; the log need not every few seconds.
        tracing::debug!(channel = channel.as_text(), fault = ?trouble.fault,
            detail = trouble.detail, "gateway down");
        return app.db.write("gateway down", |db| {
            delivery::gateway_is_down(db, &offices, channel, &trouble, now)
        });
    }
    if line.is_news_that_all_is_well() {
        let cleared =
            app.db.write("gateway well", |db| delivery::gateway_is_well(db, &offices, channel))?;
        if cleared {
            tracing::info!(channel = channel.as_text(), "gateway works again");
        }
    }
    Ok(())
}

/// Claimed messages on their way.
struct Batch<'a> {
    app: &'a App,
    line: &'a Line,
    gateway: &'a dyn Gateway,
    by: String,
    claimed_at: Instant,
    rows: Vec<Message>,
}

impl Batch<'_> {
    /// Looks at each once more, sends, writes down what became of all.
    fn send(self, counts: &mut Counts) -> AppResult<()> {
        let now = self.app.clock.now_at();
        let (mut verdicts, offices) = self.app.db.read(|db| {
            Ok((notice::revalidate(self.app, db, &self.rows, now)?, office::all(db)?))
        })?;
        let mut settled = Vec::with_capacity(self.rows.len());
        let mut outgoing = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            match self.ready(row, verdicts.remove(&row.id), &offices, now) {
                Ok(out) => outgoing.push((row, out)),
                Err(what) => {
                    if matches!(what, Settle::Failed(_)) {
                        counts.failed += 1;
                    } else {
                        counts.skipped += 1;
                    }
                    settled.push(Settled { id: row.id, what });
                }
            }
        }
        let outcomes = self.send_all(&outgoing);
        let (mut dead, mut told_anew) = (Vec::new(), Vec::new());
        for ((row, out), outcome) in outgoing.iter().zip(outcomes) {
            if matches!(outcome, Some(Outcome::Refused { dead: true, .. })) {
                let index = self.app.sealer.index(Field::Phone, &out.to);
                dead.push((*row, index, self.app.next_id()));
            }
            let what = self.became(row, outcome, self.app.clock.now_at());
            match &what {
                Settle::Sent { .. } => {
                    counts.done += 1;
                    told_anew.extend(self.told_anew(row, out)?);
                }
                Settle::Failed(_) | Settle::Unsure(_) => counts.failed += 1,
                _ => counts.skipped += 1,
            }
            settled.push(Settled { id: row.id, what });
        }
        let now = self.app.clock.now_at();
        self.app.db.write("settle messages", |db| {
            outbox::keep_as_sent(db, &self.by, &told_anew)?;
            outbox::finish(db, &self.by, &settled, now)?;
            for (row, index, note_id) in &dead {
                delivery::number_is_dead(db, row, Some(index), *note_id, now)?;
            }
            Ok(())
        })
    }

    /// What left, when it is not what was written: a payment or another number came between.
    fn told_anew(&self, row: &Message, out: &Outgoing) -> AppResult<Option<AsSent>> {
        let text = match row.channel {
            Channel::Sms => out.text.strip_prefix(&format!("【{}】", out.signature)),
            Channel::Email => Some(out.text.as_str()),
        };
        let text = text.unwrap_or(&out.text);
        let to_mask = match row.channel {
            Channel::Sms => phone_number::mask(&out.to),
            Channel::Email => row.to_mask.clone(),
        };
        let written = self.app.sealer.open_text(Field::Message, &row.text_sealed)?;
        if written == text && to_mask == row.to_mask {
            return Ok(None);
        }
        let text_sealed = self.app.sealer.seal(Field::Message, text.as_bytes())?;
        let parts = if row.channel == Channel::Sms { sms::parts(&out.text) } else { row.parts };
        Ok(Some(AsSent { id: row.id, text_sealed, to_mask, parts }))
    }

    /// The message as it leaves, or why it does not.
    fn ready(
        &self,
        row: &Message,
        verdict: Option<Verdict>,
        offices: &[Office],
        now: NaiveDateTime,
    ) -> Result<Outgoing, Settle> {
        if row.expires_at.is_some_and(|at| at <= now) {
            return Err(Settle::Cancelled("到期仍未发出，不再发送".to_owned()));
        }
        let office = offices
            .iter()
            .find(|office| office.code == row.office_code)
            .ok_or_else(|| Settle::Cancelled("没有这个中心".to_owned()))?;
        let (to, text, title, html, params) = match verdict {
            Some(Verdict::Send { to, text, title, html, params }) => {
                (to, text, title, html, params)
            }
            Some(Verdict::Cancel(why)) => return Err(Settle::Cancelled(why)),
            Some(Verdict::NotBefore(at)) => return Err(Settle::Back(String::new(), at)),
            None => {
                tracing::error!(message = row.id, "no verdict on a message");
                let later = now + chrono::Duration::minutes(15);
                return Err(Settle::Back("发送前没有核对成，稍后再试".to_owned(), later));
            }
        };
        let config = &self.app.config.sms;
        let text = match row.channel {
            Channel::Email => text,
            Channel::Sms => {
                let number = PhoneNumber::parse(&to);
                if !number.is_ok_and(|number| number.kind() == PhoneKind::Mobile) {
                    return Err(Settle::Failed("不是手机号，收不了短信".to_owned()));
                }
                sms::signed(config, &office.name, &text)
            }
        };
        Ok(Outgoing {
            id: row.id,
            to,
            title,
            text,
            html,
            from_name: office.name.clone(),
            signature: sms::signature(config, &office.name).to_owned(),
            template_id: config.template_of(&row.reason).to_owned(),
            params,
            now: self.app.clock.now(),
        })
    }

    /// Gives all to the gateway, several at once. None: not begun, since the gateway went down,
    /// the program stops or the lease is half over.
    fn send_all(&self, outgoing: &[(&Message, Outgoing)]) -> Vec<Option<Outcome>> {
        let next = AtomicUsize::new(0);
        let done: Mutex<HashMap<i64, Outcome>> = Mutex::default();
        let half = Duration::from_secs(u64::from(self.line.config().lease_s)) / 2;
        let work = || {
            while let Some((_, out)) = outgoing.get(next.fetch_add(1, Ordering::Relaxed)) {
                let over = |line: &Line| {
                    line.is_stopping()
                        || line.is_down(self.app.clock.now_at())
                        || self.claimed_at.elapsed() >= half
                };
                if over(self.line) {
                    return;
                }
                self.line.wait_for_turn();
                if over(self.line) {
                    return;
                }
                let outcome = self.gateway.send(out);
                self.line.learn(&outcome, self.app.clock.now_at());
                done.lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .insert(out.id, outcome);
            }
        };
        let at_once = self.line.config().in_flight.min(outgoing.len());
        std::thread::scope(|threads| {
            for _ in 1..at_once {
                threads.spawn(work);
            }
            work();
        });
        let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        outgoing.iter().map(|(row, _)| done.remove(&row.id)).collect()
    }

    /// What a try comes to for the message.
    fn became(&self, row: &Message, outcome: Option<Outcome>, now: NaiveDateTime) -> Settle {
        match outcome {
            None => Settle::Back(row.problem.clone(), row.not_before),
            Some(Outcome::Taken(reference)) => {
                Settle::Sent { gateway: self.gateway.name().to_owned(), reference }
            }
            Some(Outcome::Refused { why, .. }) => Settle::Failed(why),
            // A minute's wait lets another message try: it may be this one that the gateway
            // cannot stomach.
            Some(Outcome::Down(_, why)) => {
                Settle::Back(why, row.not_before.max(now) + chrono::Duration::minutes(1))
            }
            Some(Outcome::Later(why)) => self.once_more(row, why, now),
            Some(Outcome::Unknown(_, why)) if self.gateway.repeat_is_harmless() => {
                self.once_more(row, why, now)
            }
            Some(Outcome::Unknown(_, why)) => Settle::Unsure(format!(
                "交给网关后没有得到明确回答（{why}），是否发出状态不明，请核对后决定"
            )),
        }
    }

    fn once_more(&self, row: &Message, why: String, now: NaiveDateTime) -> Settle {
        let tried = usize::try_from(row.attempts).unwrap_or(0);
        if tried + 1 >= usize::try_from(self.line.config().tries).unwrap_or(1) {
            return Settle::Failed(format!("试了 {} 次发送失败：{why}", tried + 1));
        }
        let minutes = WAITS_MIN.get(tried).or(WAITS_MIN.last()).copied().unwrap_or(60);
        Settle::Later(why, now + chrono::Duration::minutes(minutes))
    }
}
