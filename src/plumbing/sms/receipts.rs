//! How a vendor's receipts are read: a request to us (query, form or JSON), or the answer to our
//! question, comes down to named values; the configuration says which is which.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::plumbing::gateway::Answer;
use crate::plumbing::outbox::Delivery;

use super::expression::json_text;

/// `[sms.receipts]` of the configuration. A place is the name of a field of the query or form,
/// or a JSON pointer (`/data/status`).
#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReceiptConfig {
    /// Where a list of receipts stands in a JSON body; empty: the body is one, or a list.
    pub list: String,
    /// Where our own number stands.
    pub id: String,
    /// Where the vendor's number stands.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Where it says what became of the message.
    pub outcome: String,
    /// Where it says why.
    pub why: String,
    /// Values of `outcome`: it arrived.
    pub delivered: Vec<String>,
    pub failed: Vec<String>,
    /// It did not, because the number does not exist.
    pub dead: Vec<String>,
    /// The network has it.
    pub sent: Vec<String>,
    pub reply: String,
}

impl Default for ReceiptConfig {
    fn default() -> Self {
        let all = |values: &[&str]| values.iter().map(|one| (*one).to_owned()).collect();
        ReceiptConfig {
            list: String::new(),
            id: "id".to_owned(),
            reference: String::new(),
            outcome: "status".to_owned(),
            why: String::new(),
            delivered: all(&["DELIVRD", "delivered"]),
            failed: all(&["UNDELIV", "REJECTD", "EXPIRED", "failed"]),
            dead: Vec::new(),
            sent: all(&["ACCEPTD", "sent"]),
            reply: "ok".to_owned(),
        }
    }
}

/// The receipts of a request or answer. What says nothing that the configuration knows is left
/// out.
pub fn read(
    config: &ReceiptConfig,
    body: &Value,
    fields: &BTreeMap<String, String>,
) -> Vec<Answer> {
    let place = if config.list.is_empty() { Some(body) } else { body.pointer(&config.list) };
    match place {
        Some(Value::Array(all)) => {
            all.iter().filter_map(|one| read_one(config, one, fields)).collect()
        }
        Some(one) => read_one(config, one, fields).into_iter().collect(),
        None => Vec::new(),
    }
}

fn read_one(
    config: &ReceiptConfig,
    item: &Value,
    fields: &BTreeMap<String, String>,
) -> Option<Answer> {
    let at = |place: &str| -> Option<String> {
        if place.is_empty() {
            return None;
        }
        let pointer = if place.starts_with('/') { place.to_owned() } else { format!("/{place}") };
        json_text(Some(item), &pointer).or_else(|| fields.get(place).cloned())
    };
    let outcome = at(&config.outcome)?;
    let is = |values: &[String]| values.contains(&outcome);
    let dead = is(&config.dead);
    let delivery = if is(&config.delivered) {
        Delivery::Delivered
    } else if dead || is(&config.failed) {
        Delivery::Failed
    } else if is(&config.sent) {
        Delivery::Sent
    } else {
        return None;
    };
    let why = at(&config.why).unwrap_or_else(|| outcome.clone());
    Some(Answer {
        id: at(&config.id).and_then(|id| id.parse().ok()),
        reference: at(&config.reference).unwrap_or_default(),
        delivery,
        dead,
        why: why.chars().take(120).collect(),
        at: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn a_query_is_a_receipt() {
        let config = ReceiptConfig {
            outcome: "type".to_owned(),
            delivered: vec!["1".to_owned()],
            failed: vec!["2".to_owned(), "16".to_owned()],
            sent: vec!["8".to_owned()],
            ..ReceiptConfig::default()
        };
        let delivery = |kind: &str| {
            read(&config, &Value::Null, &fields(&[("id", "42"), ("type", kind)]))
                .first()
                .map(|answer| (answer.id, answer.delivery))
        };
        assert_eq!(delivery("1"), Some((Some(42), Delivery::Delivered)));
        assert_eq!(delivery("16"), Some((Some(42), Delivery::Failed)));
        assert_eq!(delivery("8"), Some((Some(42), Delivery::Sent)));
        assert_eq!(delivery("4"), None);
    }

    #[test]
    fn a_list_of_receipts_in_json() {
        let config = ReceiptConfig {
            list: "/reports".to_owned(),
            id: "/uid".to_owned(),
            reference: "sid".to_owned(),
            dead: vec!["MK:0001".to_owned()],
            ..ReceiptConfig::default()
        };
        let body = serde_json::json!({"reports": [
            {"uid": "42", "sid": 9, "status": "DELIVRD"},
            {"sid": "10", "status": "MK:0001"},
            {"sid": "11"},
        ]});
        let all = read(&config, &body, &BTreeMap::new());
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].id, all[0].reference.as_str()), (Some(42), "9"));
        assert_eq!((all[1].delivery, all[1].dead), (Delivery::Failed, true));
    }
}
