//! What the answers of gateways mean for people: a number that does not exist is marked dead and
//! told, a gateway that is down is a line on the workbench until it works again.
//!
//! Never decides whether something is sent: that is `book::notice`.

use chrono::{Duration, NaiveDateTime};

use crate::base::dates::local;
use crate::base::scope::Scope;
use crate::book::audit_log::{self, Actor, AuditEntry};
use crate::book::office::Office;
use crate::book::person::{self, Phone, PhoneState};
use crate::book::warning::{self, Warning};
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::gateway::{Answer, Fault, Trouble};
use crate::plumbing::outbox::{self, Channel, Message, Receipt, Recorded};

/// The kind of line that tells of a gateway.
const GATEWAY: &str = "gateway";

/// The kind of line that tells of numbers, one line a day.
const NUMBERS: &str = "numbers";

/// Days for which the line about dead numbers stays.
const NUMBERS_DAYS: i64 = 7;

/// Where messages are looked after.
const MESSAGES_URL: &str = "/messages";

/// Marks the number of a message as one that does not exist, and tells. `index` is the blind
/// index of the number it went to, when that is known. `note_id` is a fresh identity. A number
/// that is dead already is told no more.
pub fn number_is_dead(
    db: &mut Db,
    message: &Message,
    index: Option<&[u8]>,
    note_id: i64,
    now: NaiveDateTime,
) -> AppResult<()> {
    if message.channel == Channel::Sms {
        let Some(phone) = phone_of(db, message, index)? else { return Ok(()) };
        if phone.state == PhoneState::Dead {
            return Ok(());
        }
        person::set_phone_state(db, phone.id, PhoneState::Dead)?;
        let by = Actor::program("发送短信", &message.office_code);
        let note = AuditEntry {
            action: "contact_changed",
            file_id: message.file_id,
            subject: phone.phone_mask.clone(),
            summary: format!("手机号 {} 被短信网关退回，改为失效", phone.phone_mask),
            reason: String::new(),
        };
        audit_log::append(db, &by, note_id, now, note)?;
    }
    let (what, where_to) = match message.channel {
        Channel::Sms => ("手机号", "短信"),
        Channel::Email => ("邮箱", "邮件"),
    };
    let line = Warning {
        office_code: message.office_code.clone(),
        kind: NUMBERS.to_owned(),
        key: local(now).date().to_string(),
        level: "wait".to_owned(),
        title: format!("有{what}无效，{where_to}送不到，例如 {}", message.to_mask),
        advice: "请在发送记录里查看退回的号码，向本人或家人核对后补录".to_owned(),
        url: format!("{MESSAGES_URL}?state=failed"),
        due_on: None,
        since: now,
        seen_at: now,
    };
    warning::raise(db, &line)
}

/// The number that a message went to. It may be a newer one than the message was written for:
/// then the index tells; without it nothing is said about a person who has got another since.
fn phone_of(db: &mut Db, message: &Message, index: Option<&[u8]>) -> AppResult<Option<Phone>> {
    let Some(person) = message.person_id else { return Ok(None) };
    let scope = Scope::of(&message.office_code);
    let all = person::phones_of(db, &scope, &[person])?;
    if let Some(index) = index {
        return Ok(all.into_iter().find(|phone| phone.phone_index == index));
    }
    let newer = all.iter().any(|phone| phone.recorded_at > message.created_at);
    Ok(all.into_iter().find(|phone| Some(phone.id) == message.phone_id && !newer))
}

/// Takes the lines about dead numbers away that stood long enough.
pub fn clear_old_numbers(db: &mut Db, offices: &[Office], now: NaiveDateTime) -> AppResult<()> {
    let today = local(now).date();
    let codes: Vec<&str> = offices.iter().map(|office| office.code.as_str()).collect();
    for code in codes {
        for line in warning::of_offices(db, &Scope::of(code))? {
            let old = line.kind == NUMBERS
                && line
                    .key
                    .parse()
                    .is_ok_and(|day: chrono::NaiveDate| today - day > Duration::days(NUMBERS_DAYS));
            if old {
                warning::clear(db, code, NUMBERS, &line.key)?;
            }
        }
    }
    Ok(())
}

/// Writes down what a gateway says about a message. The same twice, or several in any order, come
/// to the same.
pub fn record(
    db: &mut Db,
    gateway: &str,
    answer: &Answer,
    note_id: i64,
    now: NaiveDateTime,
) -> AppResult<Recorded> {
    let receipt = Receipt {
        gateway: gateway.to_owned(),
        id: answer.id,
        reference: answer.reference.clone(),
        delivery: answer.delivery,
        why: answer.why.clone(),
        at: answer.at.unwrap_or(now),
    };
    let recorded = outbox::record_receipt(db, &receipt, now)?;
    if let Recorded::Moved(message) = &recorded
        && answer.dead
    {
        number_is_dead(db, message, None, note_id, now)?;
    }
    Ok(recorded)
}

const fn gateway_in_words(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "短信网关",
        Channel::Email => "邮件服务器",
    }
}

/// A red line for every office: the gateway is down, since when, what to do.
pub fn gateway_is_down(
    db: &mut Db,
    offices: &[Office],
    channel: Channel,
    trouble: &Trouble,
    now: NaiveDateTime,
) -> AppResult<()> {
    let name = gateway_in_words(channel);
    let section = match channel {
        Channel::Sms => "[sms]",
        Channel::Email => "[mail]",
    };
    let (what, advice) = match trouble.fault {
        Fault::Unreachable => {
            ("连不上", "请检查网络和网关地址，或联系网关服务商；恢复后会自动补发".to_owned())
        }
        Fault::Account => (
            "拒绝登录（用户名、密码或余额有问题）",
            format!("请管理员核对配置 {section} 的用户名和密码，或向服务商充值；消息不会丢"),
        ),
        Fault::Nonsense => (
            "回答看不懂",
            format!("请管理员核对配置 {section} 的地址和格式；状态不明的请在发送记录里核对"),
        ),
        Fault::Folder => (
            "写不进发送文件夹",
            "请管理员清理磁盘空间或检查文件夹权限；恢复后会自动补发".to_owned(),
        ),
        Fault::RefusesAll => (
            "连续拒收",
            "请在发送记录里查看退回原因，核对签名、模板和发件地址；改好后可以重发".to_owned(),
        ),
    };
    let since = local(trouble.since).format("%-m月%-d日 %H:%M");
    let detail: String = trouble.detail.chars().take(120).collect();
    for office in offices {
        warning::raise(
            db,
            &Warning {
                office_code: office.code.clone(),
                kind: GATEWAY.to_owned(),
                key: channel.as_text().to_owned(),
                level: "bad".to_owned(),
                title: format!("{name}自 {since} 起{what}：{detail}"),
                advice: advice.clone(),
                url: MESSAGES_URL.to_owned(),
                due_on: None,
                since: trouble.since,
                seen_at: now,
            },
        )?;
    }
    Ok(())
}

/// An amber line: messages wait and there is nothing to send them by.
pub fn no_gateway(
    db: &mut Db,
    office_code: &str,
    channel: Channel,
    waiting: i64,
    now: NaiveDateTime,
) -> AppResult<()> {
    let (name, section) = match channel {
        Channel::Sms => ("短信", "[sms]"),
        Channel::Email => ("邮件", "[mail]"),
    };
    warning::raise(
        db,
        &Warning {
            office_code: office_code.to_owned(),
            kind: GATEWAY.to_owned(),
            key: channel.as_text().to_owned(),
            level: "wait".to_owned(),
            title: format!("还没有开通{name}：有 {waiting} 条{name}等着发送"),
            advice: format!("请管理员在配置文件 {section} 里设置发送方式"),
            url: MESSAGES_URL.to_owned(),
            due_on: None,
            since: now,
            seen_at: now,
        },
    )
}

/// Takes the line away. True: there was one.
pub fn gateway_is_well(db: &mut Db, offices: &[Office], channel: Channel) -> AppResult<bool> {
    let mut cleared = false;
    for office in offices {
        cleared |= warning::clear(db, &office.code, GATEWAY, channel.as_text())?;
    }
    Ok(cleared)
}

/// Does a line about this gateway stand?
pub fn is_told(db: &mut Db, offices: &[Office], channel: Channel) -> AppResult<bool> {
    for office in offices {
        let lines = warning::of_offices(db, &Scope::of(&office.code))?;
        if lines.iter().any(|line| line.kind == GATEWAY && line.key == channel.as_text()) {
            return Ok(true);
        }
    }
    Ok(false)
}
