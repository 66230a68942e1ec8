//! Where a file of this stage stands, and what it takes to move on. Pure: knows no database, web or
//! clock; a day comes in as an argument.

use crate::base::ids::text_enum;

text_enum! {
    State {
        Open = "open", "待办";
        Done = "done", "已办";
    }
}

impl State {
    /// True while somebody has to do something.
    pub const fn waits(self) -> bool {
        matches!(self, State::Open)
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn what_is_done_waits_for_nobody() {
        assert!(State::Open.waits() && !State::Done.waits());
    }
}
