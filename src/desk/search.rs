//! One box for everything: name (also part of it), identity number, telephone, contract number
//! (or its end), file number. One hit goes straight to the file.
//!
//! Identity numbers and telephones are looked up by their blind index and never stand in a
//! page: a hit leads on to the file, and a number that nobody has to an address without it.

use std::collections::BTreeMap;

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::ids::PersonId;
use crate::base::person_name::name_key;
use crate::base::place::short_village;
use crate::base::scope::Scope;
use crate::book::staff::Right;
use crate::book::statement::Stage;
use crate::error::AppResult;
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{file_position, loan, loan_file, person, person_phone};
use crate::web::list::filter::{anywhere, at_end};
use crate::web::list::words::stage_tag;
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;

/// More hits than this are cut off; the page says so.
const HITS_MAX: i64 = 100;

pub fn routes() -> Vec<Entry> {
    vec![get("/search", Needs::Right(Right::SeeLoans), search)]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PageParams {
    q: String,
    /// `id`: an identity number was typed that nobody has; the number itself is not repeated.
    miss: String,
}

/// What somebody may have meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Meant {
    /// Blind indexes of an identity number and of a telephone.
    id_index: Option<Vec<u8>>,
    phone_index: Option<Vec<u8>>,
    /// A contract number, or its end.
    contract: Option<String>,
    file_no: Option<String>,
    name: Option<String>,
    /// The last four characters of an identity number, as lists show them.
    id_tail: Option<String>,
}

fn meant(q: &str, sealer: &Sealer) -> Meant {
    // Full-width digits and letters, blanks and hyphens come out of other programs.
    let plain: String = q
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match u32::from(c) {
            code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
            _ => c,
        })
        .collect::<String>()
        .to_uppercase();
    let compact: String = plain.chars().filter(|c| *c != '-').collect();
    let digits = compact.strip_suffix('X').unwrap_or(&compact);
    let is_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let mut meant = Meant::default();
    match (is_digits, compact.len()) {
        (true, 18) => {
            meant.id_index = Some(sealer.index(Field::IdNumber, &compact));
            meant.contract = Some(compact);
        }
        (true, 11) => {
            meant.phone_index = Some(sealer.index(Field::Phone, &compact));
            meant.contract = Some(compact);
        }
        (true, 5..) => meant.contract = Some(compact),
        (true, 4) => {
            meant.id_tail = Some(compact.clone());
            meant.contract = Some(compact);
        }
        (false, 1..) => {
            let latin = plain.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
            if latin && plain.chars().any(|c| c.is_ascii_digit()) {
                meant.file_no = Some(plain.clone());
                meant.contract = Some(compact);
            } else {
                meant.name = Some(name_key(q));
            }
        }
        _ => {}
    }
    meant
}

/// A hit, with why it is one.
#[derive(Clone, Debug, Serialize)]
struct Hit {
    file_no: String,
    name: String,
    id_mask: String,
    home: String,
    university: String,
    stage_kind: &'static str,
    stage: &'static str,
    overdue: i64,
    why: String,
}

#[derive(Serialize)]
struct View {
    q: String,
    hits: Vec<Hit>,
    too_many: bool,
    too_short: bool,
    missed_id: bool,
    missed_number: bool,
}

async fn search(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    let PageParams { q, miss } = params.into_inner();
    let q = q.trim().to_owned();
    let what = meant(&q, &app.sealer);
    let too_short = !q.is_empty() && what == Meant::default();
    let (scope, is_id) = (me.scope.clone(), what.id_index.is_some());
    let hits = app.read(move |db| hits(db, &scope, &what)).await?;
    if is_id && hits.is_empty() {
        // The address of what the browser keeps must not hold an identity number.
        let to = (LOCATION, "/search?miss=id");
        return Ok(HttpResponse::SeeOther().insert_header(to).finish());
    }
    if let ([only], true) = (hits.as_slice(), !q.is_empty()) {
        let to = format!("/loans/{}", only.file_no);
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, to)).finish());
    }
    let limit = usize::try_from(HITS_MAX).unwrap_or(usize::MAX);
    // An identity number or telephone that was typed does not stand in the page again.
    let shown = if q.chars().filter(char::is_ascii_digit).count() >= 11 { masked(&q) } else { q };
    let missed_number = hits.is_empty() && shown.contains('*');
    let view = View {
        too_many: hits.len() >= limit,
        q: shown,
        hits,
        too_short,
        missed_id: miss == "id",
        missed_number,
    };
    shell::page(&app, &me, &req, "search/results.html", view)
}

/// A long number as it may stand in a page: the first three and the last four characters.
fn masked(q: &str) -> String {
    let all: Vec<char> = q.chars().filter(|c| !c.is_whitespace()).collect();
    let last = all.len().saturating_sub(4);
    all.iter().enumerate().map(|(at, c)| if (3..last).contains(&at) { '*' } else { *c }).collect()
}

fn hits(db: &mut Db, scope: &Scope, what: &Meant) -> AppResult<Vec<Hit>> {
    // Person -> why. A student's own file and the files they stand in as co-borrower.
    let mut people: BTreeMap<PersonId, String> = BTreeMap::new();
    let by_person = || {
        person::table.filter(scope.holds(person::office_code)).select((person::id, person::name))
    };
    let mut found: Vec<(PersonId, String)> = Vec::new();
    if let Some(index) = &what.id_index {
        found.extend(by_person().filter(person::id_index.eq(index)).load(db)?);
    }
    if let Some(name) = &what.name {
        found.extend(
            by_person()
                .filter(person::name_key.like(anywhere(name)).escape('\\'))
                .order((person::name_key, person::id))
                .limit(HITS_MAX)
                .load(db)?,
        );
    }
    if let Some(tail) = &what.id_tail {
        found.extend(
            by_person()
                .filter(person::id_mask.like(at_end(tail)).escape('\\'))
                .order((person::name_key, person::id))
                .limit(HITS_MAX)
                .load(db)?,
        );
    }
    if let Some(index) = &what.phone_index {
        found.extend(
            person_phone::table
                .inner_join(person::table)
                .filter(scope.holds(person_phone::office_code))
                .filter(person_phone::phone_index.eq(index))
                .select((person::id, person::name))
                .load(db)?,
        );
    }
    people.extend(found);
    let ids: Vec<PersonId> = people.keys().copied().collect();
    let mut hits = files_of(db, scope, &ids, &people)?;
    for file_no in by_number(db, scope, what)? {
        if !hits.iter().any(|(no, _)| *no == file_no) {
            hits.push((file_no, String::new()));
        }
    }
    described(db, scope, hits)
}

/// Files of these people, and files in which they are the co-borrower.
fn files_of(
    db: &mut Db,
    scope: &Scope,
    ids: &[PersonId],
    names: &BTreeMap<PersonId, String>,
) -> AppResult<Vec<(String, String)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let own: Vec<String> = loan_file::table
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::person_id.eq_any(ids))
        .order(loan_file::file_no)
        .select(loan_file::file_no)
        .load(db)?;
    let with: Vec<(String, Option<PersonId>, String)> = loan_file::table
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::co_person_id.eq_any(ids.iter().map(|id| Some(*id))))
        .order(loan_file::file_no)
        .select((loan_file::file_no, loan_file::co_person_id, loan_file::co_relation))
        .load(db)?;
    let mut hits: Vec<(String, String)> = own.into_iter().map(|no| (no, String::new())).collect();
    for (file_no, co, relation) in with {
        if hits.iter().any(|(no, _)| *no == file_no) {
            continue;
        }
        let name = co.and_then(|id| names.get(&id)).cloned().unwrap_or_default();
        let why = if relation.is_empty() {
            format!("共同借款人 {name}")
        } else {
            format!("{relation} {name} 是共同借款人")
        };
        hits.push((file_no, why));
    }
    Ok(hits)
}

fn by_number(db: &mut Db, scope: &Scope, what: &Meant) -> AppResult<Vec<String>> {
    let mut numbers: Vec<String> = Vec::new();
    if let Some(file_no) = &what.file_no {
        numbers.extend(
            loan_file::table
                .filter(scope.holds(loan_file::office_code))
                .filter(
                    loan_file::file_no.like(format!("{}%", anywhere_start(file_no))).escape('\\'),
                )
                .order(loan_file::file_no)
                .limit(HITS_MAX)
                .select(loan_file::file_no)
                .load::<String>(db)?,
        );
    }
    if let Some(contract) = &what.contract {
        numbers.extend(
            loan::table
                .inner_join(loan_file::table)
                .filter(scope.holds(loan::office_code))
                .filter(loan::contract_no.like(at_end(contract)).escape('\\'))
                .order(loan_file::file_no)
                .limit(HITS_MAX)
                .select(loan_file::file_no)
                .load::<String>(db)?,
        );
    }
    numbers.dedup();
    Ok(numbers)
}

/// The text without its meaning as a pattern, for the beginning of a number.
fn anywhere_start(text: &str) -> String {
    anywhere(text).trim_matches('%').to_owned()
}

fn described(db: &mut Db, scope: &Scope, found: Vec<(String, String)>) -> AppResult<Vec<Hit>> {
    type Row =
        (String, String, String, String, String, String, Option<String>, Option<(i64, i64, i64)>);
    let numbers: Vec<&String> = found.iter().map(|(no, _)| no).collect();
    let rows: Vec<Row> = loan_file::table
        .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
        .left_join(file_position::table.on(file_position::file_id.eq(loan_file::id)))
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::file_no.eq_any(numbers))
        .select((
            loan_file::file_no,
            person::name,
            person::id_mask,
            person::township,
            person::village,
            loan_file::university,
            file_position::stage.nullable(),
            (
                file_position::overdue_principal_fen,
                file_position::overdue_interest_fen,
                file_position::penalty_fen,
            )
                .nullable(),
        ))
        .load(db)?;
    Ok(found
        .into_iter()
        .filter_map(|(no, why)| {
            let row = rows.iter().find(|row| row.0 == no)?;
            let stage = row.6.as_deref().and_then(Stage::from_text);
            let (stage_kind, stage) = stage.map(stage_tag).unwrap_or(("", "没有合同"));
            Some(Hit {
                file_no: no,
                name: row.1.clone(),
                id_mask: row.2.clone(),
                home: format!("{}{}", row.3, short_village(&row.4)),
                university: row.5.clone(),
                stage_kind,
                stage,
                overdue: row.7.map_or(0, |(a, b, c)| a + b + c),
                why,
            })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_understood() {
        let sealer = Sealer::throw_away().unwrap();
        let of = |q: &str| meant(q, &sealer);
        assert!(of("51209920080403125x").id_index.is_some());
        assert_eq!(of("51209920080403125x"), of("５１２０９９ 20080403 125X"));
        assert!(of("164-1099-4847").phone_index.is_some());
        assert_eq!(of("0042").contract.as_deref(), Some("0042"));
        assert_eq!(of("lz2015-0483").file_no.as_deref(), Some("LZ2015-0483"));
        assert_eq!(of("𠮷野").name.as_deref(), Some("𠮷野"));
        assert_eq!(of("艾力・买买提").name.as_deref(), Some("艾力·买买提"));
        assert_eq!(of("12"), Meant::default());
        assert_eq!(of("  "), Meant::default());
    }
}
