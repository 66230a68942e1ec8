//! 归档: the papers of a family that owes nothing any more, in their order, in a box of the archive
//! (rules-more.md 3.6): one family, one file. What has no pages is missing.

use actix_web::{HttpResponse, web};
use chrono::{Datelike as _, NaiveDate};
use serde::Serialize;

use super::list::PATH;
use super::store::{self, Entry, EntryPaper};
use crate::base::dates::in_words;
use crate::base::ids::FileId;
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::archive;
use crate::book::audit_log::AuditEntry;
use crate::book::loan::{self, Loan};
use crate::book::{person, position};
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage};

/// Longest name of a box in characters.
const BOX_MAX: usize = 20;
/// More pages has no paper.
const PAGES_MAX: i32 = 500;

/// A paper as it should lie in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expected {
    title: String,
    contract_no: String,
    #[serde(skip)]
    on_day: NaiveDate,
}

/// Papers of all contracts in the order of their years; what closes the file comes last.
fn expected(loans: &[Loan]) -> Vec<Expected> {
    let mut all = Vec::new();
    for one in loans {
        let papers = archive::papers(one.is_first, true);
        all.extend(papers.iter().filter(|paper| paper.is_part).map(|paper| Expected {
            title: paper.what.to_owned(),
            contract_no: one.contract_no.clone(),
            on_day: one.signed_on,
        }));
    }
    all
}

#[derive(Serialize)]
struct ArchivePage {
    file_no: String,
    name: String,
    papers: Vec<PaperView>,
    /// Why it cannot be archived yet.
    why_not: String,
    entry: Option<EntryView>,
    version: i32,
    #[serde(skip)]
    box_name: String,
}

#[derive(Serialize)]
struct PaperView {
    field: String,
    #[serde(flatten)]
    paper: Expected,
    /// None: nobody has said yet.
    pages: Option<i32>,
}

#[derive(Serialize)]
struct EntryView {
    place: String,
    pages: i32,
    missing: Vec<String>,
    archived: String,
}

impl FormPage for ArchivePage {
    const TEMPLATE: &'static str = "closing/archive.html";
    const REFUSED_AT: &'static str = "box";

    fn fields(&self) -> Fields {
        let pages = self.papers.iter().filter_map(|one| Some((&one.field, one.pages?)));
        let fields = Fields::default().with("box", &self.box_name);
        pages.fold(fields, |fields, (name, pages)| fields.with(name, pages))
    }
}

/// Why a file cannot be archived yet; empty when it can.
fn why_not(db: &mut Db, scope: &Scope, loans: &[Loan]) -> AppResult<String> {
    let ids: Vec<_> = loans.iter().map(|one| one.id).collect();
    let positions = position::of_loans(db, scope, &ids)?;
    let open = loans
        .iter()
        .find(|one| positions.get(&one.id).is_none_or(|position| position.settled_on.is_none()));
    Ok(match open {
        Some(one) => format!("合同 {} 还没有结清，全部结清以后才能归档", one.contract_no),
        None if loans.is_empty() => "这户没有合同".to_owned(),
        None => String::new(),
    })
}

fn place(entry: &Entry) -> String {
    format!("第 {} 盒，第 {} 件", entry.box_name, entry.number)
}

fn missing(papers: &[EntryPaper]) -> Vec<String> {
    let without = papers.iter().filter(|paper| paper.pages == 0);
    without.map(|paper| format!("{}（合同 {}）", paper.title, paper.contract_no)).collect()
}

async fn archive_page(desk: &DeskRequest, file_no: String) -> AppResult<ArchivePage> {
    let today = desk.today();
    desk.read(move |db, scope| {
        let file = loan::file_by_no(db, scope, &file_no)?;
        let name = person::find(db, scope, file.person_id)?.name;
        let loans = loan::chain(db, scope, file.id)?;
        let entry = store::entry(db, scope, file.id)?;
        let lie = store::entry_papers(db, scope, file.id)?;
        let pages = |one: &Expected| {
            let is = |paper: &&EntryPaper| {
                (&paper.title, &paper.contract_no) == (&one.title, &one.contract_no)
            };
            lie.iter().find(is).map(|paper| paper.pages)
        };
        let papers = expected(&loans).into_iter().enumerate().map(|(at, paper)| PaperView {
            field: field(at),
            pages: pages(&paper),
            paper,
        });
        let view = entry.as_ref().map(|one| EntryView {
            place: place(one),
            pages: lie.iter().map(|paper| paper.pages).sum(),
            missing: missing(&lie),
            archived: format!("{}，{}", in_words(one.archived_on, today), one.archived_by),
        });
        Ok(ArchivePage {
            name,
            papers: papers.collect(),
            why_not: why_not(db, scope, &loans)?,
            version: entry.as_ref().map_or(0, |one| one.version),
            box_name: entry.map(|one| one.box_name).unwrap_or_default(),
            entry: view,
            file_no: file.file_no,
        })
    })
    .await
}

fn field(at: usize) -> String {
    format!("pages{at}")
}

/// `GET /closings/{file_no}/archive`
pub async fn show(desk: DeskRequest, file_no: web::Path<String>) -> AppResult<HttpResponse> {
    desk.show(&archive_page(&desk, file_no.into_inner()).await?)
}

/// Pages of each paper, as typed; `count` of them.
fn typed_pages(form: &mut Fields, count: usize) -> Vec<i32> {
    (0..count)
        .map(|at| {
            let name = field(at);
            let text = form.get(&name).to_owned();
            match text.parse::<i32>() {
                Ok(pages) if (0..=PAGES_MAX).contains(&pages) => pages,
                _ => {
                    form.reject(&name, "请填页数，缺的填 0");
                    0
                }
            }
        })
        .collect()
}

/// `POST /closings/{file_no}/archive`
pub async fn save(
    desk: DeskRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let no = file_no.into_inner();
    let count = archive_page(&desk, no.clone()).await?.papers.len();
    desk.submit(form, archive_page(&desk, no.clone()), async |form| {
        let at = format!("{PATH}/{no}/archive");
        let version = form.version()?;
        form.required("box", "请填盒号，照盒子上写的");
        let box_name = form.text("box", BOX_MAX);
        let pages = typed_pages(form, count);
        form.check()?;
        let missing = desk
            .act("file archived", move |act| put(act, (&no, version), &box_name, &pages))
            .await?;
        let words = match missing {
            0 => "已归档，材料齐".to_owned(),
            n => format!("已归档，缺 {n} 样，补来以后再填页数"),
        };
        Ok(Done::to(at, words))
    })
    .await
}

/// Puts a file into a box, or says anew what lies in it; how many papers are missing.
fn put(
    act: &mut Act<'_>,
    (file_no, version): (&str, i32),
    box_name: &str,
    pages: &[i32],
) -> AppResult<usize> {
    let file = loan::file_by_no(act.db, act.scope, file_no)?;
    let loans = loan::chain(act.db, act.scope, file.id)?;
    let why = why_not(act.db, act.scope, &loans)?;
    if !why.is_empty() {
        return Err(AppError::refused(why));
    }
    let before = store::entry(act.db, act.scope, file.id)?;
    let of = expected(&loans);
    if before.as_ref().map_or(0, |one| one.version) != version || of.len() != pages.len() {
        return Err(AppError::Changed);
    }
    let same_box = before.as_ref().filter(|one| one.box_name == box_name);
    let number = match same_box {
        Some(one) => one.number,
        None => store::next_in_box(act.db, act.scope, box_name)?,
    };
    let entry = Entry {
        file_id: file.id,
        office_code: file.office_code.clone(),
        box_name: box_name.to_owned(),
        number,
        archived_by: act.by.name.clone(),
        archived_on: act.today,
        version: version + 1,
    };
    let papers: Vec<EntryPaper> = (1..)
        .zip(of.into_iter().zip(pages))
        .map(|(place, (one, pages))| EntryPaper {
            file_id: file.id,
            office_code: file.office_code.clone(),
            place,
            title: one.title,
            contract_no: one.contract_no,
            on_day: one.on_day,
            pages: *pages,
        })
        .collect();
    store::put_entry(act.db, &entry, before.is_some(), &papers)?;
    let name = person::find(act.db, act.scope, file.person_id)?.name;
    let missing = missing(&papers);
    let words = if missing.is_empty() { "齐".to_owned() } else { missing.join("；") };
    let summary = format!("{}：{words}", place(&entry));
    act.audit(AuditEntry::of("file_archived", &name, summary).on_file(file.id))?;
    Ok(missing.len())
}

#[derive(Serialize)]
struct CoverPage {
    file_no: String,
    name: String,
    place: String,
    rows: Vec<CoverRow>,
    pages: i32,
    missing: Vec<String>,
    office: String,
    by: String,
    printed_on: String,
}

#[derive(Serialize)]
struct CoverRow {
    contract_no: String,
    title: String,
    /// `20190820`, as boxes are listed.
    day: String,
    pages: i32,
    /// Where its pages lie in the file, `3-5`; empty when it is missing.
    from_to: String,
}

fn cover_rows(papers: &[EntryPaper]) -> Vec<CoverRow> {
    let mut last = 0;
    papers
        .iter()
        .map(|paper| {
            let first = last + 1;
            last += paper.pages;
            let from_to = match paper.pages {
                0 => String::new(),
                1 => first.to_string(),
                _ => format!("{first}-{last}"),
            };
            let on = paper.on_day;
            CoverRow {
                contract_no: paper.contract_no.clone(),
                title: paper.title.clone(),
                day: format!("{}{:02}{:02}", on.year(), on.month(), on.day()),
                pages: paper.pages,
                from_to,
            }
        })
        .collect()
}

/// `GET /closings/{file_no}/archive/print`
pub async fn print(desk: DeskRequest, file_no: web::Path<String>) -> AppResult<HttpResponse> {
    let no = file_no.into_inner();
    let found = desk.read(move |db, scope| found(db, scope, &no)).await?;
    let (id, file_no, name, entry, papers) = found;
    let entry = entry.ok_or_else(|| AppError::refused("这户还没有归档，先填盒号和页数"))?;
    let note = AuditEntry::of("printed", &name, format!("打印卷内目录：{}", place(&entry)));
    let note = note.on_file(id);
    desk.act("archive cover printed", move |act| act.audit(note.clone())).await?;
    let page = CoverPage {
        file_no,
        name,
        place: place(&entry),
        pages: papers.iter().map(|paper| paper.pages).sum(),
        missing: missing(&papers),
        rows: cover_rows(&papers),
        office: desk.me.office.name.clone(),
        by: desk.me.name.clone(),
        printed_on: in_words(desk.today(), NaiveDate::MIN),
    };
    desk.page("closing/cover.html", page)
}

type Found = (FileId, String, String, Option<Entry>, Vec<EntryPaper>);

fn found(db: &mut Db, scope: &Scope, file_no: &str) -> AppResult<Found> {
    let file = loan::file_by_no(db, scope, file_no)?;
    let name = person::find(db, scope, file.person_id)?.name;
    let (entry, papers) =
        (store::entry(db, scope, file.id)?, store::entry_papers(db, scope, file.id)?);
    Ok((file.id, file.file_no, name, entry, papers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_through_the_file() {
        let paper = |place, pages| EntryPaper {
            file_id: FileId::new(1),
            office_code: String::new(),
            place,
            title: "申请表".to_owned(),
            contract_no: "A".to_owned(),
            on_day: "2019-08-20".parse().unwrap(),
            pages,
        };
        let rows = cover_rows(&[paper(1, 2), paper(2, 0), paper(3, 1), paper(4, 8)]);
        let places: Vec<&str> = rows.iter().map(|row| row.from_to.as_str()).collect();
        assert_eq!(places, ["1-2", "", "3", "4-11"]);
        assert_eq!(rows[0].day, "20190820");
        assert_eq!(missing(&[paper(1, 2), paper(2, 0)]), ["申请表（合同 A）"]);
    }
}
