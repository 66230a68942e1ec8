//! The contact tree on the page of a case: who can be asked under which number, who may be told
//! what, and whom the form of a contact means. Numbers stay masked until somebody asks for one.

use chrono::NaiveDate;
use serde::Serialize;

use super::facts::Facts;
use super::kinds::Stage;
use crate::base::choice::Choice;
use crate::base::dates::in_words;
use crate::base::ids::{PhoneId, PointId};
use crate::book::contact::point::{ContactPerson, MayKnow, Tried};
use crate::book::contact::record::Party;
use crate::book::person::{Person, Phone, PhoneState};

#[derive(Serialize)]
struct NumberView {
    /// What `reveal` calls it: `phone`, `point`.
    what: &'static str,
    id: String,
    mask: String,
    kind: &'static str,
    state: &'static str,
    /// What came of the last try, and when.
    tried: String,
}

/// Somebody who can be asked.
#[derive(Serialize)]
pub(super) struct PersonView {
    who: String,
    may_know: &'static str,
    numbers: Vec<NumberView>,
    note: String,
}

fn tried((tried, on): (Tried, Option<NaiveDate>), today: NaiveDate) -> String {
    match (tried, on) {
        (Tried::Never, _) => String::new(),
        (other, None) => other.in_words().to_owned(),
        (other, Some(on)) => format!("{}，{}", other.in_words(), in_words(on, today)),
    }
}

/// Student, co-borrower, then the rest of the tree.
pub(super) fn people(facts: &Facts, today: NaiveDate) -> Vec<PersonView> {
    let liable = |one: &Person, who: String| PersonView {
        who,
        may_know: MayKnow::Amounts.in_words(),
        numbers: facts
            .phones
            .iter()
            .filter(|phone| phone.person_id == one.id)
            .map(|phone| NumberView {
                what: "phone",
                id: phone.id.to_string(),
                mask: phone.phone_mask.clone(),
                kind: if phone.state == PhoneState::Dead { "bad" } else { "" },
                state: phone.state.in_words(),
                tried: match facts.tried.get(&phone.id).copied() {
                    // The tag says it already.
                    Some((Tried::Dead, on)) if phone.state == PhoneState::Dead => {
                        on.map(|on| in_words(on, today)).unwrap_or_default()
                    }
                    other => tried(other.unwrap_or((Tried::Never, None)), today),
                },
            })
            .collect(),
        note: String::new(),
    };
    let mut found = vec![liable(&facts.student, format!("本人 {}", facts.student.name))];
    if let Some(co) = &facts.co {
        let relation = &facts.file.co_relation;
        found.push(liable(co, format!("共同借款人 {} {relation}", co.name)));
    }
    found.extend(facts.points.iter().map(|point| {
        PersonView {
            who: point.called(),
            may_know: point.may_know.in_words(),
            numbers: point
                .phone_sealed
                .iter()
                .map(|_| NumberView {
                    what: "point",
                    id: point.id.to_string(),
                    mask: point.phone_mask.clone(),
                    kind: if is_gone(point) { "bad" } else { "" },
                    state: if is_gone(point) { point.tried.in_words() } else { "" },
                    tried: match is_gone(point) {
                        true => point.tried_on.map(|on| in_words(on, today)).unwrap_or_default(),
                        false => tried((point.tried, point.tried_on), today),
                    },
                })
                .collect(),
            note: point.note.clone(),
        }
    }));
    found
}

fn is_gone(point: &ContactPerson) -> bool {
    matches!(point.tried, Tried::Dead | Tried::WrongPerson)
}

/// Whom one can ask: each working number, then people without one.
pub(super) fn whom(facts: &Facts) -> Vec<Choice> {
    let mut found = Vec::new();
    for phone in facts.phones.iter().filter(|phone| phone.state != PhoneState::Dead) {
        let party = party_of_phone(facts, phone);
        let text = format!("{} {}{}", party.in_words(), phone.phone_mask, audience(party));
        found.push(Choice::new(format!("phone:{}", phone.id), text));
    }
    for point in facts.points.iter().filter(|point| !is_gone(point)) {
        let words = format!("{} {}", point.called(), point.phone_mask);
        let text = format!("{}（{}）", words.trim(), point.may_know.in_words());
        found.push(Choice::new(format!("point:{}", point.id), text));
    }
    let named =
        |one: &Party| Choice::new(one.as_text(), format!("{}{}", one.in_words(), audience(*one)));
    found.extend(Party::ALL.iter().map(named));
    found
}

/// What may be told to whom nobody has written down: only who signed hears of amounts.
const fn audience(party: Party) -> &'static str {
    match party {
        Party::Student | Party::CoBorrower => "（可以说金额）",
        Party::School | Party::Village | Party::Police => "（不说金额，请帮助联系）",
        Party::Family | Party::Employer | Party::Other => "（只请转告回电）",
    }
}

fn party_of_phone(facts: &Facts, phone: &Phone) -> Party {
    if phone.person_id == facts.student.id { Party::Student } else { Party::CoBorrower }
}

/// Whom one asks in a stage when nobody says.
pub(super) fn usual_whom(facts: &Facts, stage: Stage) -> String {
    let of = match stage {
        Stage::Student => Some(facts.student.id),
        Stage::CoBorrower => facts.co.as_ref().map(|one| one.id),
        Stage::School | Stage::Village | Stage::Police => None,
    };
    let usual = facts
        .phones
        .iter()
        .filter(|phone| phone.state != PhoneState::Dead)
        .find(|phone| Some(phone.person_id) == of);
    let party = match stage {
        Stage::Student => Party::Student,
        Stage::CoBorrower => Party::CoBorrower,
        Stage::School => Party::School,
        Stage::Village => Party::Village,
        Stage::Police => Party::Police,
    };
    usual.map_or_else(|| party.as_text().to_owned(), |phone| format!("phone:{}", phone.id))
}

/// Who was asked, as the one field of the form names them.
pub(super) struct ChosenPerson {
    pub(super) party: Party,
    /// As the record calls them.
    pub(super) name: String,
    pub(super) phone: Option<PhoneId>,
    pub(super) point: Option<PointId>,
}

/// Reads the form's field; none when it names nobody of this family.
pub(super) fn chosen(facts: &Facts, whom: &str) -> Option<ChosenPerson> {
    let plain = |party: Party| ChosenPerson {
        party,
        name: party.in_words().to_owned(),
        phone: None,
        point: None,
    };
    if let Some(id) = whom.strip_prefix("phone:") {
        let phone = facts.phones.iter().find(|phone| phone.id.to_string() == id)?;
        Some(ChosenPerson { phone: Some(phone.id), ..plain(party_of_phone(facts, phone)) })
    } else if let Some(id) = whom.strip_prefix("point:") {
        let point = facts.points.iter().find(|point| point.id.to_string() == id)?;
        let name = point.called();
        Some(ChosenPerson { name, point: Some(point.id), ..plain(point.kind.party()) })
    } else {
        Party::from_text(whom).map(plain)
    }
}
