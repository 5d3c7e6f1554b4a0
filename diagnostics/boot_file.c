/* boot_file.c - see boot_file.h. */
#include "diagnostics/boot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "diagnostics/json_tree.h"

#define BOOT_FILE_MAX 4096

static int copy_member(const struct json_node *root, const char *name, char *out, size_t size,
                       struct error *err)
{
    const char *value = json_tree_string(root, name);

    if (!value || !*value || strlen(value) >= size)
        return error_set_code(err, ERROR_INVALID, "boot.json: '%s' is missing or too long", name);
    snprintf(out, size, "%s", value);
    return 0;
}

int boot_file_parse(char *bytes, size_t length, struct boot_file *ret_file, struct error *err)
{
    static struct json_tree tree; /* large; this is called once */
    struct boot_file file = {0};
    char agent[64];
    const struct json_node *root = json_tree_parse(&tree, bytes, length, err);

    if (!root)
        return error_prefix(err, "boot.json");
    if (copy_member(root, "agent", agent, sizeof(agent), err) < 0 ||
        copy_member(root, "task", file.task, sizeof(file.task), err) < 0 ||
        copy_member(root, "token", file.token, sizeof(file.token), err) < 0)
        return -1;
    if (http_peer_parse(agent, &file.agent, err) < 0)
        return error_prefix(err, "boot.json");
    *ret_file = file;
    explicit_bzero(&file, sizeof(file));
    return 0;
}

int boot_file_take(const char *path, struct boot_file *ret_file, struct error *err)
{
    char bytes[BOOT_FILE_MAX + 1];
    struct stat about;
    ssize_t length;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc = -1;

    if (fd < 0)
        return error_set(err, "%s: %s; the initrd was served without it", path, strerror(errno));
    length = read(fd, bytes, BOOT_FILE_MAX);
    if (fstat(fd, &about) < 0 || length < 0) {
        error_set(err, "%s: %s", path, strerror(errno));
        goto out;
    }
    if (!S_ISREG(about.st_mode) || about.st_mode & 077) {
        error_set(err, "%s: its mode is %o, not 600", path, about.st_mode & 07777);
        goto out;
    }
    bytes[length] = '\0';
    rc = boot_file_parse(bytes, (size_t)length, ret_file, err);
out:
    explicit_bzero(bytes, sizeof(bytes));
    close(fd);
    unlink(path);
    return rc;
}
