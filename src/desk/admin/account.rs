//! Accounts of staff and of liaisons, changed by one way: loaded in the write, checked, stored at
//! the version the form was shown with, their sessions ended when they may not go on, and written
//! down. Nobody locks themself out: what staff may not do to themselves is said by [`Account`].

use super::Form;
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::liaison::{self, Liaison};
use crate::book::staff::{self, Staff};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Sealer;
use crate::plumbing::db::Db;
use crate::plumbing::password;
use crate::web::fields::{At, Done, Fields};
use crate::web::session::guard::{self, Kind, Whom};
use crate::web::session::{self, Whose};

/// An account that an office makes for somebody, as stored.
pub trait Account: Sized + Clone + Send + 'static {
    /// Its identity; sessions are found by it.
    type Id: Copy + Send + Into<Whose> + 'static;
    /// What history calls them before their name.
    const NOUN: &'static str;

    /// One of these offices.
    fn find(db: &mut Db, scope: &Scope, id: Self::Id) -> AppResult<Self>;
    /// Makes it; a login that is taken is refused.
    fn add(db: &mut Db, sealer: &Sealer, new: &Self) -> AppResult<()>;
    /// Stores it; `version` is the one the change was made from.
    fn store(db: &mut Db, sealer: &Sealer, changed: &Self) -> AppResult<()>;
    /// The page with its forms.
    fn url(&self) -> String;
    fn names(&self) -> (&str, &str);
    /// At which door wrong passwords are counted.
    fn whom(&self) -> Whom;
    /// The version a change is made from.
    fn set_version(&mut self, version: i32);
    /// A password that somebody else has chosen.
    fn set_password(&mut self, hash: String);
}

impl Account for Staff {
    type Id = crate::base::ids::StaffId;
    const NOUN: &'static str = "";

    fn find(db: &mut Db, scope: &Scope, id: Self::Id) -> AppResult<Staff> {
        staff::find(db, scope, id)
    }
    fn add(db: &mut Db, sealer: &Sealer, new: &Staff) -> AppResult<()> {
        staff::add(db, sealer, new)
    }
    fn store(db: &mut Db, sealer: &Sealer, changed: &Staff) -> AppResult<()> {
        staff::change(db, sealer, changed)
    }
    fn url(&self) -> String {
        format!("/admin/staff/{}", self.id)
    }
    fn names(&self) -> (&str, &str) {
        (&self.login, &self.name)
    }
    fn whom(&self) -> Whom {
        Whom::staff(&self.login)
    }
    fn set_version(&mut self, version: i32) {
        self.version = version;
    }
    fn set_password(&mut self, hash: String) {
        self.password_hash = hash;
    }
}

impl Account for Liaison {
    type Id = crate::base::ids::LiaisonId;
    const NOUN: &'static str = "联络员";

    fn find(db: &mut Db, scope: &Scope, id: Self::Id) -> AppResult<Liaison> {
        liaison::find(db, scope, id)
    }
    fn add(db: &mut Db, sealer: &Sealer, new: &Liaison) -> AppResult<()> {
        liaison::add(db, sealer, new)
    }
    fn store(db: &mut Db, sealer: &Sealer, changed: &Liaison) -> AppResult<()> {
        liaison::change(db, sealer, changed)
    }
    fn url(&self) -> String {
        format!("/admin/liaisons/{}", self.id)
    }
    fn names(&self) -> (&str, &str) {
        (&self.login, &self.name)
    }
    fn whom(&self) -> Whom {
        Whom::liaison(&self.login)
    }
    fn set_version(&mut self, version: i32) {
        self.version = version;
    }
    fn set_password(&mut self, hash: String) {
        self.password_hash = hash;
        self.own_password = false;
    }
}

/// What a change did, for history and for the page.
pub struct Change {
    /// One word of history.
    pub action: &'static str,
    /// One sentence of history; empty: nothing was changed.
    pub summary: String,
    /// What the page says afterwards.
    pub sentence: String,
    /// Their sessions end with it.
    pub ends_sessions: bool,
    /// Wrong tries with what was before are forgotten.
    pub releases: bool,
}

impl Change {
    /// A change that the page repeats as `已...`.
    pub fn new(action: &'static str, summary: String) -> Change {
        Change {
            action,
            sentence: format!("已{summary}"),
            summary,
            ends_sessions: false,
            releases: false,
        }
    }
}

pub async fn add<A: Account>(at: At<'_>, new: A, summary: String) -> AppResult<()> {
    let (app, me, _) = at;
    let action = if A::NOUN.is_empty() { "staff_added" } else { "liaison_added" };
    me.act(app, action, move |act| {
        A::add(act.db, &act.parts.sealer, &new)?;
        audit(act, action, new.names().1, &summary)
    })
    .await
}

/// Changes an account: `edit` decides on the account as it is in the write.
pub async fn edit<A: Account>(
    (app, me, _): At<'_>,
    id: A::Id,
    form: &Fields,
    edit: impl Fn(&mut A) -> AppResult<Change> + Send + 'static,
) -> AppResult<Done> {
    let (version, own) = (form.version()?, me.session.clone());
    me.act(app, "account", move |act| {
        let mut one = A::find(act.db, act.scope, id)?;
        let name = one.names().1.to_owned();
        let change = edit(&mut one)?;
        let done = Done::to(one.url(), change.sentence);
        if change.summary.is_empty() {
            return Ok(done);
        }
        one.set_version(version);
        A::store(act.db, &act.parts.sealer, &one)?;
        if change.ends_sessions {
            session::end_all(act.db, id, Some(&own), act.now)?;
        }
        if change.releases {
            guard::release(act.db, Kind::Password, &one.whom(), act.now)?;
        }
        audit(act, change.action, &name, &change.summary)?;
        Ok(done)
    })
    .await
}

/// A password chosen for somebody, told to them in person; ends all their sessions.
pub async fn set_password<A: Account>(
    at: At<'_>,
    id: A::Id,
    form: &Form,
    sentence: &'static str,
) -> AppResult<Done> {
    let (app, scope) = (at.0, at.1.scope.clone());
    let one = app.read(move |db| A::find(db, &scope, id)).await?;
    let password = form.0.secret("password");
    let (login, name) = one.names();
    if let Err(weak) = password::check(&password, login, name) {
        return Err(AppError::field("password", weak.in_words()));
    }
    let hash = app.passwords.hash(password).await?;
    edit::<A>(at, id, &form.0, move |one| {
        one.set_password(hash.clone());
        let summary = format!("重设了{}{}的密码，结束其全部登录", A::NOUN, one.names().1);
        let change = Change::new("password_changed", summary);
        Ok(Change { sentence: sentence.to_owned(), ends_sessions: true, releases: true, ..change })
    })
    .await
}

/// One line of history about somebody's account.
pub fn audit(
    act: &mut Act<'_>,
    action: &'static str,
    subject: &str,
    summary: &str,
) -> AppResult<()> {
    act.audit(AuditEntry::of(action, subject, summary))
}
