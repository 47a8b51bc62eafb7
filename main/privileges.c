#include "privileges.h"

#include "log.h"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_LEAK_CHECK 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_LEAK_CHECK 1
#endif

static void forbid_core_dumps(void)
{
    struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
#ifndef WITH_LEAK_CHECK /* the leak checker traces its own process */
    prctl(PR_SET_DUMPABLE, 0);
#endif
}

bool privileges_drop(int data_dir, struct err *err)
{
    struct stat owner;

    if (fstat(data_dir, &owner) != 0)
        return err_system(err, "The data folder cannot be read", "fstat");
    if (geteuid() == 0 && owner.st_uid != 0) {
        if (setgroups(0, NULL) != 0 || setgid(owner.st_gid) != 0 || setuid(owner.st_uid) != 0)
            return err_system(err, "The privileges of root cannot be given up", "setuid");
        log_info("runs as uid %u, who owns the data folder", (unsigned)owner.st_uid);
    }
    forbid_core_dumps();
    return true;
}
