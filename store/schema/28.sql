-- People who write mail have no handle: a stranger's row in that index would be octets for nothing.
DROP INDEX person_handle;
CREATE INDEX person_handle ON person (user, host) WHERE user IS NOT NULL;
