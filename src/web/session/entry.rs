//! A login and a password, or the old password of somebody who is signed in: one way for staff and
//! liaisons. The try is counted before the password is looked at, and takes as long whether or not
//! the login exists; the wait grows with every wrong one.

use chrono::NaiveDateTime;

use super::guard::{self, Attempt, Subjects};
use crate::app::App;
use crate::base::scope::Scope;
use crate::book::audit_log::{Actor, AuditEntry};
use crate::book::liaison::Liaison;
use crate::book::staff::Staff;
use crate::error::AppResult;
use crate::plumbing::db::Db;

/// What a password did.
pub enum Tried<A> {
    /// Too many wrong ones: none is looked at before this instant (UTC).
    Wait(NaiveDateTime),
    /// Wrong, or nobody has this login.
    Wrong,
    /// Theirs. The try still counts; the write that lets them in takes it back.
    Right(A),
}

/// An account with a password.
pub trait Login: Send + 'static {
    /// argon2id, PHC text.
    fn password_hash(&self) -> &str;
    /// Office and name, for the history.
    fn office_and_name(&self) -> (&str, &str);
}

impl Login for Staff {
    fn password_hash(&self) -> &str {
        &self.password_hash
    }
    fn office_and_name(&self) -> (&str, &str) {
        (&self.office_code, &self.name)
    }
}

impl Login for Liaison {
    fn password_hash(&self) -> &str {
        &self.password_hash
    }
    fn office_and_name(&self) -> (&str, &str) {
        (&self.office_code, &self.name)
    }
}

/// Looks whether `password` is that of the account that `find` finds.
pub async fn try_password<A: Login>(
    app: &App,
    subjects: &Subjects,
    password: String,
    find: impl FnOnce(&mut Db) -> AppResult<Option<A>> + Send + 'static,
) -> AppResult<Tried<A>> {
    let (counted, now) = (subjects.clone(), app.clock.now_at());
    let attempt = app.write("password tried", move |db| guard::attempt(db, &counted, now)).await?;
    let is_last = match attempt {
        Attempt::Wait { until } => return Ok(Tried::Wait(until)),
        Attempt::Counted { last } => last,
    };
    let known = app.read(find).await?;
    let hash = known.as_ref().map(|one| one.password_hash().to_owned());
    let is_right = app.passwords.matches(password, hash).await?;
    match known {
        Some(one) if is_right => Ok(Tried::Right(one)),
        // Only when the waits begin, so that a guesser cannot fill the history of an office.
        Some(one) if is_last => note_lock_out(app, &one).await.map(|()| Tried::Wrong),
        _ => Ok(Tried::Wrong),
    }
}

async fn note_lock_out(app: &App, one: &impl Login) -> AppResult<()> {
    let (office, name) = one.office_and_name();
    let note =
        AuditEntry::of("sign_in_failed", name, format!("{name}的账号连续输错密码，暂停登录"));
    let who = (Actor::program("登录", office), Scope::of(office));
    app.act(who, "sign-in refused", move |act| act.audit(note.clone())).await
}
