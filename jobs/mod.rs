//! What happens by the clock. Each file says what it does, when, and what if it was missed.

pub mod chain_history;
pub mod close_day;
pub mod deliver_messages;
pub mod read_delivery_receipts;
