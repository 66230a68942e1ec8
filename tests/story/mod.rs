//! Whole lives of a family through pages and jobs only, on both databases: what people do is a line
//! of a table, with what the pages say of the family afterwards. `snapshots/` is for reading.
//!
//! A new story: a file like `payer.rs`, a line below, and its snapshot, read before it is kept.

mod counter;
mod handover;
mod money;
mod overdue;
mod payer;
mod recognition;
mod relief;
mod sheet;

use std::collections::BTreeMap;

use diesel::prelude::*;
use zhuxue::book::staff::Role;
use zhuxue::jobs;
use zhuxue::plumbing::config::Config;
use zhuxue::plumbing::schema::{loan, loan_file, person};

use crate::bank_data::{awaited, list_of};
use crate::borrower::town::{self, read};
use crate::imports::pages::{send_as_of, wait};
use crate::support::county::{day, small_sheets};
use crate::support::database::kinds;
use crate::support::{Answer, Browser, OFFICE, TestApp, plain};

/// Who sees to it that the others are there, who decides, and who does the work.
const ADMIN: &str = "石管理";
const DIRECTOR: &str = "莫主任";
const CLERK: &str = "韦清越";
const OTHER: &str = "蓝敬安";
const PASSWORD: &str = "十月的天气真是很好很好";

/// A family's life so far.
pub struct Story {
    t: TestApp,
    family: &'static str,
    file_no: String,
    /// Signed in since that day: whoever comes on another day signs in again.
    desks: BTreeMap<String, (String, Browser)>,
    /// What the pages said last, so that a line has what is new.
    known: BTreeMap<String, String>,
    table: String,
}

/// Lives a story on each database and compares its table with the snapshot of that name.
fn story(name: &str, family: &'static str, life: impl AsyncFn(&mut Story)) {
    for kind in kinds() {
        eprintln!("on {kind:?}:");
        actix_web::rt::System::new().block_on(async {
            let mut story = Story::begin(TestApp::on_with(kind, with_gateway), family).await;
            life(&mut story).await;
            insta::assert_snapshot!(name, story.table);
        });
    }
}

/// A gateway whose text messages are files.
fn with_gateway(config: &mut Config) {
    config.sms.gateway = "spool".to_owned();
}

/// What stands between two texts of a page, in words; empty where the page has none.
fn between(text: &str, from: &str, to: &str) -> String {
    let rest = text.split_once(from).map_or("", |(_, rest)| rest);
    // The rest of the tag that `from` begins.
    let is_open = from.starts_with('<') && !from.contains('>');
    let rest = rest.split_once('>').filter(|_| is_open).map_or(rest, |(_, rest)| rest);
    plain(rest.split_once(to).map_or("", |(part, _)| part))
}

/// The value of an attribute, as a browser takes it.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split_once(&format!(" {name}=\""))?.1.split('"').next()?;
    Some(value.replace("&#x2f;", "/").replace("&quot;", "\"").replace("&amp;", "&"))
}

impl Story {
    /// A county on 2026-10-31 whose clerk has taken in the sheets of sixty families.
    async fn begin(t: TestApp, family: &'static str) -> Story {
        let (desks, known) = (BTreeMap::new(), BTreeMap::new());
        let mut all =
            Story { t, family, file_no: String::new(), desks, known, table: String::new() };
        all.t.add_staff_to(OFFICE, "shi01", ADMIN, Role::Administrator, PASSWORD);
        all.hires(DIRECTOR, "mo01", "director").await;
        all.hires(CLERK, "wei01", "clerk").await;
        let sheets = small_sheets("clean_plain");
        let files: Vec<(&str, &[u8])> =
            sheets.iter().map(|one| (one.name.as_str(), one.bytes.as_slice())).collect();
        all.post_sheets(CLERK, &files, "2026-10-31").await;
        all.file_no = read(&all.t, |db| {
            let people = person::table.on(person::id.eq(loan_file::person_id));
            let of = loan_file::table.inner_join(people).filter(person::name.eq(family));
            Ok(of.select(loan_file::file_no).first(db)?)
        });
        all.tell(CLERK, "导入全县的十张表").await;
        all
    }

    /// The browser of somebody of the office, or of somebody outside.
    async fn at(&mut self, who: &str) -> &mut Browser {
        let today = self.t.app.clock.today().to_string();
        let is_there = self.desks.get(who).is_some_and(|(since, _)| *since == today);
        if !is_there {
            let login = LOGINS.iter().find(|(name, _)| *name == who);
            let mut browser = self.t.nobody();
            if let Some((_, login)) = login {
                sign_in(&mut browser, login).await.is(303);
                browser.csrf = browser.get("/me").await.hidden("csrf");
            }
            self.desks.insert(who.to_owned(), (today, browser));
        }
        &mut self.desks.get_mut(who).unwrap().1
    }

    async fn hires(&mut self, name: &str, login: &str, role: &str) {
        let fields = [("name", name), ("login", login), ("role", role), ("password", PASSWORD)];
        self.send(ADMIN, ("/admin/staff/new", "/admin/staff"), &fields).await.is(303);
    }

    /// Fills in the form of a page that leads to `action`, as a browser does: what is hidden in the
    /// form comes along, `=text` chooses the line of a list with that text, `{}` is the file.
    async fn send(
        &mut self,
        who: &str,
        (page, action): (&str, &str),
        fields: &[(&str, &str)],
    ) -> Answer {
        let (page, action) = (self.filled(page), self.filled(action));
        let shown = self.at(who).await.get(&page).await;
        shown.is(200);
        let is_it = |form: &&str| {
            attribute(form, "action").as_deref() == Some(action.as_str())
                && fields.iter().all(|(name, value)| {
                    let hidden = hidden(form).into_iter().find(|(hidden, _)| hidden == name);
                    hidden.is_none_or(|(_, hidden)| hidden == *value)
                })
        };
        let forms =
            shown.text.split("<form").skip(1).map(|form| form.split("</form>").next().unwrap());
        let form = forms.into_iter().find(is_it);
        let form = form.unwrap_or_else(|| panic!("no {action} for {fields:?} in {}", shown.text));
        let mut all = hidden(form);
        all.retain(|(name, _)| fields.iter().all(|(given, _)| given != name));
        for (name, value) in fields {
            let chosen = value.strip_prefix('=').map(|text| option(form, text));
            all.push(((*name).to_owned(), chosen.unwrap_or_else(|| (*value).to_owned())));
        }
        let all: Vec<(&str, &str)> = all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let in_parts = form.split('>').next().unwrap_or_default().contains("multipart");
        let browser = self.at(who).await;
        match in_parts {
            true => browser.upload(&action, &all, &[]).await,
            false => browser.post_bare(&action, &all).await,
        }
    }

    fn filled(&self, path: &str) -> String {
        path.replace("{}", &self.file_no)
    }

    /// Somebody sends a form, and it is done.
    async fn does(&mut self, who: &str, what: &str, form: (&str, &str), fields: &[(&str, &str)]) {
        let answer = self.send(who, form, fields).await;
        assert!(!answer.is(303).header("location").starts_with("/login"), "{what}: signed out");
        self.tell(who, what).await;
    }

    /// Somebody sends a form, and it is refused: the line says why.
    async fn tries(&mut self, who: &str, what: &str, form: (&str, &str), fields: &[(&str, &str)]) {
        let answer = self.send(who, form, fields).await;
        let why = between(&answer.is(422).text, "class=\"errsum", "</div>");
        let why = why.split_once('>').map_or(why.as_str(), |(_, rest)| rest);
        self.tell(who, &format!("{what}——没有成：{}", why.trim())).await;
    }

    /// A contact on the page of the case.
    async fn contact(&mut self, what: &str, whom: &str, outcome: &str, more: &[(&str, &str)]) {
        let mut fields = vec![("whom", whom), ("outcome", outcome), ("channel", "call")];
        fields.extend_from_slice(more);
        self.does(CLERK, what, ("/overdue/{}", "/overdue/{}/contacts"), &fields).await;
    }

    /// Another step with the case.
    async fn step(&mut self, who: &str, what: &str, fields: &[(&str, &str)]) {
        self.does(who, what, ("/overdue/{}", "/overdue/{}/steps"), fields).await;
    }

    /// The night before a day, with every job; nothing but the copy on disk is left out.
    async fn night(&mut self, on: &str) {
        self.t.set_day(on);
        let last = [jobs::deliver_messages::JOB];
        for job in jobs::ALL.iter().chain(&last).filter(|job| job.name != jobs::back_up::JOB.name) {
            let done = (job.run)(&self.t.app, day(on)).unwrap();
            let books = job.name != jobs::check_books::JOB.name || done.failed == 0;
            assert!(books, "on {on}: {}", done.note);
        }
        self.tell("系统", "夜里的任务").await;
    }

    /// The bank's list of a day: what a due day asked of the family is of this kind; of all others
    /// whose result is not known it is 正常还款.
    async fn bank(&mut self, what: &str, (due, on, kind): (&str, &str, &str)) {
        let own: Vec<String> = read(&self.t, |db| {
            let people = person::table.on(person::id.eq(loan_file::person_id));
            let of = loan::table.inner_join(loan_file::table.inner_join(people));
            let of = of.filter(person::name.eq(self.family)).order(loan::contract_no);
            Ok(of.select(loan::contract_no).load(db)?)
        });
        let mut rows: Vec<(String, &str)> = own.iter().map(|one| (one.clone(), kind)).collect();
        let others = awaited(&self.t).into_iter().filter(|one| !own.contains(one));
        rows.extend(others.map(|one| (one, "正常还款")));
        let paid_on = if ["逾期还款", "冲正"].contains(&kind) { on } else { due };
        let list = list_of(&self.t, due, paid_on, &rows);
        self.post_sheets(CLERK, &[("还款明细.csv", &list.bytes)], on).await;
        self.tell(CLERK, what).await;
    }

    async fn post_sheets(&mut self, who: &str, files: &[(&str, &[u8])], as_of: &str) {
        send_as_of(self.at(who).await, files, as_of).await.is(303);
        wait(&self.t);
        self.send(who, ("/imports", "/imports/post"), &[]).await.is(303);
        wait(&self.t);
        let page = self.at(who).await.get("/imports").await;
        assert!(!page.text.contains("全部入账"), "not all is posted: {}", plain(&page.text));
    }

    /// What the borrower reads on the phone, signed in by the code that was sent.
    async fn phone(&mut self, id_number: &str, path: &str, (from, to): (&str, &str)) {
        let (family, today) = (self.family, self.t.app.clock.today().to_string());
        if self.desks.get(family).is_none_or(|(since, _)| *since != today) {
            let phone = town::sign_in(&self.t, id_number).await;
            self.desks.insert(family.to_owned(), (today, phone));
        }
        let page = self.at(family).await.get(path).await;
        let text = between(&page.is(200).text, from, to);
        self.tell(family, &format!("在手机上看到：{text}")).await;
    }

    /// Where the first link of a page leads that has these words in it or in its address.
    async fn link(&mut self, who: &str, page: &str, words: &str) -> String {
        let shown = self.at(who).await.get(page).await;
        let links = shown.is(200).text.split("<a ").skip(1).map(|link| format!(" {link}"));
        let is_it = |link: &String| {
            let shown = link.split("</a>").next().unwrap_or_default();
            shown.contains(words) && attribute(link, "href").is_none_or(|to| to != page)
        };
        let found = links.into_iter().find(is_it);
        let found = found.unwrap_or_else(|| panic!("no {words} in {}", shown.text));
        attribute(&found, "href").unwrap()
    }

    /// What a page says between two texts, as a line of its own.
    async fn reads(&mut self, who: &str, path: &str, (from, to): (&str, &str)) {
        let path = self.filled(path);
        let page = self.at(who).await.get(&path).await;
        let text = between(&page.is(200).text, from, to);
        self.tell(who, &format!("看到：{text}")).await;
    }

    /// A line of the table: who did what, and what the pages say now that they did not before.
    async fn tell(&mut self, who: &str, what: &str) {
        // The minute in which a test runs is nobody's.
        let is_time = |word: &&str| word.len() == 5 && word.as_bytes()[2] == b':';
        let what: Vec<&str> = what.split(' ').filter(|word| !is_time(word)).collect();
        let what = what.join(" ");
        let mut news = Vec::new();
        for (name, now) in self.look().await {
            if self.known.get(&name).map_or("", String::as_str) != now {
                news.push(format!("{name}：{}", if now.is_empty() { "无" } else { &now }));
                self.known.insert(name, now);
            }
        }
        let today = self.t.app.clock.today();
        let line = [today.to_string(), who.to_owned(), what, news.join("；")].join(" │ ");
        self.table.push_str(line.trim_end_matches(" │ "));
        self.table.push('\n');
    }

    /// What the desk's pages say of the family: file, case, messages.
    async fn look(&mut self) -> Vec<(String, String)> {
        let (file, case, messages) = ("/loans/{}", "/overdue/{}", "/loans/{}/messages");
        let [file, case, messages] = [file, case, messages].map(|path| self.filled(path));
        let family = self.family;
        let director = self.at(DIRECTOR).await;
        let text = director.get(&file).await.is(200).text.clone();
        let tags = between(&text, "<h1>", "</h1>").replacen(family, "", 1);
        let mut found = vec![("档案".to_owned(), tags.trim().to_owned())];
        let text = director.get(&case).await.is(200).text.clone();
        let next = between(&text, "<div class=\"next\">", "<div class=\"sub sm\">");
        let more = text.split_once("<div class=\"next\">").map_or("", |(_, rest)| rest);
        let more = between(more, "<div class=\"sub sm\">", "</div>");
        let agreed =
            more.split('。').filter(|part| part.contains("约定") && !part.contains("先后"));
        let agreed: Vec<&str> = agreed.map(str::trim).collect();
        found.push(("走访表".to_owned(), between(&text, "<span>走访表 ", "</span>")));
        found.push(("到期未还".to_owned(), between(&text, "到期未还 ", "</span>")));
        found.push(("跟进".to_owned(), without_yardstick(&next)));
        found.push(("承诺".to_owned(), agreed.join("，")));
        found.push(("等主任决定".to_owned(), between(&text, "<b>等主任决定</b>：", "</div>")));
        found.push(("责任人".to_owned(), between(&format!("{more}。"), "责任人：", "。")));
        let text = director.get(&messages).await.is(200).text.clone();
        let body = text.split_once("<tbody>").map_or("", |(_, rest)| rest);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for row in body.split("</tbody>").next().unwrap_or_default().split("<tr>").skip(1) {
            let reason = between(row, "why-all\"><span class=\"sm\">", "，");
            let state = between(row, "<td class=\"nw\"><span class=\"tag", "</span>");
            let state = state.split('>').next_back().unwrap_or_default().to_owned();
            *counts.entry(format!("消息 {reason} {state}")).or_default() += 1;
        }
        found.extend(counts.into_iter().map(|(name, count)| (name, format!("{count} 条"))));
        found
    }
}

/// Stage, tries and next step, without the days spent in the stage and what is thought enough.
fn without_yardstick(words: &str) -> String {
    let (stage, rest) = words.split_once(" ，停留 ").unwrap_or((words, ""));
    let (_, rest) = rest.split_once(" 天").unwrap_or_default();
    let (tries, next) = rest.split_once(" （标准").unwrap_or((rest, ""));
    let next = next.split_once('）').map_or(next, |(_, next)| next);
    format!("{stage}{tries}{next}").replace(" ，", "，").replace("： ", "：").replace(" 。", "。")
}

/// The logins of everybody that a story hires.
const LOGINS: [(&str, &str); 4] =
    [(ADMIN, "shi01"), (DIRECTOR, "mo01"), (CLERK, "wei01"), (OTHER, "lan01")];

async fn sign_in(browser: &mut Browser, login: &str) -> Answer {
    let token = browser.get("/login").await.hidden("csrf");
    let fields = [("csrf", token.as_str()), ("login", login), ("password", PASSWORD)];
    browser.post_bare("/login", &fields).await
}

fn hidden(form: &str) -> Vec<(String, String)> {
    let inputs = form.split("<input").skip(1).map(|input| input.split('>').next().unwrap());
    let of = |input: &str| {
        let is_hidden = attribute(input, "type").as_deref() == Some("hidden");
        Some((attribute(input, "name")?, attribute(input, "value")?)).filter(|_| is_hidden)
    };
    inputs.filter_map(of).collect()
}

fn option(form: &str, text: &str) -> String {
    let lines = form.split("<option").skip(1);
    let found = lines.into_iter().find(|line| between(line, ">", "</option>") == text);
    attribute(found.unwrap_or_else(|| panic!("no {text} in {form}")), "value").unwrap()
}
