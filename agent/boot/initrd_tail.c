/* Writing a newc archive of one folder and one file. */
#include "agent/boot/initrd_tail.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"

enum { MODE_FOLDER = 040700, MODE_FILE = 0100600 };

static void pad(struct text *archive)
{
    static const char zeros[INITRD_TAIL_ALIGNMENT];
    size_t over = archive->length % INITRD_TAIL_ALIGNMENT;

    if (over)
        text_append(archive, zeros, INITRD_TAIL_ALIGNMENT - over);
}

/* Owner and time are 0: the same task gives the same bytes. Each entry needs an inode of its own,
 * or the kernel takes two files for hard links. */
static void put_entry(struct text *archive, unsigned inode, const char *name, unsigned mode,
                      const char *content, size_t length)
{
    text_format(archive, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", inode, mode,
                0u, 0u, 1u, 0u, (unsigned)length, 0u, 0u, 0u, 0u, (unsigned)strlen(name) + 1, 0u);
    text_append(archive, name, strlen(name) + 1);
    pad(archive);
    text_append(archive, content, length);
    pad(archive);
}

static int check_url(const char *url, struct error *err)
{
    for (const char *at = url; *at; at++)
        if (*at <= ' ' || *at > '~' || *at == '"' || *at == '\\')
            return error_set_code(err, ERROR_INVALID,
                                  "agent URL: a character that is not of a URL");
    return 0;
}

uint8_t *initrd_tail_make(const char *agent_url, const struct uuid *task_id,
                          const uint8_t token[PHONE_HOME_SECRET_BYTES], size_t *ret_length,
                          struct error *err)
{
    char task[UUID_TEXT_SIZE], secret[4 * ((PHONE_HOME_SECRET_BYTES + 2) / 3) + 1];
    char json[512];
    struct text archive = {0};
    bool fits;
    int length;

    if (check_url(agent_url, err) < 0)
        return NULL;
    uuid_format(task_id, task);
    text_base64url(token, PHONE_HOME_SECRET_BYTES, secret);
    length = snprintf(json, sizeof(json), "{\"agent\":\"%s\",\"task\":\"%s\",\"token\":\"%s\"}\n",
                      agent_url, task, secret);
    fits = length > 0 && (size_t)length < sizeof(json);
    if (fits) {
        put_entry(&archive, 1, "muster", MODE_FOLDER, "", 0);
        put_entry(&archive, 2, "muster/boot.json", MODE_FILE, json, (size_t)length);
        put_entry(&archive, 0, "TRAILER!!!", 0, "", 0);
        *ret_length = archive.length;
    }
    explicit_bzero(json, sizeof(json));
    explicit_bzero(secret, sizeof(secret));
    if (!fits) {
        error_set_code(err, ERROR_INVALID, "agent URL: too long");
        return NULL;
    }
    if (!text_ok(&archive))
        error_no_memory(err);
    return (uint8_t *)text_take(&archive);
}
