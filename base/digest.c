#include "digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

void sha256(struct slice s, unsigned char out[SHA256_LEN])
{
    SHA256((const unsigned char *)s.at, s.len, out);
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

    int ready = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
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
