/* grant.c - see grant.h. Members this image does not know are passed over: a newer agent may say
 * more. Members it knows must be well formed.
 */
#include "diagnostics/grant.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "diagnostics/json_tree.h"

#define DEADLINE_MAX_S 86400

static int copy_string(const struct json_node *node, const char *what, char *out, size_t size,
                       struct error *err)
{
    if (!node || node->kind == JSON_NULL)
        return 0;
    if (node->kind != JSON_TEXT || strlen(node->string) >= size)
        return error_set_code(err, ERROR_INVALID, "answer: '%s' is no string of at most %zu bytes",
                              what, size - 1);
    snprintf(out, size, "%s", node->string);
    return 0;
}

static int copy_record(const struct json_node *record, struct machine_record *out,
                       struct error *err)
{
    const struct json_node *macs = json_tree_member(record, "macs");

    out->memory_mib = json_tree_integer(record, "memory_mib", -1);
    out->cpus = json_tree_integer(record, "cpus", -1);
    if (copy_string(json_tree_member(record, "serial"), "record.serial", out->serial,
                    sizeof(out->serial), err) < 0 ||
        copy_string(json_tree_member(record, "uuid"), "record.uuid", out->uuid, sizeof(out->uuid),
                    err) < 0)
        return -1;
    for (const struct json_node *mac = macs ? macs->first : NULL; mac; mac = mac->next) {
        char *to = out->macs[out->mac_count];

        if (out->mac_count == RECORD_MACS_MAX)
            return error_set_code(err, ERROR_INVALID, "answer: 'record.macs' has more than %d",
                                  RECORD_MACS_MAX);
        if (copy_string(mac, "record.macs", to, sizeof(out->macs[0]), err) < 0)
            return -1;
        for (; *to; to++)
            *to = (char)tolower((unsigned char)*to);
        out->mac_count++;
    }
    return 0;
}

static int copy_params(const struct json_node *params, struct grant *grant, struct error *err)
{
    for (const struct json_node *node = params ? params->first : NULL; node; node = node->next) {
        struct param *param = &grant->params[grant->param_count];

        if (grant->param_count == GRANT_PARAMS_MAX || !node->name ||
            strlen(node->name) >= sizeof(param->name))
            return error_set_code(err, ERROR_INVALID, "answer: 'params' is too large");
        snprintf(param->name, sizeof(param->name), "%s", node->name);
        if (node->kind == JSON_INTEGER)
            snprintf(param->value, sizeof(param->value), "%lld", (long long)node->integer);
        else if (node->kind == JSON_BOOL)
            snprintf(param->value, sizeof(param->value), "%s", node->integer ? "true" : "false");
        else if (copy_string(node, "params", param->value, sizeof(param->value), err) < 0)
            return -1;
        grant->param_count++;
    }
    return 0;
}

static int copy_checks(const struct json_node *checks, struct grant *grant, struct error *err)
{
    for (const struct json_node *node = checks ? checks->first : NULL; node; node = node->next) {
        if (grant->check_count == GRANT_CHECKS_MAX)
            return error_set_code(err, ERROR_INVALID, "answer: 'checks' has more than %d",
                                  GRANT_CHECKS_MAX);
        if (copy_string(node, "checks", grant->checks[grant->check_count], sizeof(grant->checks[0]),
                        err) < 0)
            return -1;
        grant->check_count++;
    }
    return 0;
}

int grant_parse(char *bytes, size_t length, struct grant *ret_grant, struct error *err)
{
    static struct json_tree tree; /* large; this program has one thread */
    const struct json_node *root = json_tree_parse(&tree, bytes, length, err);
    struct grant grant = {0};

    if (!root)
        return error_prefix(err, "answer");
    if (copy_string(json_tree_member(root, "session"), "session", grant.session,
                    sizeof(grant.session), err) < 0)
        return -1;
    if (!grant.session[0] || strspn(grant.session, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                                                   "uvwxyz0123456789-_") != strlen(grant.session))
        return error_set_code(err, ERROR_INVALID, "answer: 'session' is missing or not base64url");
    if (copy_string(json_tree_member(root, "profile"), "profile", grant.profile,
                    sizeof(grant.profile), err) < 0)
        return -1;
    grant.deadline_s = json_tree_integer(root, "deadline_s", -1);
    if (grant.deadline_s < 1 || grant.deadline_s > DEADLINE_MAX_S)
        return error_set_code(err, ERROR_INVALID, "answer: 'deadline_s' is not 1 to %d",
                              DEADLINE_MAX_S);
    if (copy_record(json_tree_member(root, "record"), &grant.record, err) < 0 ||
        copy_params(json_tree_member(root, "params"), &grant, err) < 0 ||
        copy_checks(json_tree_member(root, "checks"), &grant, err) < 0)
        return -1;
    *ret_grant = grant;
    return 0;
}

int64_t grant_param_integer(const struct param *params, unsigned count, const char *name,
                            int64_t absent, int64_t min, int64_t max)
{
    for (unsigned i = 0; i < count; i++) {
        char *end;
        long long value;

        if (strcmp(params[i].name, name) != 0)
            continue;
        errno = 0;
        value = strtoll(params[i].value, &end, 10);
        if (errno || end == params[i].value || *end)
            return absent;
        return value < min ? min : value > max ? max : value;
    }
    return absent;
}
