//! Letters to a real SMTP server, with STARTTLS and a password.

use std::path::PathBuf;

use zhuxue::plumbing::config::Config;
use zhuxue::plumbing::gateway::{Gateway, Outcome, Outgoing, Sender};
use zhuxue::plumbing::mail;
use zhuxue::plumbing::outbox::{Channel, State};

use crate::outbox::Post;
use crate::outbox::made::files;
use crate::support::TestApp;

/// The server of `scripts/test`: port, authority, folder of letters.
fn server() -> Option<(u16, String, PathBuf)> {
    let Ok(port) = std::env::var("TEST_SMTP_PORT") else {
        eprintln!("TEST_SMTP_PORT is not set (scripts/test starts the server)");
        return None;
    };
    let letters = std::env::var("TEST_SMTP_LETTERS").unwrap();
    Some((port.parse().unwrap(), std::env::var("TEST_SMTP_CA").unwrap(), letters.into()))
}

fn use_server(config: &mut Config, port: u16, authority: &str) {
    config.mail.gateway = "smtp".to_owned();
    config.mail.host = "localhost".to_owned();
    config.mail.port = port;
    config.mail.user = "zhuxue".to_owned();
    config.mail.password = "right".to_owned();
    config.mail.from = "zizhu@lezhi.example".to_owned();
    config.mail.reply_to = "dianhua@lezhi.example".to_owned();
    config.mail.ca_file = authority.to_owned();
    config.mail.timeout_s = 10;
    config.mail.per_second = 0;
}

fn gateway(change: impl FnOnce(&mut Config)) -> Box<dyn Gateway> {
    let (port, authority, _) = server().unwrap();
    let mut config = Config::default();
    use_server(&mut config, port, &authority);
    change(&mut config);
    let sender = Sender { data_dir: &config.data_dir, public_url: &config.public_url };
    mail::gateway(&config.mail, sender).unwrap().unwrap()
}

fn letter(id: i64, to: &str) -> Outgoing {
    Outgoing {
        id,
        to: to.to_owned(),
        title: "还款提醒：覃𪚥䶮，12月20日前请存入 1,204.40 元，这个标题长到必须折成几行"
            .to_owned(),
        text: "覃𪚥䶮您好：\n12月20日前请存入本息 1,204.40 元。\n.\n只有一个点的一行也在。"
            .to_owned(),
        html: Some("<p>覃𪚥䶮您好</p>".to_owned()),
        from_name: "乐至县学生资助管理中心".to_owned(),
        signature: String::new(),
        template_id: String::new(),
        params: serde_json::Value::Null,
        now: chrono::DateTime::UNIX_EPOCH,
    }
}

/// Python reads the letter back: its mail library is not the one that wrote it.
const READ: &str = r#"
import email, email.policy, json, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
part = lambda kind: m.get_body((kind,)).get_content().replace("\r\n", "\n")
print(json.dumps({"subject": m["Subject"], "from": str(m["From"].addresses[0].display_name),
    "address": m["From"].addresses[0].addr_spec, "reply": m["Reply-To"], "to": m["To"],
    "id": m["Message-ID"], "auto": m["Auto-Submitted"], "date": m["Date"] is not None,
    "plain": part("plain"), "html": part("html"), "defects": len(m.defects)}))
"#;

#[test]
fn a_chinese_letter_arrives_as_it_was_written() {
    let Some((_, _, letters)) = server() else { return };
    let out = letter(unused_id(), "xue@example.com");
    let outcome = gateway(|_| ()).send(&out);
    assert!(matches!(&outcome, Outcome::Taken(said) if said.contains("queued")), "{outcome:?}");
    let mark = format!("Message-ID: <{}@lezhi.example>", out.id);
    let (name, _) = files(&letters).into_iter().find(|(_, text)| text.contains(&mark)).unwrap();
    let read = std::process::Command::new("python3")
        .args(["-c", READ])
        .arg(letters.join(name))
        .output()
        .unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let read: serde_json::Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(read["subject"], out.title);
    assert_eq!(read["from"], out.from_name);
    assert_eq!(read["address"], "zizhu@lezhi.example");
    assert_eq!(read["reply"], "dianhua@lezhi.example");
    assert_eq!(read["to"], "xue@example.com");
    assert_eq!(read["id"], format!("<{}@lezhi.example>", out.id));
    assert_eq!(read["auto"], "auto-generated");
    assert_eq!(read["plain"].as_str().unwrap().trim_end(), out.text);
    assert_eq!(read["html"].as_str().unwrap().trim_end(), out.html.unwrap());
    assert_eq!((&read["date"], &read["defects"]), (&true.into(), &0.into()));
}

/// An identity that no other test has.
fn unused_id() -> i64 {
    let mut chance = [0_u8; 4];
    getrandom::fill(&mut chance).unwrap();
    i64::from(u32::from_le_bytes(chance)) + 1
}

#[test]
fn an_address_that_does_not_exist_is_refused_and_a_busy_server_asked_later() {
    if server().is_none() {
        return;
    }
    let gateway = gateway(|_| ());
    let said = gateway.send(&letter(1, "nobody@example.com"));
    assert!(matches!(said, Outcome::Refused { dead: true, .. }), "{said:?}");
    let said = gateway.send(&letter(2, "later@example.com"));
    assert!(matches!(said, Outcome::Later(_)), "{said:?}");
    let said = gateway.send(&letter(3, "xue@example.com"));
    assert!(matches!(said, Outcome::Taken(_)), "a refused letter spoils nothing: {said:?}");
}

#[test]
fn a_certificate_of_nobody_is_not_trusted() {
    if server().is_none() {
        return;
    }
    let said =
        gateway(|config| config.mail.ca_file = String::new()).send(&letter(4, "x@example.com"));
    assert!(matches!(said, Outcome::Down(..)), "{said:?}");
}

#[test]
fn a_wrong_password_loses_nothing_and_is_told() {
    let Some((port, authority, _)) = server() else { return };
    let t = TestApp::with(|config| {
        use_server(config, port, &authority);
        config.mail.password = "wrong".to_owned();
    });
    let post = Post::new(&t.app, "13800002741");
    let ids = post.add(Channel::Email, 20);
    let (done, _, failed) = post.deliver();
    assert_eq!((done, failed), (0, 0));
    assert_eq!(post.states(&ids), [State::Waiting]);
    let lines = post.warnings();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].title.contains("邮件服务器自") && lines[0].title.contains("拒绝登录"));
    assert!(lines[0].advice.contains("[mail]"), "{}", lines[0].advice);
    // With the right one, later.
    let t2 = zhuxue::site::app(
        t.app.db.clone(),
        t.app.clock.clone(),
        zhuxue::book::policy::Policy::embedded().unwrap(),
        zhuxue::plumbing::crypto::Sealer::throw_away().unwrap(),
        {
            let mut config = (*t.app.config).clone();
            config.mail.password = "right".to_owned();
            config
        },
    )
    .unwrap();
    let mut app = t2;
    app.parts.sealer = t.app.sealer.clone();
    let post = Post { app, person: post.person, phone: post.phone };
    post.next_day();
    assert_eq!(post.deliver(), (20, 0, 0));
    assert!(post.warnings().is_empty());
}
