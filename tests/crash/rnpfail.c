/* Preloaded into the release build by test_sealing_trouble.py: librnp cannot encrypt while the file RNPFAIL_FILE is there. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUT_OF_MEMORY = 0x10000005 }; /* RNP_ERROR_OUT_OF_MEMORY */

uint32_t rnp_op_encrypt_execute(void *op);

uint32_t rnp_op_encrypt_execute(void *op)
{
    static uint32_t (*real)(void *);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment */
    const char *file = getenv("RNPFAIL_FILE");

    if (file && access(file, F_OK) == 0)
        return OUT_OF_MEMORY;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "rnp_op_encrypt_execute");
    return real(op);
}
