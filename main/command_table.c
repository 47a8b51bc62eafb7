/* The table of commands: design.md 8.  A new command is one row and one function. */
#include "command.h"

#include "scope.h"

const struct command_row command_rows[] = {
  /* clang-format off */
    {"init",             "--domain D [--dir DIR]",  "Make settings, keys, database and a first certificate; say what to do next", 0, 0, " --domain= --dir= ", INPUT_NONE, NULL},
    {"serve",            "",                        "Run the server", 0, 0, " ", INPUT_NONE, NULL},
    {"judge",            "",                        "Judge OpenPGP signatures (started by the server itself)", 0, 0, " ", INPUT_NONE, NULL},
    {"account add",      "ADDRESS [--name NAME] [--maildir DIR] [--password-stdin]", "Make an account; its address is public as a Fediverse handle", 1, 1, " --name= --maildir= --password-stdin ", INPUT_PASSWORD, run_account_add},
    {"account list",     "",                        "List the accounts", 0, 0, " ", INPUT_NONE, run_account_list},
    {"account show",     "ADDRESS",                 "Show one account", 1, 1, " ", INPUT_NONE, run_account_show},
    {"account set",      "ADDRESS NAME=VALUE…",     "Change name, summary, language, reply_all, maildir or chat (yes: a chat program reads it, all goes to INBOX)", 2, 16, " ", INPUT_NONE, run_account_set},
    {"account remove",   "ADDRESS --yes",           "Put an account to sleep; account add wakes it within 30 days", 1, 1, " --yes ", INPUT_NONE, run_account_remove},
    {"account password", "ADDRESS [--password-stdin]", "Set the password", 1, 1, " --password-stdin ", INPUT_PASSWORD, run_account_password},
    {"key add",          "ADDRESS [FILE]",          "Add an OpenPGP certificate: what comes to rest is encrypted to it, and by it the account may post", 1, 2, " ", INPUT_LAST_ARGUMENT, run_key_add},
    {"key list",         "ADDRESS",                 "List the OpenPGP keys of an account", 1, 1, " ", INPUT_NONE, run_key_list},
    {"key remove",       "ADDRESS FINGERPRINT",     "Remove an OpenPGP key", 2, 2, " ", INPUT_NONE, run_key_remove},
    {"key rotate-server", "",                       "Make another server key, and wrap under it what the old one wrapped", 0, 0, " ", INPUT_NONE, run_key_rotate_server},
    {"follow",           "ADDRESS PERSON",          "Let the account follow a person", 2, 2, " ", INPUT_NONE, run_follow},
    {"unfollow",         "ADDRESS PERSON",          "Let the account no longer follow a person", 2, 2, " ", INPUT_NONE, run_unfollow},
    {"followers",        "ADDRESS",                 "List who follows the account", 1, 1, " ", INPUT_NONE, run_followers},
    {"post list",        "ADDRESS",                 "List the posts of an account, newest first", 1, 1, " ", INPUT_NONE, run_post_list},
    {"post undo",        "ADDRESS REF",             "Stop a post that is still held: nobody will have seen it", 2, 2, " ", INPUT_NONE, run_post_undo},
    {"post delete",      "ADDRESS REF",             "Delete a post here and at every server that got it", 2, 2, " ", INPUT_NONE, run_post_delete},
    {"mail list",        "ADDRESS",                 "List what rests in the mailboxes", 1, 1, " ", INPUT_NONE, run_mail_list},
    {"mail show",        "ADDRESS ID",              "Show one mail; what proves where it came from, on standard error", 2, 2, " ", INPUT_NONE, run_mail_show},
    {"token add",        "NAME [--uses N] [--days N] [--account-days N]", "Invite people to make an account: a link and a code that N accounts may be made by (1), for N days (30)", 1, 1, " --uses= --days= --account-days= ", INPUT_NONE, run_token_add},
    {"token list",       "",                        "List the invitations", 0, 0, " ", INPUT_NONE, run_token_list},
    {"token remove",     "NAME",                    "Take an invitation back; accounts made by it stay", 1, 1, " ", INPUT_NONE, run_token_remove},
    {"qr",               "[NAME] [--domain D]",     "Show the code by which Delta Chat makes an account, of an invitation or for everybody", 0, 1, " --domain= ", INPUT_NONE, run_qr},
    {"queue list",       "",                        "List the deliveries that are not done yet", 0, 0, " ", INPUT_NONE, run_queue_list},
    {"queue show",       "ID",                      "Show one delivery and its last reply", 1, 1, " ", INPUT_NONE, run_queue_show},
    {"queue retry",      "[ID]",                    "Try one delivery now, or all", 0, 1, " ", INPUT_NONE, run_queue_retry},
    {"queue drop",       "ID",                      "Give one delivery up", 1, 1, " ", INPUT_NONE, run_queue_drop},
    {"queue tls",        "",                        "Show how TLS fared on the way to others, as far as it was not reported yet", 0, 0, " ", INPUT_NONE, run_queue_tls},
    {"seal",             "ADDRESS",                 "Seal what rests already to the account's OpenPGP keys; may be interrupted and run again", 1, 1, " ", INPUT_NONE, run_seal},
    {"dns",              "[DOMAIN] [--plain] [--check | --rotate]", "Print the DNS records to publish; say what is wrong with those that the world sees; change the keys that sign", 0, 1, " --plain --check --rotate ", INPUT_NONE, run_dns},
    {"backup",           "FILE",                    "Write everything into one file, while the server goes on; - is standard output", 1, 1, " ", OUTPUT_LAST_ARGUMENT, run_backup},
    {"restore",          "FILE [--renumber]",       "Fill an empty data folder from a backup; --renumber if mail came after the backup was made", 1, 1, " --renumber ", INPUT_NONE, NULL},
    {"status",           "",                        "Say how the server is", 0, 0, " ", INPUT_NONE, run_status},
  /* clang-format on */
};
const size_t command_row_count = COUNT_OF(command_rows);
