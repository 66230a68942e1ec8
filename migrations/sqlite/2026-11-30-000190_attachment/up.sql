-- 扫描件: what is known of a paper that was scanned. Its bytes lie sealed in the folder of attachments,
-- under their hash. One that was removed stays, with the reason.
CREATE TABLE attachment (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    subject_kind TEXT NOT NULL CHECK (subject_kind IN ('application')),
    subject_id BIGINT NOT NULL,
    paper TEXT NOT NULL,
    name TEXT NOT NULL,
    media TEXT NOT NULL CHECK (media IN ('image/jpeg', 'application/pdf')),
    bytes INTEGER NOT NULL CHECK (bytes > 0),
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    added_by TEXT NOT NULL,
    added_at TIMESTAMP NOT NULL,
    removed_at TIMESTAMP,
    removed_by TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL DEFAULT 1
);
-- The same scan once for the same paper.
CREATE UNIQUE INDEX attachment_once ON attachment (office_code, subject_kind, subject_id, paper, hash)
    WHERE removed_at IS NULL;
