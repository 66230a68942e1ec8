//! The form about a visit, as the page behind a code and the liaison's page both show and read it.

use serde::Serialize;

use super::rules::{self, Answers, FAMILY, Met, Paper, Typed, WHEREABOUTS};
use super::take::Picture;
use crate::book::contact::record::Ability;
use crate::error::FieldError;
use crate::life::visits::purpose::Purpose;
use crate::web::upload::UploadForm;

/// Largest photograph in megabytes.
pub const PHOTO_MB: usize = 10;

/// A choice of the form.
#[derive(Debug, Serialize)]
pub struct Choice {
    value: &'static str,
    text: &'static str,
}

/// What `m/_sheet_fields.html` shows.
#[derive(Debug, Default, Serialize)]
pub struct Form {
    /// A yearly contact: other questions, nothing about money that is due.
    yearly: bool,
    /// What the paper is called.
    paper: &'static str,
    outcomes: Vec<Choice>,
    met: Vec<Choice>,
    whereabouts: Vec<&'static str>,
    family: Vec<&'static str>,
    abilities: Vec<Choice>,
    pub typed: Typed,
    /// What is to be put right.
    pub errors: Vec<FieldError>,
}

impl Form {
    /// The form with what was typed and what is wrong with it.
    pub fn new(purpose: Purpose, typed: Typed, errors: Vec<FieldError>) -> Form {
        let outcome = |(outcome, text): &(crate::book::contact::record::Outcome, &'static str)| {
            Choice { value: outcome.as_text(), text }
        };
        let met = |met: Met| Choice { value: met.as_text(), text: met.in_words() };
        let ability = |one: &Ability| Choice { value: one.as_text(), text: one.in_words() };
        Form {
            yearly: purpose.is_yearly(),
            paper: purpose.paper(),
            abilities: Ability::ALL.iter().map(ability).collect(),
            outcomes: purpose.outcomes().iter().map(outcome).collect(),
            met: Met::offered().map(met).collect(),
            whereabouts: WHEREABOUTS.to_vec(),
            family: FAMILY.to_vec(),
            typed,
            errors,
        }
    }
}

/// Reads what was sent: answers and the photograph, or the form again.
///
/// # Errors
/// The form with what was typed, and one sentence for each field that is wrong.
pub fn read(form: &UploadForm, paper: Paper) -> Result<(Answers, Option<Picture>), Box<Form>> {
    let typed = Typed::of(&form.fields);
    match (rules::read(&typed, paper), picture(form)) {
        (Ok(answers), Ok(picture)) => Ok((answers, picture)),
        (answers, picture) => {
            let mut errors = answers.err().unwrap_or_default();
            errors.extend(picture.err());
            Err(Box::new(Form::new(paper.purpose, typed, errors)))
        }
    }
}

/// The photograph of a form, or what is wrong with it.
fn picture(form: &UploadForm) -> Result<Option<Picture>, FieldError> {
    let wrong =
        |message: &str| FieldError { field: "photo".to_owned(), message: message.to_owned() };
    if form.too_large {
        return Err(wrong(
            "照片超过 10 MB，没有收下。请换一张小一点的，或者先不附照片；上面填的都还在",
        ));
    }
    let Some(file) = form.files.iter().find(|file| !file.bytes.is_empty()) else {
        return Ok(None);
    };
    match rules::picture_kind(&file.bytes) {
        Some(kind) => Ok(Some(Picture { kind, bytes: file.bytes.clone() })),
        None => Err(wrong(
            "选的文件不是照片（JPG、PNG 或 WebP），没有收下。请重新拍一张，或者先不附照片",
        )),
    }
}
