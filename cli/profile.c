/* profile.c - see profile.h. */
#include "cli/profile.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/file.h"
#include "common/json.h"

#define PROFILE_BYTES_MAX 16384

static int folder_of(char *out, size_t room, struct error *err)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int length;

    if (config && config[0] == '/')
        length = snprintf(out, room, "%s/muster", config);
    else if (home && home[0] == '/')
        length = snprintf(out, room, "%s/.config/muster", home);
    else
        return error_set(err, "HOME is not set: name the server with --server and --token-file");
    return length < (int)room ? 0 : error_set(err, "HOME is too long");
}

static int path_of(const char *name, char *out, size_t room, struct error *err)
{
    char folder[PATH_MAX];

    if (!name[0] || strlen(name) > 64 || strchr(name, '/') || name[0] == '.')
        return error_set_code(err, ERROR_INVALID, "--profile: '%.64s' cannot be a file's name",
                              name);
    if (folder_of(folder, sizeof(folder), err) < 0)
        return -1;
    if (snprintf(out, room, "%s/%s.json", folder, name) >= (int)room)
        return error_set(err, "HOME is too long");
    return 0;
}

static const char *pick(const char *option, const char *variable, const char *stored)
{
    const char *value = getenv(variable);

    if (option)
        return option;
    return value && value[0] ? value : stored;
}

static char *absolute(const char *path)
{
    char *whole;

    if (!path)
        return NULL;
    whole = realpath(path, NULL);
    return whole ? whole : strdup(path);
}

static json_t *read_stored(const char *name, struct error *err)
{
    char path[PATH_MAX];
    size_t length;
    char *bytes;
    json_t *stored;

    if (path_of(name, path, sizeof(path), err) < 0)
        return NULL;
    bytes = file_read(path, PROFILE_BYTES_MAX, &length, NULL);
    if (!bytes)
        return json_object(); /* none yet: options and environment may do */
    stored = json_parse(bytes, length, PROFILE_BYTES_MAX, err);
    free(bytes);
    if (!stored)
        error_prefix(err, "%s", path);
    return stored;
}

int profile_load(const char *name, const char *server, const char *token_file, const char *ca_file,
                 struct profile *ret, struct error *err)
{
    json_t *stored = read_stored(name, err);
    const char *value;
    size_t length;

    memset(ret, 0, sizeof(*ret));
    if (!stored)
        return -1;
    value = pick(server, "MUSTER_SERVER", json_string_value(json_object_get(stored, "server")));
    ret->server = value ? strdup(value) : NULL;
    value = pick(token_file, "MUSTER_TOKEN_FILE",
                 json_string_value(json_object_get(stored, "token_file")));
    ret->token_file = absolute(value);
    value = pick(ca_file, "MUSTER_CA", json_string_value(json_object_get(stored, "ca_file")));
    ret->ca_file = absolute(value);
    json_decref(stored);
    if (!ret->server || !ret->token_file) {
        profile_clear(ret);
        return error_set_code(err, ERROR_FORBIDDEN,
                              "no %s is known: run `muster login --server URL --token-file FILE`",
                              server || getenv("MUSTER_SERVER") ? "token file" : "server");
    }
    for (length = strlen(ret->server); length && ret->server[length - 1] == '/';)
        ret->server[--length] = '\0';
    if (strncmp(ret->server, "https://", 8) == 0)
        return 0;
    profile_clear(ret);
    return error_set_code(err, ERROR_INVALID, "the server must look like https://HOST:PORT");
}

int profile_save(const char *name, const struct profile *profile, struct error *err)
{
    char path[PATH_MAX], folder[PATH_MAX];
    json_t *stored = json_pack("{s:s, s:s, s:s*}", "server", profile->server, "token_file",
                               profile->token_file, "ca_file", profile->ca_file);
    char *text = stored ? json_dumps(stored, JSON_INDENT(2)) : NULL;
    int rc = -1;

    if (!text)
        error_set(err, "out of memory");
    else if (folder_of(folder, sizeof(folder), err) == 0 &&
             file_make_folder(folder, 0700, err) == 0 &&
             path_of(name, path, sizeof(path), err) == 0)
        rc = file_write(path, text, strlen(text), 0600, err);
    free(text);
    json_decref(stored);
    return rc;
}

void profile_clear(struct profile *profile)
{
    free(profile->server);
    free(profile->token_file);
    free(profile->ca_file);
    memset(profile, 0, sizeof(*profile));
}
