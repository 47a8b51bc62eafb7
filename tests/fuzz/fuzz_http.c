/*
 * The HTTP reader, its routing and its answers, with the face of the unit tests.
 *
 * The first byte says in what pieces the rest arrives.  Whatever comes: what is sent whole and what is sent
 * in pieces is understood the same, and the reader asks for nothing once it hung up.
 */
#include "../unit/net/http_peer.h"

#include "memory.h"

#include <assert.h>
#include <stdio.h>

static void let_it_work(struct http_peer *p)
{
    while (!p->hung_up) { /* each handler comes to its end */
        if (p->next == NEXT_WAIT)
            http_peer_come_home(p);
        else if (p->next == NEXT_MORE)
            http_peer_more(p);
        else if (p->watch)
            http_peer_nudge(p, NUDGE_CHANGE);
        else
            return;
    }
}

static void send_in_pieces(struct http_peer *p, struct slice bytes, size_t piece)
{
    while (bytes.len && !p->hung_up) {
        http_peer_send(p, slice_first(bytes, piece));
        let_it_work(p);
        bytes = slice_from(bytes, piece);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_peer whole, pieces;

    if (size == 0)
        return 0;
    struct slice bytes = {(const char *)data + 1, size - 1};
    http_peer_open(&whole, (struct http_options){0});
    http_peer_open(&pieces, (struct http_options){0});
    send_in_pieces(&whole, bytes, bytes.len ? bytes.len : 1);
    send_in_pieces(&pieces, bytes, 1 + data[0] % 16);
    assert(slice_eq(bytes_slice(&whole.seen), bytes_slice(&pieces.seen)));
    http_peer_pass(&whole, 100 * SECOND_MS);
    http_peer_nudge(&pieces, NUDGE_CLOSING);
    http_peer_close(&whole);
    http_peer_close(&pieces);
    return 0;
}
