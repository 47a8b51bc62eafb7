/*
 * Every setting, once.  The parser, the defaults, the manual and the sample file are read from here.
 */
#include "config_private.h"

#include "clock.h"

#define PLACE(member) offsetof(struct config, member), sizeof(((struct config *)NULL)->member)
#define KIB 1024LL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)

static const char *const doors[] = {"open", "ask", "closed", NULL};
static const char *const holds[] = {"auto", "defer", "accept", NULL};
static const char *const own_sts[] = {"none", "testing", "enforce", NULL};
static const char *const without_key[] = {"server", "clear", "defer", NULL};
static const char *const registrations[] = {"closed", "open", "invite", "fee", NULL};

/* clang-format off */
const struct setting config_table[] = {
    {"server", "domain", &kind_domains, PLACE(domains), .unset = "nothing works; it must be set",
     .help = "The domains whose people live here, with commas between them. The first is the main one: its "
             "name stands in links to posts and profiles."},
    {"server", "hostname", &kind_host, PLACE(hostname), .unset = "the first domain",
     .help = "The name of this machine, as MX records and the certificate have it."},
    {"server", "data_dir", &kind_file, PLACE(data_dir), .fallback = "/var/lib/nestbox",
     .help = "The folder that holds everything: database, bodies, keys. One server at a time uses it."},
    {"server", "server_key_file", &kind_file, PLACE(server_key_file), .unset = "data_dir/keys/server.key",
     .help = "Where the key lies that wraps what the server must read. Outside of data_dir it is not in a stolen disk's "
             "image or in a backup; then keep a copy of it apart. Its folder must be there, and only the server's user may "
             "write in it. A key that lies in data_dir moves there at the next start. The systemd credential "
             "nestbox-server-key does the same."},
    {"server", "postmaster", &kind_mailbox, PLACE(postmaster), .unset = "the first account",
     .help = "Who reads mail to postmaster, abuse, help and the like. It is never subject to a policy."},

    {"listen", "smtp", &kind_mx_endpoint, PLACE(smtp), .fallback = "0.0.0.0:25",
     .help = "Mail from other servers. \"off\" closes a listener; port 0 takes a free one, which "
             "data_dir/ports.json then tells. tls=required or tls=optional behind the address says for this "
             "door what require_tls says in general."},
    {"listen", "submission", &kind_endpoint, PLACE(submission), .fallback = "0.0.0.0:587",
     .help = "Mail from our own people, with STARTTLS."},
    {"listen", "submissions", &kind_endpoint, PLACE(submissions), .fallback = "0.0.0.0:465",
     .help = "Mail from our own people, with TLS from the first byte."},
    {"listen", "imap", &kind_endpoint, PLACE(imap), .fallback = "0.0.0.0:143",
     .help = "Mail programs that read, with STARTTLS."},
    {"listen", "imaps", &kind_endpoint, PLACE(imaps), .fallback = "0.0.0.0:993",
     .help = "Mail programs that read, with TLS from the first byte."},
    {"listen", "https", &kind_endpoint, PLACE(https), .fallback = "0.0.0.0:443",
     .help = "The Fediverse and browsers; and by ALPN \"imap\" and \"smtp\" what imaps and submissions do, for mail "
             "programs in networks that let nothing else through."},
    {"listen", "http", &kind_endpoint, PLACE(http), .fallback = "0.0.0.0:80",
     .help = "Sends browsers to https, and answers challenges of certificate authorities."},

    {"tls", "certificate", &kind_file, PLACE(certificate), .unset = "data_dir/tls/cert.pem",
     .help = "The certificate with its chain, in PEM. A changed file is used without a restart."},
    {"tls", "key", &kind_file, PLACE(key), .unset = "data_dir/tls/key.pem",
     .help = "The private key that belongs to the certificate."},
    {"tls", "acme", &kind_acme, PLACE(acme), .fallback = "off",
     .help = "The directory URL of a certificate authority, such as https://acme-v02.api.letsencrypt.org/directory. The "
             "server proves its names to it on port 80, has a certificate from it, and renews it in time; to set this is to "
             "agree to the authority's terms. With a certificate of your own it names the authority in the CAA record and "
             "no more."},

    {"policy", "contact", &kind_choice, PLACE(contact), .fallback = "ask", .choices = doors,
     .help = "Messages from strangers: ask the owner first, let everybody in, or nobody."},
    {"policy", "follow", &kind_choice, PLACE(follow), .fallback = "open", .choices = doors,
     .help = "Followers and subscribers: everybody may, the owner is asked, or nobody."},
    {"policy", "undo", &kind_duration, PLACE(undo_ms), .fallback = "1 min",
     .min = 0, .max = 60LL * MINUTE_MS,
     .help = "How long a post waits before it leaves, so that its author can take it back. 0 sends it at "
             "once."},
    {"policy", "hold", &kind_choice, PLACE(hold), .fallback = "auto", .choices = holds,
     .help = "What becomes of a stranger's mail while its owner is asked: auto keeps it sealed when its sender "
             "is about to give up, defer never takes it before an answer, accept always does."},
    {"policy", "require_tls", &kind_yes_no, PLACE(require_tls), .fallback = "yes",
     .help = "Refuse mail from other servers that comes without TLS. RFC 3207 4 forbids it on a published MX: a "
             "server that has no TLS cannot reach anybody here then."},
    {"policy", "mta_sts", &kind_choice, PLACE(mta_sts), .fallback = "testing", .choices = own_sts,
     .help = "What the domains' policy asks of servers that send to us: testing, that they report what would fail; "
             "enforce, that they deliver over TLS with a right certificate or not at all. Withdraw it by none."},
    {"policy", "seal", &kind_yes_no, PLACE(seal), .fallback = "yes",
     .help = "Encrypt what comes to rest in a mailbox to the OpenPGP key of its owner."},
    {"policy", "seal_appended", &kind_yes_no, PLACE(seal_appended), .fallback = "yes",
     .help = "The same for what mail programs put into a mailbox themselves: copies of sent mail, drafts."},
    {"policy", "seal_without_key", &kind_choice, PLACE(seal_without_key), .fallback = "server",
     .choices = without_key,
     .help = "For an owner without a key: encrypt under the server's key, keep it readable, or ask the sender "
             "to come again. Where a key has expired or was revoked, clear is taken as server."},
    {"policy", "push", &kind_yes_no, PLACE(push), .fallback = "yes",
     .help = "Tell owners' devices of contact requests by Web Push, encrypted, through the push services that they "
             "named."},
    {"policy", "message_max", &kind_size, PLACE(message_max), .fallback = "50 MiB",
     .min = 1 * KIB, .max = 1 * GIB, .help = "The largest mail that is accepted."},
    {"policy", "quota", &kind_size, PLACE(quota), .fallback = "1 GiB",
     .min = 1 * KIB, .max = 1024 * TIB, .help = "How much one account may keep."},
    {"policy", "registration", &kind_choice, PLACE(registration), .fallback = "closed",
     .choices = registrations,
     .help = "Who may make an account: the administrator alone, everybody, who was invited (nestbox token), or who "
             "was invited or pays: a claim by signed mail then waits to be paid for a week, until the administrator enters "
             "the payment (nestbox account set REFERENCE paid=yes)."},
    {"policy", "fee", &kind_words, PLACE(fee), .unset = "registration = fee is refused",
     .help = "What an account costs, in words for people, such as \"12 EUR a year\"."},
    {"policy", "fee_pay", &kind_words, PLACE(fee_pay), .unset = "registration = fee is refused",
     .help = "How it is paid, in words for people: an account number, or a link. Each payment needs its reference."},
    {"policy", "registration_rate", &kind_number, PLACE(registration_rate), .fallback = "10", .min = 1, .max = 100000,
     .help = "How many accounts people of one network may make in an hour without an invitation."},
    {"policy", "unused_account", &kind_duration, PLACE(unused_account_ms), .fallback = "90 d",
     .min = 0, .max = 3650LL * DAY_MS,
     .help = "An account that its owner made is put to sleep when nobody has logged in to it for so long; never used, "
             "after 7 days; 30 days later it is removed for good. 0 leaves them."},
    {"policy", "trust_arc", &kind_domains, PLACE(trust_arc), .unset = "nobody's word counts",
     .help = "Forwarders and mailing lists that say truly what a mail was before they changed it: the domains of "
             "their ARC seals. Mail of others that fails DMARC is taken on their word."},
    {"policy", "monitors", &kind_addresses, PLACE(monitors), .unset = "this machine alone",
     .help = "Other machines that may read /metrics and /healthz over https, by their addresses. What comes through a proxy "
             "may not, wherever the proxy stands."},

    {"relay", "host", &kind_relay, PLACE(relay_host), .unset = "mail goes straight to its MX",
     .help = "A server that takes all outgoing mail, where the own address may not send."},
    {"relay", "port", &kind_number, PLACE(relay_port), .fallback = "587", .min = 1, .max = 65535,
     .help = "Its port. On 465 TLS begins with the first byte, elsewhere by STARTTLS."},
    {"relay", "user", &kind_word, PLACE(relay_user), .unset = "no login",
     .help = "The name to log in with."},
    {"relay", "password_file", &kind_file, PLACE(relay_password_file), .unset = "no login",
     .help = "The file whose first line is the password."},

    {"network", "dns_server", &kind_resolver, PLACE(dns_server), .unset = "those of /etc/resolv.conf",
     .help = "The DNS server that is asked."},
    {"network", "trust_anchor", &kind_anchor, PLACE(trust_anchor), .unset = "the root's, as packaged",
     .help = "The DNSSEC key that everything is proved from. \"none\" turns validation off: no answer counts as "
             "secure."},
    {"network", "ca_file", &kind_file, PLACE(ca_file), .unset = "those of the system",
     .help = "Certificate authorities to trust, in PEM, instead of the system's."},
    {"network", "allow_private", &kind_yes_no, PLACE(allow_private), .fallback = "no",
     .help = "Connect to private addresses too. For laboratories: strangers could reach what stands behind this "
             "machine."},
    {"network", "connect_to", &kind_connect_to, PLACE(connect_to), .unset = "nothing is redirected",
     .help = "For laboratories: go there without asking DNS; name and certificate stay those of NAME."},
    {"network", "source_address", &kind_address, PLACE(source_address), .unset = "the system chooses",
     .help = "Connect to others from this address."},
    {"network", "retry", &kind_durations, PLACE(retry_ms),
     .unset = "mail 5 min, doubled up to 2 h; inboxes 1 min, 5 min, 30 min, 2 h, 6 h, 12 h, 24 h",
     .min = 1, .max = 30LL * DAY_MS,
     .help = "How long a delivery that failed waits before each further try."},
};
/* clang-format on */
const size_t config_table_count = COUNT_OF(config_table);
