/*
 * The mails of a claim.  They go to an address elsewhere, and what is in them is for the holder of the key alone: it is
 * encrypted before anything of it is written down.
 */
#include "claim_work.h"

#include "compose.h"
#include "config.h"
#include "faces.h"
#include "list_work.h"
#include "memory.h"

#include <time.h>

enum { DATE_SIZE = 40, WORDS_MAX = 4096 /* with a secret: they must not grow */ };

/* ---- words ---- */
static void day_of(int64_t ms, char out[DATE_SIZE])
{
    struct tm tm;
    time_t s = (time_t)(ms / SECOND_MS);

    gmtime_r(&s, &tm);
    strftime(out, DATE_SIZE, "%d %B %Y, %H:%M UTC", &tm);
}

void claim_question_words(const struct name_claim *claim, const char *word, const char *price,
                          struct bytes *out)
{
    char day[DATE_SIZE];
    scoped_text char *page = list_page(claim->domain, "claim", word);

    day_of(claim->expires_ms, day);
    bytes_reserve(out, WORDS_MAX);
    bytes_print(out,
                "Somebody, perhaps you, asked for the address %s@%s, by a mail that this key "
                "signed:\n\n    %s\n\nTo have it, open this page until %s and press the "
                "button:\n\n    %s\n\n",
                claim->name, claim->domain, claim->fingerprint, day, page);
    if (price)
        bytes_print(out,
                    "It costs:\n\n    %s\n\nOnce it is confirmed a second mail says how to pay, "
                    "within seven days.\n\n",
                    price);
    bytes_print(
        out,
        "Or answer this mail, signed with the same key but not encrypted, with this line:\n\n"
        "    confirm %s %s\n\n"
        "If it was not you, do nothing: then nobody gets the address by this mail.\n",
        word, claim->domain);
    explicit_bzero(page, strlen(page));
}

void claim_price_words(const struct bridge *bridge, const struct name_claim *claim,
                       struct bytes *out)
{
    char day[DATE_SIZE], free_day[DATE_SIZE];

    day_of(claim->expires_ms, day);
    day_of(claim->free_ms, free_day);
    bytes_print(out,
                "The address %s@%s is kept for you until %s, and is yours when it is paid:\n\n"
                "    Price      %s\n    Pay        %s\n    Reference  %s\n\n",
                claim->name, claim->domain, day, bridge->config->fee, bridge->config->fee_pay,
                claim->reference);
    bytes_print(out,
                "Give the reference with the payment: by it alone is known what was paid. When the "
                "payment has come, a mail that is encrypted to this key brings the password:\n\n"
                "    %s\n\nUntil then nobody can write to the address.\n\n",
                claim->fingerprint);
    bytes_add_text(out, "If it is not paid in time it is dropped. ");
    if (claim->free_ms > claim->expires_ms)
        bytes_print(out,
                    "The same key can claim it again until %s, and the reference stays the same. ",
                    free_day);
    bytes_add_text(out, "If you do not want it, do nothing.\n");
}

void claim_welcome_words(const struct bridge *bridge, const struct name_claim *claim,
                         const char *password, struct bytes *out)
{
    const char *host = bridge->config->hostname;

    bytes_reserve(out, WORDS_MAX);
    bytes_print(out,
                "The address %s@%s is yours.\n\nIn your mail program:\n\n"
                "    User name  %s@%s\n    Password   %s\n",
                claim->name, claim->domain, claim->name, claim->domain, password);
    bytes_print(out,
                "    Incoming   IMAP, %s, port 993, SSL/TLS\n"
                "    Outgoing   SMTP, %s, port 465, SSL/TLS\n\n",
                host, host);
    bytes_print(out,
                "Most programs find these settings by themselves. What comes for you is encrypted "
                "to this key before it is stored, so every program that reads the mailbox needs "
                "it:\n\n    %s\n\n"
                "From the Fediverse you can be followed as @%s@%s.",
                claim->fingerprint, claim->name, claim->domain);
    bytes_add_text(out, claim->state == NAME_CLAIM_UNPAID
                            ? "\n"
                            : " Log in within seven days: an account that nobody uses goes to "
                              "sleep.\n");
}

/* ---- the mail ---- */
static bool compose_all(struct bridge *bridge, const struct claim_letter *letter, const char *desk,
                        struct memory_sink *into, struct err *err)
{
    scoped(compose) c = compose_new();
    scoped_text char *message_id = message_id_new(letter->claim->domain);
    scoped_text char *answers = must_dup(letter->answers);

    compose_address(c, "From", "Key desk", desk);
    compose_address(c, "To", NULL, letter->claim->address);
    compose_field(c, "Subject", letter->subject);
    compose_date(c, clock_now(bridge->clock));
    compose_ids(c, "Message-ID", &message_id, 1);
    if (answers) {
        compose_ids(c, "In-Reply-To", &answers, 1);
        compose_ids(c, "References", &answers, 1);
    }
    compose_field(c, "Auto-Submitted", "auto-replied");
    compose_language(c, "en");
    compose_text(c, letter->text, NULL);
    memory_sink_init(into);
    return compose_write(c, &into->sink, err);
}

static bool seal(struct bridge *bridge, const struct name_claim *claim,
                 const struct mail_faces *faces, struct source *whole,
                 const struct pgp_pair *signer, struct store_body **out, struct err *err)
{
    const struct slice certificate = bytes_slice(&claim->certificate);
    const struct pgp_orders orders = {
        .form = PGP_SEALED,
        .certificates = &certificate,
        .count = 1,
        .outer = bytes_slice(&faces->outer),
        .signer = signer,
    };
    scoped(store_body) body = store_body_new(bridge->store, err);
    if (!body)
        return false;
    scoped(pgp_sealed) sealed = pgp_seal(bridge->pgp, &orders, whole, store_body_sink(body), err);
    if (!sealed || !store_body_finish(body, err))
        return false;
    *out = steal(&body);
    return true;
}

bool claim_letter_write(struct bridge *bridge, const struct claim_letter *letter,
                        struct store_body **out, struct err *err)
{
    scoped_text char *desk = must_print("claim@%s", letter->claim->domain);
    scoped_value(pgp_pair) pair = {0};
    scoped_value(mail_faces) faces = {0};
    scoped_value(bytes) inner = {0};
    struct memory_sink written;

    if (!own_key_get(bridge, desk, &pair, err))
        return false;
    bool ok = compose_all(bridge, letter, desk, &written, err);
    scoped(source) content = source_of_bytes(&written.bytes);
    if (!ok || !mail_faces_of(content, &faces, err))
        return false;
    pgp_pair_autocrypt(&pair, desk, &inner);
    bytes_add(&inner, bytes_slice(&faces.inner));
    scoped(source) rest = source_from(content, faces.body);
    scoped(source) whole = source_behind(bytes_slice(&inner), steal(&rest));
    return seal(bridge, letter->claim, &faces, whole, &pair, out, err) ||
           (err->kind ==
                ERR_REFUSED && /* GnuPG encrypts to what librnp cannot, and does not sign */
            seal(bridge, letter->claim, &faces, whole, NULL, out, err));
}

#define OF_PRICES (INT64_MIN / 2) /* apart from the two others of all claims */

/* With the null sender: what cannot be delivered is told to nobody. */
bool claim_letter_send(struct bridge *bridge, struct store_tx *tx, const struct name_claim *claim,
                       enum claim_answer which, struct store_body *body, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);
    int64_t number = -2 * claim->id - (which == CLAIM_WELCOME);
    struct person person = {.kind = PERSON_MAIL, .address = claim->address};
    scoped_text char *host = must_dup(strrchr(claim->address, '@') + 1);
    static char nobody[] = "";
    struct delivery delivery = {
        .subject = SUBJECT_REPORT,
        .subject_id = which == CLAIM_PRICE ? OF_PRICES - claim->id : number,
        .target = TARGET_MAIL,
        .host = host,
        .wanted = 1,
        .due_ms = now_ms,
        .first_ms = now_ms,
        .mail_from = nobody,
        .rcpt_to = claim->address,
    };

    return store_put_person(tx, &person, &delivery.person_id, err) &&
           store_want_mail(tx, &delivery, body, err);
}
