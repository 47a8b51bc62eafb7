/* The client's end of the control socket. */
#include "control.h"
#include "control_frame.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool send_command(int fd, const struct command_row *row, const struct command *command)
{
    bool sent = frame_send(fd, FRAME_WORDS, slice_of(row->words));

    for (size_t i = 0; sent && i < command->argument_count; i++)
        sent = frame_send(fd, FRAME_ARGUMENT, slice_of(command->arguments[i]));
    for (size_t i = 0; sent && i < command->option_count; i++)
        sent = frame_send(fd, FRAME_OPTION, slice_of(command->options[i]));
    if (sent && command->json)
        sent = frame_send(fd, FRAME_JSON, SLICE(""));
    if (sent && command->input.len > 0)
        sent = frame_send(fd, FRAME_INPUT, command->input);
    return sent && frame_send(fd, FRAME_GO, SLICE(""));
}

static bool take_out(const struct command *command, struct slice out, struct err *err)
{
    if (command->into)
        return sink_write(command->into, out, err);
    if (fwrite(out.at, 1, out.len, stdout) == out.len && fflush(stdout) == 0)
        return true; /* whoever watches sees it now */
    if (errno == EPIPE)
        _exit(EXIT_REFUSED); /* who read it has gone: as quietly as others end then */
    return err_system(err, "The output cannot be written", "standard output");
}

static bool take_answer(int fd, const struct command *command, int *out_exit, struct err *err)
{
    scoped_value(bytes) content = {0};
    enum frame_kind kind;

    while (frame_receive(fd, &kind, &content)) {
        if (kind == FRAME_OUT) {
            if (!take_out(command, bytes_slice(&content), err))
                return false;
        } else if (kind == FRAME_COMPLAINT) {
            fwrite(content.at, 1, content.len, stderr);
        } else if (kind == FRAME_EXIT && content.len == 1) {
            *out_exit = (unsigned char)content.at[0];
            return true;
        }
    }
    return err_set(err, ERR_TEMPORARY, "The server ended before it answered; look at its log");
}

/* A path below the data folder's descriptor: socket names are short, folder names may be long. */
static struct sockaddr_un control_address(const struct data_dir *dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control", dir->fd);
    return address;
}

enum control_answer control_ask(const struct data_dir *dir, const struct command_row *row,
                                const struct command *command, int *out_exit, struct err *err)
{
    struct sockaddr_un address = control_address(dir);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        err_system(err, "No socket could be made", "socket");
        return CONTROL_FAILED;
    }
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        bool absent = errno == ENOENT || errno == ECONNREFUSED;
        err_system(err, "The server cannot be reached; run this as root or as the server's user",
                   "connect control");
        close(fd);
        return absent ? CONTROL_ABSENT : CONTROL_FAILED;
    }
    err_set(err, ERR_TEMPORARY, "The server ended before it was asked; look at its log");
    bool done = send_command(fd, row, command) && take_answer(fd, command, out_exit, err);
    close(fd);
    return done ? CONTROL_DONE : CONTROL_FAILED;
}
