/* docs/man/nestbox.8, made from the table of commands; a test holds them equal. */
#include "command.h"

#include <string.h>

/* A hyphen is a minus where it is typed, and a dot at a line's start would be a request. */
static void troff_add(struct bytes *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c == '-')
            bytes_add_text(out, "\\-");
        else
            bytes_add_char(out, *c);
    }
}

void command_manual_page(struct bytes *out)
{
    bytes_add_text(out,
                   ".TH NESTBOX 8 \"\" Nestbox\n.SH NAME\n"
                   "nestbox \\- a mail address that Mastodon can follow\n"
                   ".SH SYNOPSIS\n.B nestbox\n.I COMMAND\n"
                   "[\\fB\\-\\-config\\fR \\fIFILE\\fR] [\\fB\\-\\-json\\fR]\n"
                   ".SH DESCRIPTION\n"
                   "A server for one small domain: a mail address there is also a Fediverse "
                   "handle. Mail to\n"
                   ".I public@DOMAIN\n"
                   "becomes a post; answers from the Fediverse become mail.\n"
                   ".P\nAll commands work while the server runs: it does them itself.\n"
                   ".I ADDRESS\nis a mail address of an account here,\n.I PERSON\n"
                   "a mail address, bob=social.example@DOMAIN or @bob@social.example,\n.I REF\n"
                   "the name of a post as\n.B nestbox post list\nshows it.\n.SH COMMANDS\n");
    for (size_t i = 0; i < command_row_count; i++) {
        bytes_add_text(out, ".TP\n\\fB");
        troff_add(out, command_rows[i].words);
        bytes_add_text(out, command_rows[i].arguments[0] ? "\\fR " : "\\fR");
        troff_add(out, command_rows[i].arguments);
        bytes_add_text(out, "\n");
        troff_add(out, command_rows[i].help);
        bytes_add_text(out, ".\n");
    }
    bytes_add_text(out, ".SH OPTIONS\n.TP\n\\fB\\-\\-config\\fR \\fIFILE\\fR\n"
                        "The settings; /etc/nestbox/nestbox.conf unless given. In any place.\n"
                        ".TP\n\\fB\\-\\-json\\fR\nListings as a JSON array of objects.\n"
                        ".SH EXIT STATUS\n0 done; 1 refused or failed, with one line on standard "
                        "error; 2 wrong usage; "
                        "3 done, but for what standard error names.\n"
                        ".SH FILES\n.TP\n.I /etc/nestbox/nestbox.conf\nSettings, nestbox.conf(5).\n"
                        ".TP\n.I /var/lib/nestbox\nThe data: database, bodies, keys. "
                        "nestbox backup makes one file of it.\n"
                        ".SH SEE ALSO\n.BR nestbox.conf (5)\n");
}
