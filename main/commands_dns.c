/* nestbox dns: the records to publish, what the world sees of them, new keys for signatures. */
#include "bridge_dkim.h"
#include "certificate.h"
#include "command.h"
#include "dns_world.h"
#include "json.h"
#include "memory.h"
#include "own_addresses.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PEM_MAX = 256 * 1024 };

struct knowledge { /* the owner of what struct dns_known borrows */
    struct dns_known known;
    struct dns_signer *signers;
    size_t domain; /* whose signers are being read */
    size_t only;   /* the DOMAIN given, SIZE_MAX: all */
};

static void knowledge_clear(struct knowledge *it)
{
    for (size_t i = 0; i < it->known.signer_count; i++) {
        free(it->signers[i].name);
        free(it->signers[i].text);
    }
    free(it->signers);
}
SCOPED_VALUE(knowledge, knowledge_clear)

static void keep_signer(void *ctx, const struct dkim_record *record)
{
    struct knowledge *it = ctx;

    if (record->state == DKIM_FORGOTTEN)
        return;
    it->signers = must_grow(it->signers, it->known.signer_count + 1, sizeof *it->signers);
    it->signers[it->known.signer_count++] =
        (struct dns_signer){it->domain, must_dup(record->name), must_dup(record->value)};
    it->known.signers = it->signers;
}

/* The key of the certificate, and the one in KEY.next, which is published before it is used. */
static void read_tls_key(const char *path, struct dns_known *known)
{
    scoped_value(bytes) pem = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = 1;

    while (fd >= 0 && len > 0 && pem.len < PEM_MAX) {
        len = read(fd, bytes_reserve(&pem, 65536), 65536);
        if (len > 0)
            pem.len += (size_t)len;
    }
    if (fd >= 0)
        close(fd);
    if (certificate_key_digest(bytes_slice(&pem), known->spki[known->spki_count]))
        known->spki_count++;
    bytes_wipe(&pem);
}

static bool learn(struct command *command, struct knowledge *it, struct err *err)
{
    const struct config *config = command->house->config;
    scoped(store_view) view = store_look(command->house->store, err);
    scoped_text char *next = must_print("%s.next", config->key);

    it->known.config = config;
    it->known.address_count = own_addresses(&config->smtp, it->known.addresses, DNS_ADDRESSES_MAX);
    read_tls_key(config->certificate, &it->known);
    if (it->known.spki_count == 1)
        read_tls_key(next, &it->known);
    if (!view)
        return false;
    for (it->domain = 0; it->domain < config->domain_count; it->domain++)
        if (!bridge_dkim_records(command->house->bridge, view,
                                 slice_of(config->domains[it->domain]), keep_signer, it, err))
            return false;
    return true;
}

/* The DOMAIN given, or all. */
static bool choose(struct command *command, struct knowledge *it, struct err *err)
{
    const struct config *config = command->house->config;

    it->only = SIZE_MAX;
    if (command->argument_count == 0)
        return true;
    for (size_t i = 0; i < config->domain_count; i++)
        if (slice_is_nocase(slice_of(command->arguments[0]), config->domains[i]))
            it->only = i;
    return it->only != SIZE_MAX ||
           err_set(err, ERR_ABSENT, "%s is not served here; see [server] domain",
                   command->arguments[0]);
}

static void print(struct command *command, const struct dns_plan *plan, size_t only)
{
    if (command->json)
        dns_print_json(plan, only, &command->out);
    else if (command_option(command, "--plain"))
        dns_print_plain(plan, only, &command->out);
    else
        dns_print_zone(plan, only, &command->out);
    bool for_people = !command->json && !command_option(command, "--plain");
    if (for_people && plan->known->spki_count == 0)
        command_say(command,
                    "; %s holds no certificate that could be read: there is no TLSA record\n",
                    plan->known->config->certificate);
}

static void show_complaint(struct command *command, struct json *json, const char *domain,
                           const struct dns_complaint *complaint)
{
    if (!command->json) {
        command_say(command, "%s\t%s: %s%s\n", complaint->advice ? "better" : "wrong",
                    complaint->about, complaint->said, complaint->record ? "" : ".");
        return;
    }
    json_open(json, NULL);
    json_text(json, "domain", domain);
    json_text(json, "about", complaint->about);
    json_text(json, "said", complaint->said);
    json_bool(json, "advice", complaint->advice);
    json_end(json);
}

/* What is wrong about one domain; gives how many things, advice not counted. */
static size_t check_domain(struct command *command, struct json *json, struct dns_world *world,
                           const struct dns_plan *plan, size_t domain)
{
    scoped_value(dns_facts) facts = {0};
    scoped_value(dns_complaints) complaints = {0};
    size_t wrong = 0;

    while (!dns_check(plan, domain, &facts, &complaints))
        dns_world_ask(world, &facts);
    dns_world_knock(world, plan, domain, &facts, &complaints);
    for (size_t i = 0; i < complaints.count; i++) {
        show_complaint(command, json, plan->known->config->domains[domain], &complaints.at[i]);
        wrong += !complaints.at[i].advice;
    }
    return wrong;
}

static int check(struct command *command, const struct dns_plan *plan, size_t only)
{
    struct err err;
    const struct config *config = command->house->config;
    struct json json = json_to(&command->out);
    scoped(dns_world) world = dns_world_open(config, &err);
    size_t wrong = 0;

    if (!world)
        return command_refuse(command, &err);
    if (command->json)
        json_array(&json, NULL);
    for (size_t i = 0; i < config->domain_count; i++)
        if (only == SIZE_MAX || only == i)
            wrong += check_domain(command, &json, world, plan, i);
    if (command->json) {
        json_end(&json);
        command_say(command, "\n");
    }
    if (wrong == 0)
        return EXIT_DONE;
    err_set(&err, ERR_REFUSED, "%zu of the records or ports are wrong; it says above what to do",
            wrong);
    return command_refuse(command, &err);
}

static void look_for_next(void *ctx, const struct dkim_record *record)
{
    bool *waits = ctx;

    *waits |= record->state == DKIM_NEXT;
}

/* Does a new pair of keys wait to be used? */
static bool pair_waits(struct command *command, struct slice domain, bool *out, struct err *err)
{
    scoped(store_view) view = store_look(command->house->store, err);

    *out = false;
    return view &&
           bridge_dkim_records(command->house->bridge, view, domain, look_for_next, out, err);
}

/* The records of the waiting pair, as the world sees them: nothing may be wrong before it is used. */
static bool next_is_published(struct command *command, const struct dns_plan *plan, size_t domain,
                              struct err *err)
{
    scoped(dns_world) world = dns_world_open(command->house->config, err);
    scoped_value(dns_facts) facts = {0};
    scoped_value(dns_complaints) complaints = {0};

    if (!world)
        return false;
    while (!dns_check(plan, domain, &facts, &complaints))
        dns_world_ask(world, &facts);
    for (size_t i = 0; i < complaints.count; i++)
        if (slice_has(slice_of(complaints.at[i].about), "._domainkey."))
            return err_set(err, ERR_REFUSED,
                           "Not rotated: %s is not as it must be; see nestbox dns --check",
                           complaints.at[i].about);
    return true;
}

/* Two steps: a new pair to be published, and once it is, its use. */
static bool rotate_domain(struct command *command, const struct dns_plan *plan, size_t domain,
                          struct err *err)
{
    const char *name = command->house->config->domains[domain];
    bool waits;

    if (!pair_waits(command, slice_of(name), &waits, err))
        return false;
    if (!waits) {
        if (!bridge_dkim_prepare(command->house->bridge, slice_of(name), err))
            return false;
        command_say(command,
                    "; %s has a new pair of keys.  Publish its two records, then run this again.\n",
                    name);
        return true;
    }
    if (!next_is_published(command, plan, domain, err) ||
        !bridge_dkim_switch(command->house->bridge, slice_of(name), err))
        return false;
    command_say(command, "; %s signs with the new pair.  Leave the old records for %d days.\n",
                name, DKIM_KEEP_DAYS);
    return true;
}

static int rotate(struct command *command, const struct dns_plan *plan, size_t only)
{
    struct err err;

    for (size_t i = 0; i < command->house->config->domain_count; i++)
        if ((only == SIZE_MAX || only == i) && !rotate_domain(command, plan, i, &err))
            return command_refuse(command, &err);
    scoped_value(knowledge) now = {0};
    scoped_value(dns_plan) fresh = {0};
    if (!learn(command, &now, &err))
        return command_refuse(command, &err);
    dns_plan_make(&now.known, &fresh);
    dns_plan_keep(&fresh, PART_DKIM);
    print(command, &fresh, only);
    return EXIT_DONE;
}

int run_dns(struct command *command)
{
    struct err err;
    scoped_value(knowledge) it = {0};
    scoped_value(dns_plan) plan = {0};

    if (!choose(command, &it, &err) || !learn(command, &it, &err))
        return command_refuse(command, &err);
    dns_plan_make(&it.known, &plan);
    if (command_option(command, "--rotate"))
        return rotate(command, &plan, it.only);
    if (command_option(command, "--check"))
        return check(command, &plan, it.only);
    print(command, &plan, it.only);
    return EXIT_DONE;
}
