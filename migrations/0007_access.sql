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
