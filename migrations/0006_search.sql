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
