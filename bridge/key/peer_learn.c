/*
 * What mails from outside tell of their authors' keys (Autocrypt Level 1, 2.3), for accounts whose mail leaves encrypted.
 *
 * Only where DMARC passed by a signature of the author's domain, and from a field that it covers: else anybody could put
 * their own key in another's place.  A field that it does not cover may confirm the key that is known.
 * Gossip teaches nothing.  Nor does Delta Chat's mail: what we encrypt is not signed, and that program would not show it.
 */
#include "mail_work.h"
#include "peer.h"

#include "autocrypt.h"
#include "log.h"
#include "memory.h"

static bool may_tell(struct mail_work *work, const struct account *account)
{
    const struct author *author = &work->author;

    return account->encrypt_outgoing != ENCRYPT_NO && work->arrival->door == MAIL_DOOR_MX &&
           author->evidence == EVIDENCE_S2 && *author->address && !author->ours && !work->chat &&
           !mail_part_is(mail_root(work->arrival->mail), "multipart", "report");
}

/* Heard of, but not by the field: one who leaves it out for long has left the program that wrote it. */
static bool was_heard(struct peer_key *key, int64_t dated_ms)
{
    if (key->certificate.len == 0 || dated_ms <= key->seen_ms)
        return false;
    key->seen_ms = dated_ms;
    return true;
}

static bool is_known(const struct mail_work *work, struct slice told, const struct peer_key *key)
{
    scoped_value(bytes) bare = {0};

    return key->certificate.len > 0 &&
           pgp_key_for_address(told, slice_of(work->author.address), &bare) &&
           slice_eq(bytes_slice(&bare), bytes_slice(&key->certificate));
}

/* Where there is no judge, the mail does not wait for it. */
static bool read_told(struct mail_work *work, struct slice told, struct peer_key *key)
{
    scoped_value(peer_key) other = {0};
    const char *address = work->author.address;
    struct err err;
    bool fit;

    if (!peer_key_read(work->bridge, told, address, &other, &fit, &err)) {
        log_warn("a key that a mail told could not be read: %s (%s)", err.said, err.cause);
        return false;
    }
    if (!fit)
        return false;
    bytes_clear(&key->certificate);
    key->certificate = other.certificate;
    other.certificate = (struct bytes){0};
    memcpy(key->fingerprint, other.fingerprint, sizeof key->fingerprint);
    key->encrypts_until_ms = other.encrypts_until_ms;
    return true;
}

bool peer_learn(struct mail_work *work, const struct account *account, struct peer_key *out,
                struct err *err)
{
    scoped_value(peer_key) key = {0};
    scoped_value(bytes) told = {0};

    if (!may_tell(work, account))
        return true;
    const char *address = work->author.address;
    bool covered = work->author.origin.key_signed;
    const char *field = mail_key_told(work, work->arrival->mail, &told);
    int64_t dated_ms = mail_effective_ms(work);
    enum found found =
        store_peer_key(work->view, account->id, slice_of(address), PEER_TOLD, &key, err);

    if (found == FAILED)
        return false;
    if (found == ABSENT)
        key = (struct peer_key){
            .account_id = account->id, .address = must_dup(address), .source = PEER_TOLD};
    if (dated_ms < key.told_ms)
        return true;
    bool fit = field && (is_known(work, bytes_slice(&told), &key) || /* needs no judge */
                         (covered && read_told(work, bytes_slice(&told), &key)));
    if (!fit && !was_heard(&key, dated_ms))
        return true;
    if (fit) {
        key.told_ms = dated_ms;
        key.seen_ms = dated_ms > key.seen_ms ? dated_ms : key.seen_ms;
        key.mutual = covered ? autocrypt_is_mutual(slice_of(field)) : key.mutual;
    }
    peer_key_clear(out);
    *out = key;
    key = (struct peer_key){0};
    return true;
}
