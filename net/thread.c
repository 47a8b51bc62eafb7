#include "thread.h"

#include "memory.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

enum { STACK_BYTES = 512 * 1024, NAME_SIZE = 16 };

struct beginning {
    void (*run)(void *arg);
    void *arg;
    int nice;
    char name[NAME_SIZE];
};

static void *begin(void *arg)
{
    struct beginning b = *(struct beginning *)arg;

    free(arg);
    pthread_setname_np(pthread_self(), b.name);
    if (b.nice) { /* of this thread alone, on Linux */
        const struct sched_param none = {0};
        setpriority(PRIO_PROCESS, (id_t)gettid(), b.nice);
        sched_setscheduler(0, SCHED_BATCH, &none);
    }
    b.run(b.arg);
    return NULL;
}

static int start_blocked(pthread_t *out, struct beginning *b)
{
    pthread_attr_t attributes;
    sigset_t all, before;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(out, &attributes, begin, b);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed;
}

bool thread_start(struct thread *out, const char *name, int nice, void (*run)(void *arg), void *arg,
                  struct err *err)
{
    struct beginning *b = must_new(struct beginning);

    *b = (struct beginning){.run = run, .arg = arg, .nice = nice};
    memcpy(b->name, name, strnlen(name, NAME_SIZE - 1));
    int failed = start_blocked(&out->id, b);
    if (failed) {
        free(b);
        errno = failed;
        return err_system(err, "The server cannot start", "thread %s", name);
    }
    out->started = true;
    return true;
}

void thread_join(struct thread *thread)
{
    if (thread->started)
        pthread_join(thread->id, NULL);
    thread->started = false;
}
