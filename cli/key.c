/* key.c - see key.h. Owns nothing but files named on the command line. */
#include "cli/key.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/file.h"
#include "proto/envelope.h"
#include "proto/key_files.h"
#include "proto/key_manifest.h"

#define DAY_US ((int64_t)86400 * 1000000)
#define DAYS_MAX 3650
#define SITES_MAX 256
#define ORDERS                                                                                     \
    (1u << DOMAIN_TASK | 1u << DOMAIN_CANCEL | 1u << DOMAIN_RELEASE | 1u << DOMAIN_SETTLE)
/* A controller whose clock is behind the one that signs must not wait for its key to begin. */
#define BACKDATE_US ((int64_t)3600 * 1000000)

#define KEYS_MAX 16

static const char USAGE[] =
    "usage: muster key make-root --out FILE\n"
    "       muster key make-manifest --root FILE --version N --days D --out FILE\n"
    "                  --controller-key FILE [--site UUID...] [--domain NAME...] [--from TIME] "
    "[--until TIME] ...\n"
    "       muster key show-manifest FILE [--root-key FILE.pub]\n"
    "\n"
    "make-root      a new root key (0600) and its public half in FILE.pub, which agents pin\n"
    "make-manifest  sign which controller keys (controller-keys.json) agents believe, for D days; "
    "a higher\n"
    "               version replaces a lower one. What stands behind a --controller-key is that "
    "key's scope: the\n"
    "               sites and the domains (task, cancel, release, settle) that it may sign for, "
    "and when; what\n"
    "               stands before the first one is every key's. Nothing said: all of it\n"
    "show-manifest  what a manifest says; with --root-key whether that root signed it\n";

/* What one controller key is to be believed for. */
struct key_order {
    const char *path;
    struct uuid sites[SITES_MAX];
    size_t site_count;
    unsigned domains;          /* 0: all orders */
    int64_t from_us, until_us; /* 0: with the manifest */
};

struct manifest_order {
    const char *root, *out;
    struct key_order every, keys[KEYS_MAX];
    size_t key_count;
    uint64_t version;
    int64_t days;
};

static int fail(const struct error *err)
{
    fprintf(stderr, "muster key: %s\n", error_text(err));
    return EXIT_FAILURE;
}

static int usage(const char *why)
{
    fprintf(stderr, "muster key: %s\n%s", why, USAGE);
    return EXIT_USAGE;
}

static int write_root(const char *path, struct error *err)
{
    uint8_t secret[SIGN_SECRET_BYTES], public_key[SIGN_PUBLIC_BYTES];
    char public_path[PATH_MAX];
    int rc = -1;

    if (snprintf(public_path, sizeof(public_path), "%s.pub", path) >= (int)sizeof(public_path))
        return error_set_code(err, ERROR_INVALID, "path too long: %s", path);
    if (sign_key_make(secret, public_key, err) == 0 && key_file_write(path, secret, err) == 0)
        rc = public_key_file_write(public_path, public_key, err);
    OPENSSL_cleanse(secret, sizeof(secret));
    return rc;
}

static int make_root(int argc, char **argv)
{
    struct error err = {0};

    if (argc != 3 || strcmp(argv[1], "--out") != 0)
        return usage("make-root takes --out FILE");
    if (write_root(argv[2], &err) < 0)
        return fail(&err);
    printf("root key: %s (keep it off line); pin %s.pub at every agent\n", argv[2], argv[2]);
    return EXIT_SUCCESS;
}

static int read_number(const char *text, int64_t max, int64_t *ret)
{
    char *end;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < 1 || value > max)
        return -1;
    *ret = value;
    return 0;
}

static const char *read_domain(struct key_order *key, const char *value)
{
    for (int domain = DOMAIN_TASK; domain <= DOMAIN_SETTLE; domain++)
        if (strcmp(envelope_domain_name(domain), value) == 0) {
            key->domains |= 1u << domain;
            return NULL;
        }
    return "--domain is task, cancel, release or settle";
}

/* Of the key before it, or of every key. NULL: understood. Else what is wrong. */
static const char *read_scope(struct key_order *key, int option, const char *value)
{
    switch (option) {
    case 's':
        if (key->site_count == SITES_MAX || uuid_parse(value, &key->sites[key->site_count]) < 0)
            return "--site takes a UUID, at most 256 times";
        key->site_count++;
        return NULL;
    case 'm':
        return read_domain(key, value);
    case 'f':
        return clock_parse(value, &key->from_us) < 0 ? "--from takes a time with an offset" : NULL;
    case 'u':
        return clock_parse(value, &key->until_us) < 0 ? "--until takes a time with an offset"
                                                      : NULL;
    default:
        return "unknown option";
    }
}

static const char *read_option(struct manifest_order *order, int option, const char *value)
{
    int64_t number;

    switch (option) {
    case 'r':
        order->root = value;
        return NULL;
    case 'o':
        order->out = value;
        return NULL;
    case 'c':
        if (order->key_count == KEYS_MAX)
            return "too many --controller-key";
        order->keys[order->key_count] = order->every;
        order->keys[order->key_count++].path = value;
        return NULL;
    case 'v':
        if (read_number(value, INT64_MAX, &number) < 0)
            return "--version is a number from 1";
        order->version = (uint64_t)number;
        return NULL;
    case 'd':
        return read_number(value, DAYS_MAX, &order->days) < 0 ? "--days is a number from 1 to 3650"
                                                              : NULL;
    default:
        return read_scope(order->key_count ? &order->keys[order->key_count - 1] : &order->every,
                          option, value);
    }
}

static const char *read_options(struct manifest_order *order, int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"root", required_argument, NULL, 'r'},    {"controller-key", required_argument, NULL, 'c'},
        {"version", required_argument, NULL, 'v'}, {"days", required_argument, NULL, 'd'},
        {"out", required_argument, NULL, 'o'},     {"site", required_argument, NULL, 's'},
        {"domain", required_argument, NULL, 'm'},  {"from", required_argument, NULL, 'f'},
        {"until", required_argument, NULL, 'u'},   {NULL, 0, NULL, 0},
    };
    const char *wrong = NULL;
    int option;

    optind = 0; /* glibc: begin anew, with this argv */
    while (!wrong && (option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1)
        wrong = read_option(order, option, optarg);
    if (wrong)
        return wrong;
    if (optind != argc)
        return "an argument too many";
    if (!order->root || !order->out || !order->key_count || !order->version || !order->days)
        return "make-manifest takes --root, --controller-key, --version, --days and --out";
    return NULL;
}

static int read_controller(const char *path, uint8_t ret_sign[KEY_BYTES], struct error *err)
{
    struct controller_public_keys keys;
    size_t length;
    char *json = file_read(path, KEY_JSON_MAX, &length, err);
    int rc;

    if (!json)
        return -1;
    rc = controller_public_keys_parse(json, length, &keys, err);
    free(json);
    if (rc < 0)
        return error_prefix(err, "%s", path);
    memcpy(ret_sign, keys.sign, KEY_BYTES);
    return 0;
}

static struct sign_key *read_root(const char *path, struct error *err)
{
    uint8_t secret[KEY_BYTES];
    struct sign_key *key = NULL;

    if (key_file_read(path, secret, err) == 0)
        key = sign_key_create(secret, err);
    OPENSSL_cleanse(secret, sizeof(secret));
    return key;
}

static int read_key(const struct key_order *order, int64_t now, int64_t end,
                    struct key_manifest_entry *entry, struct error *err)
{
    entry->domains = order->domains ? order->domains : ORDERS;
    entry->sites = order->sites;
    entry->site_count = order->site_count;
    entry->not_before_us = order->from_us ? order->from_us : now - BACKDATE_US;
    entry->not_after_us = order->until_us ? order->until_us : end;
    if (entry->not_after_us <= entry->not_before_us || entry->not_before_us > end)
        return error_set_code(err, ERROR_INVALID, "%s: is never valid between --from and --until",
                              order->path);
    return read_controller(order->path, entry->public_key, err);
}

static int write_manifest(const struct manifest_order *order, struct error *err)
{
    struct key_manifest_entry entries[KEYS_MAX];
    int64_t now = clock_realtime_us(), end = now + order->days * DAY_US;
    struct sign_key *root = NULL;
    uint8_t *envelope = NULL;
    size_t length;
    int rc = -1;

    memset(entries, 0, sizeof(entries));
    for (size_t i = 0; i < order->key_count; i++)
        if (read_key(&order->keys[i], now, end, &entries[i], err) < 0)
            return -1;
    if (!(root = read_root(order->root, err)) ||
        key_manifest_make(root, order->version, now, end, entries, order->key_count, &envelope,
                          &length, err) < 0)
        goto out;
    rc = file_write(order->out, envelope, length, 0644, err);
out:
    free(envelope);
    sign_key_destroy(root);
    return rc;
}

static int make_manifest(int argc, char **argv)
{
    struct manifest_order *order = calloc(1, sizeof(*order));
    struct error err = {0};
    const char *wrong;
    int rc;

    if (!order)
        return usage("out of memory");
    wrong = read_options(order, argc, argv);
    if (wrong) {
        rc = usage(wrong);
    } else if (write_manifest(order, &err) < 0) {
        rc = fail(&err);
    } else {
        printf("manifest version %llu for %zu controller key(s), %lld days: %s\n",
               (unsigned long long)order->version, order->key_count, (long long)order->days,
               order->out);
        rc = EXIT_SUCCESS;
    }
    free(order);
    return rc;
}

int cli_key(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "make-root") == 0)
        return make_root(argc - 1, argv + 1);
    if (argc >= 2 && strcmp(argv[1], "make-manifest") == 0)
        return make_manifest(argc - 1, argv + 1);
    if (argc >= 2 && strcmp(argv[1], "show-manifest") == 0)
        return cli_key_show(argc - 1, argv + 1);
    return usage("make-root, make-manifest or show-manifest?");
}
