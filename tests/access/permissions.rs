//! Every route x every role, asked for real, as one snapshot. The routes come from the table the
//! server registers, so a new route changes the snapshot and cannot be forgotten.

use std::fmt::Write as _;

use actix_web::http::Method;
use actix_web::test::TestRequest;

use crate::support::{Browser, each};
use zhuxue::book::staff::Role;
use zhuxue::site;
use zhuxue::web::route::Needs;

async fn ask(browser: &mut Browser, method: &Method, path: &str) -> &'static str {
    let csrf = browser.csrf.clone();
    let request = TestRequest::default().method(method.clone()).uri(path);
    let request =
        if *method == Method::POST { request.set_form([("csrf", csrf)]) } else { request };
    let answer = browser.send(request).await;
    let to = answer.header("location");
    let to_login = to == "/login"
        || to.starts_with("/login?next=")
        || ["/m/sign-in", "/l/login"].contains(&to);
    // Without a code asked for, the page for it leads back to where one is asked for.
    let to_login = to_login && !path.starts_with("/m/code");
    match answer.status {
        303 if to_login => "sign in",
        403 if answer.text.contains("不在您的权限里") => "no",
        500 => panic!("{method} {path}: {}", answer.text),
        _ => "yes",
    }
}

#[test]
fn every_route_and_every_role() {
    each(async |t| {
        let columns: Vec<(Option<Role>, &str)> = std::iter::once((None, "nobody"))
            .chain(Role::ALL.iter().map(|role| (Some(*role), role.as_text())))
            .collect();
        let mut table = format!("{:5}{:36}", "", "");
        for (_, name) in &columns {
            let _ = write!(table, "{name:15}");
        }
        table.push_str("borrower");
        table = format!("{}\n", table.trim_end());
        for entry in site::routes() {
            let path = filled(entry.path);
            let mut line = format!("{:5}{:36}", entry.method.as_str(), entry.path);
            for (role, name) in &columns {
                let mut browser = role.map_or_else(|| t.nobody(), |role| t.sign_in(role));
                let said = ask(&mut browser, &entry.method, &path).await;
                let is_in = said == "yes";
                assert_eq!(entry.needs.admits(*role), is_in, "{} {path} {name}", entry.method);
                let _ = write!(line, "{said:15}");
            }
            let said = ask(&mut t.sign_in_borrower(), &entry.method, &path).await;
            let open = matches!(entry.needs, Needs::Nobody | Needs::MetricsAddress);
            let is_in = said == "yes";
            let theirs = entry.needs == Needs::Borrower;
            assert_eq!(open || theirs, is_in, "{} {path} borrower", entry.method);
            line.push_str(said);
            let _ = writeln!(table, "{}", line.trim_end());
        }
        insta::assert_snapshot!("routes_by_role", table);
    });
}

/// `/admin/staff/{id}` as `/admin/staff/1`.
fn filled(path: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in path.chars() {
        match c {
            '{' => {
                inside = true;
                out.push('1');
            }
            '}' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}
