/*
 * The server's end of the control socket: one thread accepts, up to four run commands.
 *
 * Closing: the listening socket is shut down, which wakes accept(), and nothing more is heard on the others: who has
 * said only half of a command has said none.  Commands under way see that the server stops (flush(), rest()) and have
 * CLOSE_MS to answer; then nobody listens to them any more, and they are waited for.
 */
#include "clock.h"
#include "control.h"
#include "control_frame.h"
#include "log.h"
#include "memory.h"
#include "thread.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { COMMANDS_AT_ONCE = 8, WATCHES_AT_ONCE = 4, PEER_SILENCE_S = 30, ACCEPT_REST_MS = 100 };
enum { CLOSE_MS = 3 * SECOND_MS };

struct control {
    const struct house *house;
    int fd;
    struct thread acceptor;
    sem_t places; /* free places for commands */
    atomic_bool closing;
    atomic_int watches; /* commands that only wait, and leave room for others */
    pthread_mutex_t lock;
    struct call *calls[COMMANDS_AT_ONCE];
};

struct call { /* one command under way; runs on its own thread */
    struct control *control;
    int fd;
};

/* What a client sent, kept until the command is over. */
struct request {
    struct command command;
    struct bytes input;
    char *words;
    char *texts[2 * COMMAND_WORDS_MAX];
    size_t text_count;
    int fd;
    const atomic_bool *closing;
    struct control *control;
    bool watching;
};

static const char *keep(struct request *request, struct slice text)
{
    return request->texts[request->text_count++] = must_copy(text);
}

static bool take_frame(struct request *request, enum frame_kind kind, struct slice content)
{
    struct command *command = &request->command;

    switch (kind) {
    case FRAME_WORDS:
        free(request->words);
        request->words = must_copy(content);
        return true;
    case FRAME_ARGUMENT:
        if (command->argument_count == COMMAND_WORDS_MAX)
            return false;
        command->arguments[command->argument_count++] = keep(request, content);
        return true;
    case FRAME_OPTION:
        if (command->option_count == COMMAND_WORDS_MAX)
            return false;
        command->options[command->option_count++] = keep(request, content);
        return true;
    case FRAME_JSON: command->json = true; return true;
    case FRAME_INPUT:
        bytes_add(&request->input, content);
        return request->input.len <= COMMAND_INPUT_MAX;
    default: return false;
    }
}

static bool receive_request(struct request *request)
{
    scoped_value(bytes) content = {0};
    enum frame_kind kind;

    while (frame_receive(request->fd, &kind, &content)) {
        if (kind == FRAME_GO) {
            request->command.input = bytes_slice(&request->input);
            return request->words != NULL;
        }
        if (!take_frame(request, kind, bytes_slice(&content)))
            return false;
    }
    return false;
}

static void request_clear(struct request *request)
{
    for (size_t i = 0; i < request->text_count; i++)
        free(request->texts[i]);
    free(request->words);
    bytes_wipe(&request->input); /* it may be a password */
    command_clear(&request->command);
}

static bool send_some(struct request *request, enum frame_kind kind, struct bytes *some)
{
    bool sent = some->len == 0 || frame_send(request->fd, kind, bytes_slice(some));

    bytes_reset(some);
    return sent;
}

static void flush_out(struct command *command)
{
    struct request *request = container_of(command, struct request, command);

    if (request->closing && *request->closing)
        request->command.deaf = true; /* the server stops, and waits for us */
    if (request->fd >= 0 && (!send_some(request, FRAME_OUT, &command->out) ||
                             !send_some(request, FRAME_COMPLAINT, &command->complaint))) {
        request->fd = -1; /* nobody listens any more; the command still ends what it began */
        request->command.deaf = true;
    }
    bytes_reset(&command->out);
}

/* The client says nothing more, so that whatever can be read is its end. */
static bool rest(struct command *command, int ms)
{
    struct request *request = container_of(command, struct request, command);
    struct control *control = request->control;
    struct pollfd end = {.fd = request->fd, .events = POLLIN | POLLRDHUP};

    if (!request->watching) {
        request->watching = true;
        if (atomic_fetch_add(&control->watches, 1) >= WATCHES_AT_ONCE)
            return false;
    }
    return request->fd >= 0 && poll(&end, 1, ms) == 0 && !control->closing;
}

static int run_row(struct request *request)
{
    for (size_t i = 0; i < command_row_count; i++)
        if (strcmp(command_rows[i].words, request->words) == 0 && command_rows[i].run)
            return command_rows[i].run(&request->command);
    bytes_print(&request->command.complaint, "nestbox: this server knows no such command\n");
    return EXIT_USAGE;
}

static void serve_call(struct call *call)
{
    struct request request = {
        .fd = call->fd, .closing = &call->control->closing, .control = call->control};

    request.command.house = call->control->house;
    request.command.flush = flush_out;
    request.command.rest = rest;
    if (receive_request(&request)) {
        char code = (char)run_row(&request);
        flush_out(&request.command);
        bool heard =
            request.fd >= 0 && frame_send(request.fd, FRAME_EXIT, (struct slice){&code, 1});
        log_debug("control command=\"%s\" exit=%d heard=%d", request.words, code, heard);
    }
    if (request.watching)
        atomic_fetch_sub(&call->control->watches, 1);
    request_clear(&request);
}

/* From now on, or no longer, it hears of the end. */
static void list_call(struct control *control, const struct call *from, struct call *to)
{
    size_t at = 0;

    pthread_mutex_lock(&control->lock);
    while (control->calls[at] != from) /* as many as there are places */
        at++;
    control->calls[at] = to;
    if (to && control->closing)
        shutdown(to->fd, SHUT_RD);
    pthread_mutex_unlock(&control->lock);
}

static void shut_calls(struct control *control, int how)
{
    pthread_mutex_lock(&control->lock);
    for (size_t i = 0; i < COMMANDS_AT_ONCE; i++)
        if (control->calls[i])
            shutdown(control->calls[i]->fd, how);
    pthread_mutex_unlock(&control->lock);
}

static void run_call(void *arg)
{
    struct call *call = arg;
    struct control *control = call->control;

    serve_call(call);
    list_call(control, call, NULL);
    close(call->fd);
    free(call);
    sem_post(&control->places);
}

static bool peer_is_allowed(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

static void start_call(struct control *control, int fd)
{
    struct timeval silence = {.tv_sec = PEER_SILENCE_S};
    struct call *call = must_new(struct call);
    struct thread thread;
    struct err err;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof silence);
    *call = (struct call){.control = control, .fd = fd};
    list_call(control, NULL, call);
    if (thread_start(&thread, "command", 0, run_call, call, &err)) {
        pthread_detach(thread.id); /* control_close() waits for its place instead */
        return;
    }
    log_error("control no thread: %s", err.cause);
    list_call(control, call, NULL);
    close(fd);
    free(call);
    sem_post(&control->places);
}

static void take_place(struct control *control)
{
    while (sem_wait(&control->places) != 0)
        continue; /* EINTR */
}

static void accept_calls(void *arg)
{
    struct control *control = arg;

    while (!control->closing) {
        take_place(control);
        int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0 && peer_is_allowed(fd)) {
            start_call(control, fd);
            continue;
        }
        if (fd >= 0)
            close(fd);
        else
            poll(NULL, 0, ACCEPT_REST_MS); /* out of descriptors: do not spin */
        sem_post(&control->places);
    }
}

static bool bind_socket(const struct data_dir *dir, struct control *control, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control", dir->fd);
    if (unlinkat(dir->fd, "control", 0) != 0 && errno != ENOENT) /* ours: we hold the lock */
        return err_system(err, "The control socket is in the way", "unlink control");
    control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t mask = umask(0177);
    bool bound = control->fd >= 0 &&
                 bind(control->fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                 listen(control->fd, 16) == 0;
    umask(mask);
    return bound || err_system(err, "The control socket cannot be made", "bind control");
}

bool control_open(const struct data_dir *dir, const struct house *house, struct control **out,
                  struct err *err)
{
    struct control *control = must_new(struct control);

    control->house = house;
    control->fd = -1;
    sem_init(&control->places, 0, COMMANDS_AT_ONCE);
    pthread_mutex_init(&control->lock, NULL);
    if (!bind_socket(dir, control, err) ||
        !thread_start(&control->acceptor, "control", 0, accept_calls, control, err)) {
        control_close(control);
        return false;
    }
    *out = control;
    return true;
}

/* Until all have answered, or CLOSE_MS have gone by: who does not read what they are told is told no more. */
static void take_all_places(struct control *control)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += CLOSE_MS / SECOND_MS;
    for (int i = 0; i < COMMANDS_AT_ONCE; i++) {
        while (sem_clockwait(&control->places, CLOCK_MONOTONIC, &until) != 0) {
            if (errno != ETIMEDOUT)
                continue;
            shut_calls(control, SHUT_RDWR);
            take_place(control);
            break;
        }
    }
}

void control_close(struct control *control)
{
    if (!control)
        return;
    control->closing = true;
    if (control->fd >= 0)
        shutdown(control->fd, SHUT_RDWR);
    shut_calls(control, SHUT_RD);
    thread_join(&control->acceptor);
    take_all_places(control);
    if (control->fd >= 0)
        close(control->fd);
    pthread_mutex_destroy(&control->lock);
    sem_destroy(&control->places);
    free(control);
}
