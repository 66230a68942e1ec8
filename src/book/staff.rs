//! Members of staff, their roles and what each role may do. The only file that writes `staff`.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde_json::json;

use crate::base::ids::{StaffId, text_enum};
use crate::base::scope::Scope;
use crate::book::account_seal::{self, Account};
use crate::book::audit_log::Actor;
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::crypto::Sealer;
use crate::plumbing::db::Db;
use crate::plumbing::schema::staff;

text_enum! {
    /// What somebody is at the desk.
    Role {
        /// 经办: works the counter, the lists and the imports.
        Clerk = "clerk", "经办";
        /// 复核: the second pair of eyes.
        Reviewer = "reviewer", "复核";
        /// 主任: decides, and sees everything of the office.
        Director = "director", "主任";
        /// 审计: sees everything of the office, changes nothing.
        Auditor = "auditor", "审计";
        /// 管理员: accounts and settings; no loans.
        Administrator = "administrator", "管理员";
    }
}

impl Role {
    /// May somebody of this role do this?
    pub const fn may(self, right: Right) -> bool {
        use Role::{Administrator, Auditor, Clerk, Director, Reviewer};
        match right {
            Right::SeeLoans => matches!(self, Clerk | Reviewer | Director | Auditor),
            Right::RevealNumbers => matches!(self, Clerk | Reviewer | Director | Auditor),
            Right::Import | Right::PrintWorksheets | Right::EditPeople => {
                matches!(self, Clerk | Reviewer | Director)
            }
            Right::FollowOverdue | Right::ServeSeason => {
                matches!(self, Clerk | Reviewer | Director)
            }
            Right::Review => matches!(self, Reviewer | Director),
            Right::OpenSeason => matches!(self, Director),
            Right::AllowPoliceStage | Right::GoAheadWithoutBank => matches!(self, Director),
            Right::DeclarePayments => matches!(self, Reviewer | Director),
            Right::SeeHistory => matches!(self, Director | Auditor | Administrator),
            Right::ShareContacts => matches!(self, Director),
            Right::ReleaseMessages | Right::UndoImports => matches!(self, Reviewer | Director),
            Right::EditTexts | Right::AllowAmounts => matches!(self, Director),
            Right::ManageLiaisons => matches!(self, Clerk | Reviewer | Director | Administrator),
            Right::ProposeRules => matches!(self, Director),
            Right::ConfirmRules => matches!(self, Reviewer | Director),
            Right::ManageStaff => matches!(self, Administrator | Director),
            Right::ManageOffice => matches!(self, Administrator | Director),
        }
    }
}

/// Something a role may or may not do. Routes name the right they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Workbench, search, lists, loan files.
    SeeLoans,
    /// Show one identity number, telephone or account in full; every look is written down.
    RevealNumbers,
    /// Upload, check and post sheets.
    Import,
    /// Take an import back as a whole.
    UndoImports,
    /// Worksheets for villages, schools and police stations.
    PrintWorksheets,
    /// Change contacts and notes of people.
    EditPeople,
    /// The season, from recognition to the list for the bank: applications, contracts, batches.
    ServeSeason,
    /// Decide what somebody else has proposed.
    Review,
    /// Share out the yearly contact with families.
    ShareContacts,
    /// Write down contacts of overdue cases, move, pause and park them.
    FollowOverdue,
    /// Allow the police station's assistance and the lender's notice.
    AllowPoliceStage,
    /// Say that all payments up to a day are in.
    DeclarePayments,
    /// Follow due days of which the bank has not told, for a day.
    GoAheadWithoutBank,
    /// Who did what, over the whole office.
    SeeHistory,
    /// Let messages go, stop them, send one again.
    ReleaseMessages,
    EditTexts,
    /// Accounts of liaisons in villages, schools and police stations.
    ManageLiaisons,
    /// Let a liaison see amounts.
    AllowAmounts,
    /// Enter a year's waiver, a month's LPR, a year's holidays.
    ProposeRules,
    /// Open and close a school year at the counter.
    OpenSeason,
    /// Confirm what another person entered; say that a rule was held against its document.
    ConfirmRules,
    ManageStaff,
    /// Name, telephone, address of the office; what rules are in force.
    ManageOffice,
}

/// A member of staff.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = staff)]
pub struct Staff {
    pub id: StaffId,
    /// The office they work for.
    pub office_code: String,
    /// The name they sign in with.
    pub login: String,
    /// The name pages show.
    pub name: String,
    pub role: Role,
    /// argon2id, PHC text.
    pub password_hash: String,
    /// False: may not sign in any more. Accounts are never deleted; history names them.
    pub active: bool,
    /// When the account was made.
    pub created_at: NaiveDateTime,
    /// When they last signed in.
    pub last_signed_in_at: Option<NaiveDateTime>,
    /// Grows with every change.
    pub version: i32,
}

impl From<&Staff> for Account {
    fn from(one: &Staff) -> Account {
        let rights = (one.role.as_text(), &one.password_hash, one.active);
        let text = json!([one.name, rights, one.version]).to_string();
        let (office_code, login) = (one.office_code.clone(), one.login.clone());
        Account { id: one.id.get(), office_code, login, text }
    }
}

/// Fewest and most characters of a login.
const LOGIN_LENGTH: std::ops::RangeInclusive<usize> = 3..=32;

/// The login as it is kept and compared: without spaces around it, in lower case.
pub fn login_from(text: &str) -> String {
    text.trim().to_lowercase()
}

/// What is wrong with a login and a name, in Chinese; nothing when both can be taken.
pub fn check(login: &str, name: &str) -> Vec<FieldError> {
    let wrong = |field: &str, message: &str| FieldError {
        field: field.to_owned(),
        message: message.to_owned(),
    };
    let mut errors = Vec::new();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    if !LOGIN_LENGTH.contains(&login.len()) || !login.bytes().all(plain) {
        errors
            .push(wrong("login", "登录名用 3 到 32 个小写字母、数字、点或横线，例如工号或手机号"));
    }
    if name.is_empty() {
        errors.push(wrong("name", "姓名还没有填"));
    } else if name.chars().count() > 40 {
        errors.push(wrong("name", "姓名太长，请控制在 40 个字以内"));
    }
    errors
}

/// How many accounts there are in all offices.
pub fn count(db: &mut Db) -> AppResult<i64> {
    Ok(staff::table.count().get_result(db)?)
}

/// The person with this login, whatever their office.
pub fn by_login(db: &mut Db, login: &str) -> AppResult<Option<Staff>> {
    Ok(staff::table
        .filter(staff::login.eq(login))
        .select(Staff::as_select())
        .first(db)
        .optional()?)
}

/// The person with this identity, when they work in one of these offices.
pub fn find(db: &mut Db, scope: &Scope, id: StaffId) -> AppResult<Staff> {
    Ok(staff::table
        .find(id)
        .filter(scope.holds(staff::office_code))
        .select(Staff::as_select())
        .first(db)?)
}

/// Everybody of these offices: those who may sign in first, then by login.
pub fn all(db: &mut Db, scope: &Scope) -> AppResult<Vec<Staff>> {
    Ok(staff::table
        .filter(scope.holds(staff::office_code))
        .order((staff::active.desc(), staff::login))
        .select(Staff::as_select())
        .load(db)?)
}

/// Makes an account. A login that is taken is refused.
pub fn add(db: &mut Db, sealer: &Sealer, new: &Staff) -> AppResult<()> {
    if by_login(db, &new.login)?.is_some() {
        return Err(AppError::field("login", "这个登录名已经有人用了，请换一个"));
    }
    diesel::insert_into(staff::table).values(new).execute(db)?;
    account_seal::follow(db, sealer, None, new)
}

/// Keeps name, role, password and whether they may sign in; `changed.version` is the version the
/// change was made from. [`AppError::Changed`] when somebody saved first; refused when nobody
/// would be left who can manage accounts.
pub fn change(db: &mut Db, sealer: &Sealer, changed: &Staff) -> AppResult<()> {
    let own = staff::table.find(changed.id).select(Staff::as_select());
    let before: Staff = own.first(db)?;
    let rows =
        diesel::update(staff::table.find(changed.id).filter(staff::version.eq(changed.version)))
            .set((
                staff::name.eq(&changed.name),
                staff::role.eq(changed.role),
                staff::password_hash.eq(&changed.password_hash),
                staff::active.eq(changed.active),
                staff::version.eq(changed.version + 1),
            ))
            .execute(db)?;
    if rows == 0 {
        return Err(AppError::Changed);
    }
    let after: Staff = own.first(db)?;
    account_seal::follow(db, sealer, Some(Account::from(&before)), &after)?;
    let steps_down = before.role == Role::Administrator
        && before.active
        && !(changed.active && changed.role == Role::Administrator);
    if steps_down && administrators(db, &changed.office_code)? == 0 {
        return Err(AppError::refused("本中心至少要留一名能登录的管理员，请先指定另一位管理员"));
    }
    Ok(())
}

fn administrators(db: &mut Db, office_code: &str) -> AppResult<i64> {
    Ok(staff::table
        .filter(staff::office_code.eq(office_code))
        .filter(staff::role.eq(Role::Administrator))
        .filter(staff::active.eq(true))
        .count()
        .get_result(db)?)
}

/// Notes a sign-in. Not a change of the account: its version stays.
pub fn signed_in(db: &mut Db, id: StaffId, now: NaiveDateTime) -> AppResult<()> {
    diesel::update(staff::table.find(id)).set(staff::last_signed_in_at.eq(now)).execute(db)?;
    Ok(())
}

/// In whose name something is done from the command line: the account with this sign-in name,
/// or the first active one of the office, when it may do so.
pub fn who_may(
    db: &mut Db,
    office_code: &str,
    right: Right,
    login: Option<&str>,
) -> AppResult<Option<Actor>> {
    let people = all(db, &Scope::of(office_code))?;
    let chosen = people
        .into_iter()
        .filter(|one| one.active && one.role.may(right))
        .find(|one| login.is_none_or(|login| one.login == login));
    Ok(chosen.map(|one| Actor {
        staff_id: Some(one.id),
        name: one.name,
        office_code: one.office_code,
    }))
}
