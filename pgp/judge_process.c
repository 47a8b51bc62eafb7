/*
 * The server's side of the judge.  A request that finds the judge leaving because it was idle is asked once
 * more of a new one; every other death is ERR_TEMPORARY.
 */
#include "clock.h"
#include "memory.h"
#include "pgp_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JUDGE_FD = 3, PIECE = 16 * 1024, FAREWELL_MS = 2 * SECOND_MS };

static const char said[] = "Signatures cannot be checked at the moment";

void judge_init(struct judge *judge, const char *const *argv)
{
    enum { REQUEST_MS = 30 * SECOND_MS };

    *judge = (struct judge){.argv = argv, .deadline_ms = REQUEST_MS, .wire = {.fd = -1}};
    pthread_mutex_init(&judge->lock, NULL);
}

void judge_clear(struct judge *judge)
{
    judge_end(judge);
    pthread_mutex_destroy(&judge->lock);
}

/* --- starting ----------------------------------------------------------------------------------- */

/* What the judge is told of our environment: where it may write, and what sanitizers and coverage need. */
static const char *const handed_on[] = {
    "PATH=",         "TMPDIR=",       "XDG_RUNTIME_DIR=", "ASAN_OPTIONS=",
    "LSAN_OPTIONS=", "TSAN_OPTIONS=", "UBSAN_OPTIONS=",   "LLVM_PROFILE_FILE=",
};

static bool is_handed_on(const char *variable)
{
    for (size_t i = 0; i < COUNT_OF(handed_on); i++)
        if (strncmp(variable, handed_on[i], strlen(handed_on[i])) == 0)
            return true;
    return false;
}

/* The texts stay the environment's; `out` has room for all of them. */
static void choose_environment(char *out[COUNT_OF(handed_on) + 2])
{
    static char locale[] = "LC_ALL=C.UTF-8";
    size_t count = 0;

    out[count++] = locale;
    for (char **each = environ; *each && count <= COUNT_OF(handed_on); each++)
        if (is_handed_on(*each))
            out[count++] = *each;
    out[count] = NULL;
}

static void prepare_spawn(posix_spawn_file_actions_t *files, posix_spawnattr_t *how, int fd)
{
    sigset_t all;
    sigset_t none;

    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(files);
    posix_spawn_file_actions_adddup2(files, fd, JUDGE_FD);
    posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(files, JUDGE_FD + 1);
    posix_spawnattr_init(how);
    posix_spawnattr_setflags(how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                      POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(how, 0); /* its own group: GnuPG can be ended with it */
    posix_spawnattr_setsigmask(how, &none);
    posix_spawnattr_setsigdefault(how, &all);
}

static int spawn(struct judge *judge, int fd)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    char *environment[COUNT_OF(handed_on) + 2];
    char *const *argv = NULL;

    memcpy(&argv, &judge->argv, sizeof argv); /* posix_spawn takes no const, and reads only */
    choose_environment(environment);
    prepare_spawn(&files, &how, fd);
    int failed = posix_spawn(&judge->pid, argv[0], &files, &how, argv, environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    if (failed)
        judge->pid = 0;
    return failed;
}

/* It died or left while nobody asked: its socket is closed, and holds nothing to read. */
static bool has_gone(const struct judge *judge)
{
    char octet;

    ssize_t count = recv(judge->wire.fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

bool judge_start(struct judge *judge, struct err *err)
{
    int pair[2];

    if (judge->pid && has_gone(judge))
        judge_end(judge);
    if (judge->pid)
        return true;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return err_system(err, said, "making a socket pair for the judge");
    int failed = spawn(judge, pair[1]);
    close(pair[1]);
    if (failed) {
        close(pair[0]);
        errno = failed;
        return err_system(err, said, "starting the judge");
    }
    judge->wire = (struct wire){.fd = pair[0]};
    return true;
}

/* --- ending ------------------------------------------------------------------------------------- */

/* The socket closes when the judge has gone. */
static void wait_for_leaving(struct judge *judge)
{
    int64_t deadline_ms = monotonic_ms() + FAREWELL_MS;
    struct frame frame;

    while (wire_next(&judge->wire, deadline_ms, &frame) == WIRE_DONE)
        ; /* a late answer nobody waits for */
}

bool judge_end(struct judge *judge)
{
    int status = 0;

    if (!judge->pid)
        return true;
    shutdown(judge->wire.fd, SHUT_WR);
    kill(-judge->pid, SIGTERM);
    wait_for_leaving(judge);
    kill(-judge->pid, SIGKILL);
    while (waitpid(judge->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(judge->wire.fd);
    bytes_clear(&judge->wire.in);
    judge->wire = (struct wire){.fd = -1};
    judge->pid = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* --- asking ------------------------------------------------------------------------------------- */

enum asked { ASKED_DONE, ASKED_JUDGE_LEFT, ASKED_FAILED };

static enum asked failed_at(enum wire_step step, struct err *err)
{
    static const char *const causes[] = {
        [WIRE_DONE] = "",
        [WIRE_LATE] = "the judge was too slow and has been ended",
        [WIRE_CLOSED] = "the judge died",
        [WIRE_BROKEN] = "the judge talked nonsense and has been ended",
    };

    err_because(err, ERR_TEMPORARY, said, "%s", causes[step]);
    return step == WIRE_CLOSED ? ASKED_JUDGE_LEFT : ASKED_FAILED;
}

static enum wire_step send_frame(struct judge *judge, enum frame_kind kind, struct slice payload,
                                 int64_t deadline_ms)
{
    scoped_value(bytes) out = {0};

    frame_add(&out, kind, payload);
    return wire_send(&judge->wire, bytes_slice(&out), deadline_ms);
}

static enum wire_step send_request(struct judge *judge, const struct judge_request *request,
                                   int64_t deadline_ms)
{
    enum wire_step step = send_frame(judge, request->kind, SLICE(""), deadline_ms);

    for (size_t i = 0; i < request->certificate_count && step == WIRE_DONE; i++)
        step = send_frame(judge, FRAME_CERTIFICATE, bytes_slice(&request->certificates[i]),
                          deadline_ms);
    if (request->kind == FRAME_VERIFY && step == WIRE_DONE)
        step = send_frame(judge, FRAME_SIGNATURE, bytes_slice(&request->signature), deadline_ms);
    if (request->kind == FRAME_VOUCHED && step == WIRE_DONE)
        step = send_frame(judge, FRAME_ADDRESS, bytes_slice(&request->signature), deadline_ms);
    return step;
}

/* False: the source failed, as `err` says.  Otherwise *out_step tells how the sending went. */
static bool send_text(struct judge *judge, struct source *what, int64_t deadline_ms,
                      enum wire_step *out_step, struct err *err)
{
    char piece[PIECE];
    size_t len = 0;

    *out_step = WIRE_DONE;
    for (int64_t offset = 0; *out_step == WIRE_DONE; offset += (int64_t)len) {
        if (!source_read(what, offset, piece, sizeof piece, &len, err))
            return false;
        if (len == 0)
            break;
        *out_step = send_frame(judge, FRAME_DATA, (struct slice){piece, len}, deadline_ms);
    }
    return true;
}

static enum asked read_answer(struct judge *judge, enum frame_kind to, int64_t deadline_ms,
                              struct judge_answer *out, struct err *err)
{
    struct frame frame;
    enum wire_step step = wire_next(&judge->wire, deadline_ms, &frame);

    if (step != WIRE_DONE)
        return failed_at(step, err);
    if (frame.kind != FRAME_ANSWER || !judge_answer_read(frame.payload, to, out))
        return failed_at(WIRE_BROKEN, err);
    return ASKED_DONE;
}

static enum asked ask_once(struct judge *judge, const struct judge_request *request,
                           struct source *what, struct judge_answer *out, struct err *err)
{
    int64_t deadline_ms = monotonic_ms() + judge->deadline_ms;

    if (!judge_start(judge, err))
        return ASKED_FAILED;
    enum wire_step step = send_request(judge, request, deadline_ms);
    if (what && step == WIRE_DONE && !send_text(judge, what, deadline_ms, &step, err))
        return ASKED_FAILED;
    if (step == WIRE_DONE)
        step = send_frame(judge, FRAME_END, SLICE(""), deadline_ms);
    if (step != WIRE_DONE && step != WIRE_CLOSED)
        return failed_at(step, err);
    return read_answer(judge, request->kind, deadline_ms, out,
                       err); /* it may have said why it went */
}

bool judge_ask(struct judge *judge, const struct judge_request *request, struct source *what,
               struct judge_answer *out, struct err *err)
{
    pthread_mutex_lock(&judge->lock);
    enum asked asked = ask_once(judge, request, what, out, err);
    if (asked == ASKED_JUDGE_LEFT && judge_end(judge)) /* it was idle for long: not its fault */
        asked = ask_once(judge, request, what, out, err);
    if (asked != ASKED_DONE)
        judge_end(judge);
    pthread_mutex_unlock(&judge->lock);
    if (asked == ASKED_DONE && !out->ok)
        *err = out->err;
    return asked == ASKED_DONE && out->ok;
}
