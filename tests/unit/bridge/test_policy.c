/* Rows P1 to P15 of behaviour.md 3: which decides, and in which words. */
#include "policy_post.h"
#include "test.h"

static const struct post_question fine = {
    /* a mail that may be posted; each row spoils one thing */
    .proof = PROOF_GOOD, .author = "alice@example.org",     .publishing_words = 1,
    .word = WORD_PUBLIC, .word_text = "public@example.org", .visible = true,
    .read = true,
};

static void unproven(struct post_question *q)
{
    q->proof = PROOF_NONE;
}
static void stale(struct post_question *q)
{
    q->proof = PROOF_STALE;
    q->signed_ago_ms = 3 * (int64_t)24 * 3600 * 1000;
}
static void stale_by_hours(struct post_question *q)
{
    q->proof = PROOF_STALE;
    q->signed_ago_ms = 30 * (int64_t)3600 * 1000;
}
static void from_the_future(struct post_question *q)
{
    q->proof = PROOF_STALE;
    q->signed_ago_ms = -2 * (int64_t)3600 * 1000;
}
static void other_domain(struct post_question *q)
{
    q->own_word = "public@example.org";
}
static void automatic(struct post_question *q)
{
    q->automatic = true;
}
static void two_words(struct post_question *q)
{
    q->publishing_words = 2;
}
static void beside_carol(struct post_question *q)
{
    q->mailbox = "carol@mail.example";
}
static void unlisted_beside_carol(struct post_question *q)
{
    q->mailbox = "carol@mail.example";
    q->word = WORD_UNLISTED;
    q->word_text = "unlisted@example.org";
}
static void followers_beside_carol(struct post_question *q)
{
    q->mailbox = "carol@mail.example";
    q->word = WORD_FOLLOWERS;
    q->word_text = "followers@example.org";
}
static void in_bcc(struct post_question *q)
{
    q->visible = false;
}
static void in_bcc_beside_carol(struct post_question *q)
{
    q->visible = false;
    q->mailbox = "carol@mail.example";
}
static void person_in_bcc(struct post_question *q)
{
    q->hidden_person = "bob=social.example@example.org";
}
static void group(struct post_question *q)
{
    q->group_chat = true;
}
static void answers_private(struct post_question *q)
{
    q->parent = PARENT_CLOSED;
}
static void answers_followers(struct post_question *q)
{
    q->parent = PARENT_OWN_FOLLOWERS;
}
static void followers_answer_followers(struct post_question *q)
{
    q->parent = PARENT_OWN_FOLLOWERS;
    q->word = WORD_FOLLOWERS;
}
static void followers_answer_private(struct post_question *q)
{
    q->parent = PARENT_CLOSED;
    q->word = WORD_FOLLOWERS;
}
static void answers_open(struct post_question *q)
{
    q->parent = PARENT_OPEN;
}
static void forwarded(struct post_question *q)
{
    q->forwarded = true;
}
static void confidential(struct post_question *q)
{
    q->confidential = true;
}
static void forwarded_and_confidential(struct post_question *q)
{
    q->forwarded = q->confidential = true;
}
static void encrypted(struct post_question *q)
{
    q->encrypted = true;
}
static void ambiguous(struct post_question *q)
{
    q->ambiguous = true;
}
static void report(struct post_question *q)
{
    q->pictures = PICTURES_UNFIT_FILE;
    strcpy(q->picture_name, "report.pdf");
}
static void five_pictures(struct post_question *q)
{
    q->pictures = PICTURES_TOO_MANY;
    q->picture_count = 5;
}
static void huge_picture(struct post_question *q)
{
    q->pictures = PICTURES_TOO_LARGE;
    strcpy(q->picture_name, "harbour.jpg");
}
static void odd_name(struct post_question *q)
{
    q->pictures = PICTURES_UNFIT_FILE;
    strcpy(q->picture_name, "r\xc3\xa9sum\xc3\xa9\r\n250 Taken.pdf");
}
static void empty(struct post_question *q)
{
    q->empty = true;
}
static void too_long(struct post_question *q)
{
    q->too_long = true;
}
static void thirty_posts(struct post_question *q)
{
    q->posts_last_hour = 30;
    q->next_post_ms = 20 * 60 * 1000 - 100;
}
static void twenty_nine_posts(struct post_question *q)
{
    q->posts_last_hour = 29;
}
static void eleven_mentions(struct post_question *q)
{
    q->mentions = 11;
}
static void ten_mentions(struct post_question *q)
{
    q->mentions = 10;
}
static void many_strangers(struct post_question *q)
{
    q->first_directs_today = 21;
    q->next_first_direct_ms = 5 * (int64_t)3600 * 1000;
}
static void seen(struct post_question *q)
{
    q->seen = true;
}
static void seen_and_full(struct post_question *q)
{
    q->seen = true;
    thirty_posts(q);
}
static void header_alone(struct post_question *q)
{
    q->read = false;
    q->confidential = q->forwarded = q->empty = q->too_long = true;
}
static void nothing(struct post_question *q)
{
    (void)q;
}

static const char p1[] =
    "Not posted: this could not be proven to come from alice@example.org. Send it through your "
    "account (submission, with password) or sign it with your OpenPGP key.";
static const char p2[] = "Not posted: automatic mail is never published.";
static const char p5[] = "Nothing was sent: a public address must stand in To or Cc, not in Bcc.";
static const char p7[] =
    "Not posted: this answers a mail that is not public. Start a new mail to post it.";
static const char p8[] = "Not posted: this looks like a forwarded mail, and forwarded words are "
                         "never published. Copy what you mean into a new mail.";
#define TAKEN_PICTURES "A post takes up to 4 pictures (JPEG, PNG, GIF, WebP)."

static const struct {
    const char *name;
    void (*spoil)(struct post_question *q);
    enum post_row row;
    enum verdict verdict;
    const char *words;
} rows[] = {
    {"a good mail is posted",                          nothing,                    ROW_NONE, VERDICT_TAKEN,       "Taken"        },
    {"P1 an author without proof",                     unproven,                   ROW_P1,   VERDICT_NOT_ALLOWED, p1             },
    {"P1 a signature of three days ago",               stale,                      ROW_P1,   VERDICT_NOT_ALLOWED,
     "Not posted: signed 3 days ago; a signature is good for 24 hours. Sign and send again."                                     },
    {"P1 a signature of yesterday",                    stale_by_hours,             ROW_P1,   VERDICT_NOT_ALLOWED,
     "Not posted: signed 30 hours ago; a signature is good for 24 hours. Sign and send again."                                   },
    {"P1 a signature from tomorrow",                   from_the_future,            ROW_P1,   VERDICT_NOT_ALLOWED,
     "Not posted: signed 2 hours ahead of our clock. Set your clock, sign and send again."                                       },
    {"P1 the word of another domain",                  other_domain,               ROW_P1,   VERDICT_NOT_ALLOWED,
     "Not posted: you write as alice@example.org, so use public@example.org."                                                    },
    {"P2 a robot",                                     automatic,                  ROW_P2,   VERDICT_NOT_ALLOWED, p2             },
    {"P3 two publishing words",                        two_words,                  ROW_P3,   VERDICT_NOT_ALLOWED,
     "Nothing was sent: choose one of public@, unlisted@, followers@."                                                           },
    {"P4 a word beside a mailbox",                     beside_carol,               ROW_P4,   VERDICT_NOT_ALLOWED,
     "Nothing was sent: public@example.org is public and carol@mail.example is a person. Send two "
     "mails."                                                                                                                    },
    {"P4 unlisted is public too",                      unlisted_beside_carol,      ROW_P4,   VERDICT_NOT_ALLOWED,
     "Nothing was sent: unlisted@example.org is public and carol@mail.example is a person. Send "
     "two mails."                                                                                                                },
    {"P4 followers are not everybody",                 followers_beside_carol,     ROW_P4,   VERDICT_NOT_ALLOWED,
     "Nothing was sent: followers@example.org is for your followers and carol@mail.example is a "
     "person. Send two mails."                                                                                                   },
    {"P5 a word in Bcc",                               in_bcc,                     ROW_P5,   VERDICT_NOT_ALLOWED, p5             },
    {"P5 a word in Bcc beside a mailbox",              in_bcc_beside_carol,        ROW_P5,   VERDICT_NOT_ALLOWED, p5             },
    {"P5 a person in Bcc would be named",              person_in_bcc,              ROW_P5,   VERDICT_NOT_ALLOWED,
     "Nothing was sent: bob=social.example@example.org stands in Bcc, and a post would name that "
     "person. Use To or Cc, or send two mails."                                                                                  },
    {"P6 a group chat",                                group,                      ROW_P6,   VERDICT_NOT_ALLOWED,
     "Not posted: a group chat cannot contain a public address. Write in the chat \"PUBLIC post\" "
     "instead."                                                                                                                  },
    {"P7 a private mail answered",                     answers_private,            ROW_P7,   VERDICT_NOT_ALLOWED, p7             },
    {"P7 followers-only answered in public",           answers_followers,          ROW_P7,   VERDICT_NOT_ALLOWED, p7             },
    {"followers@ may answer followers-only",           followers_answer_followers, ROW_NONE, VERDICT_TAKEN,
     "Taken"                                                                                                                     },
    {"P7 followers@ may not answer private mail",      followers_answer_private,   ROW_P7,
     VERDICT_NOT_ALLOWED,                                                                                         p7             },
    {"a public post may be answered",                  answers_open,               ROW_NONE, VERDICT_TAKEN,       "Taken"        },
    {"P8 a forwarded mail",                            forwarded,                  ROW_P8,   VERDICT_NOT_ALLOWED, p8             },
    {"P8 stands before P9",                            forwarded_and_confidential, ROW_P8,   VERDICT_NOT_ALLOWED, p8             },
    {"P9 a confidential mail",                         confidential,               ROW_P9,   VERDICT_NOT_ALLOWED,
     "Not posted: your mail program marked this as confidential."                                                                },
    {"P10 an encrypted mail",                          encrypted,                  ROW_P10,  VERDICT_UNFIT,
     "Not posted: this mail is encrypted in a way the server cannot open."                                                       },
    {"P10 a mail that says two things",                ambiguous,                  ROW_P10,  VERDICT_UNFIT,
     "Not posted: this mail says twice what it consists of (Content-Type), so programs read it "
     "differently. Send it with another program."                                                                                },
    {"P11 a file that is no picture",                  report,                     ROW_P11,  VERDICT_UNFIT,
     "Not posted: report.pdf is not a picture. " TAKEN_PICTURES                                                                  },
    {"P11 five pictures",                              five_pictures,              ROW_P11,  VERDICT_UNFIT,
     "Not posted: 5 pictures are too many. " TAKEN_PICTURES                                                                      },
    {"P11 a picture over 16 MiB",                      huge_picture,               ROW_P11,  VERDICT_UNFIT,
     "Not posted: harbour.jpg has more than 16 MiB. " TAKEN_PICTURES                                                             },
    {"P11 a name cannot add a line to the reply",      odd_name,                   ROW_P11,  VERDICT_UNFIT,
     "Not posted: r??sum????250 Taken.pdf is not a picture. " TAKEN_PICTURES                                                     },
    {"P12 nothing to say",                             empty,                      ROW_P12,  VERDICT_UNFIT,
     "Not posted: no text and no picture were left after removing quotes and signature."                                         },
    {"P13 a book",                                     too_long,                   ROW_P13,  VERDICT_TOO_LONG,
     "Not posted: the text is longer than 256 KiB."                                                                              },
    {"P14 thirty posts an hour",                       thirty_posts,               ROW_P14,  VERDICT_LATER,
     "Not posted yet: 30 posts an hour is the limit. Try again in 20 minutes."                                                   },
    {"the thirtieth post goes",                        twenty_nine_posts,          ROW_NONE, VERDICT_TAKEN,       "Taken"        },
    {"P14 eleven people named",                        eleven_mentions,            ROW_P14,  VERDICT_LATER,
     "Not posted yet: 10 mentions a post is the limit. Name fewer people."                                                       },
    {"ten people may be named",                        ten_mentions,               ROW_NONE, VERDICT_TAKEN,       "Taken"        },
    {"P14 one stranger too many",                      many_strangers,             ROW_P14,  VERDICT_LATER,
     "Not posted yet: 20 first messages a day is the limit. Try again in 5 hours."                                               },
    {"P15 seen before",                                seen,                       ROW_P15,  VERDICT_TAKEN,       "Taken already"},
    {"P14 stands before P15",                          seen_and_full,              ROW_P14,  VERDICT_LATER,
     "Not posted yet: 30 posts an hour is the limit. Try again in 20 minutes."                                                   },
    {"before the body is read its rows do not decide", header_alone,               ROW_NONE, VERDICT_TAKEN,
     "Taken"                                                                                                                     },
};

static void test_posts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct post_question q = fine;
        struct answer answer = {0};
        rows[i].spoil(&q);
        enum post_row row = policy_post(&q, &answer);
        if (row != rows[i].row || answer.verdict != rows[i].verdict ||
            strcmp(answer.words, rows[i].words) != 0)
            fail_msg("%s: row %d, verdict %d, words: %s", rows[i].name, (int)row,
                     (int)answer.verdict, answer.words);
    }
}

static bool decides_alone(size_t i)
{
    struct post_question q = fine;

    rows[i].spoil(&q);
    return rows[i].row != ROW_NONE && q.word == WORD_PUBLIC;
}

/* The earlier of two rows decides, whichever two they are; but a word in Bcc is P5 even beside a mailbox. */
static void test_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t j = 0; j < sizeof rows / sizeof *rows; j++) {
            struct post_question q = fine;
            struct answer answer;
            if (!decides_alone(i) || !decides_alone(j))
                continue;
            rows[i].spoil(&q);
            rows[j].spoil(&q);
            enum post_row first = rows[i].row < rows[j].row ? rows[i].row : rows[j].row;
            enum post_row row = policy_post(&q, &answer);
            if (row != first && !(first == ROW_P4 && row == ROW_P5 && !q.visible))
                fail_msg("%s, and %s: row %d", rows[i].name, rows[j].name, (int)row);
        }
}

static void test_direct_messages(void **state)
{
    static const struct {
        const char *name;
        void (*spoil)(struct post_question *q);
        enum post_row row;
    } direct[] = {
        {"a direct message needs proof",           unproven,        ROW_P1  },
        {"no robot writes one",                    automatic,       ROW_P2  },
        {"it may answer anything",                 answers_private, ROW_NONE},
        {"it may be marked confidential",          confidential,    ROW_NONE},
        {"it may carry forwarded words",           forwarded,       ROW_NONE},
        {"it may stand beside a mailbox",          beside_carol,    ROW_NONE},
        {"it cannot be opened if it is encrypted", encrypted,       ROW_P10 },
        {"it takes pictures alone",                report,          ROW_P11 },
        {"it says something",                      empty,           ROW_P12 },
        {"it has an end",                          too_long,        ROW_P13 },
        {"not too many strangers a day",           many_strangers,  ROW_P14 },
        {"twice is once",                          seen,            ROW_P15 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof direct / sizeof *direct; i++) {
        struct post_question q = fine;
        struct answer answer;
        direct[i].spoil(&q);
        if (policy_direct(&q, &answer) != direct[i].row)
            fail_msg("%s: %s", direct[i].name, answer.words);
    }
}

static void test_commands(void **state)
{
    struct post_question q = fine;
    struct answer answer;

    (void)state;
    assert_int_equal(policy_command(&q, &answer), ROW_NONE);
    q.empty = true;
    assert_int_equal(policy_command(&q, &answer), ROW_NONE);
    q.automatic = true;
    assert_int_equal(policy_command(&q, &answer), ROW_P2);
    assert_string_equal(answer.words, p2);
    q.proof = PROOF_NONE;
    assert_int_equal(policy_command(&q, &answer), ROW_P1);
}

static void test_answers_are_one_ascii_line(void **state)
{
    struct answer answer;
    char long_words[600];

    (void)state;
    memset(long_words, 'x', sizeof long_words - 1);
    long_words[sizeof long_words - 1] = 0;
    answer_set(&answer, VERDICT_UNFIT, "%s", long_words);
    assert_int_equal(strlen(answer.words), 400);
    answer_set(&answer, VERDICT_UNFIT, "a\r\nb\t\x7f\xff");
    assert_string_equal(answer.words, "a??b???");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_posts),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_direct_messages),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_answers_are_one_ascii_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
