//! Makes batches of what was chosen, and a kept batch into papers again. A household of which a
//! sheet is with such a receiver already gets no second one, so a double click makes nothing twice;
//! one whose sheet is elsewhere or about another matter gets a second one only when that is wanted:
//! two visits at one time annoy a family and two receivers.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};

use super::store::{self, Batch, Sheet, State};
use super::take;
use crate::app::App;
use crate::base::dates::local;
use crate::base::ids::{BatchId, FileId, SheetId};
use crate::base::spoken_code as codes;
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::payments_known::BankData;
use crate::error::{AppError, AppResult};
use crate::life::visits::formats::Wishes;
use crate::life::visits::names::Names;
use crate::life::visits::papers::Choices;
use crate::life::visits::purpose::Purpose;
use crate::life::visits::rules::{self, Household, Receiver, ReceiverKind};
use crate::life::visits::store as arrears;
use crate::life::visits::text::{self, Sender};
use crate::plumbing::crypto::Field;
use crate::web::session::SignedIn;

/// A batch before it is kept; its sheets have codes but no numbers.
#[derive(Clone, Debug)]
pub struct Draft {
    batch: Batch,
    sheets: Vec<Sheet>,
}

/// One draft for each receiver whose name is known.
pub fn drafts(
    app: &App,
    me: &SignedIn,
    chosen: &rules::Batch,
    wishes: &Wishes,
    letter: &str,
) -> AppResult<Vec<Draft>> {
    // One instant for all: what was made in one go is found by it.
    let (mut all, made_at) = (Vec::new(), app.clock.now_at());
    for receiver in chosen.receivers.iter().filter(|one| !one.is_unknown()) {
        let id = BatchId::new(app.next_id());
        let mut sheets = Vec::with_capacity(receiver.sheets.len());
        for one in &receiver.sheets {
            let code = codes::new_code()?;
            sheets.push(Sheet {
                id: SheetId::new(app.next_id()),
                office_code: me.office.code.clone(),
                batch_id: id,
                file_id: one.household.file_id,
                case_id: None,
                number: String::new(),
                place: 0,
                code_index: app.sealer.index(Field::Sheet, &code),
                code_sealed: app.sealer.seal(Field::Sheet, code.as_bytes())?,
                expires_at: expires(wishes.return_by),
                state: State::Out,
                returned_at: None,
                closed_at: None,
                closed_why: String::new(),
                version: 1,
            });
        }
        let batch = Batch {
            id,
            office_code: me.office.code.clone(),
            purpose: wishes.purpose,
            receiver_kind: chosen.by.as_text().to_owned(),
            township: receiver.township.clone(),
            receiver: receiver.name.clone(),
            as_of: chosen.as_of,
            return_by: wishes.return_by,
            amounts: wishes.amounts,
            letter: letter.to_owned(),
            made_at,
            made_by: me.name.clone(),
            handed_on: None,
            handed_by: String::new(),
            handed_to: String::new(),
            handed_how: String::new(),
            receipt: String::new(),
            chased_on: None,
            chased_times: 0,
            version: 1,
        };
        all.push(Draft { batch, sheets });
    }
    Ok(all)
}

/// How the numbers of sheets made on a day begin: `HZ26-1221-`.
pub fn prefix(purpose: Purpose, by: ReceiverKind, day: NaiveDate) -> String {
    format!("{}{}-", purpose.letters(by), rules::stamp(day))
}

/// Where the sheet of a household is, as seen by a receiver kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetStatus {
    /// Nowhere: one can be made.
    In,
    /// With such a receiver already, in this batch.
    Here(BatchId),
    /// With a receiver of another kind, or about another matter.
    Elsewhere,
}

/// Looks a household up among the sheets that are out.
pub fn whereabouts(
    out: &store::Out,
    (purpose, by): (Purpose, ReceiverKind),
    file: FileId,
) -> SheetStatus {
    let Some(with) = out.get(&file) else { return SheetStatus::In };
    let here = with.iter().find(|(about, kind, _)| (*about, *kind) == (purpose, by));
    here.map_or(SheetStatus::Elsewhere, |(_, _, batch)| SheetStatus::Here(*batch))
}

#[derive(Clone, Debug, Default)]
pub struct CreatedBatches {
    pub batches: Vec<BatchId>,
    /// How many sheets they have.
    pub sheets: usize,
    /// Households of whom a sheet is out with such a receiver already.
    pub skipped: usize,
    /// Households that were left out because their sheet is with a receiver of another kind.
    pub elsewhere: usize,
}

/// Keeps drafts under numbers that go on where those of the day ended. `also`: also of households
/// whose sheet is with a receiver of another kind.
pub fn create_batches(
    act: &mut Act<'_>,
    (purpose, by, prefix, also): (Purpose, ReceiverKind, &str, bool),
    drafts: &[Draft],
) -> AppResult<CreatedBatches> {
    let out = store::out(act.db, act.scope, act.now)?;
    let place = |sheet: &Sheet| whereabouts(&out, (purpose, by), sheet.file_id);
    let mut number = store::count_numbers(act.db, act.scope, prefix)?;
    let files: Vec<FileId> =
        drafts.iter().flat_map(|draft| &draft.sheets).map(|sheet| sheet.file_id).collect();
    let cases = store::open_cases(act.db, act.scope, &files)?;
    let (mut created, paper) = (CreatedBatches::default(), purpose.paper());
    let mut notes = Vec::new();
    for draft in drafts {
        let mut sheets = Vec::with_capacity(draft.sheets.len());
        for (place, sheet) in
            (1_i32..).zip(draft.sheets.iter().filter(|sheet| match place(sheet) {
                SheetStatus::Here(_) => false,
                SheetStatus::Elsewhere => also,
                SheetStatus::In => true,
            }))
        {
            number += 1;
            let number = format!("{prefix}{number:03}");
            notes.push(
                AuditEntry::of(
                    "sheets_made",
                    &number,
                    format!("做{paper} {number}，交{}", addressee(&draft.batch)),
                )
                .on_file(sheet.file_id),
            );
            let case_id = cases.get(&sheet.file_id).copied();
            sheets.push(Sheet { number, place, case_id, ..sheet.clone() });
        }
        for sheet in &draft.sheets {
            match place(sheet) {
                SheetStatus::Here(_) => created.skipped += 1,
                SheetStatus::Elsewhere if !also => created.elsewhere += 1,
                SheetStatus::Elsewhere | SheetStatus::In => {}
            }
        }
        if !sheets.is_empty() {
            store::add(act.db, &draft.batch, &sheets)?;
            created.batches.push(draft.batch.id);
            created.sheets += sheets.len();
        }
    }
    if created.sheets > 0 {
        notes.push(AuditEntry::of(
            "sheets_made",
            paper,
            format!(
                "做{paper}：按{}，{} 个单位 {} 户",
                by.in_words(),
                created.batches.len(),
                created.sheets
            ),
        ));
        act.audit_all(notes)?;
    }
    Ok(created)
}

fn bare_receiver(batch: &Batch) -> Receiver {
    let stem = Names::default().stem(&[&batch.township, &batch.receiver]);
    Receiver {
        township: batch.township.clone(),
        name: batch.receiver.clone(),
        stem,
        sheets: Vec::new(),
    }
}

fn kind_of(batch: &Batch) -> ReceiverKind {
    ReceiverKind::from_text(&batch.receiver_kind).unwrap_or(ReceiverKind::Village)
}

/// The receiver as a letter begins.
pub fn addressee(batch: &Batch) -> String {
    text::addressee(kind_of(batch), &bare_receiver(batch))
}

/// What the picture on a sheet leads to.
pub fn return_url(app: &App, spoken: &str) -> String {
    let code: String = spoken.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{}/r/{code}", app.config.public_url.trim_end_matches('/'))
}

/// Kept batches made into papers again.
#[derive(Clone, Debug)]
pub struct Rebuilt {
    /// The first of them; what was made in one go has its days, amounts and letter in common.
    pub row: Batch,
    /// As papers take them.
    pub batch: rules::Batch,
    /// Names of families that are left out: nothing of theirs is overdue any more, or they have
    /// been spoken with this year.
    pub paid: Vec<String>,
    sender: Sender,
    bank_data: BankData,
}

impl Rebuilt {
    /// Its only receiver, or how many there are.
    pub fn title(&self) -> String {
        match self.batch.receivers.len() {
            0 | 1 => addressee(&self.row),
            many => format!("{many} 个{}", self.batch.by.in_words()),
        }
    }

    /// What papers and workbooks of these batches show.
    pub fn choices(&self, app: &App, stub: bool) -> Choices {
        Choices {
            wishes: Wishes {
                purpose: self.row.purpose,
                amounts: self.row.amounts,
                assumed: app.policy().assumed_in_arrears(self.row.as_of).unwrap_or_default(),
                bank_data: self.bank_data.clone(),
                return_by: self.row.return_by,
                sender: self.sender.clone(),
            },
            stub,
            letter: self.row.letter.parse().ok(),
            printed_at: local(app.clock.now_at()),
        }
    }
}

/// Makes a kept batch into papers, or (`all`) with it those made in the same go, in the order of
/// packing: figures of their day, by what is known today. Sheets out of use and families that
/// have paid meanwhile are left out.
pub async fn rebuilt(app: &App, me: &SignedIn, id: BatchId, all: bool) -> AppResult<Rebuilt> {
    let (scope, inner) = (me.scope.clone(), app.clone());
    let (row, rows, found, people) = app
        .read(move |db| {
            let row = store::batch(db, &scope, id)?;
            let together = if all { store::made_with(db, &scope, &row)? } else { vec![row] };
            let row = together.first().cloned().ok_or(AppError::NotFound)?;
            let mut rows = Vec::with_capacity(together.len());
            for batch in together {
                let sheets = store::sheets_of(db, &scope, batch.id)?;
                rows.push((batch, sheets));
            }
            let sheets = rows.iter().flat_map(|(_, sheets)| sheets);
            let files: Vec<FileId> = sheets.map(|sheet| sheet.file_id).collect();
            let found = match row.purpose {
                Purpose::Overdue => {
                    let of = (&*files, row.as_of);
                    arrears::overdue_of(db, &scope, &inner.basis(), of)?.households
                }
                Purpose::Yearly => arrears::yearly_of(db, &scope, &files, row.as_of)?,
            };
            let people = store::people(db, &scope, &files)?;
            Ok((row, rows, found, people))
        })
        .await?;
    let mut known: HashMap<FileId, Household> =
        found.into_iter().map(|one| (one.file_id, one)).collect();
    let (mut receivers, mut paid) = (Vec::new(), Vec::new());
    for (batch, sheets) in &rows {
        let mut receiver = bare_receiver(batch);
        for sheet in sheets.iter().filter(|sheet| sheet.state != State::Void) {
            let Some(household) = known.remove(&sheet.file_id) else {
                paid.extend(people.get(&sheet.file_id).map(|who| who.name.clone()));
                continue;
            };
            let code = app.sealer.open_text(Field::Sheet, &sheet.code_sealed)?;
            let (number, code) = (sheet.number.clone(), codes::spoken(&code));
            receiver.sheets.push(rules::Sheet { number, code, household });
        }
        if !receiver.sheets.is_empty() {
            receivers.push(receiver);
        }
    }
    if receivers.is_empty() {
        let ids: Vec<SheetId> =
            rows.iter().flat_map(|(_, sheets)| sheets).map(|sheet| sheet.id).collect();
        let scope = me.scope.clone();
        if !app.read(move |db| take::called_back(db, &scope, &ids)).await?.is_empty() {
            return Err(AppError::refused("这一批的户，银行的结果还没有到，先不要去，也不再打印"));
        }
        return Err(AppError::refused(match row.purpose {
            Purpose::Overdue => "这一批已经没有要走访的户：都已还清或作废",
            Purpose::Yearly => "这一批已经没有要联系的户：都联系过了、另行联系或作废",
        }));
    }
    let batch = rules::Batch { by: kind_of(&row), as_of: row.as_of, receivers };
    let sender = Sender {
        office: me.office.name.clone(),
        address: me.office.address.clone(),
        phone: me.office.phone.clone(),
        // Who made it answers for it, whoever prints it again.
        contact: row.made_by.clone(),
    };
    Ok(Rebuilt { row, batch, paid, sender, bank_data: me.bank_data.clone() })
}

/// The last instant at which a code opens something: long after the day of return.
fn expires(return_by: NaiveDate) -> chrono::NaiveDateTime {
    let day = return_by.checked_add_days(Days::new(31)).unwrap_or(return_by);
    crate::base::dates::starts_at(day)
}
