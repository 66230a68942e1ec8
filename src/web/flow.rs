//! One after another through a list: each page names its row, saving leads to the next one that
//! waits, and what was just kept can be taken back from there.

use actix_web::{HttpResponse, web};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::ids::RecordId;
use crate::book::contact::record;
use crate::book::loan;
use crate::error::{AppError, AppResult};
use crate::web::fields::Fields;
use crate::web::list::params::Params;
use crate::web::session::SignedIn;
use crate::web::shell;

/// What was kept just before, as the address of the next page names it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Before {
    pub saved: String,
}

/// What was just kept, and can be taken back.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Saved {
    record: String,
    file_no: String,
    words: String,
}

/// A page of the flow: where it goes on.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Flow {
    /// The query of the list from behind this row; none on a page of its own.
    pub flow: Option<String>,
    /// The next one, without saving.
    pub skip: String,
    pub saved: Option<Saved>,
}

impl Flow {
    /// At a row; `key` is its key in the order of the list.
    pub fn at<P: Params>(params: &P, path: &str, key: &str, saved: Option<Saved>) -> Flow {
        Flow {
            flow: Some(params.link("", &[("after", key)])),
            skip: params.link(path, &[("after", key)]),
            saved,
        }
    }

    /// The page again, after a form that was refused.
    pub fn from_form<P: Params + DeserializeOwned>(form: &Fields) -> Flow {
        let list = form.has("flow").then(|| params_of::<P>(form.get("flow")));
        let flow = list.map(|list| list.link("", &[("after", list.place().0)]));
        Flow { flow, ..Flow::default() }
    }
}

/// An address as a form brings it back; what cannot be read is nothing.
pub fn params_of<P: Params + DeserializeOwned>(query: &str) -> P {
    web::Query::<P>::from_query(query.trim_start_matches('?'))
        .map(web::Query::into_inner)
        .unwrap_or_default()
}

/// The record of an address; none when it was taken back or never was.
pub async fn saved(app: &App, me: &SignedIn, before: &Before) -> AppResult<Option<Saved>> {
    let Ok(id) = before.saved.parse().map(RecordId::new) else { return Ok(None) };
    let scope = me.scope.clone();
    let found = app
        .read(move |db| {
            let record = record::find(db, &scope, id)?;
            let file = loan::file(db, &scope, record.file_id)?;
            Ok((record, file.file_no))
        })
        .await;
    Ok(match found {
        Ok((record, file_no)) if record.undone_at.is_none() => {
            let who = match record.party_name.is_empty() {
                true => record.party.in_words(),
                false => &record.party_name,
            };
            Some(Saved {
                words: format!("已保存：{who}，{}", record.outcome.in_words()),
                record: record.id.to_string(),
                file_no,
            })
        }
        Ok(_) | Err(AppError::NotFound) => None,
        Err(other) => return Err(other),
    })
}

/// After saving: the next of the list. `new_record`: a new record, that can be taken back there.
pub fn onward<P: Params>(
    app: &App,
    flow: &P,
    path: &str,
    new_record: Option<RecordId>,
) -> AppResult<HttpResponse> {
    let (after, _) = flow.place();
    let to = flow.link(path, &[("after", after)]);
    let sign = if to.contains('?') { '&' } else { '?' };
    let saved = new_record.map(|id| format!("{sign}saved={id}")).unwrap_or_default();
    shell::done(app, &format!("{to}{saved}"), "")
}

/// Nobody is left; `whole` when the list was looked through from its beginning.
pub fn end(app: &App, list: &str, saved: Option<&Saved>, whole: bool) -> AppResult<HttpResponse> {
    let words = match (saved, whole) {
        (_, true) => "今天要联系的都联系过了".to_owned(),
        (Some(one), _) => format!("{}；这个名单到底了", one.words),
        (None, _) => "这个名单到底了，跳过的还在名单里".to_owned(),
    };
    shell::done(app, list, &words)
}
