-- Step 5 of store_migrate.c: TLS on the way to others.

-- Policies of mail domains (MTA-STS, RFC 8461).  policy_id NULL: none was ever had.
CREATE TABLE sts_policy (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    domain TEXT NOT NULL UNIQUE COLLATE NOCASE,
    policy_id TEXT,
    mode INTEGER NOT NULL CHECK (mode BETWEEN 0 AND 2),
    max_age_s INTEGER NOT NULL,
    patterns TEXT NOT NULL,
    fetched_ms INTEGER NOT NULL,
    failed_id TEXT,
    failed_ms INTEGER NOT NULL
) STRICT;

-- What TLS reports will say (RFC 8460): by day (UTC, since 1970), whose policy was applied, and what came of it.  A row
-- goes when its day was reported.
CREATE TABLE tls_count (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    day INTEGER NOT NULL,
    domain TEXT NOT NULL COLLATE NOCASE,
    judge INTEGER NOT NULL CHECK (judge BETWEEN 0 AND 2),
    result INTEGER NOT NULL CHECK (result BETWEEN 0 AND 10),
    host TEXT NOT NULL,
    address TEXT NOT NULL,
    policy TEXT NOT NULL,
    count INTEGER NOT NULL,
    UNIQUE (day, domain, judge, result, host, address)
) STRICT;
