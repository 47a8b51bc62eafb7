/* Which Fediverse people a mail means, and who of them must be found first. */
#include "mail_work.h"

#include "config.h"
#include "memory.h"

enum { WANTED_MAX = 20 };

static struct handle *wanted(struct mail_arrival *arrival, struct slice user, struct slice host)
{
    for (size_t i = 0; i < arrival->wanted_count; i++)
        if (slice_is_nocase(user, arrival->wanted[i].user) &&
            slice_is_nocase(host, arrival->wanted[i].host))
            return &arrival->wanted[i];
    return NULL;
}

static struct handle *want(struct mail_arrival *arrival, struct slice user, struct slice host)
{
    size_t count = arrival->wanted_count;

    arrival->wanted = must_grow(arrival->wanted, count + 1, sizeof *arrival->wanted);
    arrival->wanted[count] = (struct handle){.user = must_copy(user), .host = must_copy(host)};
    arrival->wanted_count = count + 1;
    return &arrival->wanted[count];
}

static enum person_state asked_state(struct mail_arrival *arrival, struct slice user,
                                     struct slice host)
{
    struct handle *handle = wanted(arrival, user, host);

    if (!handle && arrival->wanted_count == WANTED_MAX)
        return PERSON_SILENT;
    if (!handle)
        handle = want(arrival, user, host);
    if (!handle->asked)
        return PERSON_ASKED_FOR;
    return handle->nobody ? PERSON_NOBODY : PERSON_SILENT;
}

bool work_must_ask(const struct mail_work *work)
{
    for (size_t i = 0; i < work->arrival->wanted_count; i++)
        if (!work->arrival->wanted[i].asked)
            return true;
    return false;
}

static bool local_person(struct mail_work *work, struct slice user, struct slice host,
                         struct person *out, enum person_state *out_state, struct err *err)
{
    scoped_value(account) account = {0};

    *out_state = PERSON_NOBODY;
    switch (store_account_named(work->view, user, host, &account, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: break;
    }
    if (account.state != ACCOUNT_ACTIVE)
        return true;
    switch (store_person(work->view, account.person_id, out, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: *out_state = PERSON_FOUND; return true;
    }
    __builtin_unreachable();
}

static enum person_state state_of(const struct person *person, struct mail_work *work)
{
    if (person->gone)
        return PERSON_NOBODY;
    if (person->actor_id)
        return PERSON_FOUND;
    return asked_state(work->arrival, slice_of(person->user), slice_of(person->host));
}

bool work_person(struct mail_work *work, struct slice user, struct slice host, struct person *out,
                 enum person_state *out_state, struct err *err)
{
    if (config_hosts(work->bridge->config, host))
        return local_person(work, user, host, out, out_state, err);
    switch (store_person_by_handle(work->view, user, host, out, err)) {
    case FAILED: return false;
    case FOUND: *out_state = state_of(out, work); return true;
    case ABSENT: *out_state = asked_state(work->arrival, user, host); return true;
    }
    __builtin_unreachable();
}

bool work_recipient_person(struct mail_work *work, const struct address *address,
                           struct person *out, enum person_state *out_state, struct err *err)
{
    if (*address->host)
        return work_person(work, slice_of(address->user), slice_of(address->host), out, out_state,
                           err);
    switch (store_person_by_word(work->view, slice_of(address->user), out, err)) {
    case FAILED: return false;
    case FOUND: *out_state = state_of(out, work); return true;
    case ABSENT: *out_state = PERSON_NOBODY; return true;
    }
    __builtin_unreachable();
}
