/* key_files.c - see key_files.h. */
#include "proto/key_files.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "common/json.h"
#include "common/text.h"
#include "proto/crypto_error.h"
#include "proto/envelope.h"
#include "proto/sealed_secret.h"

#define LINE_BYTES (2 * KEY_BYTES + 1) /* hex and a newline */

static int refuse_existing(const char *path, struct error *err)
{
    struct stat info;

    if (lstat(path, &info) == 0)
        return error_set_code(
            err, ERROR_CONFLICT,
            "%s is there already: a key is never replaced; move it away to make another", path);
    return errno == ENOENT ? 0 : error_set(err, "%s: %s", path, strerror(errno));
}

static int write_hex(const char *path, const uint8_t key[KEY_BYTES], mode_t mode, struct error *err)
{
    char line[LINE_BYTES + 1];
    int rc;

    text_hex(key, KEY_BYTES, line);
    line[LINE_BYTES - 1] = '\n';
    rc = refuse_existing(path, err) < 0 ? -1 : file_write(path, line, LINE_BYTES, mode, err);
    OPENSSL_cleanse(line, sizeof(line));
    return rc;
}

/* Takes 'bytes' and wipes it. */
static int take_hex(char *bytes, size_t length, const char *path, uint8_t ret_key[KEY_BYTES],
                    struct error *err)
{
    int rc = 0;

    if (length == LINE_BYTES && bytes[length - 1] == '\n')
        bytes[length - 1] = '\0';
    if (strlen(bytes) != 2 * KEY_BYTES || text_unhex(bytes, ret_key, KEY_BYTES) < 0) {
        OPENSSL_cleanse(ret_key, KEY_BYTES);
        rc = error_set_code(err, ERROR_INVALID,
                            "%s holds no key: one line of %d hex digits is expected", path,
                            2 * KEY_BYTES);
    }
    OPENSSL_cleanse(bytes, length);
    free(bytes);
    return rc;
}

int key_file_write(const char *path, const uint8_t secret[KEY_BYTES], struct error *err)
{
    return write_hex(path, secret, 0600, err);
}

int key_file_read(const char *path, uint8_t ret_secret[KEY_BYTES], struct error *err)
{
    size_t length = 0;
    char *bytes = file_read_secret(path, 2 * LINE_BYTES, &length, err);

    return bytes ? take_hex(bytes, length, path, ret_secret, err) : -1;
}

int public_key_file_write(const char *path, const uint8_t key[KEY_BYTES], struct error *err)
{
    return write_hex(path, key, 0644, err);
}

int public_key_file_read(const char *path, uint8_t ret_key[KEY_BYTES], struct error *err)
{
    size_t length = 0;
    char *bytes = file_read(path, 2 * LINE_BYTES, &length, err);

    return bytes ? take_hex(bytes, length, path, ret_key, err) : -1;
}

/* "folder/name", in 'out' of PATH_MAX bytes. systemd loads the files of a folder as credentials
 * that begin with its name. */
static int join(const char *folder, const char *name, char *out, struct error *err)
{
    const char *between = file_is_credential(folder) ? "_" : "/";

    if (snprintf(out, PATH_MAX, "%s%s%s", folder, between, name) >= PATH_MAX)
        return error_set_code(err, ERROR_INVALID, "path too long: %s", folder);
    return 0;
}

static int write_in(const char *folder, const char *name, const uint8_t secret[KEY_BYTES],
                    struct error *err)
{
    char path[PATH_MAX];

    return join(folder, name, path, err) < 0 ? -1 : key_file_write(path, secret, err);
}

static int read_in(const char *folder, const char *name, uint8_t ret_secret[KEY_BYTES],
                   struct error *err)
{
    char path[PATH_MAX];

    return join(folder, name, path, err) < 0 ? -1 : key_file_read(path, ret_secret, err);
}

/* The files of one set, its public half last: they are made in a folder of their own within the
 * set's folder, whole once the public half is there, and moved one by one. Cut off anywhere, the
 * same call goes on. */
struct key_set {
    const char *stage;
    const char *names[6]; /* NULL-terminated */
};
static const struct key_set AGENT_SET = {
    "agent-keys.new", {"curve.key", "sign.key", "seal.key", "phone-home.key", "agent-keys.json"}};
static const struct key_set CONTROLLER_SET = {"controller-keys.new",
                                              {"curve.key", "sign.key", "controller-keys.json"}};

static const char *last_of(const struct key_set *set)
{
    const char *const *name = set->names;

    while (name[1])
        name++;
    return *name;
}

static bool is_file(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat info;

    return join(folder, name, path, NULL) == 0 && lstat(path, &info) == 0;
}

/* Nobody has seen what is in there. */
static int clear_stage(const char *stage, const struct key_set *set, struct error *err)
{
    char path[PATH_MAX];

    for (const char *const *name = set->names; *name; name++)
        if (is_file(stage, *name) && join(stage, *name, path, err) == 0 && unlink(path) < 0)
            return error_set(err, "%s: %s", path, strerror(errno));
    return file_make_folder(stage, 0700, err);
}

/* 1: 'stage' holds a whole set already. 0: it is empty. Refuses before the first write if any file
 * of the set is in the folder. */
static int open_stage(const char *folder, const struct key_set *set, char stage[PATH_MAX],
                      struct error *err)
{
    char path[PATH_MAX];

    if (file_make_folder(folder, 0700, err) < 0 || join(folder, set->stage, stage, err) < 0)
        return -1;
    if (is_file(stage, last_of(set)))
        return 1;
    for (const char *const *name = set->names; *name; name++)
        if (join(folder, *name, path, err) < 0 || refuse_existing(path, err) < 0)
            return -1;
    return clear_stage(stage, set, err);
}

static int close_stage(const char *folder, const struct key_set *set, const char *stage,
                       struct error *err)
{
    char from[PATH_MAX], to[PATH_MAX];

    for (const char *const *name = set->names; *name; name++)
        if (is_file(stage, *name) &&
            (join(stage, *name, from, err) < 0 || join(folder, *name, to, err) < 0 ||
             file_move(from, to, err) < 0))
            return -1;
    /* What a write that was cut off left beside its file is nobody's, and stays. */
    return rmdir(stage) < 0 && errno != ENOTEMPTY
               ? error_set(err, "rmdir %s: %s", stage, strerror(errno))
               : 0;
}

static int random_key(uint8_t ret_key[KEY_BYTES], struct error *err)
{
    crypto_begin();
    return RAND_bytes(ret_key, KEY_BYTES) == 1 ? 0 : crypto_error(err, "random bytes");
}

static int sign_public(const uint8_t secret[KEY_BYTES], uint8_t ret_public[KEY_BYTES],
                       struct error *err)
{
    struct sign_key *key = sign_key_create(secret, err);

    if (!key)
        return -1;
    memcpy(ret_public, sign_key_public(key), KEY_BYTES);
    sign_key_destroy(key);
    return 0;
}

static int write_agent_public(const char *folder, const struct agent_public_keys *keys,
                              struct error *err)
{
    char curve[LINE_BYTES], sign[LINE_BYTES], seal[LINE_BYTES], json[KEY_JSON_MAX], path[PATH_MAX];
    int length;

    text_hex(keys->curve, KEY_BYTES, curve);
    text_hex(keys->sign, KEY_BYTES, sign);
    text_hex(keys->seal, KEY_BYTES, seal);
    length = snprintf(json, sizeof(json), "{\"curve\":\"%s\",\"sign\":\"%s\",\"seal\":\"%s\"}\n",
                      curve, sign, seal);
    if (join(folder, "agent-keys.json", path, err) < 0)
        return -1;
    return file_write(path, json, (size_t)length, 0644, err);
}

static int write_agent(const char *folder, struct error *err)
{
    struct agent_keys keys;
    int rc = -1;

    /* CURVE's keys are X25519 keys. */
    if (seal_key_make(keys.curve_secret, keys.public.curve, err) == 0 &&
        sign_key_make(keys.sign_secret, keys.public.sign, err) == 0 &&
        seal_key_make(keys.seal_secret, keys.public.seal, err) == 0 &&
        random_key(keys.phone_home, err) == 0 &&
        write_in(folder, "curve.key", keys.curve_secret, err) == 0 &&
        write_in(folder, "sign.key", keys.sign_secret, err) == 0 &&
        write_in(folder, "seal.key", keys.seal_secret, err) == 0 &&
        write_in(folder, "phone-home.key", keys.phone_home, err) == 0)
        rc = write_agent_public(folder, &keys.public, err);
    OPENSSL_cleanse(&keys, sizeof(keys));
    return rc;
}

int agent_keys_make(const char *folder, struct error *err)
{
    char stage[PATH_MAX];
    int whole = open_stage(folder, &AGENT_SET, stage, err);

    if (whole < 0 || (whole == 0 && write_agent(stage, err) < 0))
        return -1;
    return close_stage(folder, &AGENT_SET, stage, err);
}

int agent_keys_load(const char *folder, struct agent_keys *ret_keys, struct error *err)
{
    if (read_in(folder, "curve.key", ret_keys->curve_secret, err) == 0 &&
        read_in(folder, "sign.key", ret_keys->sign_secret, err) == 0 &&
        read_in(folder, "seal.key", ret_keys->seal_secret, err) == 0 &&
        read_in(folder, "phone-home.key", ret_keys->phone_home, err) == 0 &&
        seal_key_public(ret_keys->curve_secret, ret_keys->public.curve, err) == 0 &&
        sign_public(ret_keys->sign_secret, ret_keys->public.sign, err) == 0 &&
        seal_key_public(ret_keys->seal_secret, ret_keys->public.seal, err) == 0)
        return 0;
    OPENSSL_cleanse(ret_keys, sizeof(*ret_keys));
    return -1;
}

static int write_controller_public(const char *folder, const struct controller_public_keys *keys,
                                   struct error *err)
{
    char curve[LINE_BYTES], sign[LINE_BYTES], json[KEY_JSON_MAX], path[PATH_MAX];
    int length;

    text_hex(keys->curve, KEY_BYTES, curve);
    text_hex(keys->sign, KEY_BYTES, sign);
    length = snprintf(json, sizeof(json), "{\"curve\":\"%s\",\"sign\":\"%s\"}\n", curve, sign);
    if (join(folder, "controller-keys.json", path, err) < 0)
        return -1;
    return file_write(path, json, (size_t)length, 0644, err);
}

static int write_controller(const char *folder, const struct controller_keys *keys,
                            struct error *err)
{
    return write_in(folder, "curve.key", keys->curve_secret, err) == 0 &&
                   write_in(folder, "sign.key", keys->sign_secret, err) == 0
               ? write_controller_public(folder, &keys->public, err)
               : -1;
}

/* Takes and wipes 'keys', which 'whole' has no need of: they stand in the stage already. */
static int put_controller(const char *folder, const char *stage, int whole,
                          struct controller_keys *keys, struct error *err)
{
    int rc = whole > 0 || write_controller(stage, keys, err) == 0
                 ? close_stage(folder, &CONTROLLER_SET, stage, err)
                 : -1;

    OPENSSL_cleanse(keys, sizeof(*keys));
    return rc;
}

int controller_keys_make(const char *folder, struct error *err)
{
    struct controller_keys keys = {0};
    char stage[PATH_MAX];
    int whole = open_stage(folder, &CONTROLLER_SET, stage, err);

    if (whole < 0 || seal_key_make(keys.curve_secret, keys.public.curve, err) < 0 ||
        sign_key_make(keys.sign_secret, keys.public.sign, err) < 0)
        return -1;
    return put_controller(folder, stage, whole, &keys, err);
}

int controller_keys_renew(const char *old, const char *folder, struct error *err)
{
    struct controller_keys keys;
    char stage[PATH_MAX];
    int whole;

    if (controller_keys_load(old, &keys, err) < 0)
        return -1;
    whole = open_stage(folder, &CONTROLLER_SET, stage, err);
    if (whole < 0 || sign_key_make(keys.sign_secret, keys.public.sign, err) < 0) {
        OPENSSL_cleanse(&keys, sizeof(keys));
        return -1;
    }
    return put_controller(folder, stage, whole, &keys, err);
}

int controller_keys_load(const char *folder, struct controller_keys *ret_keys, struct error *err)
{
    if (read_in(folder, "curve.key", ret_keys->curve_secret, err) == 0 &&
        read_in(folder, "sign.key", ret_keys->sign_secret, err) == 0 &&
        seal_key_public(ret_keys->curve_secret, ret_keys->public.curve, err) == 0 &&
        sign_public(ret_keys->sign_secret, ret_keys->public.sign, err) == 0)
        return 0;
    OPENSSL_cleanse(ret_keys, sizeof(*ret_keys));
    return -1;
}

static int read_member(const json_t *object, const char *name, uint8_t ret_key[KEY_BYTES],
                       struct error *err)
{
    const char *hex;
    int there = json_read_string(object, name, 2 * KEY_BYTES, &hex, err);

    if (there < 0)
        return -1;
    if (there == 0)
        return error_set_code(err, ERROR_INVALID, "key '%s' is missing", name);
    if (text_unhex(hex, ret_key, KEY_BYTES) < 0)
        return error_set_code(err, ERROR_INVALID, "key '%s' is not %d hex digits", name,
                              2 * KEY_BYTES);
    return 0;
}

static json_t *parse_object(const char *json, size_t length, const char *const *known,
                            struct error *err)
{
    json_t *object = json_parse(json, length, KEY_JSON_MAX, err);

    if (object && !json_is_object(object)) {
        error_set_code(err, ERROR_INVALID, "public keys are a JSON object");
    } else if (object && json_refuse_unknown(object, known, err) == 0) {
        return object;
    }
    json_decref(object);
    return NULL;
}

int agent_public_keys_parse(const char *json, size_t length, struct agent_public_keys *ret_keys,
                            struct error *err)
{
    static const char *const KNOWN[] = {"curve", "sign", "seal", NULL};
    struct agent_public_keys keys;
    json_t *object = parse_object(json, length, KNOWN, err);
    int rc = -1;

    if (object && read_member(object, "curve", keys.curve, err) == 0 &&
        read_member(object, "sign", keys.sign, err) == 0 &&
        read_member(object, "seal", keys.seal, err) == 0) {
        *ret_keys = keys;
        rc = 0;
    }
    json_decref(object);
    return rc;
}

int controller_public_keys_parse(const char *json, size_t length,
                                 struct controller_public_keys *ret_keys, struct error *err)
{
    static const char *const KNOWN[] = {"curve", "sign", NULL};
    struct controller_public_keys keys;
    json_t *object = parse_object(json, length, KNOWN, err);
    int rc = -1;

    if (object && read_member(object, "curve", keys.curve, err) == 0 &&
        read_member(object, "sign", keys.sign, err) == 0) {
        *ret_keys = keys;
        rc = 0;
    }
    json_decref(object);
    return rc;
}
