#include "bridge_transport.h"
#include "store_write.h"

bool bridge_keep_policy(struct store_tx *tx, const struct sts_row *row, struct err *err)
{
    return store_put_sts(tx, row, err);
}

bool bridge_count_tls(struct store_tx *tx, const struct tls_row *rows, size_t count,
                      struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!store_count_tls(tx, &rows[i], err))
            return false;
    return true;
}
