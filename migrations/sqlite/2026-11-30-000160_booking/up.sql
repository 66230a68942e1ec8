-- 预约叫号: what a place can take on a day.
CREATE TABLE counter_day (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    on_day DATE NOT NULL,
    place TEXT NOT NULL,
    series TEXT NOT NULL,
    hours TEXT NOT NULL,
    desks INTEGER NOT NULL CHECK (desks >= 1 AND desks <= 50),
    per_slot INTEGER NOT NULL CHECK (per_slot >= 1 AND per_slot <= 200),
    townships TEXT NOT NULL DEFAULT '',
    closed_reason TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL DEFAULT 1,
    UNIQUE (office_code, on_day, place)
);
-- A household with a time, or one that came without.
CREATE TABLE booking (
    id INTEGER NOT NULL PRIMARY KEY,
    office_code TEXT NOT NULL REFERENCES office (code),
    day_id BIGINT NOT NULL REFERENCES counter_day (id),
    year INTEGER NOT NULL,
    slot_min INTEGER,
    turn_min INTEGER NOT NULL,
    person_id BIGINT REFERENCES person (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('first', 'renewal')),
    source TEXT NOT NULL CHECK (source IN ('phone', 'desk', 'school', 'door')),
    state TEXT NOT NULL CHECK (state IN ('booked', 'waiting', 'called', 'done', 'no_show', 'cancelled')),
    ticket INTEGER,
    desk INTEGER,
    called_at TIMESTAMP,
    done_at TIMESTAMP,
    version INTEGER NOT NULL DEFAULT 1
);
-- One time a household and year.
CREATE UNIQUE INDEX booking_once ON booking (office_code, person_id, year)
    WHERE state IN ('booked', 'waiting', 'called');
CREATE UNIQUE INDEX booking_ticket ON booking (day_id, ticket);
CREATE INDEX booking_by_turn ON booking (office_code, day_id, turn_min, id);
