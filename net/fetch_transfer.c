/*
 * curl gets a URL made anew from the parts we judged, so that no second reading of the stranger's text
 * decides where it connects, and the guard looks again at the address of each socket: only there is
 * it certain (DNS may answer twice, differently).
 */
#include "fetch_private.h"

#include "clock.h"
#include "memory.h"
#include "route.h"
#include "ssrf.h"
#include "text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HTTPS_PORT = 443,
    CONNECT_MS = 5 * SECOND_MS,
    SILENCE_S = 10,
    HEAD_MAX = 64 * 1024,
    /* curl's 64 and 16 KiB, made anew for each transfer, make malloc tidy up each time they are freed */
    UPLOAD_BUFFER = 16 * 1024,
    POST_ANSWER_BUFFER =
        1024, /* 202 and nothing more, nearly always; below what malloc keeps at hand */
    ADDRESSES_MAX = 16,
};

static bool is_address(const char *text)
{
    struct sockaddr_storage dropped;

    return route_address(text, 0, &dropped);
}

/* An IP address instead of a name: for laboratories, where private addresses are allowed. */
static char *literal_host(struct slice host)
{
    bool bracketed = host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']';
    char *text = must_copy(bracketed ? slice_first(slice_from(host, 1), host.len - 2) : host);

    if (is_address(text))
        return text;
    free(text);
    return NULL;
}

bool transfer_aim(struct transfer *t)
{
    struct url url;
    struct err err;

    if (!url_read(slice_of(t->fetch->url), &url) || !url.https)
        return false;
    if (!host_canonical(url.host, &t->host, &err))
        t->host = t->config->allow_private ? literal_host(url.host) : NULL;
    if (!t->host)
        return false;
    t->port = url.port;
    t->target = url.target;
    t->route = route_find(t->config, t->host, t->port);
    return t->route || t->port == HTTPS_PORT || t->config->allow_private;
}

bool transfer_knows_address(const struct transfer *t)
{
    return t->route || is_address(t->host);
}

static bool same_address(const struct sockaddr *a, const struct sockaddr *b)
{
    struct sockaddr_in in_a, in_b;
    struct sockaddr_in6 in6_a, in6_b;

    if (a->sa_family != b->sa_family)
        return false;
    if (a->sa_family == AF_INET) {
        memcpy(&in_a, a, sizeof in_a);
        memcpy(&in_b, b, sizeof in_b);
        return in_a.sin_addr.s_addr == in_b.sin_addr.s_addr;
    }
    memcpy(&in6_a, a, sizeof in6_a);
    memcpy(&in6_b, b, sizeof in6_b);
    return memcmp(&in6_a.sin6_addr, &in6_b.sin6_addr, sizeof in6_a.sin6_addr) == 0;
}

/* Public, or what the administrator said. */
static bool may_reach(const struct transfer *t, const struct sockaddr *address)
{
    struct sockaddr_storage said;

    if (t->config->allow_private || address_is_public(address))
        return true;
    return t->route && route_address(t->route->address, 0, &said) &&
           same_address(address, (const struct sockaddr *)&said);
}

static bool add_address(const struct transfer *t, enum dns_type type, struct slice data,
                        struct bytes *list)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    const struct sockaddr *address = (const void *)(type == DNS_A ? (void *)&in : (void *)&in6);
    size_t len = type == DNS_A ? sizeof in.sin_addr : sizeof in6.sin6_addr;
    void *raw = type == DNS_A ? (void *)&in.sin_addr : (void *)&in6.sin6_addr;
    char text[INET6_ADDRSTRLEN];

    if (data.len != len)
        return false;
    memcpy(raw, data.at, len);
    if (!may_reach(t, address))
        return false;
    inet_ntop(address->sa_family, raw, text, sizeof text);
    bytes_print(list, type == DNS_A ? "%s%s" : "%s[%s]", list->len ? "," : "", text);
    return true;
}

bool transfer_resolved(struct transfer *t, const struct dns_lookup *lookup)
{
    scoped_value(bytes) list = {0};
    size_t count = 0;

    for (size_t i = 0; i < lookup->count; i++) {
        const struct dns_answer *answer = &lookup->answers[i];
        for (size_t j = 0; j < answer->count && count < ADDRESSES_MAX; j++)
            count += add_address(t, lookup->questions[i].type, answer->records[j].data, &list);
    }
    if (count == 0)
        return false;
    /* '+': it expires from curl's own cache, as an answer of DNS would */
    scoped_text char *entry = must_print("+%s:%d:%s", t->host, t->port, list.at);
    t->resolved = curl_slist_append(NULL, entry);
    return true;
}

static size_t on_body(char *at, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t len = size * count;

    if (len > t->fetch->max_bytes - t->fetch->answer.len) {
        t->too_large = true;
        return 0; /* which ends the transfer */
    }
    bytes_add(&t->fetch->answer, (struct slice){at, len});
    return len;
}

static size_t on_head(char *at, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;

    (void)at;
    t->head_bytes += size * count;
    t->too_large = t->head_bytes > HEAD_MAX;
    return t->too_large ? 0 : size * count;
}

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *t = arg;

    (void)purpose;
    if (!may_reach(t, &address->addr)) {
        t->blocked = true;
        return CURL_SOCKET_BAD;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0 && !route_bind(t->config, fd, address->family)) {
        close(fd);
        return CURL_SOCKET_BAD; /* curl tries its next address */
    }
    return fd;
}

static void add_fields(struct transfer *t)
{
    struct slice rest = bytes_slice(&t->fetch->fields);

    while (rest.at) {
        struct slice line = slice_line(&rest);
        if (line.len == 0)
            continue;
        scoped_text char *text = must_copy(line);
        t->fields = curl_slist_append(t->fields, text);
    }
    t->fields = curl_slist_append(t->fields, "Expect:"); /* nothing to wait for with small bodies */
}

static bool is_v6(const char *address)
{
    return strchr(address, ':') != NULL;
}

static void set_target(struct transfer *t)
{
    scoped_value(bytes) url = {0};

    bytes_print(&url, is_v6(t->host) ? "https://[%s]" : "https://%s", t->host);
    if (t->port != HTTPS_PORT)
        bytes_print(&url, ":%d", t->port);
    bytes_add(&url, t->target);
    curl_easy_setopt(t->easy, CURLOPT_URL, url.at);
    curl_easy_setopt(t->easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(t->easy, CURLOPT_RESOLVE, t->resolved);
    if (!t->route)
        return;
    scoped_text char *route = must_print(is_v6(t->route->address) ? "%s:%d:[%s]:%d" : "%s:%d:%s:%d",
                                         t->host, t->port, t->route->address, t->route->to_port);
    t->connect_to = curl_slist_append(NULL, route);
    curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to);
}

static void set_guard(const struct transfer *t)
{
    CURL *easy = t->easy;

    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* none, whatever the environment says */
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L); /* each handle would keep its own */
    if (t->config->ca_file[0])
        curl_easy_setopt(easy, CURLOPT_CAINFO, t->config->ca_file);
}

static void set_limits(const struct transfer *t)
{
    int64_t left_ms = t->started_ms + t->fetch->total_ms - monotonic_ms();

    curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)(left_ms > 0 ? left_ms : 1));
    curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
}

static void set_exchange(struct transfer *t)
{
    CURL *easy = t->easy;

    add_fields(t);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->fields);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    if (!t->fetch->post)
        return;
    struct slice body = bytes_slice(&t->fetch->body);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)POST_ANSWER_BUFFER);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.at);
}

static CURL *take_handle(struct idle_handles *idle)
{
    return idle->count > 0 ? idle->at[--idle->count] : curl_easy_init();
}

static void give_back(struct idle_handles *idle, CURL *easy)
{
    if (!easy)
        return;
    if (idle->count == IDLE_MAX) {
        curl_easy_cleanup(easy);
        return;
    }
    curl_easy_reset(easy);
    idle->at[idle->count++] = easy;
}

void idle_handles_clear(struct idle_handles *idle)
{
    while (idle->count > 0)
        curl_easy_cleanup(idle->at[--idle->count]);
}

CURL *transfer_easy(struct transfer *t)
{
    t->easy = take_handle(t->idle);
    if (!t->easy)
        return NULL;
    set_target(t);
    set_guard(t);
    set_limits(t);
    set_exchange(t);
    return t->easy;
}

static enum fetch_outcome outcome_of(const struct transfer *t, CURLcode code)
{
    if (code == CURLE_OK)
        return FETCH_ANSWERED;
    if (t->too_large)
        return FETCH_TOO_LARGE;
    if (t->blocked)
        return FETCH_BLOCKED;
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return FETCH_TLS;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT: return FETCH_BLOCKED;
    default: return FETCH_SILENT;
    }
}

static void copy_info(CURL *easy, CURLINFO what, char **out)
{
    const char *text = NULL;

    if (curl_easy_getinfo(easy, what, &text) == CURLE_OK)
        *out = must_dup(text);
}

static void copy_wanted(CURL *easy, struct fetch *fetch)
{
    struct curl_header *field;

    for (size_t i = 0; i < FETCH_WANTED_MAX; i++)
        if (fetch->wanted[i] &&
            curl_easy_header(easy, fetch->wanted[i], 0, CURLH_HEADER, -1, &field) == CURLHE_OK)
            fetch->found[i] = must_dup(field->value);
}

void transfer_read_result(struct transfer *t, CURLcode code)
{
    struct fetch *fetch = t->fetch;
    curl_off_t retry_after_s = 0;
    long status = 0;

    fetch->outcome = outcome_of(t, code);
    if (fetch->outcome != FETCH_ANSWERED) {
        err_because(&fetch->errand.err, ERR_TEMPORARY, "The other server could not be reached",
                    "%s: %s", t->host, t->error[0] ? t->error : curl_easy_strerror(code));
        return;
    }
    fetch->errand.ok = true;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    fetch->status = (int)status;
    fetch->retry_after_s = retry_after_s;
    copy_info(t->easy, CURLINFO_CONTENT_TYPE, &fetch->content_type);
    copy_info(t->easy, CURLINFO_REDIRECT_URL, &fetch->location);
    copy_wanted(t->easy, fetch);
}

void transfer_free(struct transfer *t)
{
    give_back(t->idle, t->easy); /* it points at what goes now */
    curl_slist_free_all(t->fields);
    curl_slist_free_all(t->resolved);
    curl_slist_free_all(t->connect_to);
    free(t->host);
    free(t);
}
