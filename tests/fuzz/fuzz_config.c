/* Settings files: no crash, and what was read is in range whatever was written. */
#include "config.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    struct err err = {0};

    if (!config_parse((struct slice){(const char *)data, size}, &config, &err)) {
        assert(err.kind == ERR_MALFORMED && err.said[0]);
        return 0;
    }
    assert(config.domain_count > 0 && config.domain_count <= CONFIG_DOMAINS_MAX);
    assert(config_hosts(&config, slice_of(config.domains[0])));
    assert(config.hostname[0] && config.data_dir[0] == '/' && config.certificate[0] == '/');
    assert(config.undo_ms >= 0 && config.undo_ms <= (int64_t)3600 * 1000);
    assert(config.retry_count <= COUNT_OF(config.retry_ms));
    assert(config.connect_to_count <= CONFIG_CONNECT_TO_MAX);
    assert(config.contact <= DOOR_CLOSED && config.registration <= REGISTRATION_FEE);
    assert(config.registration != REGISTRATION_FEE || (config.fee[0] && config.fee_pay[0]));
    return 0;
}
