/* Dialogues: what a client says, and what it hears. */
#include "test.h"

#include "clock.h"
#include "dialogue.h"
#include "memory.h"
#include "text.h"

#include <stdio.h>

#define LOGIN "a LOGIN alice@home.test secret\r\n"
#define INBOX LOGIN "|b SELECT INBOX\r\n"

static const struct dialogue rows[] = {
  /* clang-format off */
    {"the greeting tells capabilities", "", "* OK [CAPABILITY IMAP4rev1 IMAP4rev2"},
    {"a command needs a tag", "NOOP\r\n", "BAD"},
    {"an unknown command is told", "a FLY\r\n", "a BAD"},
    {"an empty line asks nothing", "\r\na NOOP\r\n", "a OK"},
    {"a wrong password is refused", "a LOGIN alice@home.test wrong\r\n", "a NO [AUTHENTICATIONFAILED]"},
    {"the third wrong password ends it", "a LOGIN b c\r\na LOGIN b c\r\na LOGIN b c\r\n", "* BYE"},
    {"a name may be a literal", "a LOGIN {15}\r\n|alice@home.test {6}\r\n|secret\r\n", "+ |+ |a OK [CAPABILITY"},
    {"and one that does not wait", "a LOGIN {15+}\r\nalice@home.test {6+}\r\nsecret\r\n", "a OK [CAPABILITY"},
    {"PLAIN in one line", "a AUTHENTICATE PLAIN AGFsaWNlQGhvbWUudGVzdABzZWNyZXQ=\r\n", "a OK"},
    {"PLAIN in two", "a AUTHENTICATE PLAIN\r\n|AGFsaWNlQGhvbWUudGVzdABzZWNyZXQ=\r\n", "+ |a OK"},
    {"PLAIN given up", "a AUTHENTICATE PLAIN\r\n|*\r\nb NOOP\r\n", "+ |a BAD|b OK"},
    {"SCRAM given up", "a AUTHENTICATE SCRAM-SHA-256 biwsbj1hbGljZUBob21lLnRlc3Qscj1hYmNkZWZnaA==\r\n|*\r\nb NOOP\r\n", "+ |a BAD|b OK"},
    {"nothing is selected yet", LOGIN "b FETCH 1 FLAGS\r\n", "b BAD Select"},
    {"SELECT tells what is there", INBOX, "* FLAGS|[PERMANENTFLAGS|* 5 EXISTS|[UNSEEN 1]|[UIDVALIDITY 7]|[UIDNEXT 51]|[HIGHESTMODSEQ|b OK [READ-WRITE]"},
    {"EXAMINE cannot change", LOGIN "b EXAMINE inbox\r\nc STORE 1 FLAGS (\\Seen)\r\n", "b OK [READ-ONLY]|c NO"},
    {"SELECT of nothing", LOGIN "b SELECT Nothing\r\n", "b NO [NONEXISTENT]"},
    {"FETCH of flags", INBOX "c FETCH 2:3 (UID FLAGS)\r\n", "* 2 FETCH (UID 20 FLAGS ())|* 3 FETCH (UID 30|c OK"},
    {"FETCH of all, in parts", INBOX "c FETCH 1:* UID\r\n", "* 1 FETCH|* 2 FETCH|* 3 FETCH|* 4 FETCH|* 5 FETCH|c OK"},
    {"numbers beyond the end", INBOX "c FETCH 9 UID\r\nd UID FETCH 99 FLAGS\r\n", "c BAD|d OK"},
    {"UID FETCH tells UIDs", INBOX "c UID FETCH 30:* FLAGS\r\n", "* 3 FETCH (UID 30 FLAGS|* 5 FETCH|c OK"},
    {"a section longer than a piece", INBOX "c FETCH 1 BODY.PEEK[]\r\n", "* 1 FETCH (BODY[] {29}\r\nSubject: Mail 10\r\n\r\nText 10\r\n)|c OK"},
    {"without PEEK it is read", INBOX "c FETCH 1 BODY[TEXT]\r\n", "BODY[TEXT] {|FLAGS (\\Seen))|c OK"},
    {"of what changed only what is told was read", LOGIN "x ENABLE QRESYNC\r\nb SELECT INBOX\r\nc UID FETCH 1:* (BODY[TEXT]) (CHANGEDSINCE 5)\r\nd FETCH 1:* FLAGS\r\n", "c OK Fetched\r\n* 1 FETCH (FLAGS ())\r\n* 2 FETCH (FLAGS ())\r\n* 3 FETCH (FLAGS ())\r\n* 4 FETCH (FLAGS ())\r\n* 5 FETCH (FLAGS (\\Seen))\r\nd OK"},
    {"and with VANISHED too", LOGIN "x ENABLE QRESYNC\r\nb SELECT INBOX\r\nc STORE 2 +FLAGS.SILENT \\Deleted\r\nd EXPUNGE\r\ne UID FETCH 1:* (BODY[TEXT]) (CHANGEDSINCE 5 VANISHED)\r\nf FETCH 1:* FLAGS\r\n", "d OK|* VANISHED (EARLIER) 20\r\n* 4 FETCH (|MODSEQ (9)|BODY[TEXT] {|FLAGS (\\Seen))\r\ne OK Fetched\r\n* 1 FETCH (FLAGS ())\r\n* 2 FETCH (FLAGS ())\r\n* 3 FETCH (FLAGS ())\r\n* 4 FETCH (FLAGS (\\Seen))\r\nf OK"},
    {"labels name what was asked", INBOX "c FETCH 1 BODY.PEEK[1.2.HEADER.FIELDS (To Cc)]<3.4>\r\n", "BODY[1.2.HEADER.FIELDS (To Cc)]<3> {"},
    {"what is absent is NIL", INBOX "c FETCH 1 BODY.PEEK[9]\r\n", "BODY[9] NIL"},
    {"BODY has no extensions", INBOX "c FETCH 1 (BODY BODYSTRUCTURE)\r\n", "BODY (\"text\" \"plain\" NIL NIL NIL \"7bit\" 9 1) BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" 9 1 NIL"},
    {"FAST", INBOX "c FETCH 1 FAST\r\n", "FLAGS ()|INTERNALDATE \"22-Nov-2026 08:30:00 +0000\"|RFC822.SIZE 30"},
    {"MODSEQ is that of what is returned", INBOX "c SEARCH RETURN (MIN) MODSEQ 1\r\nd SEARCH RETURN (MAX) MODSEQ 1\r\ne SEARCH RETURN (MIN MAX) MODSEQ 1\r\nf SEARCH RETURN (MIN COUNT) MODSEQ 1\r\n", "MIN 2 MODSEQ 3|MAX 4 MODSEQ 5|MIN 2 MAX 4 MODSEQ 5|MIN 2 COUNT 2 MODSEQ 6"},
    {"LIST of nothing below a reference asks for the delimiter", LOGIN "b LIST Work/ \"\"\r\n", "* LIST (\\Noselect) \"/\" \"\"|b OK"},
    {"BINARY of an unknown coding (RFC 3516 4.3)", INBOX "c FETCH 1:3 BINARY.PEEK[8]\r\nd FETCH 2 BINARY[8]\r\ne FETCH 1 BINARY[8]\r\n", "* 1 FETCH (BINARY[8] ~{|* 3 FETCH (BINARY[8] ~{|c NO [UNKNOWN-CTE]|* 2 FETCH (FLAGS (\\Seen))|d NO [UNKNOWN-CTE]|e OK"},
    {"BINARY.SIZE", INBOX "c FETCH 1 BINARY.SIZE[1]\r\n", "BINARY.SIZE[1] 29"},
    {"a broken FETCH", INBOX "c FETCH 1 BODY[\r\nd FETCH 1 (UID\r\ne FETCH x UID\r\n", "c BAD|d BAD|e BAD"},
    {"STORE tells the new flags", INBOX "c STORE 1,3 +FLAGS (\\Seen \\Flagged)\r\n", "* 1 FETCH (FLAGS (\\Seen \\Flagged))|* 3 FETCH|c OK"},
    {"STORE in silence", INBOX "c STORE 1 FLAGS.SILENT \\Deleted\r\n", "c OK"},
    {"UNCHANGEDSINCE", INBOX "c STORE 1:5 (UNCHANGEDSINCE 3) +FLAGS \\Seen\r\n", "* 1 FETCH|* 2 FETCH|c OK [MODIFIED 3:5]"},
    {"EXPUNGE counts down", INBOX "c STORE 2,4 +FLAGS.SILENT \\Deleted\r\nd EXPUNGE\r\n", "* 4 EXPUNGE\r\n* 2 EXPUNGE|d OK"},
    {"EXPUNGE in slices: each number is right when it is said", INBOX "c STORE 1,3,5 +FLAGS.SILENT \\Deleted\r\nd EXPUNGE\r\n", "* 3 EXPUNGE\r\n* 1 EXPUNGE\r\n* 3 EXPUNGE\r\nd OK"},
    {"UID EXPUNGE", INBOX "c STORE 2,4 +FLAGS.SILENT \\Deleted\r\nd UID EXPUNGE 40\r\n", "* 4 EXPUNGE\r\nd OK"},
    {"VANISHED for QRESYNC", LOGIN "x ENABLE QRESYNC\r\nb SELECT INBOX\r\nc STORE 2,4 +FLAGS.SILENT \\Deleted\r\nd EXPUNGE\r\n", "* ENABLED QRESYNC|* VANISHED 20,40|d OK [HIGHESTMODSEQ 8] Gone"},
    {"QRESYNC: what left is told with the sequence it left at", LOGIN "x ENABLE QRESYNC\r\nb SELECT INBOX\r\nc EXPUNGE\r\nd UID MOVE 10,20 Work/Old\r\ne UID MOVE 99 Work/Old\r\nf UID MOVE 30 Work/Old\r\ng APPEND INBOX {1+}\r\nx\r\n", "c OK Gone|* VANISHED 10,20|d OK [HIGHESTMODSEQ 8] Moved|e OK Moved|f OK [HIGHESTMODSEQ 10]|g OK [APPENDUID"},
    {"without QRESYNC nobody asked for it", INBOX "c STORE 2 +FLAGS.SILENT \\Deleted\r\nd EXPUNGE\r\n", "d OK Gone"},
    {"who asks for MODSEQ is told of it from then on", INBOX "c FETCH 1 (MODSEQ)\r\nd STORE 1 +FLAGS (\\Flagged)\r\n", "* 1 FETCH (MODSEQ (2))|c OK|* 1 FETCH (UID 10 FLAGS (\\Flagged) MODSEQ (7))|d OK"},
    {"reading is a change like others", LOGIN "b SELECT INBOX (CONDSTORE)\r\nc FETCH 1 BODY[TEXT]\r\nd FETCH 2 (FLAGS BODY[TEXT])\r\ne FETCH 3 (MODSEQ BODY[TEXT])\r\n", " FLAGS (\\Seen) MODSEQ (7))|c OK|* 2 FETCH (FLAGS (\\Seen) BODY| MODSEQ (8))|d OK|* 3 FETCH (MODSEQ (9) BODY[TEXT]| FLAGS (\\Seen))|e OK"},
    {"COPYUID", INBOX "c COPY 2:4 Work/Old\r\n", "c OK [COPYUID 8 20,30,40 1:3]"},
    {"COPY to nowhere", INBOX "c COPY 2 Nowhere\r\n", "c NO [TRYCREATE]"},
    {"MOVE", INBOX "c MOVE 2:3 Work/Old\r\n", "* OK [COPYUID 8 20,30 1:2]|* 3 EXPUNGE\r\n* 2 EXPUNGE|c OK"},
    {"MOVE to where they are", INBOX "c MOVE 1:3 INBOX\r\nd FETCH 5 UID\r\n", "* OK [COPYUID 7 10,20,30 60,70,80]|* 3 EXPUNGE\r\n* 2 EXPUNGE\r\n* 1 EXPUNGE|* 5 EXISTS\r\n|c OK|* 5 FETCH (UID 80)"},
    {"SEARCH", INBOX "c SEARCH UNSEEN\r\nd UID SEARCH ALL\r\n", "* SEARCH 2 4\r\n|* SEARCH 20 40\r\n"},
    {"ESEARCH", INBOX "c UID SEARCH RETURN (MIN MAX COUNT ALL) TEXT x\r\n", "* ESEARCH (TAG \"c\") UID MIN 20 MAX 40 ALL 20,40 COUNT 2"},
    {"SEARCHRES", INBOX "c SEARCH RETURN (SAVE) ALL\r\nd FETCH $ UID\r\n", "c OK|* 2 FETCH|* 4 FETCH|d OK"},
    {"SEARCHRES, and NO", INBOX "c SEARCH RETURN (SAVE) ALL\r\nd SEARCH RETURN (SAVE) CHARSET LATIN1 ALL\r\ne FETCH $ UID\r\n", "d NO [BADCHARSET (UTF-8)] Search in UTF-8\r\ne OK"},
    {"SEARCHRES, and NO to SORT", INBOX "c SEARCH RETURN (SAVE) ALL\r\nd SORT RETURN (SAVE) (DATE) LATIN1 ALL\r\ne FETCH $ UID\r\n", "d NO [BADCHARSET (UTF-8)] Search in UTF-8\r\ne OK"},
    {"SEARCHRES, and NO to what was not to be saved", INBOX "c SEARCH RETURN (SAVE) ALL\r\nd SEARCH CHARSET LATIN1 ALL\r\ne FETCH $ UID\r\n", "d NO [BADCHARSET (UTF-8)] Search in UTF-8\r\n* 2 FETCH"},
    {"SORT that is saved, in whatever order", INBOX "c SORT RETURN (SAVE) (REVERSE DATE) UTF-8 ALL\r\nd FETCH $ UID\r\ne SORT RETURN (MIN SAVE) (REVERSE DATE) UTF-8 ALL\r\nf FETCH $ UID\r\n", "a OK|c OK Searched\r\n* 2 FETCH (UID 20)\r\n* 4 FETCH (UID 40)\r\nd OK|* ESEARCH (TAG \"e\") MIN 4\r\ne OK Searched\r\n* 4 FETCH (UID 40)\r\nf OK"},
    {"MODSEQ of what is returned first", INBOX "c SORT RETURN (MIN) (REVERSE DATE) UTF-8 MODSEQ 1\r\nd SORT RETURN (MAX) (REVERSE DATE) UTF-8 MODSEQ 1\r\n", "MIN 4 MODSEQ 5|MAX 2 MODSEQ 3"},
    {"THREAD has no RETURN", INBOX "c THREAD RETURN () REFERENCES UTF-8 ALL\r\n", "c BAD"},
    {"a broken SEARCH", INBOX "c SEARCH OR SEEN\r\nd SEARCH (SEEN\r\ne SEARCH BEFORE 31-Jun-2026\r\nf SEARCH FLY\r\n", "c BAD|d BAD|e BAD|f BAD This key"},
    {"another charset", INBOX "c SEARCH CHARSET KOI8-R ALL\r\n", "c NO [BADCHARSET (UTF-8)]"},
    {"LIST", LOGIN "b LIST \"\" *\r\n", "* LIST (\\HasNoChildren \\Subscribed) \"/\" \"INBOX\"|* LIST (\\Noselect \\HasChildren) \"/\" \"Work\"|* LIST (\\HasNoChildren \\Archive) \"/\" \"Work/Old\"|b OK"},
    {"LIST of one level", LOGIN "b LIST \"\" %\r\n", "\"INBOX\"|\"Work\"|b OK"},
    {"LIST asks how levels are parted", LOGIN "b LIST \"\" \"\"\r\n", "(\\Noselect) \"/\" \"\""},
    {"LIST of what is subscribed, with STATUS", LOGIN "b LIST (SUBSCRIBED) \"\" * RETURN (STATUS (MESSAGES UIDNEXT))\r\n", "\"INBOX\"\r\n* STATUS \"INBOX\" (MESSAGES 5 UIDNEXT 51)\r\nb OK"},
    {"LSUB", LOGIN "b LSUB \"\" *\r\n", "* LSUB () \"/\" \"INBOX\"\r\nb OK"},
    {"STATUS", LOGIN "b STATUS INBOX (MESSAGES UIDVALIDITY)\r\n", "* STATUS \"INBOX\" (MESSAGES 5 UIDVALIDITY 7)"},
    {"quota", LOGIN "b GETQUOTAROOT INBOX\r\n", "* QUOTAROOT \"INBOX\" \"\"|* QUOTA \"\" (STORAGE 2 1024)"},
    {"METADATA", LOGIN "b SETMETADATA INBOX (/private/Comment \"mine\" /private/vendor/x/y {3}\r\n|a\"b)\r\nc GETMETADATA INBOX /private/comment\r\nd GETMETADATA (DEPTH infinity) INBOX /private\r\ne GETMETADATA INBOX (MAXSIZE 3) (/private/comment /shared/comment)\r\nf GETMETADATA (DEPTH 1) INBOX (/private/vendor)\r\n",
        "b OK|* METADATA \"INBOX\" (/private/comment \"mine\")\r\nc OK|* METADATA \"INBOX\" (/private/comment \"mine\" /private/vendor/x/y \"a\\\"b\")\r\nd OK|* METADATA \"INBOX\" (/shared/comment NIL)\r\ne OK [METADATA LONGENTRIES 4]|f OK"},
    {"METADATA of the server", LOGIN "b GETMETADATA \"\" (/shared/admin /shared/comment)\r\nc SETMETADATA \"\" (/shared/admin \"me\")\r\n", "* METADATA \"\" (/shared/admin \"mailto:postmaster@home.test\" /shared/comment NIL)|b OK|c NO [NOPERM]"},
    {"METADATA that cannot be", LOGIN "b SETMETADATA INBOX (/private/a//b \"\")\r\nc SETMETADATA INBOX (/else/a \"\")\r\nd SETMETADATA INBOX (/private/a%b \"\")\r\ne GETMETADATA INBOX\r\nf GETMETADATA (DEPTH 7) INBOX /private/a\r\ng SETMETADATA INBOX (/private/1 \"\" /private/2 \"\" /private/3 \"\" /private/4 \"\" /private/5 \"\" /private/6 \"\" /private/7 \"\" /private/8 \"\" /private/9 \"\")\r\n", "b BAD|c BAD|d BAD|e BAD|f BAD|g NO [METADATA TOOMANY]"},
    {"COMPRESS", LOGIN "b COMPRESS DEFLATE\r\n|c COMPRESS DEFLATE\r\nd COMPRESS LZW\r\ne CAPABILITY\r\n", "COMPRESS=DEFLATE|b OK|c NO [COMPRESSIONACTIVE]|d BAD|THREAD=REFERENCES\r\ne OK"},
    {"names are good names", LOGIN "b CREATE \"a//b\"\r\nc CREATE \"a%b\"\r\nd CREATE New/\r\ne DELETE inbox\r\n", "b NO|c NO|d OK|e NO"},
    {"APPEND", LOGIN "b APPEND INBOX (\\Seen) \"22-Nov-2026 08:30:00 +0100\" {11}\r\n|Subject: x\n|\r\n", "+ |b OK [APPENDUID 8 100]"},
    {"APPEND of two", LOGIN "b APPEND INBOX {3+}\r\nabc (\\Seen) {2+}\r\nde\r\nc NOOP\r\n", "b OK [APPENDUID 8 100:101]|c OK"},
    {"APPEND to a name that is a literal", LOGIN "b APPEND {5+}\r\nINBOX {3+}\r\nabc\r\n", "b OK"},
    {"APPEND to nowhere", LOGIN "b APPEND Nowhere {3+}\r\nabc\r\n", "b NO [TRYCREATE]"},
    {"APPEND of too much", LOGIN "b APPEND INBOX {2000000}\r\nc NOOP\r\n", "b NO [TOOBIG]|c OK"},
    {"APPEND of more than there is room for", LOGIN "b APPEND INBOX {1048000}\r\nc NOOP\r\n", "b NO [OVERQUOTA]|c OK"},
    {"APPEND of more together than there is room for", LOGIN "b APPEND INBOX {3+}\r\nabc {1047000}\r\nc NOOP\r\n", "b NO [OVERQUOTA]|c OK"},
    {"APPEND of what there is room for", LOGIN "b APPEND INBOX {3+}\r\nabc {1046000}\r\n", "a OK|+ Go on"},
    {"a message of no octets cancels APPEND", LOGIN "b APPEND INBOX {3+}\r\nabc {0+}\r\n\r\nc APPEND INBOX {0}\r\n|\r\nd APPEND INBOX {0+}\r\n {2+}\r\nde\r\ne APPEND INBOX {1+}\r\nx\r\n", "b NO |c NO |d NO |e OK [APPENDUID 8 100]"},
    {"APPEND of nothing said", LOGIN "b APPEND INBOX\r\n", "b BAD"},
    {"CLOSE tells nothing", INBOX "c STORE 1 +FLAGS.SILENT \\Deleted\r\nd CLOSE\r\ne FETCH 1 UID\r\n", "d OK|e BAD"},
    {"IDLE ends with DONE", INBOX "c IDLE\r\n|DONE\r\n", "+ |c OK"},
    {"ID and NAMESPACE", LOGIN "b ID (\"name\" \"x\")\r\nc NAMESPACE\r\n", "* ID (\"name\" \"Nestbox\"|* NAMESPACE ((\"\" \"/\")) NIL NIL"},
    {"IMAP4rev2 answers in its own way", LOGIN "b ENABLE IMAP4rev2\r\nc SELECT INBOX\r\nd SEARCH ALL\r\n", "* ENABLED IMAP4REV2|* LIST () \"/\" \"INBOX\"|* ESEARCH (TAG \"d\") ALL 2,4"},
    {"QRESYNC", LOGIN "x ENABLE QRESYNC\r\nb SELECT INBOX (QRESYNC (7 4 1:60))\r\n", "* 4 FETCH (UID 40|* 5 FETCH (UID 50|b OK"},
    {"too long a line ends it", "a LOGIN {20000}\r\n", "a NO [TOOBIG]"},
    {"LOGOUT", "a LOGOUT\r\n", "* BYE|a OK"},
  /* clang-format on */
};

static void each_dialogue_is_as_the_rfc_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake fake;

        fake_begin(&fake, true, 5);
        fake_say(&fake, rows[i].said);
        dialogue_check(&rows[i], bytes_slice(&fake.out));
        fake_end(&fake);
    }
}

/* Bytes may be cut anywhere: what is heard is the same. */
static void dialogues_may_arrive_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake fake;
        const char *said = rows[i].said;

        fake_begin(&fake, true, 5);
        for (; *said; said++)
            if (*said != '|')
                fake_feed(&fake, (struct slice){said, 1});
        dialogue_check(&rows[i], bytes_slice(&fake.out));
        fake_end(&fake);
    }
}

static void passwords_want_tls(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, false, 0);
    fake_say(
        &fake,
        "a LOGIN alice@home.test secret\r\n|b STARTTLS\r\n|c LOGIN alice@home.test secret\r\n");
    assert_true(slice_has(bytes_slice(&fake.out), "LOGINDISABLED"));
    assert_true(slice_has(bytes_slice(&fake.out), "a NO [PRIVACYREQUIRED]"));
    assert_true(slice_has(bytes_slice(&fake.out), "c OK"));
    fake_end(&fake);
    fake_begin(&fake, false, 0);
    fake_say(&fake, "b STARTTLS\r\nc LOGIN alice@home.test secret\r\n");
    assert_true(fake.over); /* what rides behind STARTTLS ends it */
    fake_end(&fake);
}

static void a_crowd_of_passwords_is_put_off(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 0);
    fake.login_busy = true;
    fake_say(&fake, LOGIN);
    assert_true(slice_has(bytes_slice(&fake.out), "a NO [UNAVAILABLE]"));
    fake.login_busy = false;
    fake_say(&fake, LOGIN);
    assert_true(slice_has(bytes_slice(&fake.out), "a OK"));
    fake_end(&fake);
}

/* Who has not logged in by then goes, and sooner where many do nothing. */
static void a_crowd_has_less_time_to_log_in(void **state)
{
    struct fake fake;

    (void)state;
    for (int crowded = 0; crowded < 2; crowded++) {
        fake_begin(&fake, true, 0);
        fake.crowded = crowded;
        fake_say(&fake, "a NOOP\r\n");
        int64_t left_ms = fake.wake_at_ms - fake.timer.now_ms;
        assert_in_range(left_ms, crowded ? 10 * SECOND_MS : 50 * SECOND_MS,
                        crowded ? 15 * SECOND_MS : 60 * SECOND_MS);
        fake_say(&fake, LOGIN);
        assert_true(fake.wake_at_ms - fake.timer.now_ms > 29 * 60 * SECOND_MS); /* RFC 9051 5.4 */
        fake_end(&fake);
    }
}

static void an_account_has_so_many_connections(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 0);
    for (int i = 0; i < 100; i++)
        tally_enter(fake.duties.owners, 1);
    fake_say(&fake, LOGIN);
    assert_true(slice_has(bytes_slice(&fake.out), "a NO [LIMIT]"));
    tally_leave(fake.duties.owners, 1);
    fake_say(&fake, LOGIN);
    assert_true(slice_has(bytes_slice(&fake.out), "a OK"));
    fake_end(&fake);
}

/* The nonce is random: the client repeats what the server said. */
static void scram_logs_in(void **state)
{
    struct fake fake;
    scoped_value(bytes) first = {0};
    scoped_value(bytes) said = {0};
    scoped_value(bytes) final = {0};
    scoped_value(bytes) line = {0};

    (void)state;
    fake_begin(&fake, true, 0);
    assert_true(slice_has(bytes_slice(&fake.out), "AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256"));
    bytes_reset(&fake.out);
    base64_add(&first, SLICE("n,,n=alice@home.test,r=abc"));
    bytes_print(&line, "a AUTHENTICATE SCRAM-SHA-256 %s\r\n", first.at);
    fake_feed(&fake, bytes_slice(&line));
    struct slice challenge = slice_trim(slice_from(bytes_slice(&fake.out), 2));
    assert_true(base64_read(challenge, &said));
    struct slice rest = bytes_slice(&said);
    struct slice nonce = slice_cut(&rest, ',');
    bytes_print(&final, "c=biws,%.*s,p=", SLICE_ARGS(nonce));
    base64_add(&final, SLICE("right proof"));
    bytes_reset(&line);
    base64_add(&line, bytes_slice(&final));
    bytes_add_text(&line, "\r\n");
    fake_feed(&fake, bytes_slice(&line));
    fake_feed(&fake, SLICE("\r\n"));
    assert_true(slice_has(bytes_slice(&fake.out), "a OK [CAPABILITY"));
    fake_end(&fake);
}

static void who_waits_is_told_at_once(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 3);
    fake_say(&fake, INBOX "|c IDLE\r\n");
    bytes_reset(&fake.out);
    fake_arrive(&fake);
    assert_string_equal(fake.out.at, "* 4 EXISTS\r\n");
    bytes_reset(&fake.out);
    fake_vanish(&fake, 20);
    assert_string_equal(fake.out.at, "* 2 EXPUNGE\r\n");
    bytes_reset(&fake.out);
    fake_nudge(&fake, NUDGE_CHANGE);
    assert_int_equal(fake.out.len, 0); /* a repeated nudge does no harm */
    fake_nudge(&fake, NUDGE_CLOSING);
    assert_true(slice_has(bytes_slice(&fake.out), "* BYE"));
    fake_end(&fake);
}

static void idle_that_begins_with_news_leaves_nothing_behind(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 3);
    fake_say(&fake, INBOX);
    fake_arrive(&fake);
    bytes_reset(&fake.out);
    fake_say(&fake, "c IDLE\r\n|DONE\r\n|d NOOP\r\n");
    assert_string_equal(fake.out.at,
                        "+ Waiting\r\n* 4 EXISTS\r\nc OK You waited\r\nd OK Nothing done\r\n");
    fake_end(&fake);
}

/* A commit between the look of SELECT and the moment from which its session watches nudges nobody. */
static void what_comes_during_select_is_told_to_who_waits(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 3);
    fake_say(&fake, LOGIN);
    fake.arrives_unheard = true;
    fake_say(&fake, "b SELECT INBOX\r\n");
    assert_false(fake.arrives_unheard);
    assert_true(slice_has(bytes_slice(&fake.out), "* 3 EXISTS\r\n"));
    bytes_reset(&fake.out);
    fake_say(&fake, "c IDLE\r\n");
    assert_string_equal(fake.out.at, "+ Waiting\r\n* 4 EXISTS\r\n");
    fake_end(&fake);
}

/* A look may fail; who waits does not wait for the next arrival to hear of this one. */
static void what_a_failed_look_missed_is_told_soon(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 3);
    fake_say(&fake, INBOX "c IDLE\r\n");
    bytes_reset(&fake.out);
    fake.failing_looks = 2;
    fake_arrive(&fake);
    assert_int_equal(fake.out.len, 0);
    for (int i = 0; i < 2; i++) {
        assert_in_range(fake.wake_at_ms - fake.timer.now_ms, 1, 10 * SECOND_MS);
        fake_nudge(&fake, NUDGE_TIMER);
    }
    assert_string_equal(fake.out.at, "* 4 EXISTS\r\n");
    assert_true(fake.wake_at_ms - fake.timer.now_ms > 60 * SECOND_MS);
    fake_end(&fake);
    fake_begin(&fake, true, 3); /* where nothing is selected nothing is looked for */
    fake_say(&fake, LOGIN "b APPEND INBOX {1+}\r\nx\r\nc IDLE\r\n");
    assert_true(fake.wake_at_ms - fake.timer.now_ms > 60 * SECOND_MS);
    fake_end(&fake);
}

static void nudge_it(void *ctx, int64_t topic)
{
    struct fake *fake = ctx;

    assert_int_equal(topic, fake->watch);
    fake_nudge(fake, NUDGE_CHANGE);
}

static void a_new_password_ends_who_is_logged_in(void **state)
{
    static const char *const before[] = {LOGIN, INBOX, INBOX "c IDLE\r\n", INBOX "c UNSELECT\r\n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(before); i++) {
        struct fake fake;
        fake_begin(&fake, true, 3);
        fake_say(&fake, before[i]);
        bytes_reset(&fake.out);
        roll_end(&fake.roll, 2, nudge_it, &fake); /* somebody else's */
        assert_false(fake.over);
        roll_end(&fake.roll, 1, nudge_it, &fake);
        assert_true(fake.over && slice_starts(bytes_slice(&fake.out), SLICE("* BYE The password")));
        fake_end(&fake);
        assert_null(fake.roll.first);
    }
}

/* Who fetches everything gets no more of it, and reads no BYE as the text of a mail. */
static void a_new_password_cuts_an_answer_short(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 64);
    fake_say(&fake, INBOX);
    bytes_reset(&fake.out);
    fake.dismisses = true;
    fake_say(&fake, "c FETCH 1:* BODY.PEEK[]\r\n");
    assert_true(fake.over && fake.out.len > 0);
    assert_false(slice_has(bytes_slice(&fake.out), "BYE") ||
                 slice_has(bytes_slice(&fake.out), "c OK"));
    fake_end(&fake);
}

/* It was looked at before the change, and comes home behind it. */
static void a_password_proven_before_it_changed_lets_nobody_in(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 3);
    fake.changes_password = true;
    fake_say(&fake, LOGIN);
    assert_true(slice_has(bytes_slice(&fake.out), "a NO [UNAVAILABLE]"));
    bytes_reset(&fake.out);
    fake_say(&fake, LOGIN);
    assert_true(slice_has(bytes_slice(&fake.out), "a OK"));
    fake_end(&fake);
}

/* RFC 9051 6.4.7: a COPY that cannot be finished leaves nothing behind; of a MOVE what was done is told. */
static void a_copy_is_all_or_nothing(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 5);
    fake.copies_left = 2;
    fake_say(&fake, INBOX);
    bytes_reset(&fake.out);
    fake_say(&fake, "c COPY 1:* Work/Old\r\n");
    assert_string_equal(fake.out.at, "c NO [OVERQUOTA] The disk is full\r\n");
    assert_string_equal(fake.taken_out.at, "1:4");
    bytes_reset(&fake.taken_out);
    fake.copies_left = 1;
    bytes_reset(&fake.out);
    fake_say(&fake, "d MOVE 1:* Work/Old\r\n");
    assert_true(slice_starts(bytes_slice(&fake.out),
                             SLICE("* OK [COPYUID 8 10,20 5:6] Moved\r\n* 2 EXPUNGE\r\n* 1 "
                                   "EXPUNGE\r\nd NO [OVERQUOTA]")));
    assert_int_equal(fake.taken_out.len, 0);
    fake_end(&fake);
}

/* RFC 9051 7.5.1: no number may change its meaning while FETCH, STORE or SEARCH is under way. */
/* A thousand commands at once are many turns, with those of others between. */
static void a_flood_of_commands_is_many_turns(void **state)
{
    enum { FLOOD = 1000 };
    scoped_value(bytes) flood = {0};
    struct fake fake;
    size_t turns = 0;

    (void)state;
    fake_begin(&fake, true, 0);
    for (int i = 0; i < FLOOD; i++)
        bytes_add_text(&flood, "a CAPABILITY\r\n");
    for (struct slice rest = bytes_slice(&flood); rest.len > 0; turns++) {
        struct turn turn = {.in = rest, .out = &fake.out};
        size_t before = fake.out.len;
        assert_int_equal(imap_session_kind.read(fake.session, &turn), NEXT_READ);
        assert_true(turn.used > 0 && fake.out.len - before < (size_t)32 * 1024);
        rest = slice_from(rest, turn.used);
    }
    assert_true(turns > FLOOD / 100);
    fake_end(&fake);
}

static void numbers_stay_during_fetch(void **state)
{
    struct fake fake;

    (void)state;
    fake_begin(&fake, true, 3);
    fake_say(&fake, INBOX);
    fake_vanish(&fake, 10);
    bytes_reset(&fake.out);
    fake_say(&fake, "c FETCH 1:3 UID\r\n");
    assert_false(slice_has(bytes_slice(&fake.out), "EXPUNGE"));
    fake_say(&fake, "d NOOP\r\n");
    assert_true(slice_has(bytes_slice(&fake.out), "* 1 EXPUNGE\r\nd OK"));
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_dialogue_is_as_the_rfc_says),
        cmocka_unit_test(dialogues_may_arrive_byte_by_byte),
        cmocka_unit_test(passwords_want_tls),
        cmocka_unit_test(what_a_failed_look_missed_is_told_soon),
        cmocka_unit_test(a_new_password_ends_who_is_logged_in),
        cmocka_unit_test(a_new_password_cuts_an_answer_short),
        cmocka_unit_test(a_password_proven_before_it_changed_lets_nobody_in),
        cmocka_unit_test(what_comes_during_select_is_told_to_who_waits),
        cmocka_unit_test(idle_that_begins_with_news_leaves_nothing_behind),
        cmocka_unit_test(a_crowd_of_passwords_is_put_off),
        cmocka_unit_test(a_crowd_has_less_time_to_log_in),
        cmocka_unit_test(an_account_has_so_many_connections),
        cmocka_unit_test(scram_logs_in),
        cmocka_unit_test(who_waits_is_told_at_once),
        cmocka_unit_test(numbers_stay_during_fetch),
        cmocka_unit_test(a_flood_of_commands_is_many_turns),
        cmocka_unit_test(a_copy_is_all_or_nothing),
    };
    return cmocka_run_group_tests_name("imap session", tests, NULL, NULL);
}
