/* The judge's life: dying, hanging, lying, leaving, and what it inherits. */
#include "fixtures.h"
#include "memory.h"
#include "pgp_private.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct err err;

static int start(void **state)
{
    (void)state;
    fixtures_make();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fixtures_remove();
    return 0;
}

static bool asked(struct pgp *pgp, enum pgp_judgement *out)
{
    struct slice certificate = fixture("alice@example.org.asc");
    struct pgp_verdict verdict = {0};
    scoped(source) what = source_of_slice(fixture("text"));

    bool good = pgp_verify(pgp, &certificate, 1, what, fixture("good.sig"), &verdict, &err);
    *out = verdict.judgement;
    return good;
}

static void assert_judges(struct pgp *pgp)
{
    enum pgp_judgement judgement;

    if (!asked(pgp, &judgement))
        fail_msg("%s", err.cause);
    assert_int_equal(judgement, PGP_GOOD);
}

static void assert_no_child(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void nothing_starts_before_it_is_needed(void **state)
{
    struct judge_argv argv = judge_like("judge", NULL);

    (void)state;
    pgp_free(pgp_new(argv.each));
    assert_no_child();
}

static void one_judge_serves_many_and_tidies_up(void **state)
{
    struct judge_argv argv = judge_like("judge", NULL);
    struct pgp *pgp = pgp_new(argv.each);

    (void)state;
    assert_judges(pgp);
    pid_t first = pgp->judges.pid;
    assert_judges(pgp);
    assert_int_equal(pgp->judges.pid, first);
    assert_int_equal(fixtures_homes(), 1);
    pgp_free(pgp);
    assert_int_equal(fixtures_homes(), 0);
    assert_no_child();
}

static void a_killed_judge_is_replaced(void **state)
{
    struct judge_argv argv = judge_like("judge", NULL);
    struct pgp *pgp = pgp_new(argv.each);
    siginfo_t seen;

    (void)state;
    assert_judges(pgp);
    pid_t first = pgp->judges.pid;
    assert_int_equal(kill(first, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)first, &seen, WEXITED | WNOWAIT), 0);
    assert_judges(pgp);
    assert_int_not_equal(pgp->judges.pid, first);
    pgp_free(pgp);
    assert_no_child();
}

static void misbehaving_judges_are_temporary_trouble(void **state)
{
    static const struct {
        const char *name, *kind, *cause;
    } rows[] = {
        {"one that dies at once",               "dies",       "died"    },
        {"one that dies amid a request",        "dies-later", "died"    },
        {"one that hangs",                      "hangs",      "too slow"},
        {"one that will not go",                "stays",      "too slow"},
        {"one that talks nonsense",             "babbles",    "nonsense"},
        {"one that answers what was not asked", "lies",       "nonsense"},
    };
    enum pgp_judgement judgement;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct judge_argv argv = judge_like(rows[i].kind, NULL);
        struct pgp *pgp = pgp_new(argv.each);
        if (strcmp(rows[i].cause, "too slow") == 0) /* else a crowded machine is taken for it */
            pgp->judges.deadline_ms = 300;
        if (asked(pgp, &judgement) || !strstr(err.cause, rows[i].cause))
            fail_msg("%s: %s", rows[i].name, err.cause);
        assert_int_equal(err.kind, ERR_TEMPORARY);
        assert_int_equal(pgp->judges.pid, 0);
        assert_no_child();
        pgp_free(pgp);
    }
}

static void a_judge_that_cannot_start_is_temporary_trouble(void **state)
{
    static const char *const nowhere[] = {"/nonexistent/judge", NULL};
    struct pgp *pgp = pgp_new(nowhere);
    enum pgp_judgement judgement;

    (void)state;
    assert_false(asked(pgp, &judgement));
    assert_int_equal(err.kind, ERR_TEMPORARY);
    assert_non_null(strstr(err.cause, "starting the judge"));
    pgp_free(pgp);
}

static void a_judge_without_a_place_says_so(void **state)
{
    struct judge_argv argv = judge_like("homeless", NULL);
    struct pgp *pgp = pgp_new(argv.each);
    enum pgp_judgement judgement;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_false(asked(pgp, &judgement));
        assert_int_equal(err.kind, ERR_TEMPORARY);
        assert_non_null(strstr(err.cause, "gpg.conf"));
    }
    pgp_free(pgp);
    assert_no_child();
}

static void one_that_leaves_in_order_is_no_trouble(void **state)
{
    scoped_text char *mark = must_print("%s/left", getenv("TMPDIR"));
    struct judge_argv argv = judge_like("leaves-once", mark);
    struct pgp *pgp = pgp_new(argv.each);

    (void)state;
    assert_judges(pgp);
    assert_int_equal(access(mark, F_OK), 0);
    pgp_free(pgp);
}

static void it_inherits_only_its_socket_and_no_mask(void **state)
{
    struct judge_argv argv = judge_like("looks-around", NULL);
    struct pgp *pgp = pgp_new(argv.each);
    sigset_t all;
    sigset_t before;
    int leaked = fcntl(STDERR_FILENO, F_DUPFD, 40);

    (void)state;
    assert_true(leaked >= 40);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    setenv("NESTBOX_TEST_SECRET", "x", 1);
    assert_judges(pgp);
    unsetenv("NESTBOX_TEST_SECRET");
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(leaked);
    pgp_free(pgp);
}

static bool read_badly(struct source *source, int64_t offset, char *into, size_t capacity,
                       size_t *out_len, struct err *why)
{
    (void)source;
    if (offset > 100000)
        return err_set(why, ERR_FULL, "The disk hums");
    memset(into, 'x', capacity);
    *out_len = capacity;
    return true;
}

static void a_source_that_fails_is_told_and_forgotten(void **state)
{
    static const struct source_kind bad_kind = {read_badly, NULL};
    struct source bad = {&bad_kind, 200000};
    struct slice certificate = fixture("alice@example.org.asc");
    struct judge_argv argv = judge_like("judge", NULL);
    struct pgp *pgp = pgp_new(argv.each);
    struct pgp_verdict verdict;
    int homes = fixtures_homes(); /* of judges that were killed */

    (void)state;
    assert_false(pgp_verify(pgp, &certificate, 1, &bad, fixture("good.sig"), &verdict, &err));
    assert_int_equal(err.kind, ERR_FULL);
    assert_text(err.said, "The disk hums");
    assert_judges(pgp);
    pgp_free(pgp);
    assert_int_equal(fixtures_homes(), homes);
}

/* --- the judges --------------------------------------------------------------------------------- */

static int hang(void)
{
    while (pause() < 0) /* it never returns anything else */
        continue;
    return 0;
}

static int stay(void)
{
    signal(SIGTERM, SIG_IGN);
    return hang();
}

static int babble(void)
{
    return write(3, "Good evening", 12) == 12 ? hang() : 1;
}

static int lie(void)
{
    scoped_value(bytes) out = {0};
    struct judge_answer answer = {.ok = true, .verdict = {.judgement = PGP_GOOD}};

    judge_answer_add(&out, FRAME_VERIFY, &answer); /* good, and by nobody */
    return write(3, out.at, out.len) == (ssize_t)out.len ? hang() : 1;
}

static int die_later(void)
{
    char octet;

    return read(3, &octet, 1) == 1 ? 7 : 8;
}

static int look_around(void)
{
    sigset_t blocked;

    for (int fd = 4; fd < 256; fd++)
        if (fcntl(fd, F_GETFD) != -1)
            return 1;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    if (sigismember(&blocked, SIGTERM) || getenv("NESTBOX_TEST_SECRET"))
        return 1;
    return pgp_judge_main();
}

static int be_homeless(void)
{
    char path[] = "/tmp/nestbox-homeless-XXXXXX";

    /* No file can be made below a folder that has none to give. */
    if (!mkdtemp(path))
        return 1;
    setenv("TMPDIR", path, 1);
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_FSIZE, &none);
    signal(SIGXFSZ, SIG_IGN);
    int result = pgp_judge_main();
    rmdir(path);
    return result;
}

static int leave_once(const char *mark)
{
    if (access(mark, F_OK) == 0)
        return pgp_judge_main();
    close(open(mark, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    return 0;
}

static int be_a_judge(const char *kind, const char *more)
{
    if (strcmp(kind, "leaves-once") == 0)
        return leave_once(more);
    static const struct {
        const char *kind;
        int (*live)(void);
    } judges[] = {
        {"judge",        pgp_judge_main},
        {"hangs",        hang          },
        {"stays",        stay          },
        {"babbles",      babble        },
        {"lies",         lie           },
        {"dies-later",   die_later     },
        {"looks-around", look_around   },
        {"homeless",     be_homeless   },
    };
    for (size_t i = 0; i < COUNT_OF(judges); i++)
        if (strcmp(kind, judges[i].kind) == 0)
            return judges[i].live();
    return 9; /* "dies" */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_starts_before_it_is_needed),
        cmocka_unit_test(one_judge_serves_many_and_tidies_up),
        cmocka_unit_test(a_killed_judge_is_replaced),
        cmocka_unit_test(misbehaving_judges_are_temporary_trouble),
        cmocka_unit_test(a_judge_that_cannot_start_is_temporary_trouble),
        cmocka_unit_test(a_judge_without_a_place_says_so),
        cmocka_unit_test(one_that_leaves_in_order_is_no_trouble),
        cmocka_unit_test(it_inherits_only_its_socket_and_no_mask),
        cmocka_unit_test(a_source_that_fails_is_told_and_forgotten),
    };
    if (argc >= 2)
        return be_a_judge(argv[1], argc > 2 ? argv[2] : "");
    return cmocka_run_group_tests(tests, start, stop);
}
