//! Whom the stops of a round are about: reads only. Numbers masked, no amount.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::rules::House;
use crate::base::ids::{FileId, PersonId, SheetId};
use crate::base::scope::Scope;
use crate::book::loan;
use crate::book::person::{self, PhoneState};
use crate::error::AppResult;
use crate::life::visits::purpose::Purpose;
use crate::life::visits::sheets::store::State;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{loan_file, person as person_table, sheet, sheet_batch};

/// A sheet, its batch, and who lives there.
type Row =
    ((SheetId, State, String, FileId), (String, Purpose), (String, String, String, String, String));

fn house(((sheet_id, state, number, file_id), (kind, purpose), who): Row) -> (State, House) {
    let (name, township, village, village_code, address) = who;
    let of_village = kind == "village";
    let house = House {
        sheet_id,
        number,
        of_village,
        purpose,
        file_id,
        name,
        township,
        village,
        village_code,
        address,
    };
    (state, house)
}

/// The sheets of these offices with their households; narrowed by who asks.
#[diesel::dsl::auto_type(no_type_alias)]
fn housed() -> _ {
    sheet::table
        .inner_join(sheet_batch::table)
        .inner_join(loan_file::table.on(loan_file::id.eq(sheet::file_id)))
        .inner_join(person_table::table.on(person_table::id.eq(loan_file::person_id)))
        .select((
            (sheet::id, sheet::state, sheet::number, sheet::file_id),
            (sheet_batch::receiver_kind, sheet_batch::purpose),
            (
                person_table::name,
                person_table::township,
                person_table::village,
                person_table::village_code,
                person_table::address,
            ),
        ))
}

/// Every sheet of these offices that is out.
pub fn out(db: &mut Db, scope: &Scope) -> AppResult<Vec<House>> {
    let rows: Vec<Row> = housed()
        .filter(scope.holds(sheet::office_code))
        .filter(sheet::state.eq(State::Out))
        .load(db)?;
    Ok(rows.into_iter().map(|row| house(row).1).collect())
}

/// The households of these sheets, and where each sheet is.
pub fn of_sheets(
    db: &mut Db,
    scope: &Scope,
    ids: &[SheetId],
) -> AppResult<HashMap<SheetId, (State, House)>> {
    let mut found = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(BINDS_MAX) {
        let rows: Vec<Row> = housed()
            .filter(scope.holds(sheet::office_code))
            .filter(sheet::id.eq_any(chunk))
            .load(db)?;
        found.extend(rows.into_iter().map(|row| (row.0.0, house(row))));
    }
    Ok(found)
}

/// Somebody of a household with the numbers that work, masked.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Contact {
    /// `本人`, `父亲 覃志强`.
    pub who: String,
    /// `187****3350`.
    pub phones: Vec<String>,
}

/// The borrower and the co-borrower of each of these families.
pub fn contacts(
    db: &mut Db,
    scope: &Scope,
    files: &[FileId],
) -> AppResult<HashMap<FileId, Vec<Contact>>> {
    let files = loan::files_by_ids(db, scope, files)?;
    let people: HashSet<PersonId> =
        files.values().flat_map(|f| [Some(f.person_id), f.co_person_id]).flatten().collect();
    let people: Vec<PersonId> = people.into_iter().collect();
    let names: HashMap<PersonId, String> = person::by_ids(db, scope, &people)?
        .into_iter()
        .map(|person| (person.id, person.name))
        .collect();
    let mut phones: HashMap<PersonId, Vec<String>> = HashMap::new();
    for phone in person::phones_of(db, scope, &people)? {
        if phone.state != PhoneState::Dead {
            phones.entry(phone.person_id).or_default().push(phone.phone_mask);
        }
    }
    let of = |id: PersonId| phones.get(&id).cloned().unwrap_or_default();
    let mut found = HashMap::with_capacity(files.len());
    for (id, file) in files {
        let mut all = vec![Contact { who: "本人".to_owned(), phones: of(file.person_id) }];
        if let Some(co) = file.co_person_id {
            let name = names.get(&co).map(String::as_str).unwrap_or_default();
            let who = format!("{} {name}", file.co_relation).trim().to_owned();
            all.push(Contact { who, phones: of(co) });
        }
        found.insert(id, all);
    }
    Ok(found)
}
