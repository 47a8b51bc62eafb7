-- Step 3 of store_migrate.c: mail on its way.

-- What its author asked of reports (RFC 3461), whether it may leave under proved TLS alone (RFC 8689), and what they
-- are still to be told once it is due at the end of time: 1 that it was given up, 2 that it was handed to a server
-- that will not report.
ALTER TABLE delivery ADD COLUMN envid TEXT;
ALTER TABLE delivery ADD COLUMN dsn_return INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN notify INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN orcpt TEXT;
ALTER TABLE delivery ADD COLUMN require_tls INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN tell INTEGER NOT NULL DEFAULT 0 CHECK (tell BETWEEN 0 AND 2);
UPDATE delivery SET tell = 1 WHERE due_ms = 253402300799000;

-- Mail domains whose hosts did not answer: nothing for them is tried before next_ms.  A row goes as soon as one speaks
-- to us.
CREATE TABLE mail_host (
    name TEXT NOT NULL PRIMARY KEY COLLATE NOCASE,
    failing_since_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    next_ms INTEGER NOT NULL,
    last_reply TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_host_next ON mail_host (next_ms);

-- How a reader's address fares: when a report of its death first came, how many reports of passing trouble since
-- soft_ms, what was last said, and whether the owner still has to hear that it was suspended.
ALTER TABLE follow ADD COLUMN reported_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE follow ADD COLUMN soft_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE follow ADD COLUMN soft_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE follow ADD COLUMN trouble TEXT;
ALTER TABLE follow ADD COLUMN untold INTEGER NOT NULL DEFAULT 0;
CREATE INDEX follow_untold ON follow (id) WHERE untold = 1;
