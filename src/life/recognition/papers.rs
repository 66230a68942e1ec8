//! What is printed of a round, A4: the notice for the wall, the result for the file, and the letter
//! to a family. The notice has name, class and level and nothing else of a pupil.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::application;
use super::round_store::{self as records, Round};
use super::rules::{State, round_words};
use crate::base::dates::in_words;
use crate::base::ids::RowId;
use crate::book::audit_log::AuditEntry;
use crate::book::publicity::{self, Kind, Line, Publication};
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;

#[derive(Serialize)]
struct Notice {
    round: Round,
    words: String,
    publication: Publication,
    lines: Vec<Line>,
    opened_on: String,
    closes_on: String,
    office: String,
}

/// Who printed what; printing leaves the office.
async fn printed(desk: &DeskRequest, round: &Round, what: String) -> AppResult<()> {
    let entry = AuditEntry::of("printed", &round.school, what);
    desk.act("paper printed", move |act| act.audit(entry.clone())).await
}

/// `GET /hardship/rounds/{id}/notice`: the list that hangs; none once it is down.
pub async fn notice(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    let id = *id;
    let (round, newest) = desk
        .read(move |db, scope| {
            let round = records::round(db, scope, id)?;
            Ok((round, publicity::of(db, scope, Kind::Hardship, &[id])?.pop()))
        })
        .await?;
    let publication = newest.filter(|one| one.taken_down_on.is_none());
    let publication = publication.ok_or(AppError::NotFound)?;
    let lines = publication.lines();
    printed(&desk, &round, format!("打印困难认定公示单，{} 人", lines.len())).await?;
    let year = publication.opened_on;
    let page = Notice {
        words: round_words(round.year, round.term),
        opened_on: in_words(publication.opened_on, NaiveDate::MIN),
        closes_on: in_words(publication.closes_on, year),
        office: desk.me.office.name.clone(),
        lines,
        publication,
        round,
    };
    desk.page("recognition/notice.html", page)
}

#[derive(Serialize)]
struct ResultPage {
    round: Round,
    words: String,
    filed_on: String,
    recognised: Vec<Line>,
    refused: usize,
    /// Each level with its pupils.
    sums: Vec<(String, usize)>,
    published: Vec<(i32, String, String)>,
    office: String,
}

/// `GET /hardship/rounds/{id}/result`: for the file, once the round has its number.
pub async fn result(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    let id = *id;
    let (round, all, hung) = desk
        .read(move |db, scope| {
            let round = records::round(db, scope, id)?;
            let hung = publicity::of(db, scope, Kind::Hardship, &[id])?;
            Ok((round, records::of_round(db, scope, id)?, hung))
        })
        .await?;
    let filed_on = round.filed_on.ok_or(AppError::NotFound)?;
    printed(&desk, &round, "打印困难认定结果".to_owned()).await?;
    let recognised: Vec<Line> = all
        .iter()
        .filter(|one| one.state == State::Recognised)
        .map(|one| Line {
            name: one.name.clone(),
            class_name: one.class_words(),
            level: one.level.clone(),
        })
        .collect();
    let levels = desk.app.policy().hardship_levels.on(filed_on).levels.clone();
    let sum = |level: String| {
        let count = recognised.iter().filter(|one| one.level == level).count();
        (level, count)
    };
    let page = ResultPage {
        words: round_words(round.year, round.term),
        filed_on: in_words(filed_on, NaiveDate::MIN),
        refused: all.iter().filter(|one| one.state == State::Refused).count(),
        sums: levels.into_iter().map(sum).collect(),
        published: hung
            .iter()
            .map(|one| {
                let day = |on| in_words(on, NaiveDate::MIN);
                (one.turn, day(one.opened_on), day(one.taken_down_on.unwrap_or(one.closes_on)))
            })
            .collect(),
        office: desk.me.office.name.clone(),
        recognised,
        round,
    };
    desk.page("recognition/result.html", page)
}

/// `GET /hardship/applications/{id}/letter`: what a family gets, the reason of a refusal included.
pub async fn letter(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    let page = application::page(&desk, *id).await?;
    page.can_be_told()?;
    printed(&desk, page.round(), "打印困难认定结果告知书".to_owned()).await?;
    desk.page("recognition/letter.html", page)
}
