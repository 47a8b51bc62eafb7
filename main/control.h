/*
 * control — data_dir/control: how the command line speaks to the running server (architecture.md 10).
 *
 * A Unix socket, mode 0600, peer checked by SO_PEERCRED (root, or who the server runs as).  Frames: one byte of
 * kind, four of length (big endian), content.  Client: ARGUMENT…, OPTION…, INPUT…, GO.  Server: OUT…, COMPLAINT…,
 * EXIT (one byte).
 */
#ifndef NESTBOX_MAIN_CONTROL_H
#define NESTBOX_MAIN_CONTROL_H

#include "command.h"
#include "data_dir.h"

/* Server: serves until control_close(), each command on a thread of its own. */
struct control;
MUST_CHECK bool control_open(const struct data_dir *dir, const struct house *house,
                             struct control **out, struct err *err);
void control_close(struct control *control); /* waits for commands under way */

/* Client: FOUND and *out_exit if a server did it, ABSENT if none is there. */
enum control_answer { CONTROL_FAILED, CONTROL_ABSENT, CONTROL_DONE };
enum control_answer control_ask(const struct data_dir *dir, const struct command_row *row,
                                const struct command *command, int *out_exit, struct err *err);

#endif
