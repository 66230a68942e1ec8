//! Templates and jobs: every one is used, and no page carries a script or style of its own (the
//! content security policy would stop it in the browser; here it is found earlier).

use super::source::{Source, files, line_of, places_of, program};
use super::{each, expect_none};

fn unused_templates(templates: &[Source], users: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for template in templates {
        let name = template.path.strip_prefix("templates/").unwrap_or(&template.path);
        let quoted = [format!("\"{name}\""), format!("'{name}'")];
        let used = users
            .iter()
            .chain(templates.iter().filter(|other| other.path != template.path))
            .any(|user| quoted.iter().any(|name| user.text.contains(name)));
        if !used {
            complaints.push(format!(
                "{}:1: nobody names \"{name}\"; render or include it by its full name, or \
                 remove it",
                template.path
            ));
        }
    }
    complaints
}

/// The longer a list, the more rows are counted off before its last page; and a row that comes in
/// between is shown twice.
fn counted_off(source: &Source) -> Vec<String> {
    places_of(&source.program, "offset(")
        .into_iter()
        .map(|at| {
            format!(
                "{}:{}: rows skipped by their number; cut pages by key (web/list/kit.rs)",
                source.path,
                line_of(&source.program, at)
            )
        })
        .collect()
}

/// Script or style inside a page, wherever a tag is open.
fn inline(source: &Source) -> Vec<String> {
    let text = &source.text;
    let mut complaints = Vec::new();
    let mut complain = |at: usize, what: &str, advice: &str| {
        complaints.push(format!("{}:{}: {what}; {advice}", source.path, line_of(text, at)));
    };
    for (at, _) in text.match_indices("<style") {
        complain(at, "a style element", "put it into assets/style/");
    }
    for (at, _) in text.match_indices("<script") {
        let tag = tag_at(text, at);
        let content = text[at + tag.len()..].split("</script").next().unwrap_or_default();
        if !tag.contains(" src=") || !content.trim().is_empty() {
            complain(at, "a script in the page", "put it into assets/ and name it by src");
        }
    }
    for (at, _) in text.match_indices('<') {
        let tag = tag_at(text, at);
        for attribute in attributes(tag) {
            if attribute == "style" {
                complain(at, "style=", "use a class of assets/style/");
            } else if is_handler(attribute) {
                complain(at, attribute, "use a data- attribute and assets/ui.js");
            }
        }
    }
    for (at, _) in text.match_indices("javascript:") {
        complain(at, "javascript:", "use a button and assets/ui.js");
    }
    complaints
}

/// From `<` to its `>`; a `>` inside quotes or `{{ }}` does not end it.
fn tag_at(text: &str, at: usize) -> &str {
    let mut quote = None;
    let mut depth = 0_i32;
    for (n, c) in text[at..].char_indices() {
        match (quote, c) {
            (None, '{') => depth += 1,
            (None, '}') => depth -= 1,
            (None, '"' | '\'') if depth == 0 => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, '>') if depth == 0 => return &text[at..=at + n],
            _ => {}
        }
    }
    &text[at..]
}

/// The names of the attributes of a tag.
fn attributes(tag: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut quote = None;
    let mut from = 0;
    for (at, c) in tag.char_indices() {
        match (quote, c) {
            (None, '=') => {
                names.push(&tag[from..at]);
                from = at + 1;
            }
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => {
                quote = None;
                from = at + 1;
            }
            (None, c) if c.is_whitespace() => from = at + c.len_utf8(),
            _ => {}
        }
    }
    names
}

fn is_handler(attribute: &str) -> bool {
    let event = attribute.strip_prefix("on").unwrap_or_default();
    attribute.starts_with("hx-on")
        || (event.len() > 2 && event.chars().all(|c| c.is_ascii_lowercase()))
}

/// Every file of `jobs/` is in `ALL`, and nothing else is.
fn undeclared_jobs(jobs: &[Source]) -> Vec<String> {
    let Some(list) = jobs.iter().find(|job| job.name() == "mod.rs") else {
        return vec!["jobs/mod.rs:1: not found".to_owned()];
    };
    let from = list.program.find("pub const ALL").unwrap_or(list.program.len());
    let all = list.program[from..].split(';').next().unwrap_or_default();
    let mut complaints = Vec::new();
    for job in jobs.iter().filter(|job| job.name() != "mod.rs") {
        let stem = job.name().trim_end_matches(".rs");
        if places_of(all, &format!("{stem}::JOB")).is_empty() {
            complaints.push(format!(
                "{}:1: not in ALL of jobs/mod.rs; a job that nobody starts never runs",
                job.path
            ));
        }
        let named = job.texts.iter().any(|(_, text)| text == stem);
        if !job.program.contains("pub const JOB: Job") || !named {
            complaints
                .push(format!("{}:1: declares no `pub const JOB` of the name {stem:?}", job.path));
        }
    }
    complaints
}

#[test]
fn every_template_is_used() {
    expect_none(&unused_templates(&files("templates", &[".html"]), &program()));
}

#[test]
fn no_page_carries_a_script_or_a_style() {
    expect_none(&each(&files("templates", &[".html"]), inline));
}

/// Chromium takes six digits of year where a date has no last day.
fn endless_dates(source: &Source) -> Vec<String> {
    let text = &source.text;
    let dates = text.match_indices("type=\"date\"").filter(|(at, _)| {
        let begin = text[..*at].rfind("<input").unwrap_or(*at);
        let end = text[*at..].find("\n\n").map_or(text.len(), |end| at + end);
        let next = text[at + 1..end].find("<input").map_or(end, |next| at + 1 + next);
        !text[begin..next].contains(" max=")
    });
    dates
        .map(|(at, _)| format!("{}:{}: a date without max", source.path, line_of(text, at)))
        .collect()
}

#[test]
fn years_have_four_digits() {
    expect_none(&each(&files("templates", &[".html"]), endless_dates));
    let page = |text: &str| endless_dates(&Source::new("templates/a.html", text)).len();
    assert_eq!(page("<input type=\"date\" name=\"a\"><input max=\"9\">"), 1);
    assert_eq!(page("<input type=\"date\" max=\"9999-12-31\" name=\"a\">"), 0);
}

#[test]
fn no_list_is_paged_by_numbers() {
    expect_none(&each(&program(), counted_off));
}

#[test]
fn every_job_is_declared_and_started() {
    expect_none(&undeclared_jobs(&files("jobs", &[".rs"])));
}

#[test]
fn these_rules_can_fail() {
    let page = |text: &str| Source::new("templates/a/b.html", text);
    let user = Source::new("src/x.rs", "render(\"a/b.html\")");
    assert_eq!(unused_templates(&[page("")], &[user]).len(), 0);
    assert_eq!(unused_templates(&[page("a/b.html \"a/b.html\"")], &[]).len(), 1);
    for bad in [
        "<p style=\"color:red\">",
        "<p class=\"a\" style='x'>",
        "<style>p{}</style>",
        "<script>a()</script>",
        "<script src=\"/a.js\">a()</script>",
        "<a onclick=\"b()\">",
        "<a {% if x > 1 %}class=\"x\"{% endif %} onclick=b()>",
        "<a hx-on:click=\"b()\">",
        "<a href=\"javascript:b()\">",
    ] {
        assert_eq!(inline(&page(bad)).len(), 1, "{bad}");
    }
    for good in [
        "<script src=\"/a.js\" defer></script>",
        "<p class=\"style\" title=\"on sale = x\" data-style=\"x\">style=x onclick=</p>",
        "{% set once = 1 %}<input name=\"on\" value=\"{{ a }}\">",
    ] {
        assert_eq!(inline(&page(good)), Vec::<String>::new(), "{good}");
    }
    let query = |text: &str| Source::new("src/x.rs", text);
    assert_eq!(counted_off(&query("rows.offset(skip).load(db)")).len(), 1);
    assert_eq!(counted_off(&query("// .offset(\nrows.limit(9)")), Vec::<String>::new());
    let job = || Source::new("jobs/close_day.rs", "pub const JOB: Job = J { n: \"close_day\" };");
    let lists = |text: &str| Source::new("jobs/mod.rs", text);
    assert_eq!(undeclared_jobs(&[job(), lists("pub mod close_day;")]).len(), 1);
    let all = "pub mod close_day;\npub const ALL: &[Job] = &[close_day::JOB];";
    assert_eq!(undeclared_jobs(&[job(), lists(all)]), Vec::<String>::new());
    let misnamed = Source::new("jobs/close_day.rs", "pub const JOB: Job = J { n: \"close\" };");
    assert_eq!(undeclared_jobs(&[misnamed, lists(all)]).len(), 1);
}
