#include "fake_cipher.h"

#include "memory.h"

static void cipher_free(struct errand *errand)
{
    struct out_cipher *cipher = container_of(errand, struct out_cipher, errand);

    free(cipher->address);
    free(cipher->domain);
    free(cipher);
}

struct errand *fake_cipher_new(bool settled, const char *address, const char *domain)
{
    struct out_cipher *cipher = must_new(struct out_cipher);

    cipher->errand = (struct errand){.free = cipher_free, .ok = true};
    cipher->settled = settled;
    cipher->account_id = 3;
    if (!settled) {
        cipher->address = must_dup(address);
        cipher->domain = must_dup(domain);
    }
    return &cipher->errand;
}

static void plain_free(struct errand *errand)
{
    free(errand);
}

struct errand *fake_done_new(void)
{
    struct errand *errand = must_new(struct errand);

    *errand = (struct errand){.free = plain_free, .ok = true};
    return errand;
}
