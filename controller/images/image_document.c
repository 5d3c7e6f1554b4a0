/* image_document.c - see image_document.h. Invariant: what passes has a kernel and an initrd by
 * digest, known members only, and arguments without anything that a loader could read as more than
 * arguments.
 */
#include "controller/images/image_document.h"

#include <stdbool.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "controller/images/image.h"
#include "controller/images/image_profile.h"
#include "controller/images/image_run.h"

static const char *const MEMBERS[] = {"name",       "version",  "kind",    "arguments",
                                      "deadline_s", "firmware", "profile", "profiles",
                                      "checks",     "files",    NULL};
static const char *const FILE_MEMBERS[] = {"role", "name", "size", "sha256", NULL};

static int invalid(struct error *err, const char *what)
{
    return error_set_code(err, ERROR_INVALID, "%s", what);
}

static int read_required(const json_t *object, const char *key, size_t cap, const char **ret,
                         struct error *err)
{
    int rc = json_read_string(object, key, cap, ret, err);

    if (rc == 0)
        return error_set_code(err, ERROR_INVALID, "%s is missing", key);
    return rc < 0 ? -1 : 0;
}

int image_document_arguments(const char *arguments, struct error *err)
{
    for (const char *at = arguments; *at; at++) {
        if (*at < ' ' || *at > '~')
            return invalid(err, "arguments: only printable ASCII stands on a kernel command line");
        if (at[0] == '$' && at[1] == '{' && strncmp(at, "${mac}", 6) != 0 &&
            strncmp(at, "${agent_url}", 12) != 0)
            return invalid(err, "arguments: ${mac} and ${agent_url} are what can be filled in");
    }
    return 0;
}

int image_document_names(const json_t *object, const char *key, size_t most, struct error *err)
{
    const json_t *list = json_object_get(object, key), *word;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > most)
        return error_set_code(err, ERROR_INVALID, "%s must be a list of 1 to %zu names", key, most);
    json_array_foreach(list, i, word)
    {
        const char *text = json_string_value(word);
        size_t length = text ? strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") : 0;

        if (length == 0 || length > 32 || text[length])
            return error_set_code(err, ERROR_INVALID, "%s[%zu] must be a name in a-z, 0-9, _ and -",
                                  key, i);
        if (strcmp(key, "firmware") == 0 && strcmp(text, "bios") != 0 && strcmp(text, "uefi") != 0)
            return invalid(err, "firmware: bios and uefi are what there is");
    }
    return 0;
}

static int check_file(const json_t *file, unsigned *roles, struct error *err)
{
    const char *role, *name, *sha256;
    uint8_t digest[32];
    int64_t size = 0;
    unsigned bit;

    if (!json_is_object(file))
        return invalid(err, "files: each must be an object");
    if (json_refuse_unknown(file, FILE_MEMBERS, err) < 0 ||
        read_required(file, "role", 16, &role, err) < 0 ||
        read_required(file, "name", 64, &name, err) < 0 ||
        read_required(file, "sha256", 64, &sha256, err) < 0 ||
        json_read_int(file, "size", 1, IMAGE_FILE_MAX, &size, err) < 0)
        return error_prefix(err, "files");
    bit = strcmp(role, "kernel") == 0 ? 1 : strcmp(role, "initrd") == 0 ? 2 : 0;
    if (!bit || (*roles & bit))
        return invalid(err, "files: one kernel and one initrd are expected");
    *roles |= bit;
    if (!*name ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
            strlen(name) ||
        name[0] == '.')
        return invalid(err, "files: a name has letters, digits, '.', '_' and '-' only");
    if (strlen(sha256) != 64 || text_unhex(sha256, digest, sizeof(digest)) < 0)
        return invalid(err, "files: sha256 has 64 hex digits");
    return size > 0 ? 0 : invalid(err, "files: size is missing");
}

static int check_files(const json_t *document, struct error *err)
{
    const json_t *files = json_object_get(document, "files"), *file;
    unsigned roles = 0;
    size_t i;

    if (!json_is_array(files))
        return invalid(err, "files must be a list");
    json_array_foreach(files, i, file) if (check_file(file, &roles, err) < 0) return -1;
    return roles == 3 ? 0 : invalid(err, "files: one kernel and one initrd are expected");
}

int image_document_read(const json_t *document, struct image_document *ret, struct error *err)
{
    struct image_document read = {0};
    const char *kind, *arguments;

    if (!json_is_object(document))
        return invalid(err, "an image's document is a JSON object");
    if (json_refuse_unknown(document, MEMBERS, err) < 0 ||
        read_required(document, "name", 63, &read.name, err) < 0 ||
        read_required(document, "version", 63, &read.version, err) < 0 ||
        read_required(document, "kind", 32, &kind, err) < 0 ||
        read_required(document, "arguments", IMAGE_ARGUMENTS_MAX, &arguments, err) < 0)
        return -1;
    if (strcmp(kind, "kernel+initrd") != 0)
        return invalid(err, "kind: kernel+initrd is what can be booted");
    if (json_read_int(document, "deadline_s", 30, 86400, &read.deadline_s, err) < 0)
        return -1;
    if (read.deadline_s == 0)
        return invalid(err, "deadline_s is missing");
    if (image_document_arguments(arguments, err) < 0 ||
        image_document_names(document, "firmware", 2, err) < 0 ||
        image_document_names(document, "checks", IMAGE_CHECKS_MAX, err) < 0 ||
        check_files(document, err) < 0 || image_profile_check(document, NULL, err) < 0 ||
        image_run_check(document, err) < 0)
        return -1;
    read.files = json_object_get(document, "files");
    *ret = read;
    return 0;
}
