#include "house.h"

#include "bridge_people.h"
#include "mail.h"
#include "privileges.h"
#include "restore.h"
#include "store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Where the settings or systemd (systemd.exec(5), LoadCredential=) want the server key, else below data_dir. */
static bool place_key(const struct config *config, struct key_place *out, struct err *err)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment */
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    int len = 0;

    if (config->server_key_file[0])
        len = snprintf(out->path, sizeof out->path, "%s", config->server_key_file);
    else if (credentials)
        len = snprintf(out->path, sizeof out->path, "%s/nestbox-server-key", credentials);
    if (len >= (int)sizeof out->path)
        return err_set(err, ERR_REFUSED, "The path of the server key is too long");
    bool credential = !config->server_key_file[0] && credentials;
    if (credential && access(out->path, F_OK) != 0)
        out->path[0] = '\0'; /* others use credentials for other things */
    out->place = (struct vault_place){.file = out->path[0] ? out->path : NULL,
                                      .credential = credential && out->path[0]};
    return true;
}

/* A database without the key of its secrets: a new key would only hide the loss for a while. */
static bool check_key(const struct data_dir *dir, const struct vault_place *place, struct err *err)
{
    if (faccessat(dir->fd, "nestbox.db", F_OK, 0) != 0 ||
        faccessat(dir->fd, "keys/server.key", F_OK, 0) == 0)
        return true;
    if (!place->file)
        return err_set(
            err, ERR_REFUSED,
            "keys/server.key is missing beside nestbox.db; put it back from your backup, or "
            "say where it is (server_key_file)");
    return access(place->file, F_OK) == 0 ||
           err_set(err, ERR_REFUSED,
                   "The server key %s is missing; put it back, nothing here can be read without it",
                   place->file);
}

bool household_enter(const struct config *config, struct household *out, struct err *err)
{
    bool held = false;

    *out = (struct household){
        .dir = {.fd = -1, .lock = -1}
    };
    if (!data_dir_open(config, &out->dir, err) || !data_dir_lock(&out->dir, &held, err))
        return false;
    if (!held)
        return err_set(err, ERR_REFUSED, "Another nestbox works on %s already", config->data_dir);
    if (faccessat(out->dir.fd, RESTORE_MARK, F_OK, 0) == 0)
        return err_set(err, ERR_REFUSED,
                       "A restore into %s was not finished; run nestbox restore FILE again",
                       config->data_dir);
    return place_key(config, &out->key, err) && check_key(&out->dir, &out->key.place, err) &&
           data_dir_make_certificate(&out->dir, config, err);
}

bool household_furnish(const struct config *config, struct household *it, struct err *err)
{
    static const char *const judge[] = {"/proc/self/exe", "judge", NULL};

    mime_set_up();
    if (!vault_open_at(it->dir.fd, &it->key.place, &it->vault, err) ||
        !store_open(it->dir.fd, &system_clock, &it->store, err))
        return false;
    it->pgp = pgp_new(judge);
    it->bridge = bridge_new(&(struct bridge_parts){
        .config = config,
        .clock = &system_clock,
        .store = it->store,
        .vault = it->vault,
        .pgp = it->pgp,
    });
    return bridge_make_ready(it->bridge, err);
}

bool household_open(const struct config *config, struct household *out, struct err *err)
{
    if (household_enter(config, out, err) && privileges_drop(out->dir.fd, err) &&
        household_furnish(config, out, err))
        return true;
    household_close(out);
    return false;
}

void household_close(struct household *it)
{
    bridge_free(it->bridge);
    pgp_free(it->pgp);
    store_close(it->store);
    vault_close(it->vault);
    data_dir_close(&it->dir);
    *it = (struct household){
        .dir = {.fd = -1, .lock = -1}
    };
}
