-- Checkpoints that exist: on a worker's disk, at the controller, or both. One that is on neither has no row.
CREATE TABLE checkpoints (
  run       INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step      INTEGER NOT NULL CHECK (step >= 0),
  attempt   INTEGER NOT NULL CHECK (attempt > 0),
  bytes     INTEGER NOT NULL CHECK (bytes >= 0),   -- of the state
  sha256    TEXT NOT NULL,                         -- of the state
  worker    INTEGER REFERENCES workers,            -- on whose disk it lies; NULL: on none
  path      TEXT NOT NULL DEFAULT '',              -- its folder there
  stored_ms INTEGER,                               -- since when the controller holds it; NULL: it does not
  PRIMARY KEY (run, step, attempt),
  CHECK (worker IS NOT NULL OR stored_ms IS NOT NULL)
) WITHOUT ROWID;
CREATE INDEX checkpoints_stored ON checkpoints (stored_ms) WHERE stored_ms IS NOT NULL;
CREATE INDEX checkpoints_by_worker ON checkpoints (worker) WHERE worker IS NOT NULL;

-- Of the checkpoints so far each run's newest is likely to exist; the workers correct that. Other kinds' payloads need not
-- be JSON.
INSERT INTO checkpoints (run, step, attempt, bytes, sha256, worker, path)
  WITH newest AS (
    SELECT events.run, events.step, events.attempt, attempts.worker,
           CASE WHEN kind = 'checkpoint' THEN payload ELSE '{}' END AS told
    FROM events JOIN attempts ON attempts.run = events.run AND attempts.attempt = events.attempt
    WHERE (events.run, cursor) IN
          (SELECT run, MAX(cursor) FROM events WHERE kind = 'checkpoint' AND kind <> 'metrics' GROUP BY run))
  SELECT run, step, attempt, json_extract(told, '$.bytes'), json_extract(told, '$.sha256'), worker,
         json_extract(told, '$.path')
  FROM newest
  WHERE step >= 0 AND json_extract(told, '$.bytes') >= 0 AND json_extract(told, '$.sha256') IS NOT NULL
    AND json_extract(told, '$.path') IS NOT NULL;

-- A worker that takes no new runs: 'finish' what it has, or stop that 'now'.
ALTER TABLE workers ADD COLUMN drain TEXT NOT NULL DEFAULT '' CHECK (drain IN ('', 'finish', 'now'));
