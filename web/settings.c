#include "settings.h"

#include "digest.h"
#include "memory.h"
#include "text.h"

struct way {          /* to one of the doors */
    const char *kind; /* "imap" */
    const char *tls;  /* as autoconfig calls it */
    const struct endpoint *endpoint;
    int port; /* where the setting has none */
};

static int port_of(const struct way *way)
{
    return way->endpoint->port ? way->endpoint->port : way->port;
}

/* ---- autoconfig ---- */

static void add_server(const struct config *config, const struct way *way, struct bytes *out)
{
    bool in = strcmp(way->kind, "imap") == 0;
    const char *element = in ? "incomingServer" : "outgoingServer";

    if (way->endpoint->off)
        return;
    bytes_print(out,
                "    <%s type=\"%s\">\n"
                "      <hostname>%s</hostname>\n"
                "      <port>%d</port>\n"
                "      <socketType>%s</socketType>\n"
                "      <authentication>password-cleartext</authentication>\n"
                "      <username>%%EMAILADDRESS%%</username>\n"
                "    </%s>\n",
                element, way->kind, config->hostname, port_of(way), way->tls, element);
}

/* In the order in which programs try them; 443, by ALPN, only where nothing else gets through. */
void settings_autoconfig(const struct config *config, const char *domain, struct bytes *out)
{
    const struct endpoint reading = {.off = config->https.off ||
                                            (config->imaps.off && config->imap.off),
                                     .port = config->https.port};
    const struct endpoint sending = {.off = config->https.off ||
                                            (config->submissions.off && config->submission.off),
                                     .port = config->https.port};
    const struct way ways[] = {
        {"imap", "SSL",      &config->imaps,       993},
        {"imap", "STARTTLS", &config->imap,        143},
        {"imap", "SSL",      &reading,             443},
        {"smtp", "SSL",      &config->submissions, 465},
        {"smtp", "STARTTLS", &config->submission,  587},
        {"smtp", "SSL",      &sending,             443},
    };

    bytes_print(out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<clientConfig version=\"1.1\">\n"
                "  <emailProvider id=\"%s\">\n"
                "    <domain>%s</domain>\n"
                "    <displayName>%s</displayName>\n"
                "    <displayShortName>%s</displayShortName>\n",
                domain, domain, domain, domain);
    for (size_t i = 0; i < COUNT_OF(ways); i++)
        add_server(config, &ways[i], out);
    bytes_add_text(out, "  </emailProvider>\n</clientConfig>\n");
}

/* ---- Apple ---- */

static void add_key(struct bytes *out, const char *key, const char *value)
{
    bytes_print(out, "\t\t\t<key>%s</key>\n\t\t\t<string>", key);
    html_escape_add(out, slice_of(value));
    bytes_add_text(out, "</string>\n");
}

static void add_door(struct bytes *out, const char *prefix, const struct config *config, int port)
{
    bytes_print(out,
                "\t\t\t<key>%sHostName</key>\n\t\t\t<string>%s</string>\n"
                "\t\t\t<key>%sPortNumber</key>\n\t\t\t<integer>%d</integer>\n"
                "\t\t\t<key>%sUseSSL</key>\n\t\t\t<true/>\n"
                "\t\t\t<key>%sAuthentication</key>\n"
                "\t\t\t<string>EmailAuthPassword</string>\n",
                prefix, config->hostname, prefix, port, prefix, prefix);
}

/* The same profile again takes the place of the former one: its name is made of what it is for. */
static void add_uuid(struct bytes *out, const char *what, const char *domain, const char *address)
{
    unsigned char digest[SHA256_LEN];
    scoped_text char *name = must_print("%s %s %s", what, domain, address ? address : "");
    scoped_value(bytes) hex = {0};

    sha256(slice_of(name), digest);
    digest[6] = (unsigned char)((digest[6] & 0x0f) | 0x80); /* version 8: ours (RFC 9562 5.8) */
    digest[8] = (unsigned char)((digest[8] & 0x3f) | 0x80);
    hex_add(&hex, (struct slice){(const char *)digest, 16});
    bytes_print(out,
                "\t\t\t<key>PayloadUUID</key>\n\t\t\t<string>%.8s-%.4s-%.4s-%.4s-%.12s</string>\n",
                hex.at, hex.at + 8, hex.at + 12, hex.at + 16, hex.at + 20);
}

void settings_apple(const struct config *config, const char *domain, const char *address,
                    struct bytes *out)
{
    bytes_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
                        "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
                        "<plist version=\"1.0\">\n<dict>\n"
                        "\t<key>PayloadContent</key>\n\t<array>\n\t\t<dict>\n");
    add_key(out, "PayloadType", "com.apple.mail.managed");
    bytes_add_text(out, "\t\t\t<key>PayloadVersion</key>\n\t\t\t<integer>1</integer>\n");
    scoped_text char *inner = must_print("%s.mail", domain);
    add_key(out, "PayloadIdentifier", inner);
    add_uuid(out, "account", domain, address);
    add_key(out, "EmailAccountType", "EmailTypeIMAP");
    add_key(out, "EmailAccountDescription", domain);
    if (address) {
        add_key(out, "EmailAddress", address);
        add_key(out, "IncomingMailServerUsername", address);
        add_key(out, "OutgoingMailServerUsername", address);
    }
    const bool imaps = !config->imaps.off, submissions = !config->submissions.off;
    const struct way in = {.endpoint = imaps ? &config->imaps : &config->imap,
                           .port = imaps ? 993 : 143};
    const struct way to = {.endpoint = submissions ? &config->submissions : &config->submission,
                           .port = submissions ? 465 : 587};
    add_door(out, "IncomingMailServer", config, port_of(&in));
    add_door(out, "OutgoingMailServer", config, port_of(&to));
    bytes_add_text(out, "\t\t\t<key>OutgoingPasswordSameAsIncomingPassword</key>\n"
                        "\t\t\t<true/>\n\t\t</dict>\n\t</array>\n");
    scoped_text char *title = must_print("Mail at %s", domain);
    add_key(out, "PayloadDisplayName", title);
    add_key(out, "PayloadIdentifier", domain);
    add_key(out, "PayloadType", "Configuration");
    add_uuid(out, "profile", domain, address);
    bytes_add_text(out, "\t<key>PayloadVersion</key>\n\t<integer>1</integer>\n</dict>\n</plist>\n");
}
