/* Keys of the people, and mails signed with them. */
#include "town_private.h"

#include "bridge_people.h"

#include <stdio.h>
#include <time.h>

void town_run(const char *command)
{
    int status = system(command); // NOLINT(cert-env33-c): the test's own words

    if (status != 0)
        fail_msg("%s: %d", command, status);
}

static void gpg_time(int64_t ms, char out[32])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(out, 32, "%Y%m%dT%H%M%S!", &tm); /* !: it stands still */
}

#define GPG                                                                                        \
    "GNUPGHOME=%s/gnupg gpg --batch --quiet --no-tty --yes --pinentry-mode loopback "              \
    "--passphrase '' 2>>%s/gpg.log "

void town_add_key(struct town *town, const char *who)
{
    char command[600];
    struct key_added added;
    scoped_value(bytes) certificate = {0};
    struct err err;

    snprintf(command, sizeof command,
             GPG "--faked-system-time 20260201T000000 --quick-generate-key "
                 "'%s <%s@example.org>' ed25519 sign never",
             town->path, town->path, who, who);
    town_run(command);
    snprintf(command, sizeof command, GPG "--export --output %s/%s.pgp %s@example.org", town->path,
             town->path, town->path, who, who);
    town_run(command);
    snprintf(command, sizeof command, "%s/%s.pgp", town->path, who);
    FILE *file = fopen(command, "re");
    assert_non_null(file);
    certificate.len += fread(bytes_reserve(&certificate, 65536), 1, 65536, file);
    fclose(file);
    scoped_text char *address = must_print("%s@example.org", who);
    if (!bridge_key_add(town->bridge, slice_of(address), bytes_slice(&certificate), &added, &err))
        fail_msg("key add: %s (%s)", err.said, err.cause);
}

static void write_file(const char *path, struct slice content)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(content.at, 1, content.len, file), content.len);
    fclose(file);
}

void town_crlf(struct slice text, struct bytes *out)
{
    while (text.at && text.len > 0) {
        bytes_add(out, slice_line(&text));
        if (text.at)
            bytes_add_text(out, "\r\n");
    }
}

char *town_signed(struct town *town, const char *who, int64_t age_ms, const char *outside,
                  const char *part)
{
    char command[700], when[32];
    scoped_value(bytes) signed_part = {0};
    scoped_value(bytes) armor = {0};

    town_crlf(slice_of(part), &signed_part);
    scoped_text char *path = must_print("%s/part", town->path);
    write_file(path, bytes_slice(&signed_part));
    gpg_time(town_now(town) - age_ms, when);
    snprintf(command, sizeof command,
             GPG "--faked-system-time %s --digest-algo SHA256 -u %s@example.org --armor --output "
                 "%s/part.asc --detach-sign %s",
             town->path, town->path, when, who, town->path, path);
    town_run(command);
    snprintf(command, sizeof command, "%s/part.asc", town->path);
    FILE *file = fopen(command, "re");
    assert_non_null(file);
    armor.len += fread(bytes_reserve(&armor, 8192), 1, 8192, file);
    fclose(file);
    return must_print("%s"
                      "MIME-Version: 1.0\n"
                      "Content-Type: multipart/signed; micalg=pgp-sha256; boundary=\"=signed=\";\n"
                      " protocol=\"application/pgp-signature\"\n"
                      "\n"
                      "--=signed=\n"
                      "%s\n"
                      "--=signed=\n"
                      "Content-Type: application/pgp-signature; name=\"signature.asc\"\n"
                      "\n"
                      "%s\n"
                      "--=signed=--\n",
                      outside, part, armor.at);
}
