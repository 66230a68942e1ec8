-- The initials of a name in pinyin, as people type them; the program fills those of older rows.
ALTER TABLE person ADD COLUMN name_initials TEXT NOT NULL DEFAULT '';
CREATE INDEX person_by_initials ON person (office_code, name_initials);
CREATE INDEX person_phone_by_mask ON person_phone (office_code, phone_mask);
