/* yaml.c - owns the tree: libyaml's tokens are checked first, then its events become nodes.
 * Invariant: nodes and their strings live in the blocks of one struct yaml and never change after
 * yaml_parse() returned, so any thread may read them.
 * Spec: YAML 1.1, less what yaml.h refuses.
 */
#include "common/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"

#define BLOCK_BYTES (16 * 1024)

struct block {
    struct block *next;
    size_t used, room;
    _Alignas(max_align_t) char bytes[];
};

struct yaml {
    char *name;
    struct yaml_node *root;
    struct block *blocks;
    size_t nodes;
};

/* A list or map that is still open. */
struct level {
    struct yaml_node *node;
    const struct yaml_node **tail; /* where the next member goes */
    const char *key;               /* of a map: read, its value not yet */
    unsigned key_line, key_column;
    size_t members;
};

struct builder {
    struct yaml *yaml;
    struct level levels[YAML_DEPTH_MAX];
    size_t depth;
    bool keeps; /* keys that stand twice */
    struct error *err;
};

/* What a restricted document may not hold, by the token that starts it. */
static const struct {
    yaml_token_type_t type;
    const char *message;
} refused_tokens[] = {
    {YAML_VERSION_DIRECTIVE_TOKEN, "directives are not allowed: remove this line"},
    {YAML_TAG_DIRECTIVE_TOKEN, "directives are not allowed: remove this line"},
    {YAML_ALIAS_TOKEN,
     "aliases are not allowed: write the value out, or quote it if it starts with *"},
    {YAML_ANCHOR_TOKEN,
     "anchors are not allowed: write the value out, or quote it if it starts with &"},
    {YAML_TAG_TOKEN, "tags are not allowed: remove it, or quote the value if it starts with !"},
};

static int __attribute__((format(printf, 5, 0)))
place_error_va(const struct yaml *yaml, unsigned line, unsigned column, struct error *err,
               const char *format, va_list args)
{
    char message[sizeof(err->text)];

    vsnprintf(message, sizeof(message), format, args);
    return error_set_code(err, ERROR_INVALID, "%s:%u:%u: %s", yaml->name, line, column, message);
}

static int __attribute__((format(printf, 4, 5)))
mark_error(const struct yaml *yaml, yaml_mark_t mark, struct error *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    place_error_va(yaml, (unsigned)mark.line + 1, (unsigned)mark.column + 1, err, format, args);
    va_end(args);
    return -1;
}

int yaml_error(const struct yaml *yaml, const struct yaml_node *at, struct error *err,
               const char *format, ...)
{
    va_list args;

    va_start(args, format);
    place_error_va(yaml, at ? at->line : 1, at ? at->column : 1, err, format, args);
    va_end(args);
    return -1;
}

int yaml_error_key(const struct yaml *yaml, const struct yaml_node *at, struct error *err,
                   const char *format, ...)
{
    bool keyed = at && at->key;
    va_list args;

    va_start(args, format);
    place_error_va(yaml,
                   keyed ? at->key_line
                   : at  ? at->line
                         : 1,
                   keyed ? at->key_column
                   : at  ? at->column
                         : 1,
                   err, format, args);
    va_end(args);
    return -1;
}

static void *take(struct yaml *yaml, size_t length)
{
    const size_t align = _Alignof(max_align_t);
    struct block *block = yaml->blocks;
    void *at;

    length = (length + align - 1) / align * align;
    if (!block || block->room - block->used < length) {
        size_t room = length > BLOCK_BYTES ? length : BLOCK_BYTES;

        block = malloc(sizeof(*block) + room);
        if (!block)
            return NULL;
        block->next = yaml->blocks;
        block->used = 0;
        block->room = room;
        yaml->blocks = block;
    }
    at = block->bytes + block->used;
    block->used += length;
    return at;
}

static const char *take_string(struct yaml *yaml, const void *bytes, size_t length)
{
    char *copy = take(yaml, length + 1);

    if (copy) {
        memcpy(copy, bytes, length);
        copy[length] = '\0';
    }
    return copy;
}

/* libyaml's reader knows a byte offset only. */
static yaml_mark_t mark_of_offset(const char *bytes, size_t length, size_t offset)
{
    yaml_mark_t mark = {0};

    for (size_t i = 0; i < offset && i < length; i++) {
        mark.column += ((unsigned char)bytes[i] & 0xc0) != 0x80;
        if (bytes[i] == '\n') {
            mark.line++;
            mark.column = 0;
        }
    }
    return mark;
}

static bool is_tab_at(const char *bytes, size_t length, yaml_mark_t mark)
{
    size_t at = 0;

    for (size_t line = 0; line < mark.line && at < length; at++)
        line += bytes[at] == '\n';
    for (; at < length && bytes[at] == ' '; at++)
        ;
    return at < length && bytes[at] == '\t';
}

static int parser_error(const struct yaml *yaml, const yaml_parser_t *parser, const char *bytes,
                        size_t length, struct error *err)
{
    const char *problem = parser->problem ? parser->problem : "not YAML";

    if (parser->error == YAML_MEMORY_ERROR)
        return error_no_memory(err);
    if (parser->error == YAML_READER_ERROR)
        return mark_error(yaml, mark_of_offset(bytes, length, parser->problem_offset), err,
                          "%s: the file must be UTF-8 text", problem);
    if (is_tab_at(bytes, length, parser->problem_mark))
        return mark_error(yaml, parser->problem_mark, err, "a tab in the indentation: use spaces");
    return mark_error(yaml, parser->problem_mark, err, "%s", problem);
}

static int open_parser(yaml_parser_t *parser, const char *bytes, size_t length, struct error *err)
{
    if (!yaml_parser_initialize(parser))
        return error_no_memory(err);
    /* Else a byte order mark would make it UTF-16. */
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, (const unsigned char *)bytes, length);
    return 0;
}

static int check_token(const struct yaml *yaml, const yaml_token_t *token, int *depth,
                       struct error *err)
{
    for (size_t i = 0; i < sizeof(refused_tokens) / sizeof(refused_tokens[0]); i++)
        if (refused_tokens[i].type == token->type)
            return mark_error(yaml, token->start_mark, err, "%s", refused_tokens[i].message);
    switch (token->type) {
    case YAML_BLOCK_SEQUENCE_START_TOKEN:
    case YAML_BLOCK_MAPPING_START_TOKEN:
    case YAML_FLOW_SEQUENCE_START_TOKEN:
    case YAML_FLOW_MAPPING_START_TOKEN:
        if (++*depth > YAML_DEPTH_MAX)
            return mark_error(yaml, token->start_mark, err, "nested deeper than %d levels",
                              YAML_DEPTH_MAX);
        return 0;
    case YAML_BLOCK_END_TOKEN:
    case YAML_FLOW_SEQUENCE_END_TOKEN:
    case YAML_FLOW_MAPPING_END_TOKEN:
        --*depth;
        return 0;
    default:
        return 0;
    }
}

/* Events do not show the tag "!", and libyaml's scanner takes quadratic time on deep nesting: both
 * are caught at the tokens. */
static int check_tokens(const struct yaml *yaml, const char *bytes, size_t length,
                        struct error *err)
{
    yaml_parser_t parser;
    bool more = true;
    int depth = 0, rc = 0;

    if (open_parser(&parser, bytes, length, err) < 0)
        return -1;
    while (more && rc == 0) {
        yaml_token_t token;

        if (!yaml_parser_scan(&parser, &token)) {
            rc = parser_error(yaml, &parser, bytes, length, err);
            break;
        }
        rc = check_token(yaml, &token, &depth, err);
        more = token.type != YAML_STREAM_END_TOKEN;
        yaml_token_delete(&token);
    }
    yaml_parser_delete(&parser);
    return rc;
}

static int compare_members(const void *a, const void *b)
{
    const struct yaml_node *left = *(const struct yaml_node *const *)a;
    const struct yaml_node *right = *(const struct yaml_node *const *)b;
    int order = strcmp(left->key, right->key);

    if (order)
        return order;
    return left->key_line != right->key_line ? (left->key_line > right->key_line ? 1 : -1)
                                             : (left->key_column > right->key_column ? 1 : -1);
}

/* In the order of keys, then of lines; NULL: out of memory. */
static struct yaml_node **sort_members(const struct level *level)
{
    struct yaml_node **members = malloc(level->members * sizeof(*members));
    size_t count = 0;

    if (!members)
        return NULL;
    for (const struct yaml_node *node = level->node->first; node; node = node->next)
        members[count++] = (struct yaml_node *)node;
    qsort(members, count, sizeof(*members), compare_members);
    return members;
}

static int find_duplicates(struct builder *builder, const struct level *level)
{
    char show[TEXT_SHOW_SIZE];
    struct yaml_node **members, *found = NULL;
    size_t first = 0;

    if (level->members < 2)
        return 0;
    members = sort_members(level);
    if (!members)
        return error_no_memory(builder->err);
    for (size_t i = 1; i < level->members; i++) {
        if (strcmp(members[first]->key, members[i]->key)) {
            first = i;
            continue;
        }
        members[i]->again = members[first]->key_line;
        if (!found || members[i]->key_line < found->key_line)
            found = members[i];
    }
    free(members);
    if (!found || builder->keeps)
        return 0;
    return yaml_error_key(builder->yaml, found, builder->err,
                          "key \"%s\" stands twice, first in line %u", text_show(found->key, show),
                          found->again);
}

/* Hang a fresh node where the document stands. */
static int add_node(struct builder *builder, struct yaml_node *node)
{
    struct yaml *yaml = builder->yaml;
    struct level *level = builder->depth ? &builder->levels[builder->depth - 1] : NULL;

    if (++yaml->nodes > YAML_NODES_MAX)
        return yaml_error(yaml, node, builder->err, "more than %d values", YAML_NODES_MAX);
    if (!level) {
        yaml->root = node;
        return 0;
    }
    node->key = level->key;
    node->key_line = level->key_line;
    node->key_column = level->key_column;
    level->key = NULL;
    level->members++;
    *level->tail = node;
    level->tail = &node->next;
    return 0;
}

static struct yaml_node *make_node(struct builder *builder, enum yaml_kind kind,
                                   const yaml_event_t *event)
{
    struct yaml_node *node = take(builder->yaml, sizeof(*node));

    if (!node) {
        error_no_memory(builder->err);
        return NULL;
    }
    memset(node, 0, sizeof(*node));
    node->kind = kind;
    node->line = (unsigned)event->start_mark.line + 1;
    node->column = (unsigned)event->start_mark.column + 1;
    return node;
}

static bool wants_key(const struct builder *builder)
{
    const struct level *level = builder->depth ? &builder->levels[builder->depth - 1] : NULL;

    return level && level->node->kind == YAML_MAP && !level->key;
}

static int on_scalar(struct builder *builder, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    struct yaml_node *node;
    const char *text;

    if (memchr(value, '\0', length))
        return mark_error(builder->yaml, event->start_mark, builder->err,
                          "the character NUL is not allowed");
    text = take_string(builder->yaml, value, length);
    if (!text)
        return error_no_memory(builder->err);
    if (wants_key(builder)) {
        struct level *level = &builder->levels[builder->depth - 1];

        level->key = text;
        level->key_line = (unsigned)event->start_mark.line + 1;
        level->key_column = (unsigned)event->start_mark.column + 1;
        return 0;
    }
    node = make_node(builder, YAML_SCALAR, event);
    if (!node)
        return -1;
    node->text = text;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return add_node(builder, node);
}

static int on_open(struct builder *builder, const yaml_event_t *event, enum yaml_kind kind)
{
    struct yaml_node *node;

    if (wants_key(builder))
        return mark_error(builder->yaml, event->start_mark, builder->err,
                          "a key must be text, not a list or a map");
    /* Tokens were counted, but an unindented list and [a: b] open a level without one. */
    if (builder->depth == YAML_DEPTH_MAX)
        return mark_error(builder->yaml, event->start_mark, builder->err,
                          "nested deeper than %d levels", YAML_DEPTH_MAX);
    node = make_node(builder, kind, event);
    if (!node || add_node(builder, node) < 0)
        return -1;
    builder->levels[builder->depth++] = (struct level){.node = node, .tail = &node->first};
    return 0;
}

static int on_event(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (builder->yaml->root)
            return mark_error(builder->yaml, event->start_mark, builder->err,
                              "a second document: one file holds one");
        return 0;
    case YAML_SCALAR_EVENT:
        return on_scalar(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(builder, event, YAML_LIST);
    case YAML_MAPPING_START_EVENT:
        return on_open(builder, event, YAML_MAP);
    case YAML_MAPPING_END_EVENT:
        return find_duplicates(builder, &builder->levels[--builder->depth]);
    case YAML_SEQUENCE_END_EVENT:
        builder->depth--;
        return 0;
    default:
        return 0;
    }
}

static int build(struct yaml *yaml, const char *bytes, size_t length, bool keeps, struct error *err)
{
    struct builder builder = {.yaml = yaml, .keeps = keeps, .err = err};
    yaml_parser_t parser;
    bool more = true;
    int rc = 0;

    if (open_parser(&parser, bytes, length, err) < 0)
        return -1;
    while (more && rc == 0) {
        yaml_event_t event;

        if (!yaml_parser_parse(&parser, &event)) {
            rc = parser_error(yaml, &parser, bytes, length, err);
            break;
        }
        rc = on_event(&builder, &event);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return rc;
}

static struct yaml *parse(const char *name, const char *bytes, size_t length, bool keeps,
                          struct error *err)
{
    struct yaml *yaml;

    if (length > YAML_BYTES_MAX) {
        error_set_code(err, ERROR_INVALID, "%s:1:1: larger than %d bytes", name, YAML_BYTES_MAX);
        return NULL;
    }
    yaml = calloc(1, sizeof(*yaml));
    if (!yaml || !(yaml->name = strdup(name))) {
        error_no_memory(err);
        yaml_destroy(yaml);
        return NULL;
    }
    if (check_tokens(yaml, bytes, length, err) < 0 || build(yaml, bytes, length, keeps, err) < 0) {
        yaml_destroy(yaml);
        return NULL;
    }
    return yaml;
}

struct yaml *yaml_parse(const char *name, const char *bytes, size_t length, struct error *err)
{
    return parse(name, bytes, length, false, err);
}

struct yaml *yaml_parse_keeping(const char *name, const char *bytes, size_t length,
                                struct error *err)
{
    return parse(name, bytes, length, true, err);
}

struct yaml *yaml_load(const char *path, struct error *err)
{
    size_t length;
    char *bytes = file_read(path, YAML_BYTES_MAX, &length, err);
    struct yaml *yaml;

    if (!bytes)
        return NULL;
    yaml = yaml_parse(path, bytes, length, err);
    free(bytes);
    return yaml;
}

void yaml_destroy(struct yaml *yaml)
{
    if (!yaml)
        return;
    while (yaml->blocks) {
        struct block *next = yaml->blocks->next;

        free(yaml->blocks);
        yaml->blocks = next;
    }
    free(yaml->name);
    free(yaml);
}

const struct yaml_node *yaml_root(const struct yaml *yaml)
{
    return yaml->root;
}

const char *yaml_name(const struct yaml *yaml)
{
    return yaml->name;
}

const struct yaml_node *yaml_member(const struct yaml_node *map, const char *key)
{
    if (!map || map->kind != YAML_MAP)
        return NULL;
    for (const struct yaml_node *node = map->first; node; node = node->next)
        if (strcmp(node->key, key) == 0)
            return node;
    return NULL;
}
