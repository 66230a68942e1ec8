//! What people and the nightly job do with partners and their lists, each in an open write.

use crate::base::ids::RowId;
use crate::book::act::{Act, FormKey, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::partner::{self, Partner, PartnerKey, PartnerList};
use crate::error::{AppError, AppResult};

use super::partner_file::PartnerFile;

/// Agrees on a key with another county.
pub fn add(
    act: &mut Act<'_>,
    form: &FormKey,
    (name, key): (&str, &PartnerKey),
) -> AppResult<String> {
    let fingerprint = key.fingerprint();
    if act.once(form)? == Once::Again {
        return Ok(fingerprint);
    }
    let office = act.scope.own().to_owned();
    let known = partner::all(act.db, &office)?;
    if let Some(other) = known.iter().find(|one| one.fingerprint == fingerprint) {
        let words = format!("和{}约的就是这个口令，每个县要用各自的口令", other.name);
        return Err(AppError::field("password", words));
    }
    if known.iter().any(|one| one.name == name) {
        let words = format!("已经和{name}约过口令，要换口令先停止原来的");
        return Err(AppError::field("name", words));
    }
    let sealer = act.parts.sealer.clone();
    let (id, by) = (act.id(), act.by.name.clone());
    let one = Partner::new((id, &office), name, (key, &sealer), (&by, act.today))?;
    partner::add(act.db, &one)?;
    let summary = format!("约好口令，口令指纹 {fingerprint}");
    act.audit(AuditEntry::of("partner_added", name, summary))?;
    Ok(fingerprint)
}

/// Ends it; what the other county has sent goes at once.
pub fn remove(act: &mut Act<'_>, form: &FormKey, id: RowId) -> AppResult<()> {
    if act.once(form)? == Once::Again {
        return Ok(());
    }
    let one = partner::find(act.db, act.scope, id)?;
    partner::remove(act.db, &one)?;
    let summary = format!("口令指纹 {}，收到的查重名单一起清除", one.fingerprint);
    act.audit(AuditEntry::of("partner_removed", &one.name, summary))
}

/// Takes a list in, in place of the one that the same county sent before; whose it is.
pub fn receive(
    act: &mut Act<'_>,
    form: &FormKey,
    (name, file): (&str, &PartnerFile),
    year: i32,
) -> AppResult<Option<String>> {
    if act.once(form)? == Once::Again {
        return Ok(None);
    }
    let office = act.scope.own().to_owned();
    let wrong = |why: String| AppError::field("files", why);
    if file.mark == partner::mark(&act.parts.sealer, &office) {
        let words = "这是本县自己生成的名单，要发给对方，不是上传到这里";
        return Err(wrong(words.to_owned()));
    }
    let partners = partner::all(act.db, &office)?;
    let sender = file.sender(&partners).map_err(wrong)?;
    file.check(name, &sender.key(&act.parts.sealer)?).map_err(wrong)?;
    file.is_of(act.today, year).map_err(wrong)?;
    let before = partner::lists(act.db, &office)?;
    let before: Vec<_> = before.into_iter().filter(|one| one.partner_id == sender.id).collect();
    if before.iter().any(|one| one.checksum == file.checksum) {
        act.needs_no_audit("it is there already");
        return Ok(None);
    }
    if let Some(newer) = before.iter().find(|one| one.made_on > file.made_on) {
        let words = format!("已经收下{} {} 生成的名单，这一份更早", sender.name, newer.made_on);
        return Err(wrong(words));
    }
    for one in &before {
        partner::remove_list(act.db, one.id)?;
    }
    let list = PartnerList {
        id: act.id(),
        office_code: office,
        partner_id: sender.id,
        year: file.year,
        made_on: file.made_on,
        expires_on: file.expires_on,
        received_by: act.by.name.clone(),
        received_on: act.today,
        entries: i32::try_from(file.hashes.len()).unwrap_or(i32::MAX),
        checksum: file.checksum.clone(),
    };
    partner::add_list(act.db, &list, &file.hashes)?;
    let summary = format!("{} 学年，{} 行，用到 {}", list.year, list.entries, list.expires_on);
    act.audit(AuditEntry::of("partner_list_received", &sender.name, summary))?;
    Ok(Some(sender.name.clone()))
}

/// Removes lists whose last day has passed; how many.
pub fn expire(act: &mut Act<'_>) -> AppResult<usize> {
    let (office, today) = (act.scope.own().to_owned(), act.today);
    let over = partner::lists(act.db, &office)?;
    let over: Vec<_> = over.into_iter().filter(|one| one.expires_on < today).collect();
    for list in &over {
        let sender = partner::find(act.db, act.scope, list.partner_id)?;
        partner::remove_list(act.db, list.id)?;
        let summary = format!("用到 {}，已经到期", list.expires_on);
        act.audit(AuditEntry::of("partner_list_removed", &sender.name, summary))?;
    }
    Ok(over.len())
}
