CREATE TABLE counters (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counters VALUES('cursor',1);
CREATE TABLE experiments (
  row            INTEGER PRIMARY KEY,
  id             TEXT NOT NULL UNIQUE,
  name           TEXT NOT NULL,
  project        TEXT NOT NULL,
  description    TEXT NOT NULL,
  labels         TEXT NOT NULL CHECK (json_valid(labels)),
  document       TEXT NOT NULL,                 -- as submitted
  document_name  TEXT NOT NULL,
  overrides      TEXT NOT NULL CHECK (json_valid(overrides)),
  content_sha256 TEXT NOT NULL,                 -- of document and overrides
  request_id     TEXT UNIQUE,                   -- NULL: none
  created_by     TEXT NOT NULL,
  created_ms     INTEGER NOT NULL,
  -- What all its runs compute with; NULL until the first one is assigned.
  compute_dtype  TEXT CHECK (compute_dtype IN ('fp32', 'bf16')),
  cpu_threads    INTEGER CHECK (cpu_threads > 0),
  deleted_ms     INTEGER,                       -- gone for readers, its rows are being removed
  CHECK ((compute_dtype IS NULL) = (cpu_threads IS NULL))
);
INSERT INTO experiments VALUES(1,'exp00001','demo','default','','["fp4"]','{}','demo.fp4.json','[]','hash',NULL,'tester',1767323045000,'fp32',2,NULL);
CREATE TABLE variants (
  row                INTEGER PRIMARY KEY,
  experiment         INTEGER NOT NULL REFERENCES experiments ON DELETE CASCADE,
  position           INTEGER NOT NULL,          -- in the document
  name               TEXT NOT NULL,
  resolved_document  TEXT NOT NULL,
  total_steps        INTEGER NOT NULL CHECK (total_steps >= 0),
  compute_dtype      TEXT NOT NULL CHECK (compute_dtype IN ('auto', 'fp32', 'bf16')),
  gpus               INTEGER CHECK (gpus >= 0),  -- NULL: a GPU if there is one
  min_gpu_memory_gib REAL NOT NULL,
  cpu_threads        INTEGER NOT NULL CHECK (cpu_threads >= 0),
  priority           INTEGER NOT NULL,
  max_runtime_ms     INTEGER NOT NULL CHECK (max_runtime_ms >= 0),
  max_restarts       INTEGER NOT NULL CHECK (max_restarts >= 0),
  UNIQUE (experiment, position),
  UNIQUE (experiment, name)
);
INSERT INTO variants VALUES(1,1,0,'baseline','{}',40,'auto',NULL,0.0,0,50,14400000,3);
CREATE TABLE IF NOT EXISTS "workers" (
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
INSERT INTO workers VALUES(1,'wrk00001',NULL,'host:1','host','0.1.0','i1','','[]','[]',1767323045000,1767323045000,NULL);
CREATE TABLE runs (
  row              INTEGER PRIMARY KEY,
  id               TEXT NOT NULL UNIQUE,
  experiment       INTEGER NOT NULL REFERENCES experiments ON DELETE CASCADE,
  variant          INTEGER NOT NULL REFERENCES variants ON DELETE CASCADE,
  seed             INTEGER NOT NULL,            -- the bits of an unsigned number
  state            TEXT NOT NULL CHECK (state IN ('queued', 'assigned', 'running', 'cancelling',
                                                  'completed', 'failed', 'cancelled')),
  reason           TEXT NOT NULL DEFAULT '',    -- of the last change of state
  message          TEXT NOT NULL DEFAULT '',
  attempt          INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  num_restarts     INTEGER NOT NULL DEFAULT 0 CHECK (num_restarts >= 0),
  last_seq         INTEGER NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
  step             INTEGER NOT NULL DEFAULT 0 CHECK (step >= 0),
  created_ms       INTEGER NOT NULL,
  queued_ms        INTEGER NOT NULL,            -- when it was last queued
  started_ms       INTEGER,                     -- first assignment
  finished_ms      INTEGER,
  -- The trainer's last `finished` event.
  finished_attempt INTEGER,
  finished_status  TEXT CHECK (finished_status IN ('completed', 'failed', 'stopped')),
  finished_reason  TEXT, num_fruitless INTEGER NOT NULL DEFAULT 0 CHECK (num_fruitless >= 0),
  UNIQUE (variant, seed),
  CHECK ((finished_ms IS NOT NULL) = (state IN ('completed', 'failed', 'cancelled'))),
  CHECK (attempt > 0 OR state IN ('queued', 'cancelled'))
);
INSERT INTO runs VALUES(1,'run00001',1,1,1,'running','','',1,0,1,10,1767323045000,1767323045000,1767323046000,NULL,NULL,NULL,NULL,2);
CREATE TABLE IF NOT EXISTS "attempts" (
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
INSERT INTO attempts VALUES(1,1,1,'[0]',1767323046000,NULL,NULL,NULL,NULL,'','');
CREATE TABLE events (
  run     INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  cursor  INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  seq     INTEGER NOT NULL CHECK (seq >= 0),
  time_ms INTEGER NOT NULL,
  kind    TEXT NOT NULL CHECK (kind IN ('started', 'metrics', 'checkpoint', 'health', 'log', 'finished', 'state')),
  step    INTEGER,          -- of metrics and checkpoints
  payload TEXT NOT NULL,    -- metrics: the series, separated by blanks, whose points hold the values;
                            -- state: a JSON object; else the line of the event log
  PRIMARY KEY (run, cursor)
) WITHOUT ROWID;
INSERT INTO events VALUES(1,1,1,1,1767323047000,'metrics',10,'1');
CREATE TABLE series (
  row  INTEGER PRIMARY KEY,
  run  INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  name TEXT NOT NULL,
  UNIQUE (run, name)
);
INSERT INTO series VALUES(1,1,'val/loss');
CREATE TABLE points (
  series  INTEGER NOT NULL REFERENCES series ON DELETE CASCADE,
  step    INTEGER NOT NULL CHECK (step >= 0),
  value   REAL NOT NULL,                 -- 0 where it is not finite
  special INTEGER NOT NULL DEFAULT 0 CHECK (special BETWEEN 0 AND 3),   -- 1: NaN, 2: infinity, 3: -infinity
  attempt INTEGER NOT NULL,
  PRIMARY KEY (series, step)
) WITHOUT ROWID;
INSERT INTO points VALUES(1,10,2.5,0,1);
CREATE INDEX experiments_by_project ON experiments (project, row);
CREATE INDEX experiments_deleted ON experiments (deleted_ms) WHERE deleted_ms IS NOT NULL;
CREATE INDEX runs_by_experiment ON runs (experiment, row);
CREATE INDEX runs_by_state ON runs (state);
CREATE INDEX events_by_kind ON events (run, kind) WHERE kind <> 'metrics';
CREATE UNIQUE INDEX workers_by_name ON workers (name) WHERE directory_id IS NULL;

-- training.compute_dtype takes fp16 as well. The choice that a machine makes for an experiment stays
-- fp32 or bf16.
ALTER TABLE variants ADD COLUMN wider_compute_dtype TEXT NOT NULL DEFAULT 'auto'
  CHECK (wider_compute_dtype IN ('auto', 'fp32', 'bf16', 'fp16'));
UPDATE variants SET wider_compute_dtype = compute_dtype;
ALTER TABLE variants DROP COLUMN compute_dtype;
ALTER TABLE variants RENAME COLUMN wider_compute_dtype TO compute_dtype;

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

INSERT OR REPLACE INTO checkpoints VALUES(1,10,1,4096,'c0ffee',1,'/work/runs/run00001/checkpoints/step-00000010.attempt-1',1767323048000);

-- Experiments that look for values of fields: their trials are runs, made one after the other. And what scheduling asks of a
-- slot's name, and of why an attempt was asked to stop.

-- The text that the slot's name contains; '': any.
ALTER TABLE variants ADD COLUMN gpu_name TEXT NOT NULL DEFAULT '';
-- Of a search: the values of the searched fields, a JSON object; NULL: of an experiment without a search.
ALTER TABLE variants ADD COLUMN search_values TEXT CHECK (search_values IS NULL OR json_valid(search_values));

-- The number of the trial within its experiment, from 0 in the order in which they are made; NULL: not a trial.
ALTER TABLE runs ADD COLUMN trial INTEGER CHECK (trial >= 0);
CREATE UNIQUE INDEX runs_by_trial ON runs (experiment, trial) WHERE trial IS NOT NULL;

-- Why its worker was asked to end the attempt, although nobody cancelled the run: a reason of base/reasons.h; '': it was not.
ALTER TABLE attempts ADD COLUMN stop_reason TEXT NOT NULL DEFAULT '';

-- One for each experiment with a search.
CREATE TABLE searches (
  experiment  INTEGER PRIMARY KEY REFERENCES experiments ON DELETE CASCADE,
  next_trial  INTEGER NOT NULL DEFAULT 0 CHECK (next_trial >= 0),   -- the first that has not been looked at
  num_invalid INTEGER NOT NULL DEFAULT 0 CHECK (num_invalid >= 0),  -- passed over: no document can be made of their values
  ended       TEXT NOT NULL DEFAULT ''          -- why no further trial is made; '': some are still to come
);

-- What trials reported at the rungs of asha, and what was decided.
CREATE TABLE rungs (
  run    INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  rung   INTEGER NOT NULL CHECK (rung >= 0),
  report INTEGER NOT NULL CHECK (report >= 0),  -- the order of the reports within the experiment, from 0
  step   INTEGER NOT NULL CHECK (step >= 0),    -- of the report
  -- The values of search.metric in its order, a JSON array; what is not finite or not known is a string.
  metrics TEXT NOT NULL CHECK (json_valid(metrics)),
  broken TEXT NOT NULL,                         -- why it counts as worst, for people; '': it does not
  kept   INTEGER NOT NULL CHECK (kept IN (0, 1)),
  why    TEXT NOT NULL,                         -- for people
  PRIMARY KEY (run, rung)
) WITHOUT ROWID;

INSERT INTO searches VALUES(1,1,0,'');
INSERT INTO rungs VALUES(1,0,0,10,'[2.5]','',1,'val/loss 2.5 at step 10 is place 1 of 1; the best 1 goes on');

-- Who may call, who has called, and to whom a worker belongs.

CREATE TABLE tokens (
  row        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,               -- public: stands in the token's text
  sha256     TEXT NOT NULL,                      -- of the secret part of the text, which is kept nowhere
  name       TEXT NOT NULL,
  role       TEXT NOT NULL CHECK (role IN ('viewer', 'submitter', 'operator', 'admin', 'worker')),
  projects   TEXT NOT NULL CHECK (json_valid(projects)),   -- []: all
  created_by TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER,                            -- NULL: never
  used_ms    INTEGER,                            -- last, about; NULL: never
  revoked_ms INTEGER                             -- NULL: it has not been
);

-- What was changed or refused.
CREATE TABLE audit (
  number  INTEGER PRIMARY KEY AUTOINCREMENT,     -- rising, also over what has been removed
  time_ms INTEGER NOT NULL,
  who     TEXT NOT NULL,                         -- '': no identity
  role    TEXT NOT NULL,
  address TEXT NOT NULL,
  action  TEXT NOT NULL,
  subject TEXT NOT NULL,
  code    TEXT NOT NULL,
  message TEXT NOT NULL
);

-- The identity that registered it; '': nobody was asked. Only calls of this identity are its calls.
ALTER TABLE workers ADD COLUMN owner TEXT NOT NULL DEFAULT '';

INSERT INTO tokens VALUES(1,'tok00001','c0ffee','admin','admin','[]','',1767323045000,NULL,1767323046000,NULL);
INSERT INTO audit VALUES(1,1767323047000,'admin','admin','127.0.0.1:1','ExperimentService/CancelRun','run00001','OK','');
UPDATE workers SET owner = 'lab1';

PRAGMA user_version = 7;
