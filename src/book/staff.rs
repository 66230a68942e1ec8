//! Members of staff, their roles and what each role may do.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::book::ids::StaffId;
use crate::plumbing::schema::staff;

/// What somebody is at the desk.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    diesel::deserialize::FromSqlRow,
    diesel::expression::AsExpression,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 经办: works the counter, the lists and the imports.
    Clerk,
    /// 复核: the second pair of eyes.
    Reviewer,
    /// 主任: decides, and sees everything of the office.
    Director,
    /// 审计: sees everything of the office, changes nothing.
    Auditor,
    /// 管理员: accounts and settings; no loans.
    Administrator,
}

impl Role {
    /// Every role, in the order pages list them.
    pub const ALL: [Role; 5] =
        [Role::Clerk, Role::Reviewer, Role::Director, Role::Auditor, Role::Administrator];

    /// As kept in the database and written on the command line.
    pub const fn as_text(self) -> &'static str {
        match self {
            Role::Clerk => "clerk",
            Role::Reviewer => "reviewer",
            Role::Director => "director",
            Role::Auditor => "auditor",
            Role::Administrator => "administrator",
        }
    }

    /// The role a text names.
    pub fn from_text(text: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_text() == text)
    }

    /// As pages say it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Role::Clerk => "经办",
            Role::Reviewer => "复核",
            Role::Director => "主任",
            Role::Auditor => "审计",
            Role::Administrator => "管理员",
        }
    }

    /// May somebody of this role do this?
    pub const fn may(self, right: Right) -> bool {
        use Role::{Administrator, Auditor, Clerk, Director, Reviewer};
        match right {
            Right::SeeLoans => matches!(self, Clerk | Reviewer | Director | Auditor),
            Right::RevealNumbers => matches!(self, Clerk | Reviewer | Director | Auditor),
            Right::Import | Right::PrintWorksheets | Right::EditPeople => {
                matches!(self, Clerk | Reviewer | Director)
            }
            Right::SeeHistory => matches!(self, Director | Auditor | Administrator),
            Right::ManageStaff => matches!(self, Administrator | Director),
            Right::ManageOffice => matches!(self, Administrator | Director),
        }
    }
}

crate::book::ids::sql_text!(Role);

/// Something a role may or may not do. Routes name the right they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Workbench, search, lists, loan files.
    SeeLoans,
    /// Show one identity number, telephone or account in full; every look is written down.
    RevealNumbers,
    /// Upload, check and post sheets.
    Import,
    /// Worksheets for villages, schools and police stations.
    PrintWorksheets,
    /// Change contacts and notes of people.
    EditPeople,
    /// Who did what, over the whole office.
    SeeHistory,
    /// Accounts of staff.
    ManageStaff,
    /// Name, telephone, address of the office; what rules are in force.
    ManageOffice,
}

/// A member of staff.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = staff)]
pub struct Staff {
    /// Identity.
    pub id: StaffId,
    /// The office they work for.
    pub office_code: String,
    /// The name they sign in with.
    pub login: String,
    /// The name pages show.
    pub name: String,
    /// What they are.
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
