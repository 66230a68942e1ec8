//! Accounts of liaisons. The only file that writes the table `liaison`.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde_json::json;

use crate::base::ids::{LiaisonId, text_enum};
use crate::base::place::short_village;
use crate::base::scope::Scope;
use crate::book::account_seal::{self, Account};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Sealer;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{hardship_round, liaison, loan_file, person, preapplication};

text_enum! {
    /// Where a liaison works; the same words as the receiver of a batch of sheets.
    Kind {
        /// 村（社区）.
        Village = "village", "村（社区）";
        /// 毕业高中.
        School = "school", "毕业高中";
        /// 派出所.
        Police = "police", "派出所";
    }
}

/// A liaison as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = liaison, treat_none_as_default_value = false)]
pub struct Liaison {
    pub id: LiaisonId,
    /// The office they help.
    pub office_code: String,
    pub kind: Kind,
    /// 乡镇 of a village; empty for the others.
    pub township: String,
    /// Village, school or station as the county's lists write it.
    pub place: String,
    /// The name they sign in with.
    pub login: String,
    /// The name pages show.
    pub name: String,
    /// Their telephone, sealed (`Field::Phone`).
    pub phone_sealed: Option<Vec<u8>>,
    /// `138****2741`.
    pub phone_mask: String,
    /// argon2id, PHC text.
    pub password_hash: String,
    /// False: the password was set for them; they choose their own first.
    pub own_password: bool,
    /// False: may not sign in any more. Accounts are never deleted; history names them.
    pub active: bool,
    /// The director who allowed amounts; empty: none are shown.
    pub amounts_allowed_by: String,
    /// When the account was made.
    pub created_at: NaiveDateTime,
    pub created_by: String,
    /// When they last signed in.
    pub last_signed_in_at: Option<NaiveDateTime>,
    /// Grows with every change.
    pub version: i32,
}

impl From<&Liaison> for Account {
    fn from(one: &Liaison) -> Account {
        let place = (one.kind.as_text(), &one.township, &one.place);
        let rights = (&one.password_hash, one.active, &one.amounts_allowed_by);
        let text = json!([one.name, place, rights, one.version]).to_string();
        let (office_code, login) = (one.office_code.clone(), one.login.clone());
        Account { id: one.id.get(), office_code, login, text }
    }
}

impl Liaison {
    /// `中天镇大楼湾村`.
    pub fn where_at(&self) -> String {
        format!("{}{}", self.township, self.place)
    }

    /// As history names whoever did something: two liaisons may have one name, and one place two.
    pub fn called(&self) -> String {
        format!("联络员 {}（{}）", self.name, self.where_at())
    }
}

/// The place that was meant, as the county's lists write it: sheets are handed to it under that
/// name, so another one would never see any. `太平寺村` is enough for `太平寺村村民委员会`.
pub fn place_named(
    db: &mut Db,
    scope: &Scope,
    kind: Kind,
    (township, typed): (&str, &str),
) -> AppResult<Option<String>> {
    let like = format!("{}%", typed.replace(['%', '_', '\\'], ""));
    let known: Vec<String> = match kind {
        Kind::Village => person::table
            .filter(scope.holds(person::office_code))
            .filter(person::township.eq(township))
            .filter(person::village.like(like))
            .select(person::village)
            .distinct()
            .load(db)?,
        Kind::School => schools_like(db, scope, &like)?,
        Kind::Police => person::table
            .filter(scope.holds(person::office_code))
            .filter(person::police_station.like(like))
            .select(person::police_station)
            .distinct()
            .load(db)?,
    };
    Ok(known.into_iter().find(|name| name == typed || short_village(name) == typed))
}

/// High schools of borrowers, of candidates, and of rounds of recognition.
fn schools_like(db: &mut Db, scope: &Scope, like: &str) -> AppResult<Vec<String>> {
    let mut known: Vec<String> = loan_file::table
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::high_school.like(like))
        .select(loan_file::high_school)
        .distinct()
        .load(db)?;
    let candidates = preapplication::table
        .filter(scope.holds(preapplication::office_code))
        .filter(preapplication::high_school.like(like))
        .select(preapplication::high_school)
        .distinct();
    known.extend(candidates.load::<String>(db)?);
    let rounds = hardship_round::table
        .filter(scope.holds(hardship_round::office_code))
        .filter(hardship_round::school.like(like))
        .select(hardship_round::school)
        .distinct();
    known.extend(rounds.load::<String>(db)?);
    Ok(known)
}

/// Whoever has this login, whatever their office.
pub fn by_login(db: &mut Db, login: &str) -> AppResult<Option<Liaison>> {
    Ok(liaison::table
        .filter(liaison::login.eq(login))
        .select(Liaison::as_select())
        .first(db)
        .optional()?)
}

/// One liaison, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: LiaisonId) -> AppResult<Liaison> {
    Ok(liaison::table
        .filter(scope.holds(liaison::office_code))
        .filter(liaison::id.eq(id))
        .select(Liaison::as_select())
        .first(db)?)
}

/// Every liaison of these offices: those who may sign in first, then by place.
pub fn all(db: &mut Db, scope: &Scope) -> AppResult<Vec<Liaison>> {
    Ok(liaison::table
        .filter(scope.holds(liaison::office_code))
        .order((
            liaison::active.desc(),
            liaison::kind,
            liaison::township,
            liaison::place,
            liaison::login,
        ))
        .select(Liaison::as_select())
        .load(db)?)
}

/// Makes an account. A login that is taken is refused.
pub fn add(db: &mut Db, sealer: &Sealer, new: &Liaison) -> AppResult<()> {
    if by_login(db, &new.login)?.is_some() {
        return Err(AppError::field("login", "这个登录名已经有人用了，请换一个"));
    }
    diesel::insert_into(liaison::table).values(new).execute(db)?;
    account_seal::follow(db, sealer, None, new)
}

/// Keeps what was changed; `changed.version` is the version the change was made from.
///
/// # Errors
/// [`AppError::Changed`] when somebody saved first.
pub fn change(db: &mut Db, sealer: &Sealer, changed: &Liaison) -> AppResult<()> {
    let own = liaison::table.find(changed.id).select(Liaison::as_select());
    let before: Liaison = own.first(db)?;
    let rows = diesel::update(
        liaison::table.find(changed.id).filter(liaison::version.eq(changed.version)),
    )
    .set((
        liaison::name.eq(&changed.name),
        liaison::password_hash.eq(&changed.password_hash),
        liaison::own_password.eq(changed.own_password),
        liaison::active.eq(changed.active),
        liaison::amounts_allowed_by.eq(&changed.amounts_allowed_by),
        liaison::version.eq(changed.version + 1),
    ))
    .execute(db)?;
    if rows == 0 {
        return Err(AppError::Changed);
    }
    let after: Liaison = own.first(db)?;
    account_seal::follow(db, sealer, Some(Account::from(&before)), &after)
}

/// Notes a sign-in. Not a change of the account: its version stays.
pub fn signed_in(db: &mut Db, id: LiaisonId, now: NaiveDateTime) -> AppResult<()> {
    diesel::update(liaison::table.find(id)).set(liaison::last_signed_in_at.eq(now)).execute(db)?;
    Ok(())
}
