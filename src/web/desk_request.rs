//! [`DeskRequest`]: a request of staff as one argument of a handler: the program, who asks, and
//! what a page does with both.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use futures_util::future::LocalBoxFuture;
use serde::Serialize;

use crate::app::App;
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::web::fields::{self, Done, Fields, Form, FormPage};
use crate::web::session::{SignedIn, signed_in};
use crate::web::shell;

pub struct DeskRequest {
    pub app: web::Data<App>,
    pub me: SignedIn,
    req: HttpRequest,
}

impl FromRequest for DeskRequest {
    type Error = AppError;
    type Future = LocalBoxFuture<'static, AppResult<DeskRequest>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let me = signed_in::<SignedIn>(&req).await?;
            let app = req.app_data::<web::Data<App>>().cloned();
            let app = app.ok_or_else(|| AppError::broken("no App in the server"))?;
            Ok(DeskRequest { app, me, req })
        })
    }
}

impl DeskRequest {
    pub fn today(&self) -> NaiveDate {
        self.app.clock.today()
    }

    /// One snapshot, of the offices that they may see.
    pub async fn read<T, F>(&self, body: F) -> AppResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db, &Scope) -> AppResult<T> + Send + 'static,
    {
        let scope = self.me.scope.clone();
        self.app.read(move |db| body(db, &scope)).await
    }

    /// One write in their name; see [`Act`].
    pub async fn act<T, F>(&self, name: &'static str, body: F) -> AppResult<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Act<'_>) -> AppResult<T> + Send + 'static,
    {
        self.me.act(&self.app, name, body).await
    }

    pub fn page<T: Serialize>(&self, template: &str, page: T) -> AppResult<HttpResponse> {
        shell::page(&self.app, &self.me, &self.req, template, page)
    }

    /// A page with its forms as nobody has touched them.
    pub fn show<P: FormPage>(&self, page: &P) -> AppResult<HttpResponse> {
        fields::show(&self.app, &self.me, &self.req, page)
    }

    /// A POST: `body` reads the form and does what it asks; see [`fields::answer`].
    pub async fn submit<P: FormPage>(
        &self,
        form: Form,
        page: impl Future<Output = AppResult<P>>,
        body: impl AsyncFnOnce(&mut Fields) -> AppResult<Done>,
    ) -> AppResult<HttpResponse> {
        let mut form = form.0;
        let done = body(&mut form).await;
        fields::answer((&**self.app, &self.me, &self.req), &form, done, page).await
    }
}
