//! [`Fields`]: a form as it was sent. It is read field by field, everything that is wrong is said
//! at once, and what was typed is shown again: a template asks `page.form.note`.
//!
//! [`FormPage`] is a page with forms on it, [`answer`] the tail of every POST to it.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use minijinja::value::{Enumerator, Object};
use minijinja::{Error, ErrorKind, State, Value};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::dates::{DAY_OUTSIDE, is_outside, typed_day};
use crate::base::hex::{hash_of, hex};
use crate::base::money::{Fen, typed_money};
use crate::base::phone_number::PhoneNumber;
use crate::book::act::FormKey;
use crate::error::{AppError, AppResult, FieldError};
use crate::web::form::CsrfForm;
use crate::web::session::SignedIn;
use crate::web::shell;

/// A form of staff, its token checked, to be read field by field.
pub type Form = CsrfForm<Fields>;

/// Program, reader and request of a page.
pub type At<'a> = (&'a App, &'a SignedIn, &'a HttpRequest);

/// Longest text that is kept unless a form says otherwise, in characters.
pub const TEXT_MAX: usize = 400;

/// Names that are never shown again, nor part of what makes two forms the same.
const SECRET: [&str; 5] = ["csrf", "password", "old", "new", "again"];

/// The fields of a form in their order, and what is wrong with them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Vec<(String, String)>")]
pub struct Fields {
    values: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl From<Vec<(String, String)>> for Fields {
    fn from(values: Vec<(String, String)>) -> Fields {
        Fields { values, errors: Vec::new() }
    }
}

/// A row as a page showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen<I> {
    pub id: I,
    /// Its version on that page.
    pub version: i32,
}

impl Fields {
    /// The same with one more field; for what a page holds before anybody has typed.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Fields {
        self.values.push((name.to_owned(), value.to_string()));
        self
    }

    /// A field without blanks around it; empty when it is not there.
    pub fn get(&self, name: &str) -> &str {
        let found = self.values.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim()).unwrap_or_default()
    }

    /// A field as it was sent, blanks included: a password.
    pub fn secret(&self, name: &str) -> String {
        let found = self.values.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// True when the form had this field, empty or not.
    pub fn has(&self, name: &str) -> bool {
        self.values.iter().any(|(key, _)| key == name)
    }

    /// Every value of a name that may stand several times (ticked rows).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }

    /// Says that a field cannot be taken.
    pub fn reject(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(FieldError { field: name.to_owned(), message: message.into() });
    }

    /// Says everything that a rule found wrong.
    pub fn reject_all(&mut self, errors: Vec<FieldError>) {
        self.errors.extend(errors);
    }

    /// A text of at most `most` characters; a longer one is rejected.
    pub fn text(&mut self, name: &str, most: usize) -> String {
        let text = self.get(name).to_owned();
        if text.chars().count() > most {
            self.reject(name, format!("太长了，请写在 {most} 个字以内"));
        }
        text
    }

    /// Rejects a field that is empty; `or` says what is to be written.
    pub fn required(&mut self, name: &str, or: &str) {
        if self.get(name).is_empty() {
            self.reject(name, or);
        }
    }

    /// A day; none when nothing was typed.
    pub fn date(&mut self, name: &str) -> Option<NaiveDate> {
        self.date_or(name, "日期请写成 2026-10-31 这样")
    }

    /// A day; `or` says how it is to be written.
    pub fn date_or(&mut self, name: &str, or: &str) -> Option<NaiveDate> {
        let text = self.get(name);
        if text.is_empty() {
            return None;
        }
        let read = typed_day(text);
        if read.is_none() {
            let or = if is_outside(text) { DAY_OUTSIDE } else { or };
            self.reject(name, or);
        }
        read
    }

    /// A telephone number; none when nothing was typed.
    pub fn phone(&mut self, name: &str) -> Option<PhoneNumber> {
        let text = self.get(name);
        if text.is_empty() {
            return None;
        }
        match PhoneNumber::parse(text) {
            Ok(number) => Some(number),
            Err(problem) => {
                self.reject(name, problem.to_chinese());
                None
            }
        }
    }

    /// An amount in yuan; none when nothing was typed.
    pub fn money(&mut self, name: &str) -> Option<Fen> {
        let text = self.get(name);
        if text.is_empty() {
            return None;
        }
        let read = typed_money(text);
        if read.is_none() {
            self.reject(name, "金额请写成 1234.50 这样");
        }
        read
    }

    /// One of several; `or` says what to do when none of them was chosen.
    pub fn choice<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Option<T>,
        or: &str,
    ) -> Option<T> {
        let found = read(self.get(name));
        if found.is_none() {
            self.reject(name, or);
        }
        found
    }

    /// An identity; none when there is none or it is no number.
    pub fn id<I: From<i64>>(&self, name: &str) -> Option<I> {
        self.get(name).parse().ok().map(I::from)
    }

    /// The row of the form, `name` its identity and `version` its version.
    ///
    /// # Errors
    /// [`AppError::Changed`] when the form names none: its page is of another time.
    pub fn seen<I: From<i64>>(&self, name: &str) -> AppResult<Seen<I>> {
        Ok(Seen { id: self.id(name).ok_or(AppError::Changed)?, version: self.version()? })
    }

    /// The version that the form was shown with.
    ///
    /// # Errors
    /// [`AppError::Changed`] when the form names none.
    pub fn version(&self) -> AppResult<i32> {
        self.get("version").parse().map_err(|_| AppError::Changed)
    }

    /// What was rejected so far.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The same without a field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Fields {
        self.values.retain(|(key, _)| key != name);
        self
    }

    /// Goes on only when nothing was rejected.
    pub fn check(&self) -> AppResult<()> {
        if self.errors.is_empty() { Ok(()) } else { Err(AppError::Invalid(self.errors.clone())) }
    }

    /// What was read, when nothing was rejected; whoever could not read a field has rejected it.
    pub fn checked<T>(&self, read: Option<T>) -> AppResult<T> {
        self.check()?;
        read.ok_or_else(|| AppError::broken("a field was neither read nor rejected"))
    }

    /// What makes two forms the same: all fields but the token.
    pub fn key(&self) -> FormKey {
        let open = self.values.iter().filter(|(name, _)| !SECRET.contains(&name.as_str()));
        let text: String = open.map(|(name, value)| format!("{name}={value}\n")).collect();
        FormKey(hex(&hash_of(&text)))
    }

    /// What a page held before, with what was typed in place of it.
    fn typed_over(&self, before: Fields) -> Fields {
        let rest = before.values.into_iter().filter(|(name, _)| !self.has(name));
        Fields { values: self.values.iter().cloned().chain(rest).collect(), errors: Vec::new() }
    }

    /// For a template: `form.name`, empty for a field that is not there.
    pub fn to_value(&self) -> Value {
        Value::from_object(Typed(self.clone()))
    }
}

#[derive(Debug)]
struct Typed(Fields);

impl Object for Typed {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        Some(Value::from(if SECRET.contains(&name) { "" } else { self.0.get(name) }))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    /// `form.all("family")`: every value of a name.
    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match (method, args) {
            ("all", [name]) => {
                Ok(self.0.all(name.as_str().unwrap_or_default()).map(Value::from).collect())
            }
            _ => Err(ErrorKind::UnknownMethod.into()),
        }
    }
}

/// Why a form is shown again.
#[derive(Debug)]
pub struct Rejected {
    /// 422, or 409 when somebody else saved first.
    pub status: StatusCode,
    /// What is wrong, field by field.
    pub errors: Vec<FieldError>,
    /// Somebody else saved first.
    pub changed: bool,
}

impl Rejected {
    /// What its reader can mend.
    pub const fn invalid(errors: Vec<FieldError>) -> Rejected {
        Rejected { status: StatusCode::UNPROCESSABLE_ENTITY, errors, changed: false }
    }

    /// What the reader of the form can mend; every other error passes on. A refusal by a rule is
    /// said at `field`, and so is the sentence `changed` when somebody else was first; without one
    /// the page says it in its own words.
    pub fn from(error: AppError, field: &str, changed: &str) -> AppResult<Rejected> {
        match error {
            AppError::Invalid(errors) => Ok(Rejected::invalid(errors)),
            AppError::Refused(message) => {
                Ok(Rejected::invalid(vec![FieldError { field: field.to_owned(), message }]))
            }
            AppError::Changed => {
                let mut errors = Vec::new();
                if !changed.is_empty() {
                    errors
                        .push(FieldError { field: field.to_owned(), message: changed.to_owned() });
                }
                Ok(Rejected { status: StatusCode::CONFLICT, errors, changed: true })
            }
            other => Err(other),
        }
    }
}

/// A page with forms. Its template gets what it holds as `page`, with `page.form` (what the fields
/// show), `page.errors` and `page.changed_meanwhile` beside.
pub trait FormPage: Serialize {
    const TEMPLATE: &'static str;
    /// Where a rule's refusal is said.
    const REFUSED_AT: &'static str;
    /// What is said there when somebody else was first; empty where the template has its own words.
    const CHANGED: &'static str =
        "别人刚刚改过，您写的还没有保存：先看看现在的情况，仍然要改就再提交一次";

    /// What its fields hold before anybody has typed.
    fn fields(&self) -> Fields {
        Fields::default()
    }
}

#[derive(Serialize)]
struct Filled<'a, P> {
    #[serde(flatten)]
    page: &'a P,
    form: Value,
    errors: Vec<FieldError>,
    changed_meanwhile: bool,
}

/// A page with its forms as nobody has touched them.
pub fn show<P: FormPage>(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    page: &P,
) -> AppResult<HttpResponse> {
    let form = page.fields().to_value();
    let filled = Filled { page, form, errors: Vec::new(), changed_meanwhile: false };
    shell::page(app, me, req, P::TEMPLATE, filled)
}

/// Where to go and what to say after a form was taken.
#[derive(Clone, Debug)]
pub struct Done {
    to: String,
    sentence: String,
}

impl Done {
    /// To another page, with one sentence shown there.
    pub fn to(to: impl Into<String>, sentence: impl Into<String>) -> Done {
        Done { to: to.into(), sentence: sentence.into() }
    }

    /// The answer itself, for a form that is not a [`Form`]: one with files.
    pub fn answer(&self, app: &App) -> AppResult<HttpResponse> {
        shell::done(app, &self.to, &self.sentence)
    }
}

/// The tail of a POST: 303 and a sentence, or the page again with what is wrong and what was typed
/// (422, or 409 when somebody else saved first). `page` is loaded only then, so it shows what is
/// there now.
pub async fn answer<P: FormPage>(
    (app, me, req): At<'_>,
    form: &Fields,
    done: AppResult<Done>,
    page: impl Future<Output = AppResult<P>>,
) -> AppResult<HttpResponse> {
    let error = match done {
        Ok(done) => return shell::done(app, &done.to, &done.sentence),
        Err(error) => error,
    };
    let rejected = Rejected::from(error, P::REFUSED_AT, P::CHANGED)?;
    reject((app, me, req), &page.await?, form, rejected)
}

/// The page again, with what is wrong and what was typed.
pub fn reject<P: FormPage>(
    (app, me, req): At<'_>,
    page: &P,
    form: &Fields,
    rejected: Rejected,
) -> AppResult<HttpResponse> {
    let form = form.typed_over(page.fields()).to_value();
    let Rejected { status, errors, changed } = rejected;
    let filled = Filled { page, form, errors, changed_meanwhile: changed };
    shell::page_as(status, app, me, req, P::TEMPLATE, filled)
}
