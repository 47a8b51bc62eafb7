#include "acme_json.h"

#include "memory.h"
#include "text.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>

static const char said[] = "The certificate authority's answer cannot be understood";

static struct slice text_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_string(value))
        return (struct slice){"", 0};
    return (struct slice){json_string_value(value), json_string_length(value)};
}

/* NULL: it is no object. */
static json_t *object_of(struct slice text)
{
    json_error_t ignored;
    json_t *root = text.len > ACME_ANSWER_MAX
                       ? NULL
                       : json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, &ignored);

    if (json_is_object(root))
        return root;
    json_decref(root);
    return NULL;
}

static char *url_of(struct slice text)
{
    struct url url;

    if (text.len > ACME_URL_MAX || !url_read(text, &url) || !url.https)
        return NULL;
    return must_copy(text);
}

static void copy_plain(struct slice text, char *into, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < text.len && len + 1 < size; i++)
        into[len++] = (char)(text.at[i] >= ' ' && text.at[i] < 0x7f ? text.at[i] : '?');
    into[len] = '\0';
}

static bool name_of(const json_t *object, char out[ACME_NAME_SIZE])
{
    const json_t *identifier = json_object_get(object, "identifier");
    scoped_text char *name = NULL;
    struct err ignored;

    if (!slice_is(text_of(identifier, "type"), "dns") ||
        !host_canonical(text_of(identifier, "value"), &name, &ignored) ||
        strlen(name) >= ACME_NAME_SIZE)
        return false;
    memcpy(out, name, strlen(name) + 1);
    return true;
}

bool acme_directory_read(struct slice json, struct acme_directory *out, struct err *err)
{
    json_t *root = object_of(json);

    *out = (struct acme_directory){
        .new_nonce = url_of(text_of(root, "newNonce")),
        .new_account = url_of(text_of(root, "newAccount")),
        .new_order = url_of(text_of(root, "newOrder")),
    };
    json_decref(root);
    return (out->new_nonce && out->new_account && out->new_order) ||
           err_set(err, ERR_MALFORMED,
                   "This is no directory of a certificate authority; correct acme in [tls]");
}

void acme_directory_clear(struct acme_directory *directory)
{
    free(directory->new_nonce);
    free(directory->new_account);
    free(directory->new_order);
    *directory = (struct acme_directory){0};
}

static void read_type(struct slice type, struct acme_problem *out)
{
    const struct slice start = SLICE("urn:ietf:params:acme:error:");
    struct slice word = slice_from(type, start.len);

    if (!slice_starts(type, start) || word.len >= sizeof out->type)
        return;
    for (size_t i = 0; i < word.len; i++)
        if (!isalpha((unsigned char)word.at[i]))
            return;
    memcpy(out->type, word.at, word.len);
}

static void read_refused(const json_t *problem, struct bytes *out)
{
    const json_t *parts = json_object_get(problem, "subproblems");
    char name[ACME_NAME_SIZE];

    for (size_t i = 0; i < json_array_size(parts) && i < ACME_NAMES_MAX; i++) {
        if (!name_of(json_array_get(parts, i), name))
            continue;
        bytes_print(out, "%s%s", out->len > 0 ? " " : "", name);
    }
}

static void read_problem(const json_t *problem, struct acme_problem *out)
{
    *out = (struct acme_problem){0};
    if (!json_is_object(problem))
        return;
    read_type(text_of(problem, "type"), out);
    copy_plain(text_of(problem, "detail"), out->detail, sizeof out->detail);
    read_refused(problem, &out->refused);
}

void acme_problem_read(struct slice json, struct acme_problem *out)
{
    json_t *root = object_of(json);

    read_problem(root, out);
    json_decref(root);
}

void acme_problem_clear(struct acme_problem *problem)
{
    bytes_clear(&problem->refused);
    *problem = (struct acme_problem){0};
}

static bool read_status(const json_t *object, enum acme_status *out)
{
    static const struct {
        const char *word;
        enum acme_status status;
    } words[] = {
        {"pending",     ACME_PENDING   },
        {"ready",       ACME_READY     },
        {"processing",  ACME_PROCESSING},
        {"valid",       ACME_VALID     },
        {"invalid",     ACME_INVALID   },
        {"deactivated", ACME_INVALID   },
        {"expired",     ACME_INVALID   },
        {"revoked",     ACME_INVALID   },
    };
    struct slice word = text_of(object, "status");

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        *out = words[i].status;
        if (slice_is(word, words[i].word))
            return true;
    }
    return false;
}

static bool read_authorizations(const json_t *root, struct acme_order_state *out)
{
    const json_t *list = json_object_get(root, "authorizations");
    size_t count = json_array_size(list);

    if (count > ACME_NAMES_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *url = json_array_get(list, i);
        if (!json_is_string(url))
            return false;
        char *copy = url_of((struct slice){json_string_value(url), json_string_length(url)});
        if (!copy)
            return false;
        out->authorizations[out->count++] = copy;
    }
    return true;
}

bool acme_order_state_read(struct slice json, struct acme_order_state *out, struct err *err)
{
    json_t *root = object_of(json);

    *out = (struct acme_order_state){0};
    bool good = read_status(root, &out->status) && read_authorizations(root, out);
    out->finalize = url_of(text_of(root, "finalize"));
    out->certificate = url_of(text_of(root, "certificate"));
    read_problem(json_object_get(root, "error"), &out->problem);
    json_decref(root);
    return (good && out->finalize && (out->status != ACME_VALID || out->certificate)) ||
           err_because(err, ERR_MALFORMED, said, "order");
}

void acme_order_state_clear(struct acme_order_state *state)
{
    for (size_t i = 0; i < state->count; i++)
        free(state->authorizations[i]);
    free(state->finalize);
    free(state->certificate);
    acme_problem_clear(&state->problem);
    *state = (struct acme_order_state){0};
}

/* RFC 8555 8.1: base64url, and nothing that could lead elsewhere in a path. */
static bool is_token(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum((unsigned char)text.at[i]) && text.at[i] != '-' && text.at[i] != '_')
            return false;
    return text.len > 0 && text.len <= ACME_TOKEN_MAX;
}

static void read_challenge(const json_t *challenge, struct acme_authorization *out)
{
    struct slice token = text_of(challenge, "token"), status = text_of(challenge, "status");

    if (!slice_is(text_of(challenge, "type"), "http-01") || out->url || !is_token(token))
        return;
    out->url = url_of(text_of(challenge, "url"));
    if (!out->url)
        return;
    out->token = must_copy(token);
    out->answered = !slice_is(status, "pending");
    read_problem(json_object_get(challenge, "error"), &out->problem);
}

bool acme_authorization_read(struct slice json, struct acme_authorization *out, struct err *err)
{
    enum { CHALLENGES_LOOKED_AT = 16 };
    json_t *root = object_of(json);
    const json_t *challenges = json_object_get(root, "challenges");

    *out = (struct acme_authorization){0};
    bool good = read_status(root, &out->status) && name_of(root, out->name);
    for (size_t i = 0; i < json_array_size(challenges) && i < CHALLENGES_LOOKED_AT; i++)
        read_challenge(json_array_get(challenges, i), out);
    json_decref(root);
    return good || err_because(err, ERR_MALFORMED, said, "authorization");
}

void acme_authorization_clear(struct acme_authorization *authorization)
{
    free(authorization->url);
    free(authorization->token);
    acme_problem_clear(&authorization->problem);
    *authorization = (struct acme_authorization){0};
}

static int64_t number_of(const json_t *object, const char *name)
{
    int64_t number = json_integer_value(json_object_get(object, name));

    return number < 0 ? 0 : number;
}

void acme_note_read(struct slice json, struct acme_note *out)
{
    json_t *root = object_of(json);

    *out = (struct acme_note){0};
    copy_plain(text_of(root, "asked"), out->asked, sizeof out->asked);
    copy_plain(text_of(root, "issued"), out->issued, sizeof out->issued);
    copy_plain(text_of(root, "trouble"), out->trouble, sizeof out->trouble);
    out->tried_ms = number_of(root, "tried_ms");
    out->next_ms = number_of(root, "next_ms");
    out->failures = number_of(root, "failures");
    out->begun = number_of(root, "begun");
    json_decref(root);
}
