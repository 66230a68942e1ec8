//! Messages that wait, leave and come to an end: the store on both databases, the deliverer with
//! gateways that fail in every way, and the program killed while it sends.

mod crash;
mod faults;
pub mod made;
mod receipts;
mod store;

pub use made::Post;
