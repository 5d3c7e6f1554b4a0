/* rule_document.c - see rule_document.h. Invariant: every node of the file was read by somebody, or
 * the file was refused: each map is checked against the list of its known members first.
 */
#include "rules/document/rule_document.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "common/yaml.h"

#define TEXT_BYTES_MAX 512  /* titles, names of runbooks: a line on a screen */
#define SCOPE_BYTES_MAX 256 /* an alert's type is no longer, docs/alert-format.md */
#define TAGS_MAX 32
#define DEADLINE_MIN_S 30 /* table task, deadline_s */
#define DEADLINE_MAX_S 86400
#define PRIORITY_MAX 1000000

static const char NAME_FIRST[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char NAME_REST[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
static const char PARAM_REST[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
static const char VERSION_REST[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-";

static const char *const attribute_names[RULE_ATTRIBUTES + 1] = {
    [RULE_TYPE] = "type",
    [RULE_STATUS] = "status",
    [RULE_SEVERITY] = "severity",
    [RULE_SOURCE] = "source",
    [RULE_ASSET_NAME] = "asset.name",
    [RULE_ASSET_CLASS] = "asset.class",
    [RULE_ASSET_SITE] = "asset.site",
    [RULE_ASSET_RACK] = "asset.rack",
};

struct reader {
    const struct yaml *yaml;
    const char *bytes; /* the source, for columns inside a quoted value */
    size_t length;
    struct error *err;
};

/* The members of one map. 'later' belong to the rule language and are not carried out by this
 * version. */
struct shape {
    const char *name; /* for messages; "" at the top */
    const char *const *known, *const *required, *const *later;
};

static const char *const none[] = {NULL};

static const struct shape file_shape = {
    "",
    (const char *const[]){"apiVersion", "kind", "metadata", "spec", NULL},
    (const char *const[]){"apiVersion", "kind", "metadata", "spec", NULL},
    (const char *const[]){"tests", NULL},
};
static const struct shape metadata_shape = {
    "metadata",
    (const char *const[]){"id", "title", "version", "owner", "runbook", "tags", NULL},
    (const char *const[]){"id", "version", "owner", NULL},
    none,
};
static const struct shape spec_shape = {
    "spec",
    (const char *const[]){"priority", "scope", "action", NULL},
    (const char *const[]){"scope", "action", NULL},
    (const char *const[]){"let", "match", "hold", "window", "absent", "suppress", "dedup",
                          "throttle", "require", "limits", "approval", "schedule", "rollout",
                          "else", "tests", NULL},
};
static const struct shape scope_shape = {
    "scope",
    attribute_names,
    (const char *const[]){"type", NULL},
    none,
};
static const struct shape action_shape = {
    "action",
    (const char *const[]){"boot", NULL},
    (const char *const[]){"boot", NULL},
    (const char *const[]){"report", "verify", NULL},
};
static const struct shape boot_shape = {
    "boot",
    (const char *const[]){"image", "version", "params", "deadline", "after", NULL},
    (const char *const[]){"image", NULL},
    (const char *const[]){"profile", "run", NULL},
};

const char *rule_attribute_name(enum rule_attribute attribute)
{
    return attribute_names[attribute];
}

static bool is_among(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

/* The nearest of what may stand here, whether this version carries it out or not. */
static const char *nearest(const char *name, const struct shape *shape)
{
    const char *found = yaml_nearest(name, shape->known);

    return found ? found : yaml_nearest(name, shape->later);
}

static int refuse_member(const struct reader *reader, const struct yaml_node *node,
                         const struct shape *shape)
{
    char show[TEXT_SHOW_SIZE];
    const char *near;

    text_show(node->key, show);
    if (is_among(node->key, shape->later))
        return yaml_error_key(reader->yaml, node, reader->err,
                              "'%s' is not supported by this version: remove it or upgrade", show);
    near = nearest(node->key, shape);
    if (near)
        return yaml_error_key(reader->yaml, node, reader->err, "unknown field '%s': is it '%s'?",
                              show, near);
    return yaml_error_key(reader->yaml, node, reader->err, "unknown field '%s'", show);
}

static int check_map(const struct reader *reader, const struct yaml_node *map,
                     const struct shape *shape)
{
    if (map->kind != YAML_MAP)
        return yaml_error(reader->yaml, map, reader->err, "%s must be a map",
                          *shape->name ? shape->name : "a rule");
    for (const struct yaml_node *node = map->first; node; node = node->next)
        if (!is_among(node->key, shape->known))
            return refuse_member(reader, node, shape);
    for (const char *const *name = shape->required; *name; name++)
        if (!yaml_member(map, *name))
            return yaml_error(reader->yaml, map, reader->err, "'%s' is missing%s%s", *name,
                              *shape->name ? " in " : "", shape->name);
    return 0;
}

static int copy(const struct reader *reader, const char *from, char **ret)
{
    *ret = strdup(from);
    return *ret ? 0 : error_no_memory(reader->err);
}

static int read_text(const struct reader *reader, const struct yaml_node *node, size_t cap,
                     char **ret)
{
    if (node->kind != YAML_SCALAR)
        return yaml_error(reader->yaml, node, reader->err, "must be text, not a %s",
                          node->kind == YAML_LIST ? "list" : "map");
    if (!*node->text)
        return yaml_error(reader->yaml, node, reader->err, "must not be empty");
    if (strlen(node->text) > cap)
        return yaml_error(reader->yaml, node, reader->err, "longer than %zu bytes", cap);
    for (const char *at = node->text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return yaml_error(reader->yaml, node, reader->err, "must be one line of plain text");
    return copy(reader, node->text, ret);
}

static int read_member(const struct reader *reader, const struct yaml_node *map, const char *key,
                       char **ret)
{
    const struct yaml_node *node = yaml_member(map, key);

    return node ? read_text(reader, node, TEXT_BYTES_MAX, ret) : 0;
}

/* A name of ours: of rules and images. */
static int read_name(const struct reader *reader, const struct yaml_node *node, char **ret)
{
    if (node->kind != YAML_SCALAR || !*node->text || !strchr(NAME_FIRST, node->text[0]) ||
        node->text[strspn(node->text, NAME_REST)] || strlen(node->text) > 63)
        return yaml_error(reader->yaml, node, reader->err,
                          "must be a name: a-z, 0-9, '.' and '-', at most 63 characters, a letter "
                          "or digit first");
    return copy(reader, node->text, ret);
}

static int read_int(const struct reader *reader, const struct yaml_node *map, const char *key,
                    int64_t min, int64_t max, int64_t *ret)
{
    const struct yaml_node *node = yaml_member(map, key);
    int64_t value;

    if (!node)
        return 0;
    if (yaml_int(reader->yaml, node, &value, reader->err) < 0)
        return -1;
    if (value < min || value > max)
        return yaml_error(reader->yaml, node, reader->err, "must be %lld to %lld, not %lld",
                          (long long)min, (long long)max, (long long)value);
    *ret = value;
    return 0;
}

/* A list of texts, or one text, which is a list of one. */
static int read_strings(const struct reader *reader, const struct yaml_node *node, size_t most,
                        struct rule_strings *ret)
{
    const struct yaml_node *item = node->kind == YAML_LIST ? node->first : node;
    size_t count = 0;

    for (const struct yaml_node *at = item; at; at = node->kind == YAML_LIST ? at->next : NULL)
        count++;
    if (node->kind == YAML_MAP || count == 0)
        return yaml_error(reader->yaml, node, reader->err, "must be a value or a list of values");
    if (count > most)
        return yaml_error(reader->yaml, node, reader->err, "more than %zu values", most);
    ret->items = calloc(count, sizeof(*ret->items));
    if (!ret->items)
        return error_no_memory(reader->err);
    for (; ret->count < count; item = item->next) {
        for (size_t i = 0; i < ret->count && item->kind == YAML_SCALAR; i++)
            if (strcmp(ret->items[i], item->text) == 0)
                return yaml_error(reader->yaml, item, reader->err, "stands twice in this list");
        if (read_text(reader, item, SCOPE_BYTES_MAX, &ret->items[ret->count]) < 0)
            return -1;
        ret->count++;
    }
    return 0;
}

static int read_head(const struct reader *reader, const struct yaml_node *root)
{
    static const char *const wanted[][2] = {{"apiVersion", "rules/v1"}, {"kind", "Rule"}};
    char show[TEXT_SHOW_SIZE];

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        const struct yaml_node *node = yaml_member(root, wanted[i][0]);

        if (node->kind != YAML_SCALAR || strcmp(node->text, wanted[i][1]) != 0)
            return yaml_error(reader->yaml, node, reader->err, "%s must be %s%s%s", wanted[i][0],
                              wanted[i][1], node->kind == YAML_SCALAR ? ", not " : "",
                              node->kind == YAML_SCALAR ? text_show(node->text, show) : "");
    }
    return 0;
}

static int read_metadata(const struct reader *reader, const struct yaml_node *map,
                         struct rule_document *document)
{
    const struct yaml_node *tags;

    if (check_map(reader, map, &metadata_shape) < 0 ||
        read_name(reader, yaml_member(map, "id"), &document->id) < 0 ||
        read_int(reader, map, "version", 1, INT32_MAX, &document->version) < 0 ||
        read_member(reader, map, "title", &document->title) < 0 ||
        read_member(reader, map, "owner", &document->owner) < 0 ||
        read_member(reader, map, "runbook", &document->runbook) < 0)
        return -1;
    if (!document->title && copy(reader, document->id, &document->title) < 0)
        return -1;
    tags = yaml_member(map, "tags");
    return tags ? read_strings(reader, tags, TAGS_MAX, &document->tags) : 0;
}

/* What an alert can never be, no rule may wait for. */
static int check_scope_value(const struct reader *reader, const struct yaml_node *node,
                             enum rule_attribute attribute, const char *value)
{
    static const char *const severities[] = {"info", "warning", "critical", NULL};
    static const char *const statuses[] = {"firing", "info", NULL};
    char show[TEXT_SHOW_SIZE];

    if (attribute == RULE_STATUS && strcmp(value, "resolved") == 0)
        return yaml_error(reader->yaml, node, reader->err,
                          "a resolved alert boots nothing: use firing or info");
    if (attribute == RULE_STATUS && !is_among(value, statuses))
        return yaml_error(reader->yaml, node, reader->err, "status must be firing or info, not %s",
                          text_show(value, show));
    if (attribute == RULE_SEVERITY && !is_among(value, severities))
        return yaml_error(reader->yaml, node, reader->err,
                          "severity must be info, warning or critical, not %s",
                          text_show(value, show));
    return 0;
}

static int read_scope(const struct reader *reader, const struct yaml_node *map,
                      struct rule_document *document)
{
    if (check_map(reader, map, &scope_shape) < 0)
        return -1;
    for (int i = 0; i < RULE_ATTRIBUTES; i++) {
        const struct yaml_node *node = yaml_member(map, attribute_names[i]), *item;
        struct rule_strings *values = &document->scope[i];

        if (!node)
            continue;
        if (read_strings(reader, node, RULE_SCOPE_VALUES_MAX, values) < 0)
            return -1;
        item = node->kind == YAML_LIST ? node->first : node;
        for (size_t n = 0; n < values->count; n++, item = item->next)
            if (check_scope_value(reader, item, i, values->items[n]) < 0)
                return -1;
    }
    return 0;
}

/* Where the line of 'node' begins, and the node's own first byte in it; NULL: not found. */
static const char *source_of(const struct reader *reader, const struct yaml_node *node)
{
    const char *at = reader->bytes, *end = at + reader->length;

    for (unsigned line = 1; line < node->line; line++) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (!at++)
            return NULL;
    }
    for (unsigned column = 1; column < node->column && at < end; column++)
        for (at++; at < end && ((unsigned char)*at & 0xc0) == 0x80;)
            at++;
    return at;
}

/* A literal's place in the file: behind the quote, as long as YAML took the text as it stands
 * there. */
static int refuse_literal(const struct reader *reader, const struct yaml_node *node, size_t column,
                          const struct error *why)
{
    struct yaml_node at = *node;
    const char *source = source_of(reader, node);
    size_t length = strlen(node->text);
    const char *end = reader->bytes + reader->length;

    if (source && !node->plain && source < end)
        source++;
    if (source && (size_t)(end - source) >= length && memcmp(source, node->text, length) == 0) {
        at.column += (unsigned)column - 1 + !node->plain;
        return yaml_error(reader->yaml, &at, reader->err, "parameter %s: %s", node->key, why->text);
    }
    return yaml_error(reader->yaml, node, reader->err, "parameter %s, character %zu: %s", node->key,
                      column, why->text);
}

static int read_param(const struct reader *reader, const struct yaml_node *node,
                      struct rule_param *param)
{
    struct error why = {0};
    size_t column = 1;

    if (!*node->key || node->key[strspn(node->key, PARAM_REST)] ||
        strchr("0123456789_", node->key[0]) || strlen(node->key) > 64)
        return yaml_error_key(reader->yaml, node, reader->err,
                              "a parameter's name is made of a-z, 0-9 and '_', a letter first, at "
                              "most 64 characters");
    if (node->kind != YAML_SCALAR)
        return yaml_error(reader->yaml, node, reader->err,
                          "parameter %s: must be a CEL literal, not a %s", node->key,
                          node->kind == YAML_LIST ? "list" : "map");
    if (cel_literal_parse(node->text, &param->type, &param->value, &column, &why) < 0)
        return why.code == ERROR_UNAVAILABLE ? error_no_memory(reader->err)
                                             : refuse_literal(reader, node, column, &why);
    return copy(reader, node->key, &param->name);
}

static int read_params(const struct reader *reader, const struct yaml_node *map,
                       struct rule_document *document)
{
    size_t count = 0;

    if (map->kind != YAML_MAP)
        return yaml_error(reader->yaml, map, reader->err, "params must be a map");
    for (const struct yaml_node *node = map->first; node; node = node->next)
        count++;
    if (count > RULE_PARAMS_MAX)
        return yaml_error(reader->yaml, map, reader->err, "more than %d parameters",
                          RULE_PARAMS_MAX);
    document->boot.params = calloc(count + 1, sizeof(*document->boot.params));
    if (!document->boot.params)
        return error_no_memory(reader->err);
    for (const struct yaml_node *node = map->first; node; node = node->next)
        if (read_param(reader, node, &document->boot.params[document->boot.param_count++]) < 0)
            return -1;
    return 0;
}

static int read_version(const struct reader *reader, const struct yaml_node *node, char **ret)
{
    const char *text = node->kind == YAML_SCALAR ? node->text : "", *version = text + 1;

    if (text[0] && strchr("~^<>*", text[0]))
        return yaml_error(
            reader->yaml, node, reader->err,
            "a range of versions is not supported by this version: pin one as \"=1.2\", or "
            "leave version out for the newest that is granted");
    if (text[0] != '=' || !*version || version[strspn(version, VERSION_REST)] ||
        strlen(version) > 64)
        return yaml_error(
            reader->yaml, node, reader->err,
            "must be \"=\" and a version, such as \"=1.2\"; without version the newest that is "
            "granted is booted");
    return copy(reader, version, ret);
}

static int read_deadline(const struct reader *reader, const struct yaml_node *node, int64_t *ret)
{
    int64_t ms;

    if (yaml_duration_ms(reader->yaml, node, &ms, reader->err) < 0)
        return -1;
    if (ms % 1000 || ms < DEADLINE_MIN_S * 1000 || ms > DEADLINE_MAX_S * INT64_C(1000))
        return yaml_error(reader->yaml, node, reader->err,
                          "deadline must be whole seconds, 30s to 24h");
    *ret = ms / 1000;
    return 0;
}

static int read_after(const struct reader *reader, const struct yaml_node *node, const char **ret)
{
    static const char *const written[] = {"as-found", "power-off", "local-disk", "stay", NULL};
    static const char *const meant[] = {"as_found", "power_off", "local_disk", "stay"};
    char show[TEXT_SHOW_SIZE];

    for (size_t i = 0; node->kind == YAML_SCALAR && written[i]; i++)
        if (strcmp(node->text, written[i]) == 0) {
            *ret = meant[i];
            return 0;
        }
    return yaml_error(reader->yaml, node, reader->err,
                      "after must be as-found, power-off, local-disk or stay%s%s",
                      node->kind == YAML_SCALAR ? ", not " : "",
                      node->kind == YAML_SCALAR ? text_show(node->text, show) : "");
}

static int read_boot(const struct reader *reader, const struct yaml_node *map,
                     struct rule_document *document)
{
    const struct yaml_node *node;

    if (check_map(reader, map, &boot_shape) < 0 ||
        read_name(reader, yaml_member(map, "image"), &document->boot.image) < 0)
        return -1;
    if ((node = yaml_member(map, "version")) &&
        read_version(reader, node, &document->boot.version) < 0)
        return -1;
    if ((node = yaml_member(map, "params")) && read_params(reader, node, document) < 0)
        return -1;
    if ((node = yaml_member(map, "deadline")) &&
        read_deadline(reader, node, &document->boot.deadline_s) < 0)
        return -1;
    document->boot.after = "as_found";
    node = yaml_member(map, "after");
    return node ? read_after(reader, node, &document->boot.after) : 0;
}

static int read_spec(const struct reader *reader, const struct yaml_node *map,
                     struct rule_document *document)
{
    const struct yaml_node *action;

    if (check_map(reader, map, &spec_shape) < 0 ||
        read_int(reader, map, "priority", -PRIORITY_MAX, PRIORITY_MAX, &document->priority) < 0 ||
        read_scope(reader, yaml_member(map, "scope"), document) < 0)
        return -1;
    action = yaml_member(map, "action");
    if (check_map(reader, action, &action_shape) < 0)
        return -1;
    return read_boot(reader, yaml_member(action, "boot"), document);
}

static int read_file(const struct reader *reader, struct rule_document *document)
{
    const struct yaml_node *root = yaml_root(reader->yaml);

    if (!root)
        return error_set_code(reader->err, ERROR_INVALID, "%s:1:1: the file is empty",
                              yaml_name(reader->yaml));
    if (check_map(reader, root, &file_shape) < 0 || read_head(reader, root) < 0 ||
        read_metadata(reader, yaml_member(root, "metadata"), document) < 0)
        return -1;
    return read_spec(reader, yaml_member(root, "spec"), document);
}

struct rule_document *rule_document_parse(const char *name, const char *bytes, size_t length,
                                          struct error *err)
{
    struct yaml *yaml = yaml_parse(name, bytes, length, err);
    struct reader reader = {yaml, bytes, length, err};
    struct rule_document *document = NULL;

    if (!yaml)
        return NULL;
    document = calloc(1, sizeof(*document));
    if (!document)
        error_no_memory(err);
    else if (read_file(&reader, document) < 0) {
        rule_document_destroy(document);
        document = NULL;
    }
    yaml_destroy(yaml);
    return document;
}

static void free_strings(struct rule_strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
}

void rule_document_destroy(struct rule_document *document)
{
    if (!document)
        return;
    free(document->id);
    free(document->title);
    free(document->owner);
    free(document->runbook);
    free_strings(&document->tags);
    for (int i = 0; i < RULE_ATTRIBUTES; i++)
        free_strings(&document->scope[i]);
    free(document->boot.image);
    free(document->boot.version);
    for (size_t i = 0; i < document->boot.param_count; i++) {
        free(document->boot.params[i].name);
        free(document->boot.params[i].value);
    }
    free(document->boot.params);
    free(document);
}
