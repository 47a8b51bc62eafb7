#include "house.h"

#include "bridge_people.h"
#include "mail.h"
#include "restore.h"
#include "store.h"

#include <fcntl.h>
#include <unistd.h>

/* A database without the key of its secrets: a new key would only hide the loss for a while. */
static bool check_key(const struct data_dir *dir, struct err *err)
{
    if (faccessat(dir->fd, "nestbox.db", F_OK, 0) == 0 &&
        faccessat(dir->fd, "keys/server.key", F_OK, 0) != 0)
        return err_set(
            err, ERR_REFUSED,
            "keys/server.key is missing beside nestbox.db; put it back from your backup");
    return true;
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
    return check_key(&out->dir, err) && data_dir_make_certificate(&out->dir, config, err);
}

bool household_furnish(const struct config *config, struct household *it, struct err *err)
{
    static const char *const judge[] = {"/proc/self/exe", "judge", NULL};

    mime_set_up();
    if (!vault_open(it->dir.fd, &it->vault, err) ||
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
    if (household_enter(config, out, err) && household_furnish(config, out, err))
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
