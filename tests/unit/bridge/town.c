#include "town.h"

#include "bridge_people.h"
#include "mail.h"
#include "store_delivery.h"
#include "store_mailbox.h"
#include "text.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* 1 March 2026, 12:00 UTC: before any real clock that runs this test, so that gpg finds nothing in its future. */
static const int64_t noon_ms = 1772366400000;

static const char *const judge_argv[] = {"/proc/self/exe", "judge", NULL};

bool town_is_judge(int argc, char **argv, int *out_code)
{
    if (argc < 2 || strcmp(argv[1], "judge") != 0)
        return false;
    *out_code = pgp_judge_main();
    return true;
}

int64_t town_now(const struct town *town)
{
    return clock_now(&town->clock.clock);
}

void town_wait(struct town *town, int64_t ms)
{
    town->clock.now_ms += ms;
}

/* ---- writing ---- */
struct town_change {
    struct store_change change;
    struct town *town;
    bool (*step)(struct town *, struct store_tx *, struct err *);
};

static bool apply_step(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct town_change *it = container_of(change, struct town_change, change);

    return it->step(it->town, tx, err);
}

void town_write(struct town *town, bool (*step)(struct town *, struct store_tx *, struct err *))
{
    struct town_change it = {.change.apply = apply_step, .town = town, .step = step};
    struct err err = {0};

    if (!store_commit(town->store, &it.change, &err))
        fail_msg("commit: %s (%s)", err.said, err.cause);
}

/* ---- the people ---- */
static bool add_fediverse(struct store_tx *tx, const char *user, const char *host, int64_t *out,
                          struct err *err)
{
    struct person person = {.kind = PERSON_FEDIVERSE};
    bool ok;

    person.user = must_dup(user);
    person.host = must_dup(host);
    person.word = must_print("%s=%s", user, host);
    person.name = must_print("%c%s", user[0] - 'a' + 'A', user + 1);
    person.actor_id = must_print("https://%s/users/%s", host, user);
    person.url = must_print("https://%s/@%s", host, user);
    person.inbox = must_print("https://%s/users/%s/inbox", host, user);
    person.shared_inbox = must_print("https://%s/inbox", host);
    ok = store_put_person(tx, &person, out, err);
    person_clear(&person);
    return ok;
}

static bool add_message(struct town *town, struct store_tx *tx, int64_t author, int64_t account,
                        enum visibility visibility, const char *id, struct err *err)
{
    char ref[16];
    static int count;

    snprintf(ref, sizeof ref, "9aaaaaaaaaa%02d", count++);
    struct message message = {.ref = ref,
                              .author_id = author,
                              .account_id = account,
                              .visibility = visibility,
                              .state = MESSAGE_SENT,
                              .version = 1,
                              .published_ms = noon_ms};
    scoped_text char *message_id_text = must_dup(id);
    scoped_text char *activity = must_print("https://social.example/posts/%s", id);
    scoped_text char *subject = must_dup("Good morning");
    message.message_id = message_id_text;
    if (visibility != VISIBILITY_MAIL)
        message.activity_id = activity;
    if (visibility_is_open(visibility))
        bytes_add_text(&message.subject, subject);
    if (visibility_is_open(visibility))
        bytes_add_text(&message.plain, "The tide is out.\n");
    bool ok = store_add_message(tx, &message, &town->last_message, err);
    bytes_clear(&message.subject);
    bytes_clear(&message.plain);
    return ok;
}

static bool settle(struct town *town, struct store_tx *tx, struct err *err)
{
    struct person carol = {.kind = PERSON_MAIL, .address = (char[]){"carol@mail.example"}};

    return add_fediverse(tx, "bob", "social.example", &town->bob, err) &&
           add_fediverse(tx, "dan", "other.example", &town->dan, err) &&
           store_put_person(tx, &carol, &town->carol, err) &&
           add_message(town, tx, town->bob, 0, VISIBILITY_PUBLIC, "bob-public@example.org", err) &&
           add_message(town, tx, town->bob, 0, VISIBILITY_FOLLOWERS, "bob-followers@example.org",
                       err) &&
           add_message(town, tx, town->bob, 0, VISIBILITY_DIRECT, "bob-direct@example.org", err) &&
           add_message(town, tx, town->carol, 0, VISIBILITY_MAIL, "carol-mail@mail.example", err) &&
           add_message(town, tx, town->alice_person, town->alice, VISIBILITY_PUBLIC,
                       "alice-public@example.org", err) &&
           add_message(town, tx, town->alice_person, town->alice, VISIBILITY_FOLLOWERS,
                       "alice-followers@example.org", err);
}

static enum reply_all wanted_choice;

static bool change_reply_all(struct town *town, struct store_tx *tx, struct err *err)
{
    scoped_value(account) account = {0};

    if (store_account(store_tx_view(tx), town->alice, &account, err) != FOUND)
        return false;
    account.reply_all = wanted_choice;
    return store_update_account(tx, &account, err);
}

void town_reply_all(struct town *town, enum reply_all choice)
{
    wanted_choice = choice;
    town_write(town, change_reply_all);
}

static const char *found_user, *found_host;
static bool add_found(struct town *town, struct store_tx *tx, struct err *err)
{
    int64_t id;

    (void)town;
    return add_fediverse(tx, found_user, found_host, &id, err);
}

static void look_for(struct town *town, struct handle *handle)
{
    handle->asked = true;
    handle->silent = strcmp(handle->host, "silent.example") == 0;
    if (handle->silent)
        return;
    if (strcmp(handle->host, "new.example") != 0 || strcmp(handle->user, "zoe") != 0) {
        handle->nobody = true;
        return;
    }
    found_user = handle->user;
    found_host = handle->host;
    town_write(town, add_found);
}

/* ---- keys and signatures ---- */
static void run(const char *command)
{
    int status = system(command); // NOLINT(cert-env33-c): the test's own words

    if (status != 0)
        fail_msg("%s: %d", command, status);
}

static void gpg_time(int64_t ms, char out[32])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(out, 32, "%Y%m%dT%H%M%S", &tm);
}

#define GPG                                                                                        \
    "GNUPGHOME=%s/gnupg gpg --batch --quiet --no-tty --yes --pinentry-mode loopback "              \
    "--passphrase '' 2>>%s/gpg.log "

static void add_key(struct town *town, const char *who)
{
    char command[600], fingerprint[41];
    scoped_value(bytes) certificate = {0};
    struct err err;

    snprintf(command, sizeof command,
             GPG "--faked-system-time 20260201T000000 --quick-generate-key "
                 "'%s <%s@example.org>' ed25519 sign never",
             town->path, town->path, who, who);
    run(command);
    snprintf(command, sizeof command, GPG "--export --output %s/%s.pgp %s@example.org", town->path,
             town->path, town->path, who, who);
    run(command);
    snprintf(command, sizeof command, "%s/%s.pgp", town->path, who);
    FILE *file = fopen(command, "re");
    assert_non_null(file);
    certificate.len += fread(bytes_reserve(&certificate, 65536), 1, 65536, file);
    fclose(file);
    scoped_text char *address = must_print("%s@example.org", who);
    if (!bridge_key_add(town->bridge, slice_of(address), bytes_slice(&certificate), fingerprint,
                        &err))
        fail_msg("key add: %s (%s)", err.said, err.cause);
}

static void write_file(const char *path, struct slice content)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(content.at, 1, content.len, file), content.len);
    fclose(file);
}

static void to_crlf(struct slice text, struct bytes *out)
{
    while (text.at && text.len > 0) {
        bytes_add(out, slice_line(&text));
        if (text.at)
            bytes_add_text(out, "\r\n");
    }
}

char *town_signed(struct town *town, const char *who, int64_t age_ms, const char *outside,
                  const char *part)
{
    char command[700], when[32];
    scoped_value(bytes) signed_part = {0};
    scoped_value(bytes) armor = {0};

    to_crlf(slice_of(part), &signed_part);
    scoped_text char *path = must_print("%s/part", town->path);
    write_file(path, bytes_slice(&signed_part));
    gpg_time(town_now(town) - age_ms, when);
    snprintf(command, sizeof command,
             GPG "--faked-system-time %s --digest-algo SHA256 -u %s@example.org --armor --output "
                 "%s/part.asc --detach-sign %s",
             town->path, town->path, when, who, town->path, path);
    run(command);
    snprintf(command, sizeof command, "%s/part.asc", town->path);
    FILE *file = fopen(command, "re");
    assert_non_null(file);
    armor.len += fread(bytes_reserve(&armor, 8192), 1, 8192, file);
    fclose(file);
    return must_print("%s"
                      "MIME-Version: 1.0\n"
                      "Content-Type: multipart/signed; micalg=pgp-sha256; boundary=\"=signed=\";\n"
                      " protocol=\"application/pgp-signature\"\n"
                      "\n"
                      "--=signed=\n"
                      "%s\n"
                      "--=signed=\n"
                      "Content-Type: application/pgp-signature; name=\"signature.asc\"\n"
                      "\n"
                      "%s\n"
                      "--=signed=--\n",
                      outside, part, armor.at);
}

/* ---- opening and closing ---- */
static int64_t add_account(struct town *town, const char *address, int64_t *out_person)
{
    const struct new_account account = {.address = slice_of(address)};
    scoped_value(account) made = {0};
    struct err err = {0};

    if (!bridge_account_add(town->bridge, &account, &err))
        fail_msg("account add: %s (%s)", err.said, err.cause);
    scoped(store_view) view = store_look(town->store, &err);
    assert_int_equal(account_at(view, slice_of(address), &made, &err), FOUND);
    if (out_person)
        *out_person = made.person_id;
    return made.id;
}

static struct config town_config(void)
{
    struct config config;

    config_defaults(&config);
    strcpy(config.domains[0], "example.org");
    strcpy(config.domains[1], "second.example");
    config.domain_count = 2;
    return config;
}

void town_open(struct town *town)
{
    struct err err = {0};

    *town = (struct town){.path = "/tmp/nestbox-town-XXXXXX", .config = town_config()};
    assert_non_null(mkdtemp(town->path));
    setenv("TMPDIR", town->path, 1);
    unsetenv("XDG_RUNTIME_DIR");
    char command[200];
    snprintf(command, sizeof command, "mkdir -m 0700 %s/gnupg", town->path);
    run(command);
    town->dir = open(town->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    test_clock_init(&town->clock, noon_ms);
    mime_set_up();
    if (!vault_open(town->dir, &town->vault, &err) ||
        !store_open(town->dir, &town->clock.clock, &town->store, &err))
        fail_msg("open: %s (%s)", err.said, err.cause);
    town->pgp = pgp_new(judge_argv);
    const struct bridge_parts parts = {.config = &town->config,
                                       .clock = &town->clock.clock,
                                       .store = town->store,
                                       .vault = town->vault,
                                       .pgp = town->pgp};
    town->bridge = bridge_new(&parts);
    assert_true(bridge_make_ready(town->bridge, &err));
    town->alice = add_account(town, "alice@example.org", &town->alice_person);
    town->eve = add_account(town, "eve@example.org", NULL);
    add_key(town, "alice");
    add_key(town, "eve");
    town_write(town, settle);
}

static struct {
    char *name;
    struct bytes content;
} files[64];
static size_t file_count;

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    return remove(path);
}

void town_close(struct town *town)
{
    char command[200];

    snprintf(command, sizeof command, "GNUPGHOME=%s/gnupg gpgconf --kill all", town->path);
    run(command);
    bridge_free(town->bridge);
    pgp_free(town->pgp);
    store_close(town->store);
    vault_close(town->vault);
    close(town->dir);
    nftw(town->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < file_count; i++) {
        free(files[i].name);
        bytes_clear(&files[i].content);
    }
    file_count = 0;
}

static void read_file(const char *folder, const char *name, struct bytes *out)
{
    scoped_text char *path = must_print("%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    size_t len = 1;

    if (!file)
        fail_msg("there is no %s", name);
    while (len > 0) {
        len = fread(bytes_reserve(out, 65536), 1, 65536, file);
        out->len += len;
    }
    fclose(file);
}

static void add_base64(struct slice name, struct bytes *out)
{
    scoped_value(bytes) raw = {0};
    scoped_value(bytes) text = {0};
    scoped_text char *file = must_copy(name);

    read_file(PICTURES, file, &raw);
    base64_add(&text, bytes_slice(&raw));
    for (struct slice rest = bytes_slice(&text); rest.len > 0; rest = slice_from(rest, 76)) {
        bytes_add(out, slice_first(rest, 76));
        bytes_add_char(out, '\n');
    }
}

static void put_pictures(struct slice text, struct bytes *out)
{
    const struct slice mark = SLICE("@base64 ");

    while (text.at && text.len > 0) {
        struct slice line = slice_line(&text);
        if (slice_starts(line, mark)) {
            add_base64(slice_first(slice_from(line, mark.len), line.len - mark.len - 1), out);
            continue;
        }
        bytes_add(out, line);
        bytes_add_char(out, '\n');
    }
}

struct slice town_file(const char *name)
{
    for (size_t i = 0; i < file_count; i++)
        if (strcmp(files[i].name, name) == 0)
            return bytes_slice(&files[i].content);
    scoped_value(bytes) raw = {0};
    assert_true(file_count < COUNT_OF(files));
    struct bytes *content = &files[file_count].content;
    read_file(MAILS, name, &raw);
    put_pictures(bytes_slice(&raw), content);
    files[file_count++].name = must_dup(name);
    return bytes_slice(content);
}

/* ---- sending ---- */
static char *reply_of(const struct answer *answer)
{
    static const char *const codes[] = {
        [VERDICT_TAKEN] = "250 2.0.0",        [VERDICT_LATER] = "450 4.7.1",
        [VERDICT_FULL_FOR_NOW] = "452 4.2.2", [VERDICT_NOBODY] = "550 5.1.1",
        [VERDICT_CLOSED] = "550 5.2.1",       [VERDICT_FULL] = "552 5.2.2",
        [VERDICT_TOO_LONG] = "552 5.3.4",     [VERDICT_UNFIT] = "550 5.6.0",
        [VERDICT_NOT_ALLOWED] = "550 5.7.1",  [VERDICT_LOOP] = "554 5.4.6",
    };

    return must_print("%s %s", codes[answer->verdict], answer->words);
}

static bool ask_recipients(struct town *town, const struct town_mail *mail, int64_t account,
                           struct mail_arrival *arrival, struct answer *refused)
{
    struct slice rest = slice_of(mail->recipients);
    struct err err = {0};
    scoped(store_view) view = store_look(town->store, &err);

    while (rest.at) {
        struct slice one = slice_trim(slice_cut(&rest, ','));
        if (!bridge_recipient(town->bridge, view, mail->door, account, slice_of(mail->mail_from),
                              one, refused, &err))
            fail_msg("RCPT %.*s: %s (%s)", SLICE_ARGS(one), err.said, err.cause);
        if (refused->verdict != VERDICT_TAKEN)
            return false;
        arrival->recipients = must_grow(arrival->recipients, arrival->recipient_count + 1,
                                        sizeof *arrival->recipients);
        arrival->recipients[arrival->recipient_count++] = must_copy(one);
    }
    return true;
}

static bool anybody_wanted(struct town *town, struct mail_arrival *arrival)
{
    bool wanted = false;

    for (size_t i = 0; i < arrival->wanted_count; i++)
        if (!arrival->wanted[i].asked) {
            wanted = true;
            look_for(town, &arrival->wanted[i]);
        }
    return wanted;
}

struct recording {
    struct store_change change;
    struct town *town;
    struct mail_arrival *arrival;
};

static bool record(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct recording *it = container_of(change, struct recording, change);

    return bridge_mail_record(it->town->bridge, tx, it->arrival, err);
}

static void prepare_and_record(struct town *town, struct mail_arrival *arrival)
{
    struct recording it = {.change.apply = record, .town = town, .arrival = arrival};
    struct err err = {0};

    do {
        if (!bridge_mail_prepare(town->bridge, arrival, &err))
            fail_msg("prepare: %s (%s)", err.said, err.cause);
    } while (anybody_wanted(town, arrival));
    if (arrival->answer.verdict == VERDICT_TAKEN && !store_commit(town->store, &it.change, &err))
        fail_msg("record: %s (%s)", err.said, err.cause);
}

char *town_send(struct town *town, const struct town_mail *mail)
{
    struct mail_arrival arrival = {
        .door = mail->door, .mail_from = must_dup(mail->mail_from), .received_ms = town_now(town)};
    scoped_value(bytes) text = {0};
    struct answer refused;
    int64_t account = !mail->login                              ? 0
                      : !strcmp(mail->login, "eve@example.org") ? town->eve
                                                                : town->alice;

    arrival.account_id = account;
    arrival.received_field =
        must_dup("Received: by example.org; Sun, 1 Mar 2026 12:00:00 +0000\r\n");
    if (!ask_recipients(town, mail, account, &arrival, &refused)) {
        mail_arrival_clear(&arrival);
        return reply_of(&refused);
    }
    to_crlf(mail->text, &text);
    arrival.body = source_of_bytes(&text);
    prepare_and_record(town, &arrival);
    char *reply = reply_of(&arrival.answer);
    mail_arrival_clear(&arrival);
    return reply;
}

/* ---- what came of it ---- */
static const char *const visibilities[] = {"", "public", "unlisted", "followers", "direct", "mail"};

struct telling {
    struct town *town;
    struct store_view *view;
    struct bytes *out;
    int64_t last;
};

static bool tell_person(void *ctx, const struct audience *audience)
{
    struct telling *telling = ctx;
    scoped_value(person) person = {0};
    struct err err;

    assert_int_equal(store_person(telling->view, audience->person_id, &person, &err), FOUND);
    scoped_text char *handle = person_handle(&person);
    bytes_print(telling->out, "%s %s%s\n", audience->field == AUDIENCE_TO ? "to" : "cc", handle,
                audience->mentioned ? "" : " (not mentioned)");
    return true;
}

static bool tell_picture(void *ctx, const struct attachment *attachment)
{
    struct telling *telling = ctx;

    bytes_print(telling->out, "picture %s %dx%d: %s\n", attachment->type, attachment->width,
                attachment->height, attachment->alt ? attachment->alt : "(no description)");
    return true;
}

static bool tell_tag(void *ctx, const char *tag)
{
    struct telling *telling = ctx;

    bytes_print(telling->out, "#%s\n", tag);
    return true;
}

static void tell_message(struct telling *telling, struct message *message)
{
    struct err err;
    struct bytes *out = telling->out;

    if (message->visibility == VISIBILITY_MAIL) {
        bytes_add_text(out, "mail\n");
        return;
    }
    assert_int_equal(message->wrapped, !visibility_is_open(message->visibility));
    assert_true(message_unwrap(telling->town->bridge, message, &err));
    bytes_print(out, "%s%s%s\n", visibilities[message->visibility],
                message->state == MESSAGE_HELD ? (message->release_ms ? " held" : " asked") : "",
                message->state == MESSAGE_SENT ? " sent" : "");
    if (message->parent_id)
        bytes_print(out, "answers %s\n", message->parent_uri ? message->parent_uri : "(no id)");
    if (message->warning.len > 0)
        bytes_print(out, "warning: %.*s\n", SLICE_ARGS(bytes_slice(&message->warning)));
    bytes_print(out, "%.*s\n", SLICE_ARGS(bytes_slice(&message->html)));
    assert_true(store_audience(telling->view, message->id, tell_person, telling, &err));
    assert_true(store_attachments(telling->view, message->id, tell_picture, telling, &err));
    assert_true(store_hashtags(telling->view, message->id, tell_tag, telling, &err));
}

static bool tell_entry(void *ctx, const struct entry *entry)
{
    struct telling *telling = ctx;

    if (entry->id > telling->last)
        telling->last = entry->id;
    bytes_print(telling->out, "in %s: %s\n", entry->mailbox,
                entry->subject ? entry->subject : "(no subject)");
    return true;
}

static bool tell_delivery(void *ctx, const struct delivery *delivery)
{
    struct telling *telling = ctx;

    telling->last = delivery->id;
    bytes_print(telling->out, "goes to %s\n",
                delivery->target == TARGET_INBOX  ? delivery->inbox
                : delivery->target == TARGET_MAIL ? delivery->rcpt_to
                                                  : delivery->host);
    return true;
}

static void tell_messages(struct telling *telling)
{
    struct err err;

    for (;;) {
        scoped_value(message) message = {0};
        if (store_message(telling->view, telling->town->last_message + 1, &message, &err) != FOUND)
            return;
        telling->town->last_message++;
        tell_message(telling, &message);
    }
}

static void tell_entries(struct telling *telling, const char *name, int64_t account)
{
    struct err err;
    struct town *town = telling->town;
    size_t before = telling->out->len;

    telling->last = 0;
    bytes_print(telling->out, "%s ", name);
    size_t after = telling->out->len;
    assert_true(
        store_entries(telling->view, account, 0, town->last_entry, 100, tell_entry, telling, &err));
    if (telling->out->len == after)
        bytes_cut(telling->out, before);
}

char *town_effects(struct town *town)
{
    struct bytes out = {0};
    struct err err;
    scoped(store_view) view = store_look(town->store, &err);
    struct telling telling = {.town = town, .view = view, .out = &out};

    tell_messages(&telling);
    tell_entries(&telling, "alice", town->alice);
    int64_t last = telling.last;
    tell_entries(&telling, "eve", town->eve);
    if (telling.last > last)
        last = telling.last;
    if (last > town->last_entry)
        town->last_entry = last;
    telling.last = town->last_delivery;
    assert_true(store_queue(view, town->last_delivery, 100, tell_delivery, &telling, &err));
    town->last_delivery = telling.last;
    return bytes_take(&out);
}

/* ---- looking closer ---- */
void town_newest(struct town *town, struct message *out)
{
    struct err err;
    scoped(store_view) view = store_look(town->store, &err);

    for (int64_t id = 1;; id++) {
        scoped_value(message) message = {0};
        if (store_message(view, id, &message, &err) != FOUND)
            return;
        if (message.visibility == VISIBILITY_MAIL)
            continue;
        message_clear(out);
        *out = message;
        message = (struct message){0};
    }
}

char *town_ref(struct town *town)
{
    scoped_value(message) message = {0};

    town_newest(town, &message);
    return must_dup(message.ref);
}

struct search {
    const char *mailbox;
    int64_t body_id;
};

static bool match_entry(void *ctx, const struct entry *entry)
{
    struct search *search = ctx;

    if (strcmp(entry->mailbox, search->mailbox) == 0)
        search->body_id = entry->body_id;
    return true;
}

static char *read_body(struct store_view *view, int64_t body_id)
{
    struct bytes text = {0};
    struct err err;
    scoped(source) source = body_id ? store_body_source(view, body_id, &err) : NULL;

    if (source)
        assert_true(source_read_all(source, 1 << 20, &text, &err));
    return bytes_take(&text);
}

char *town_newest_mail(struct town *town, int64_t account, const char *mailbox)
{
    struct err err;
    scoped(store_view) view = store_look(town->store, &err);
    struct search search = {.mailbox = mailbox};

    assert_true(store_entries(view, account, 0, 0, 10000, match_entry, &search, &err));
    return read_body(view, search.body_id);
}

static bool match_delivery(void *ctx, const struct delivery *delivery)
{
    struct search *search = ctx;

    if (delivery->target == TARGET_MAIL)
        search->body_id = delivery->body_id;
    return true;
}

char *town_newest_sending(struct town *town)
{
    struct err err;
    scoped(store_view) view = store_look(town->store, &err);
    struct search search = {0};

    assert_true(store_queue(view, 0, 10000, match_delivery, &search, &err));
    return read_body(view, search.body_id);
}
