//! The web server: the table of routes and who may use each, what surrounds every request, and
//! how errors become pages.
//!
//! * A route cannot be registered without saying who may use it ([`route::Needs`]).
//! * A form that changes something is taken with [`form::CsrfForm`] only.
//! * Every answer carries the security headers; a page is never kept by a browser.

pub mod route;
pub mod body;
pub mod form;
pub mod fields;
pub mod desk_request;
pub mod upload;
pub mod failure;
pub mod middleware;
pub mod patience;
pub mod connections;
pub mod download;
pub mod qr;
pub mod scans;
pub mod session;
pub mod shell;
pub mod list;
pub mod flow;
pub mod waiting;
