/*
 * html — a stranger's HTML made clean, and made text (libxml2, bounded depth and size).
 */
#ifndef NESTBOX_MIME_HTML_H
#define NESTBOX_MIME_HTML_H

#include "bytes.h"
#include "err.h"
#include "slice.h"

/* Keeps p br a(href) blockquote pre code b strong i em u s del ul ol li span-less text; http(s) and mailto links
 * get rel="nofollow noopener noreferrer"; pictures, scripts, styles, forms, classes go; headings become bold
 * paragraphs; Mastodon's `invisible`/`ellipsis` spans are resolved (the link's href is shown in full where it was shortened);
 * `quote-inline` is stripped.  Output is well-formed UTF-8 HTML.  ERR_TOO_LARGE above 1 MiB or 200 levels. */
MUST_CHECK bool html_clean(struct slice html, struct bytes *out, struct err *err);
/* Plain text: paragraphs by blank lines, lists with "- ", quotes with "> ", a link whose text is not its address
 * as "text <address>"; mention and hashtag links as their text alone. */
MUST_CHECK bool html_to_text(struct slice html, struct bytes *out, struct err *err);

#endif
