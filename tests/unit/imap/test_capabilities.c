/* Each capability has a dialogue of its name, and nothing is advertised without one. */
#include "test.h"

#include "dialogue.h"
#include "memory.h"

#define LOGIN "a LOGIN alice@home.test secret\r\n"
#define INBOX LOGIN "|b SELECT INBOX\r\n"

static const struct dialogue rows[] = {
  /* clang-format off */
    {"IMAP4rev1", INBOX "c SEARCH ALL\r\n", "* 0 RECENT|* SEARCH 2 4"},
    {"IMAP4rev2", LOGIN "b ENABLE IMAP4rev2\r\nc SELECT INBOX\r\nd SEARCH ALL\r\n", "* ENABLED IMAP4REV2|* LIST () \"/\" \"INBOX\"|* ESEARCH (TAG \"d\") ALL 2,4"},
    {"ID", "a ID NIL\r\n", "* ID (\"name\" \"Nestbox\"|a OK"},
    {"ENABLE", LOGIN "b ENABLE CONDSTORE X-UNKNOWN\r\n", "* ENABLED CONDSTORE\r\nb OK"},
    {"SASL-IR", "a AUTHENTICATE PLAIN AGFsaWNlQGhvbWUudGVzdABzZWNyZXQ=\r\n", "a OK"},
    {"LITERAL-", "a LOGIN {15+}\r\nalice@home.test {6+}\r\nsecret\r\n", "a OK"},
    {"LITERAL+", LOGIN "b STATUS {5+}\r\nINBOX (MESSAGES)\r\n", "* STATUS|b OK"},
    {"AUTH=PLAIN", "a AUTHENTICATE PLAIN\r\n|AGFsaWNlQGhvbWUudGVzdABzZWNyZXQ=\r\n", "+ |a OK"},
    {"AUTH=SCRAM-SHA-256", "a AUTHENTICATE SCRAM-SHA-256 biwsbj1hbGljZUBob21lLnRlc3Qscj1hYmM=\r\n|*\r\n", "+ cj1hYm|a BAD"},
    {"AUTH=SCRAM-SHA-256-PLUS", "a AUTHENTICATE SCRAM-SHA-256-PLUS cD10bHMtZXhwb3J0ZXIsLG49YWxpY2VAaG9tZS50ZXN0LHI9YWJj\r\n|*\r\n", "+ cj1hYm|a BAD"},
    {"STARTTLS", "a STARTTLS\r\n|" LOGIN, "a OK|a OK [CAPABILITY"},
    {"LOGINDISABLED", LOGIN, "a NO [PRIVACYREQUIRED]"},
    {"IDLE", INBOX "c IDLE\r\n|DONE\r\n", "+ |c OK"},
    {"UIDPLUS", INBOX "c STORE 2,4 +FLAGS.SILENT \\Deleted\r\nd UID EXPUNGE 40\r\ne COPY 1 Work/Old\r\nf APPEND INBOX {3+}\r\nabc\r\n", "* 4 EXPUNGE\r\nd OK|e OK [COPYUID 8 10 1]|f OK [APPENDUID 8 100]"},
    {"MOVE", INBOX "c UID MOVE 20 Work/Old\r\n", "[COPYUID 8 20 1]|* 2 EXPUNGE\r\nc OK"},
    {"CONDSTORE", LOGIN "b SELECT INBOX (CONDSTORE)\r\nc FETCH 1:* (UID) (CHANGEDSINCE 4)\r\nd STORE 1 (UNCHANGEDSINCE 1) +FLAGS \\Seen\r\n", "[HIGHESTMODSEQ 6]|* 4 FETCH (MODSEQ (5) UID 40)|* 5 FETCH|c OK|d OK [MODIFIED 1]"},
    {"QRESYNC", LOGIN "x ENABLE QRESYNC\r\nb SELECT INBOX (QRESYNC (7 4 1:60))\r\nc STORE 2 +FLAGS.SILENT \\Deleted\r\nd EXPUNGE\r\n", "* 4 FETCH (UID 40|* 5 FETCH (UID 50|b OK|* VANISHED 20"},
    {"NAMESPACE", LOGIN "b NAMESPACE\r\n", "* NAMESPACE ((\"\" \"/\")) NIL NIL"},
    {"SPECIAL-USE", LOGIN "b LIST (SPECIAL-USE) \"\" *\r\n", "a OK|Welcome\r\n* LIST (\\HasNoChildren \\Archive) \"/\" \"Work/Old\"\r\nb OK"},
    {"CREATE-SPECIAL-USE", LOGIN "b CREATE Out (USE (\\Sent))\r\nc CREATE In (USE (\\Flying))\r\n", "b OK|c NO [USEATTR]"},
    {"LIST-STATUS", LOGIN "b LIST \"\" INBOX RETURN (STATUS (MESSAGES))\r\n", "* LIST|* STATUS \"INBOX\" (MESSAGES 5)\r\nb OK"},
    {"LIST-EXTENDED", LOGIN "b LIST (SUBSCRIBED) \"\" (INBOX Work/%) RETURN (CHILDREN)\r\n", "* LIST (\\HasNoChildren \\Subscribed) \"/\" \"INBOX\"\r\nb OK"},
    {"CHILDREN", LOGIN "b LIST \"\" %\r\n", "\\HasNoChildren|\\HasChildren) \"/\" \"Work\""},
    {"STATUS=SIZE", LOGIN "b STATUS INBOX (SIZE DELETED)\r\n", "(DELETED 0 SIZE 0)"},
    {"QUOTA", LOGIN "b GETQUOTAROOT INBOX\r\nc GETQUOTA \"\"\r\n", "* QUOTAROOT \"INBOX\" \"\"|b OK|* QUOTA|c OK"},
    {"QUOTA=RES-STORAGE", LOGIN "b GETQUOTA \"\"\r\nc STATUS INBOX (DELETED-STORAGE)\r\n", "* QUOTA \"\" (STORAGE 2 1024)|(DELETED-STORAGE 0)"},
    {"UNSELECT", INBOX "c STORE 1 +FLAGS.SILENT \\Deleted\r\nd UNSELECT\r\ne SELECT INBOX\r\n", "d OK|* 5 EXISTS"},
    {"BINARY", INBOX "c FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1])\r\nd APPEND INBOX ~{3+}\r\nabc\r\n", "BINARY.SIZE[1] 29|BINARY[1] ~{29}|d OK"},
    {"ESEARCH", INBOX "c UID SEARCH RETURN (MIN MAX COUNT) ALL\r\n", "* ESEARCH (TAG \"c\") UID MIN 20 MAX 40 COUNT 2"},
    {"SEARCHRES", INBOX "c SEARCH RETURN (SAVE) ALL\r\nd FETCH $ UID\r\n", "c OK|* 2 FETCH|* 4 FETCH|d OK"},
    {"WITHIN", INBOX "c SEARCH OLDER 60 YOUNGER 100\r\nd SEARCH OLDER x\r\n", "c OK|d BAD"},
    {"APPENDLIMIT=1048576", LOGIN "b APPEND INBOX {1048577}\r\nc STATUS INBOX (APPENDLIMIT)\r\n", "b NO [TOOBIG]|(APPENDLIMIT 1048576)"},
    {"MULTIAPPEND", LOGIN "b APPEND INBOX {3+}\r\nabc (\\Seen) {2+}\r\nde\r\n", "b OK [APPENDUID 8 100:101]"},
    {"METADATA", LOGIN "b SETMETADATA INBOX (/private/comment \"x\")\r\nc GETMETADATA INBOX /private/comment\r\n", "b OK|* METADATA \"INBOX\" (/private/comment \"x\")"},
    {"SORT", INBOX "c SORT (SUBJECT REVERSE DATE) UTF-8 ALL\r\nd UID SORT (REVERSE ARRIVAL) US-ASCII SEEN\r\ne SORT (FLY) UTF-8 ALL\r\nf SORT (DATE) KOI8-R ALL\r\n", "* SORT 2 4\r\nc OK|* SORT 40 20\r\nd OK|e BAD|f NO [BADCHARSET (UTF-8)]"},
    {"ESORT", INBOX "c UID SORT RETURN () (REVERSE DATE) UTF-8 ALL\r\nd SORT RETURN (MIN MAX COUNT ALL) (REVERSE DATE) UTF-8 ALL\r\ne SORT RETURN (ALL) (DATE) UTF-8 ALL\r\nf SORT RETURN (FLY) (DATE) UTF-8 ALL\r\ng SORT RETURN (COUNT)(DATE) UTF-8 ALL\r\nh SORT RETURN (PARTIAL 1:2) (DATE) UTF-8 ALL\r\n", "* ESEARCH (TAG \"c\") UID ALL 40,20\r\nc OK|* ESEARCH (TAG \"d\") MIN 4 MAX 2 ALL 4,2 COUNT 2\r\nd OK|* ESEARCH (TAG \"e\") ALL 2,4\r\ne OK|f BAD|g BAD|h BAD"},
    {"THREAD=REFERENCES", INBOX "c UID THREAD REFERENCES UTF-8 ALL\r\n", "* THREAD (20 (40)(20))(40)\r\nc OK"},
    {"THREAD=ORDEREDSUBJECT", INBOX "c THREAD ORDEREDSUBJECT UTF-8 ALL\r\nd THREAD REFS UTF-8 ALL\r\n", "* THREAD (2 (4)(2))(4)\r\nc OK|d BAD"},
    {"COMPRESS=DEFLATE", LOGIN "b COMPRESS DEFLATE\r\n|c COMPRESS DEFLATE\r\n", "b OK|c NO [COMPRESSIONACTIVE]"},
  /* clang-format on */
};

/* Those that are said before TLS only. */
static bool is_in_clear(const char *name)
{
    return strcmp(name, "STARTTLS") == 0 || strcmp(name, "LOGINDISABLED") == 0;
}

static void each_capability_does_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake fake;

        fake_begin(&fake, !is_in_clear(rows[i].name), 5);
        fake_say(&fake, rows[i].said);
        dialogue_check(&rows[i], bytes_slice(&fake.out));
        fake_end(&fake);
    }
}

static void gather(const char *said, bool secured, struct bytes *out)
{
    struct fake fake;

    fake_begin(&fake, secured, 0);
    fake_say(&fake, said);
    struct slice rest = slice_from(
        bytes_slice(&fake.out), slice_find_text(bytes_slice(&fake.out), SLICE("\n* CAPABILITY ")));
    rest = slice_from(rest, sizeof "\n* CAPABILITY " - 1);
    bytes_add_char(out, ' ');
    bytes_add(out, slice_line(&rest));
    fake_end(&fake);
}

static bool has_row(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (slice_is(name, rows[i].name))
            return true;
    return false;
}

static void what_is_advertised_is_what_is_tested(void **state)
{
    scoped_value(bytes) said = {0};

    (void)state;
    gather("a CAPABILITY\r\n", false, &said);
    gather("a CAPABILITY\r\n", true, &said);
    gather(LOGIN "b CAPABILITY\r\n", true, &said);
    bytes_add_char(&said, ' ');
    struct slice rest = slice_trim(bytes_slice(&said));
    while (rest.at && rest.len > 0) {
        struct slice word = slice_cut(&rest, ' ');
        if (word.len > 0 && !has_row(word))
            fail_msg("%.*s is advertised and has no dialogue", SLICE_ARGS(word));
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *word = must_print(" %s ", rows[i].name);
        if (!slice_has(bytes_slice(&said), word))
            fail_msg("%s has a dialogue and is not advertised", rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_capability_does_what_it_says),
        cmocka_unit_test(what_is_advertised_is_what_is_tested),
    };
    return cmocka_run_group_tests_name("imap capabilities", tests, NULL, NULL);
}
