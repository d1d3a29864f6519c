-- A worker is the id that its work directory keeps; its name is for people, and two may have the same. Workers of
-- earlier releases have no such id: they are known by their names.

-- The attempts refer to the workers; they are put aside while that table is made anew.
CREATE TABLE kept_attempts AS SELECT * FROM attempts;
DELETE FROM attempts;

CREATE TABLE new_workers (
  row           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE,            -- the controller's short name for it
  directory_id  TEXT UNIQUE,                     -- NULL: of an earlier release
  name          TEXT NOT NULL,
  host          TEXT NOT NULL,
  version       TEXT NOT NULL,
  incarnation   TEXT NOT NULL,
  place         TEXT NOT NULL DEFAULT '',        -- of its directory; '': not known
  superseded    TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(superseded)),   -- incarnations taken over from, newest last
  slots         TEXT NOT NULL CHECK (json_valid(slots)),
  registered_ms INTEGER NOT NULL,
  seen_ms       INTEGER NOT NULL,                -- about; of older workers the time of their registration
  forgotten_ms  INTEGER                          -- kept for the attempts that name it, and listed no more
);
INSERT INTO new_workers (row, id, name, host, version, incarnation, slots, registered_ms, seen_ms)
  SELECT row, id, name, host, version, incarnation, slots, registered_ms, registered_ms FROM workers;
DROP TABLE workers;
ALTER TABLE new_workers RENAME TO workers;
CREATE UNIQUE INDEX workers_by_name ON workers (name) WHERE directory_id IS NULL;

INSERT INTO attempts SELECT * FROM kept_attempts;
DROP TABLE kept_attempts;
