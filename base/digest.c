#include "digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <pthread.h>

static EVP_MD *kind; /* for as long as the process is */

static void fetch_kind(void)
{
    kind = EVP_MD_fetch(NULL, "SHA256", NULL);
    assert(kind);
}

/* Found once: SHA256() and EVP_sha256() are looked up by name at each use. */
static const EVP_MD *sha256_kind(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, fetch_kind);
    return kind;
}

void sha256(struct slice s, unsigned char out[SHA256_LEN])
{
    int done = EVP_Digest(s.at, s.len, out, NULL, sha256_kind(), NULL);

    assert(done);
    (void)done;
}

void sha1(struct slice s, unsigned char out[SHA1_LEN])
{
    SHA1((const unsigned char *)s.at, s.len, out);
}

/* Never defined: a run is OpenSSL's own context under our name.  Its calls fail for want of memory
 * only. */
static EVP_MD_CTX *context_of(struct sha256_run *run)
{
    return (EVP_MD_CTX *)(void *)run;
}

struct sha256_run *sha256_start(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    int ready = context && EVP_DigestInit_ex(context, sha256_kind(), NULL);
    assert(ready);
    (void)ready;
    return (struct sha256_run *)(void *)context;
}

void sha256_add(struct sha256_run *run, struct slice s)
{
    EVP_DigestUpdate(context_of(run), s.at, s.len);
}

void sha256_end(struct sha256_run *run, unsigned char out[SHA256_LEN])
{
    EVP_DigestFinal_ex(context_of(run), out, NULL);
    EVP_MD_CTX_free(context_of(run));
}
