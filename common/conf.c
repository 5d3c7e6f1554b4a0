/* conf.c - owns the walk from a YAML tree to the fields of a struct. Invariant: on failure
 * everything that was set is freed again, so that a caller never holds half a configuration.
 */
#include "common/conf.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "common/yaml.h"

#define PATH_SIZE 256
/* A key of YAML may be 1024 characters long, and printing may take ten for one. */
#define MAP_KEY_MAX 100

struct reader {
    const struct yaml *yaml;
    const struct conf_field *fields;
    bool *seen; /* by field */
    void *into;
    struct error *err;
};

static void *slot(const struct conf_field *field, void *into)
{
    return (char *)into + field->offset;
}

static int wrong(const struct reader *reader, const struct conf_field *field,
                 const struct yaml_node *node, const char *message)
{
    return yaml_error(reader->yaml, node, reader->err, "%s %s", field->path, message);
}

/* Whether a pass-through property of Kafka or PostgreSQL is one that holds a secret. */
static bool names_secret(const char *key)
{
    static const char *const parts[] = {"password", "passphrase", "secret", "key.pem"};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (strcasestr(key, parts[i]))
            return true;
    return false;
}

/* The value itself is never told: whoever wrote it here has to change it only if it got out. */
static int refuse_secret(const struct reader *reader, const char *path,
                         const struct yaml_node *node)
{
    return yaml_error(reader->yaml, node, reader->err,
                      "%s is a secret and may not stand here: write it to a file of mode 0600 and "
                      "give that file's absolute path",
                      path);
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static bool is_port(const char *text)
{
    size_t length = strspn(text, "0123456789");

    return length > 0 && length <= 5 && !text[length] && atoi(text) <= 65535;
}

static bool is_endpoint(const char *text)
{
    char host[INET6_ADDRSTRLEN];
    struct in6_addr address;
    const char *end;

    if (*text == '[') {
        end = strchr(++text, ']');
        if (!end || end[1] != ':' || (size_t)(end - text) >= sizeof(host))
            return false;
        memcpy(host, text, (size_t)(end - text));
        host[end - text] = '\0';
        return inet_pton(AF_INET6, host, &address) == 1 && is_port(end + 2);
    }
    end = text + strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_");
    return end > text && end - text <= 253 && *end == ':' && is_port(end + 1);
}

/* NULL: it fits the type. */
static const char *text_fault(const struct conf_field *field, const char *text)
{
    if (field->type == CONF_PATH && (text[0] != '/' || has_control(text)))
        return "must be an absolute path";
    if (field->type == CONF_SECRET_PATH && !file_is_credential(text) &&
        (text[0] != '/' || has_control(text)))
        return "must be an absolute path, or credential:NAME";
    if (field->type == CONF_ENDPOINT && !is_endpoint(text))
        return "must be host:port or \"[v6]:port\" (in quotes), the port 0 to 65535";
    return NULL;
}

static int read_text(const struct reader *reader, const struct conf_field *field,
                     const struct yaml_node *node, char **ret)
{
    const char *fault;

    if (node->kind != YAML_SCALAR)
        return wrong(reader, field, node, "must be one value, not a list or a map");
    if (!node->text[0]) {
        /* Absent, which is for the optional ones alone. */
        if (field->fallback && !field->fallback[0])
            return 0;
        return wrong(reader, field, node, "must not be empty");
    }
    if (field->secret && node->text[0] != '/')
        return refuse_secret(reader, field->path, node);
    fault = text_fault(field, node->text);
    if (fault)
        return wrong(reader, field, node, fault);
    *ret = strdup(node->text);
    return *ret ? 0 : error_no_memory(reader->err);
}

static int read_number(const struct reader *reader, const struct conf_field *field,
                       const struct yaml_node *node, int64_t *ret)
{
    bool duration = field->type == CONF_DURATION;
    int64_t value;

    if ((duration ? yaml_duration_ms(reader->yaml, node, &value, reader->err)
                  : yaml_int(reader->yaml, node, &value, reader->err)) < 0)
        return -1;
    if ((field->min || field->max) && (value < field->min || value > field->max))
        return yaml_error(reader->yaml, node, reader->err, "%s must be %lld to %lld%s, not %lld",
                          field->path, (long long)field->min, (long long)field->max,
                          duration ? " milliseconds" : "", (long long)value);
    *ret = value;
    return 0;
}

static size_t count_of(const struct yaml_node *node)
{
    size_t count = 0;

    for (const struct yaml_node *item = node->first; item; item = item->next)
        count++;
    return count;
}

static int read_strings(const struct reader *reader, const struct conf_field *field,
                        const struct yaml_node *node, struct conf_strings *ret)
{
    if (node->kind != YAML_LIST)
        return wrong(reader, field, node, "must be a list: [a, b]");
    ret->items = calloc(count_of(node) + 1, sizeof(*ret->items));
    if (!ret->items)
        return error_no_memory(reader->err);
    for (const struct yaml_node *item = node->first; item; item = item->next) {
        if (item->kind != YAML_SCALAR || !item->text[0])
            return wrong(reader, field, item, "must be a list of text that is not empty");
        if (field->secret && item->text[0] != '/')
            return refuse_secret(reader, field->path, item);
        if (!(ret->items[ret->count] = strdup(item->text)))
            return error_no_memory(reader->err);
        ret->count++;
    }
    return 0;
}

static int read_map(const struct reader *reader, const struct conf_field *field,
                    const struct yaml_node *node, struct conf_map *ret)
{
    if (node->kind != YAML_MAP)
        return wrong(reader, field, node, "must be a map: {key: value}");
    ret->pairs = calloc(count_of(node) + 1, sizeof(*ret->pairs));
    if (!ret->pairs)
        return error_no_memory(reader->err);
    for (const struct yaml_node *item = node->first; item; item = item->next) {
        struct conf_pair *pair = &ret->pairs[ret->count];

        if (item->kind != YAML_SCALAR)
            return wrong(reader, field, item, "must be a map of text");
        if (!item->key[0] || strlen(item->key) > MAP_KEY_MAX)
            return wrong(reader, field, item, "has a key that is empty or longer than 100 bytes");
        if (field->secret && names_secret(item->key) && item->text[0] != '/')
            return refuse_secret(reader, item->key, item);
        ret->count++;
        if (!(pair->key = strdup(item->key)) || !(pair->value = strdup(item->text)))
            return error_no_memory(reader->err);
    }
    return 0;
}

static int read_field(const struct reader *reader, const struct conf_field *field,
                      const struct yaml_node *node)
{
    void *into = slot(field, reader->into);

    switch (field->type) {
    case CONF_STRING:
    case CONF_PATH:
    case CONF_SECRET_PATH:
    case CONF_ENDPOINT:
        return read_text(reader, field, node, into);
    case CONF_BOOL:
        return yaml_bool(reader->yaml, node, into, reader->err);
    case CONF_INT:
    case CONF_DURATION:
        return read_number(reader, field, node, into);
    case CONF_STRINGS:
        return read_strings(reader, field, node, into);
    case CONF_MAP:
        return read_map(reader, field, node, into);
    }
    return error_set(reader->err, "%s has no type", field->path);
}

/* The name that 'path' has one level below 'prefix' ("" or "a.b."); false: it stands elsewhere. */
static bool name_below(const char *path, const char *prefix, char out[PATH_SIZE], bool *ret_leaf)
{
    size_t skip = strlen(prefix), length;

    if (strncmp(path, prefix, skip) != 0)
        return false;
    length = strcspn(path + skip, ".");
    if (length >= PATH_SIZE)
        return false;
    memcpy(out, path + skip, length);
    out[length] = '\0';
    *ret_leaf = path[skip + length] == '\0';
    return true;
}

static int refuse_unknown(const struct reader *reader, const char *prefix,
                          const struct yaml_node *node)
{
    char name[PATH_SIZE], show[TEXT_SHOW_SIZE], shown_prefix[TEXT_SHOW_SIZE];
    const char *nearest = NULL;
    struct text known = {0};
    bool leaf;

    text_show(prefix, shown_prefix);
    text_show(node->key, show);
    for (const struct conf_field *field = reader->fields; field->path; field++) {
        const char *const names[] = {name, NULL};

        if (!name_below(field->path, prefix, name, &leaf))
            continue;
        if (!nearest && yaml_nearest(node->key, names))
            nearest = field->path;
        text_format(&known, "%s%s", known.length ? ", " : "", field->path);
    }
    if (nearest)
        yaml_error_key(reader->yaml, node, reader->err, "unknown key \"%s%s\": is it %s?",
                       shown_prefix, show, nearest);
    else
        yaml_error_key(reader->yaml, node, reader->err, "unknown key \"%s%s\": known here are %s",
                       shown_prefix, show, text_string(&known));
    text_clear(&known);
    return -1;
}

/* As deep as the table's paths have dots, whatever the file holds. */
static int read_level(const struct reader *reader, const struct yaml_node *map, const char *prefix)
{
    for (const struct yaml_node *node = map->first; node; node = node->next) {
        const struct conf_field *field = reader->fields;
        char name[PATH_SIZE], below[PATH_SIZE];
        bool leaf = false;

        while (field->path &&
               !(name_below(field->path, prefix, name, &leaf) && strcmp(name, node->key) == 0))
            field++;
        if (!field->path)
            return refuse_unknown(reader, prefix, node);
        if (leaf) {
            reader->seen[field - reader->fields] = true;
            if (read_field(reader, field, node) < 0)
                return -1;
            continue;
        }
        snprintf(below, sizeof(below), "%s%s.", prefix, node->key);
        if (node->kind != YAML_MAP)
            return yaml_error(reader->yaml, node, reader->err, "%s%s must be a map of its own keys",
                              prefix, node->key);
        if (read_level(reader, node, below) < 0)
            return -1;
    }
    return 0;
}

static int set_fallback(struct reader *reader, const struct conf_field *field)
{
    const struct yaml_node scalar = {
        .kind = YAML_SCALAR, .line = 1, .column = 1, .text = field->fallback, .plain = true};
    const struct yaml *file = reader->yaml;
    struct yaml *yaml;
    int rc;

    if (field->type != CONF_STRINGS && field->type != CONF_MAP)
        return read_field(reader, field, &scalar);
    yaml = yaml_parse(field->path, field->fallback, strlen(field->fallback), reader->err);
    if (!yaml)
        return -1;
    reader->yaml = yaml;
    rc = yaml_root(yaml) ? read_field(reader, field, yaml_root(yaml)) : 0;
    reader->yaml = file;
    yaml_destroy(yaml);
    return rc;
}

static int fill_absent(struct reader *reader)
{
    for (const struct conf_field *field = reader->fields; field->path; field++) {
        if (reader->seen[field - reader->fields])
            continue;
        if (field->fallback) {
            if (set_fallback(reader, field) < 0)
                return error_prefix(reader->err, "built-in value of %s", field->path);
        } else if (field->type != CONF_MAP && field->type != CONF_STRINGS) {
            return error_set_code(reader->err, ERROR_INVALID, "%s: %s is missing: %s",
                                  yaml_name(reader->yaml), field->path, field->about);
        }
    }
    return 0;
}

static size_t count_fields(const struct conf_field *fields)
{
    size_t count = 0;

    while (fields[count].path)
        count++;
    return count;
}

static int read_tree(const struct yaml *yaml, const struct conf_field *fields, void *into,
                     struct error *err)
{
    struct reader reader = {.yaml = yaml, .fields = fields, .into = into, .err = err};
    const struct yaml_node *root = yaml_root(yaml);
    int rc = -1;

    reader.seen = calloc(count_fields(fields) + 1, sizeof(*reader.seen));
    if (!reader.seen)
        return error_no_memory(err);
    if (root && root->kind != YAML_MAP)
        yaml_error(yaml, root, err, "the file must be a map of keys");
    else if ((!root || read_level(&reader, root, "") == 0) && fill_absent(&reader) == 0)
        rc = 0;
    free(reader.seen);
    if (rc < 0)
        conf_free(fields, into);
    return rc;
}

int conf_parse(const char *name, const char *bytes, size_t length, const struct conf_field *fields,
               void *into, struct error *err)
{
    struct yaml *yaml = yaml_parse(name, bytes, length, err);
    int rc = yaml ? read_tree(yaml, fields, into, err) : -1;

    yaml_destroy(yaml);
    return rc;
}

int conf_load(const char *path, const struct conf_field *fields, void *into, struct error *err)
{
    struct yaml *yaml = yaml_load(path, err);
    int rc = yaml ? read_tree(yaml, fields, into, err) : -1;

    yaml_destroy(yaml);
    return rc;
}

static void free_strings(struct conf_strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
    memset(strings, 0, sizeof(*strings));
}

static void free_map(struct conf_map *map)
{
    for (size_t i = 0; i < map->count; i++) {
        free(map->pairs[i].key);
        free(map->pairs[i].value);
    }
    free(map->pairs);
    memset(map, 0, sizeof(*map));
}

void conf_free(const struct conf_field *fields, void *into)
{
    for (const struct conf_field *field = fields; field->path; field++) {
        void *at = slot(field, into);

        switch (field->type) {
        case CONF_STRING:
        case CONF_PATH:
        case CONF_SECRET_PATH:
        case CONF_ENDPOINT:
            free(*(char **)at);
            *(char **)at = NULL;
            break;
        case CONF_STRINGS:
            free_strings(at);
            break;
        case CONF_MAP:
            free_map(at);
            break;
        case CONF_BOOL:
        case CONF_INT:
        case CONF_DURATION:
            break;
        }
    }
}
