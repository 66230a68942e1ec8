-- Values of the dated rules that two persons entered: one proposes, another confirms. Rows are only
-- added. What is confirmed counts from its version on; `entry` is what a file of rules would say.
CREATE TABLE policy_proposal (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    kind TEXT NOT NULL CHECK (kind IN ('waiver', 'lpr', 'holidays', 'revoke')),
    subject TEXT NOT NULL,
    words TEXT NOT NULL,
    entry TEXT NOT NULL,
    document TEXT NOT NULL,
    document_on DATE,
    proposed_by BIGINT NOT NULL REFERENCES staff (id),
    proposed_name TEXT NOT NULL,
    proposed_at TIMESTAMP NOT NULL
);
CREATE TABLE policy_decision (
    proposal_id BIGINT NOT NULL PRIMARY KEY REFERENCES policy_proposal (id),
    office_code TEXT NOT NULL REFERENCES office (code),
    decision TEXT NOT NULL CHECK (decision IN ('confirmed', 'rejected', 'withdrawn')),
    version BIGINT UNIQUE,
    reason TEXT NOT NULL,
    decided_by BIGINT NOT NULL REFERENCES staff (id),
    decided_name TEXT NOT NULL,
    decided_at TIMESTAMP NOT NULL,
    CHECK ((decision = 'confirmed') = (version IS NOT NULL))
);
-- Somebody held a rule against its document and found it right.
CREATE TABLE policy_compared (
    id BIGINT NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    rule TEXT NOT NULL,
    compared_by BIGINT NOT NULL REFERENCES staff (id),
    compared_name TEXT NOT NULL,
    compared_at TIMESTAMP NOT NULL
);

CREATE TRIGGER policy_proposal_is_never_changed BEFORE UPDATE ON policy_proposal
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER policy_proposal_is_never_deleted BEFORE DELETE ON policy_proposal
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER policy_decision_is_never_changed BEFORE UPDATE ON policy_decision
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER policy_decision_is_never_deleted BEFORE DELETE ON policy_decision
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER policy_compared_is_never_changed BEFORE UPDATE ON policy_compared
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER policy_compared_is_never_deleted BEFORE DELETE ON policy_compared
FOR EACH ROW EXECUTE FUNCTION refuse_change();
