-- Step 6 of store_migrate.c: posts beyond a day's fifth wait for the evening.

-- How many mails a reader was sent on that day (days since 1970, as the bridge counts them).
ALTER TABLE follow ADD COLUMN mail_day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE follow ADD COLUMN mail_count INTEGER NOT NULL DEFAULT 0;

CREATE TABLE gathered (
    follow_id INTEGER NOT NULL REFERENCES follow (id) ON DELETE CASCADE,
    day INTEGER NOT NULL,
    message_id INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    PRIMARY KEY (follow_id, day, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX gathered_message ON gathered (message_id);
