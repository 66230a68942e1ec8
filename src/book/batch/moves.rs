//! How a batch moves: the only table of allowed moves, drawn into `docs/batch.md` by a test. Pure.

use crate::base::ids::text_enum;

text_enum! {
    State {
        Draft = "draft", "编制中";
        Frozen = "frozen", "待审批";
        Approved = "approved", "已批准";
        Sent = "sent", "已送出";
        /// Every line has its answer.
        Answered = "answered", "已全部答复";
        Closed = "closed", "已关闭";
        /// Given up before it was sent.
        Dropped = "dropped", "已作废";
    }
}

text_enum! {
    Step {
        Remove = "remove", "去掉一笔";
        Freeze = "freeze", "提交审批";
        SendBack = "send_back", "退回修改";
        Approve = "approve", "批准";
        Send = "send", "登记已送出";
        /// Some lines, not all of them yet.
        AnswerPart = "answer_part", "登记部分结果";
        AnswerAll = "answer_all", "登记全部结果";
        Close = "close", "关闭";
        Drop = "drop", "作废";
    }
}

/// From, by which step, to.
pub const MOVES: &[(State, Step, State)] = &[
    (State::Draft, Step::Remove, State::Draft),
    (State::Draft, Step::Freeze, State::Frozen),
    (State::Draft, Step::Drop, State::Dropped),
    (State::Frozen, Step::SendBack, State::Draft),
    (State::Frozen, Step::Approve, State::Approved),
    (State::Frozen, Step::Drop, State::Dropped),
    (State::Approved, Step::SendBack, State::Draft),
    (State::Approved, Step::Send, State::Sent),
    (State::Sent, Step::AnswerPart, State::Sent),
    (State::Sent, Step::AnswerAll, State::Answered),
    (State::Answered, Step::Close, State::Closed),
];

impl State {
    /// Where a step leads from here; none when it may not be taken.
    pub fn after(self, step: Step) -> Option<State> {
        let found = MOVES.iter().find(|(from, by, _)| (*from, *by) == (self, step));
        found.map(|(_, _, to)| *to)
    }

    /// True while its list may not change any more.
    pub const fn is_sealed(self) -> bool {
        !matches!(self, State::Draft | State::Dropped)
    }
}

/// Moves as a diagram (Mermaid) of states and steps in words.
pub fn diagram(moves: &[(&str, &str, &str)]) -> String {
    let line = |(from, step, to): &(&str, &str, &str)| format!("    {from} --> {to}: {step}\n");
    let lines: String = moves.iter().map(line).collect();
    format!("```mermaid\nstateDiagram-v2\n{lines}```\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_unapproved_and_nothing_moves_at_the_end() {
        for state in State::ALL {
            let to_sent = state.after(Step::Send);
            assert_eq!(to_sent.is_some(), *state == State::Approved, "{state:?}");
            let is_end = matches!(state, State::Closed | State::Dropped);
            assert_eq!(Step::ALL.iter().all(|step| state.after(*step).is_none()), is_end);
        }
        assert!(Step::ALL.iter().all(|step| MOVES.iter().any(|(_, by, _)| by == step)));
    }
}
