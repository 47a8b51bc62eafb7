-- Step 14 of store_migrate.c: what others tell of TLS on their way to us (RFC 8460).

CREATE TABLE tls_heard (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    day INTEGER NOT NULL, -- UTC, since 1970
    domain TEXT NOT NULL COLLATE NOCASE,
    reporter TEXT NOT NULL COLLATE NOCASE, -- the domain that the mail proved to be from
    good INTEGER NOT NULL, -- connections
    bad INTEGER NOT NULL,
    trouble TEXT NOT NULL, -- the word of RFC 8460 for what failed most, or ""
    UNIQUE (day, domain, reporter)
) STRICT;
