-- Attempts that bring a run no further are counted, and attempts end in more ways.
PRAGMA defer_foreign_keys = ON;

-- Ended attempts in a row without a step further. Of older runs it is not known.
ALTER TABLE runs ADD COLUMN num_fruitless INTEGER NOT NULL DEFAULT 0 CHECK (num_fruitless >= 0);

CREATE TABLE new_attempts (
  run         INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  attempt     INTEGER NOT NULL CHECK (attempt > 0),
  worker      INTEGER NOT NULL REFERENCES workers,
  slots       TEXT NOT NULL CHECK (json_valid(slots)),
  assigned_ms INTEGER NOT NULL,
  ended_ms    INTEGER,
  end_cause   TEXT CHECK (end_cause IN ('exited', 'signaled', 'lease_lost', 'max_runtime', 'spawn_failed', 'lost',
                                        'worker_stopped', 'disk_full', 'machine_fault', 'log_broken',
                                        'expired', 'not_taken')),
  exit_code   INTEGER,
  signal      INTEGER,
  message     TEXT NOT NULL DEFAULT '',
  stderr_tail TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (run, attempt),
  CHECK ((ended_ms IS NULL) = (end_cause IS NULL))
) WITHOUT ROWID;
INSERT INTO new_attempts SELECT * FROM attempts;
DROP TABLE attempts;
ALTER TABLE new_attempts RENAME TO attempts;
