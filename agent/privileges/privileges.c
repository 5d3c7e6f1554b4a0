/* privileges.c - see privileges.h. */
#include "agent/privileges/privileges.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"

static const struct passwd *find(const char *user, struct error *err)
{
    const struct passwd *entry;

    errno = 0;
    entry = getpwnam(user);
    if (!entry)
        error_set(err, "user %s: %s", user,
                  errno ? strerror(errno) : "there is none; make it, or change `user`");
    return entry;
}

int privileges_give_folder(const char *folder, const char *user, struct error *err)
{
    const struct passwd *entry;

    if (file_make_folder(folder, 0700, err) < 0)
        return -1;
    if (!user || geteuid() != 0)
        return 0;
    if (!(entry = find(user, err)))
        return -1;
    if (chown(folder, entry->pw_uid, entry->pw_gid) < 0)
        return error_set(err, "give %s to %s: %s", folder, user, strerror(errno));
    return 0;
}

int privileges_give_keys(const char *folder, const char *user, struct error *err)
{
    const struct passwd *entry;
    struct dirent *file;
    DIR *files;
    int rc = 0;

    if (privileges_give_folder(folder, user, err) < 0)
        return -1;
    if (!user || geteuid() != 0)
        return 0;
    if (!(entry = find(user, err)))
        return -1;
    if (!(files = opendir(folder)))
        return error_set(err, "open %s: %s", folder, strerror(errno));
    while (rc == 0 && (file = readdir(files)))
        if (file->d_name[0] != '.' && fchownat(dirfd(files), file->d_name, entry->pw_uid,
                                               entry->pw_gid, AT_SYMLINK_NOFOLLOW) < 0)
            rc =
                error_set(err, "give %s/%s to %s: %s", folder, file->d_name, user, strerror(errno));
    closedir(files);
    return rc;
}

int privileges_drop(const char *user, struct error *err)
{
    const struct passwd *entry;

    if (!user || geteuid() != 0)
        return 0;
    if (!(entry = find(user, err)))
        return -1;
    if (entry->pw_uid == 0)
        return error_set(err, "user %s is root: name another, or none", user);
    if (initgroups(user, entry->pw_gid) < 0 || setgid(entry->pw_gid) < 0 ||
        setuid(entry->pw_uid) < 0)
        return error_set(err, "become %s: %s", user, strerror(errno));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_set(err, "no_new_privs: %s", strerror(errno));
    /* Proof, not hope. */
    if (setuid(0) == 0)
        return error_set(err, "root came back after it was dropped");
    return 0;
}
