-- 跨县查重: counties with a database of their own that share a passphrase with ours. Of their lists only keyed
-- hashes are there, and only until the last day that the other county has set.
CREATE TABLE partner (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    name TEXT NOT NULL,
    key_sealed BLOB NOT NULL,
    fingerprint TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_on DATE NOT NULL,
    UNIQUE (office_code, fingerprint)
);
-- What a partner has sent last; a newer one takes its place.
CREATE TABLE partner_list (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    partner_id BIGINT NOT NULL REFERENCES partner (id),
    year INTEGER NOT NULL,
    made_on DATE NOT NULL,
    expires_on DATE NOT NULL,
    received_by TEXT NOT NULL,
    received_on DATE NOT NULL,
    entries INTEGER NOT NULL,
    checksum TEXT NOT NULL
);
CREATE INDEX partner_list_by_office ON partner_list (office_code, id);
CREATE INDEX partner_list_by_partner ON partner_list (partner_id);
-- Somebody with a loan of the year over there.
CREATE TABLE partner_entry (
    list_id BIGINT NOT NULL REFERENCES partner_list (id),
    id_hash BLOB NOT NULL,
    is_co BOOLEAN NOT NULL,
    office_code TEXT NOT NULL REFERENCES office (code),
    PRIMARY KEY (list_id, id_hash, is_co)
);
