/*
 * out_wire — a text on standard input as smtp/out/out_text.c puts it on the wire, on standard output.  Driven by
 * tests/e2e/test_smuggling_out.py, which gives it what our own entrances refuse.
 */
#include "out_text.h"

#include <stdio.h>

int main(void)
{
    struct out_text text = {.at_start = true};
    scoped_value(bytes) out = {0};
    char piece[4096];
    size_t len;

    while ((len = fread(piece, 1, sizeof piece, stdin)) > 0)
        out_text_add(&text, (struct slice){piece, len}, &out);
    out_text_end(&text, &out);
    return fwrite(out.at, 1, out.len, stdout) == out.len ? 0 : 1;
}
