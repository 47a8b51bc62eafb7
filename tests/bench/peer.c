/*
 * bench_peer — the far side of the benchmark, in C so that it costs little beside what it measures.
 *
 *     bench_peer take ADDRESS CERTIFICATE KEY
 *         A server of HTTPS that answers each request with 202.  For each number N on its standard input it says, on
 *         one line, at which second of the monotonic clock the N-th request from then on had come.
 *     bench_peer send HOST ADDRESS CA CONNECTIONS TIMES FILE
 *         Sends the requests of FILE (each behind a line with its length), TIMES times over, on kept connections, each
 *         from a network of its own.  Says: seconds from the first to the last, answers 2xx, other answers.
 *
 * A thread a connection, and blocking calls: nothing here is to be clever.
 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PORT = 443, BACKLOG = 1024, HEAD_SIZE = 16 * 1024, STACK_SIZE = 256 * 1024, BASE = 10 };

static void die(const char *what)
{
    perror(what);
    ERR_print_errors_fp(stderr);
    exit(1); // NOLINT(concurrency-mt-unsafe): the end of a tool
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct sockaddr_in address_of(const char *text, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
        die(text);
    return address;
}

static void start_thread(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    pthread_attr_t attributes;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, run, arg) != 0)
        die("pthread_create");
    pthread_attr_destroy(&attributes);
}

/* ---- one HTTP message off the wire ---- */
struct stream {
    SSL *ssl;
    char buffer[HEAD_SIZE + 1];
    size_t used;
};

static bool fill(struct stream *s)
{
    size_t got = 0;

    if (s->used == HEAD_SIZE ||
        SSL_read_ex(s->ssl, s->buffer + s->used, HEAD_SIZE - s->used, &got) != 1)
        return false;
    s->used += got;
    s->buffer[s->used] = '\0';
    return true;
}

static void drop(struct stream *s, size_t count)
{
    s->used -= count;
    memmove(s->buffer, s->buffer + count, s->used + 1);
}

static size_t length_of(const char *head)
{
    const char *field = strcasestr(head, "\r\ncontent-length:");

    return field ? strtoul(field + sizeof "\r\ncontent-length:" - 1, NULL, BASE) : 0;
}

/* Reads a head and drops it with its body; gives its second word as a number (of an answer: the status), -1 at the end. */
static long take_message(struct stream *s)
{
    char *end;

    while (!(end = strstr(s->buffer, "\r\n\r\n")))
        if (!fill(s))
            return -1;
    *end = '\0';
    size_t left = length_of(s->buffer);
    const char *second = strchr(s->buffer, ' ');
    long status = second ? strtol(second, NULL, BASE) : 0;
    drop(s, (size_t)(end - s->buffer) + 4);
    while (left > s->used) {
        left -= s->used;
        drop(s, s->used);
        if (!fill(s))
            return -1;
    }
    drop(s, left);
    return status;
}

/* ---- take ---- */
static struct {
    SSL_CTX *tls;
    pthread_mutex_t lock; /* of the two below */
    unsigned long came, wanted;
} taking = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void count_one(void)
{
    pthread_mutex_lock(&taking.lock);
    if (++taking.came == taking.wanted)
        printf("%.6f\n", now_s());
    fflush(stdout);
    pthread_mutex_unlock(&taking.lock);
}

static void *serve(void *arg)
{
    static const char answer[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    struct stream *s = arg;
    size_t sent;

    if (SSL_accept(s->ssl) == 1)
        while (take_message(s) >= 0) {
            count_one();
            if (SSL_write_ex(s->ssl, answer, sizeof answer - 1, &sent) != 1)
                break;
        }
    close(SSL_get_fd(s->ssl));
    SSL_free(s->ssl);
    free(s);
    return NULL;
}

static struct stream *stream_new(SSL_CTX *tls, int fd)
{
    struct stream *s = calloc(1, sizeof *s);

    s->ssl = s ? SSL_new(tls) : NULL;
    if (!s || !s->ssl || SSL_set_fd(s->ssl, fd) != 1)
        die("SSL_new");
    return s;
}

static void *accept_all(void *arg)
{
    const int *listening = arg;

    for (;;) {
        int fd = accept(*listening, NULL, NULL);
        if (fd < 0)
            die("accept");
        start_thread(serve, stream_new(taking.tls, fd));
    }
}

static int take(const char *address, const char *certificate, const char *key)
{
    static int listening;
    struct sockaddr_in at = address_of(address, PORT);
    const int on = 1;
    unsigned long wanted;

    taking.tls = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(taking.tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(taking.tls, key, SSL_FILETYPE_PEM) != 1)
        die(certificate);
    listening = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listening, (struct sockaddr *)&at, sizeof at) < 0 || listen(listening, BACKLOG) < 0)
        die(address);
    start_thread(accept_all, &listening);
    puts("ready");
    fflush(stdout);
    while (scanf("%lu", &wanted) == 1) { // NOLINT(cert-err34-c): our own script writes it
        pthread_mutex_lock(&taking.lock);
        taking.wanted = wanted;
        taking.came = 0;
        pthread_mutex_unlock(&taking.lock);
    }
    return 0;
}

/* ---- send ---- */
struct request {
    const char *at;
    size_t len;
};
static struct {
    SSL_CTX *tls;
    const char *host;
    struct sockaddr_in to;
    struct request *requests;
    size_t count, total;
    _Atomic size_t next, good, other;
    pthread_barrier_t
        line; /* all connections stand before the first request, and after the last answer */
} sending;

static void read_requests(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t len;

    if (!file)
        die(path);
    while (fscanf(file, "%zu", &len) == 1) { // NOLINT(cert-err34-c): our own script wrote it
        char *text = malloc(len + 1);
        sending.requests =
            realloc(sending.requests, (sending.count + 1) * sizeof *sending.requests);
        if (fgetc(file) != '\n' || !text || !sending.requests || fread(text, 1, len, file) != len)
            die(path);
        sending.requests[sending.count++] = (struct request){text, len};
    }
    fclose(file);
}

static struct stream *dial(size_t number)
{
    char source[64];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    snprintf(source, sizeof source, "20.1.%zu.%zu", number % 250 + 2, number / 250 + 1);
    struct sockaddr_in from = address_of(source, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) < 0 ||
        connect(fd, (struct sockaddr *)&sending.to, sizeof sending.to) < 0)
        die("connect");
    struct stream *s = stream_new(sending.tls, fd);
    SSL_set_tlsext_host_name(s->ssl, sending.host);
    SSL_set1_host(s->ssl, sending.host);
    if (SSL_connect(s->ssl) != 1)
        die("SSL_connect");
    return s;
}

static void *send_some(void *arg)
{
    size_t number = (size_t)arg, i, sent;
    struct stream *s = dial(number);

    pthread_barrier_wait(&sending.line);
    while ((i = atomic_fetch_add(&sending.next, 1)) < sending.total) {
        const struct request *request = &sending.requests[i % sending.count];
        if (SSL_write_ex(s->ssl, request->at, request->len, &sent) != 1)
            die("a kept connection was closed");
        long status = take_message(s);
        if (status < 0)
            die("a kept connection was closed before the answer");
        atomic_fetch_add(status >= 200 && status < 300 ? &sending.good : &sending.other, 1);
    }
    pthread_barrier_wait(&sending.line);
    return NULL;
}

static int send_all(char **words)
{
    unsigned connections = (unsigned)strtoul(words[3], NULL, BASE);

    sending.host = words[0];
    sending.to = address_of(words[1], PORT);
    sending.tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(sending.tls, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_locations(sending.tls, words[2], NULL) != 1)
        die(words[2]);
    read_requests(words[5]);
    sending.total = sending.count * strtoul(words[4], NULL, BASE);
    pthread_barrier_init(&sending.line, NULL, connections + 1);
    for (size_t i = 0; i < connections; i++)
        start_thread(send_some, (void *)i);
    pthread_barrier_wait(&sending.line);
    double began_s = now_s();
    pthread_barrier_wait(&sending.line);
    printf("%.6f %zu %zu\n", now_s() - began_s, sending.good, sending.other);
    return 0;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 5 && strcmp(argv[1], "take") == 0)
        return take(argv[2], argv[3], argv[4]);
    if (argc == 8 && strcmp(argv[1], "send") == 0)
        return send_all(argv + 2);
    fputs("usage: bench_peer take ADDRESS CERTIFICATE KEY\n"
          "       bench_peer send HOST ADDRESS CA CONNECTIONS TIMES FILE\n",
          stderr);
    return 2;
}
