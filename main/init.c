/* nestbox init: the settings file, keys, database and a first certificate; then what to do next. */
#include "command.h"
#include "data_dir.h"
#include "house.h"
#include "memory.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Creates `path` and its folder; an existing file is never touched. */
static bool write_settings(const char *path, struct slice content, struct err *err)
{
    char folder[1024];
    const char *slash = strrchr(path, '/');

    if (slash && slash != path && (size_t)(slash - path) < sizeof folder) {
        memcpy(folder, path, (size_t)(slash - path));
        folder[slash - path] = '\0';
        if (mkdir(folder, 0755) != 0 && errno != EEXIST)
            return err_system(err, "The folder of the settings cannot be made", "mkdir %s", folder);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST)
        return err_set(err, ERR_REFUSED, "%s is there already; nothing was changed", path);
    if (fd < 0)
        return err_system(err, "The settings cannot be written", "open %s", path);
    bool written = write(fd, content.at, content.len) == (ssize_t)content.len && fsync(fd) == 0;
    return (close(fd) == 0 && written) ||
           err_system(err, "The settings cannot be written", "write %s", path);
}

/* Those of `nestbox dns`. */
static int say_records(struct command *command, const struct config *config,
                       const struct household *household)
{
    const struct house house = {
        .config = config, .store = household->store, .bridge = household->bridge};

    command_say(command, "Publish these DNS records (nestbox dns prints them again):\n\n");
    command->house = &house;
    int code = run_dns(command);
    command->house = NULL;
    return code;
}

static void say_next(struct command *command, const char *domain, const char *path)
{
    bool standard = strcmp(path, CONFIG_STANDARD) == 0;
    scoped_text char *config = standard ? must_dup("") : must_print(" --config %s", path);

    command_say(command,
                "\nNext:\n    nestbox account add you@%s%s\n    nestbox account password you@%s%s\n"
                "    nestbox serve%s\nFor a certificate that others trust set acme below [tls] in "
                "the settings, "
                "or put your own there.\n",
                domain, config, domain, config, config);
}

/* The settings want whole paths, so that a server finds them from any folder.  NULL stays NULL. */
static char *absolute(const char *path)
{
    char here[1024];

    if (!path || path[0] == '/' || !getcwd(here, sizeof here))
        return must_dup(path);
    return must_print("%s/%s", here, path);
}

int run_init(struct command *command, const char *config_path)
{
    struct err err;
    struct config config;
    scoped_value(bytes) sample = {0};
    scoped_text char *domain = NULL;
    scoped_text char *dir = absolute(command_option(command, "--dir"));
    const char *given = command_option(command, "--domain");
    scoped_text char *path = dir ? must_print("%s/nestbox.conf", dir) : must_dup(config_path);

    if (!given) {
        err_set(&err, ERR_MALFORMED, "usage: nestbox init --domain D [--dir DIR]");
        command_refuse(command, &err);
        return EXIT_USAGE;
    }
    if (!host_canonical(slice_of(given), &domain, &err))
        return command_refuse(command, &err);
    config_sample(domain, dir, &sample);
    if (!config_parse(bytes_slice(&sample), &config, &err) ||
        !write_settings(path, bytes_slice(&sample), &err))
        return command_refuse(command, &err);

    struct household household;
    if (!household_open(&config, &household, &err))
        return command_refuse(command, &err);
    command_say(command, "Settings: %s\nData:     %s\n\n", path, config.data_dir);
    int code = say_records(command, &config, &household);
    household_close(&household);
    if (code != EXIT_DONE)
        return code;
    say_next(command, config.domains[0], path);
    return EXIT_DONE;
}
