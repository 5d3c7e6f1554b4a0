/* fuzz_yaml.c - storey: common. A YAML file as people write it: the tree is walked, every scalar
 * read as every type, and the caps and places of the header hold for what is taken. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/text.h"
#include "common/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static size_t walk(const struct yaml *yaml, const struct yaml_node *node, int depth)
{
    size_t count = 1;
    int64_t number;
    bool flag;

    require(depth <= YAML_DEPTH_MAX && node->line > 0 && node->column > 0);
    if (node->kind == YAML_SCALAR) {
        yaml_int(yaml, node, &number, NULL);
        if (yaml_duration_ms(yaml, node, &number, NULL) == 0)
            require(number >= 0);
        yaml_bool(yaml, node, &flag, NULL);
        return 1;
    }
    for (const struct yaml_node *child = node->first; child; child = child->next) {
        require((node->kind == YAML_MAP) == (child->key != NULL));
        require(!child->key || yaml_member(node, child->key) == child);
        count += walk(yaml, child, depth + (child->kind != YAML_SCALAR));
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct error err = {0};
    struct yaml *yaml = yaml_parse("f", (const char *)bytes, length, &err);

    if (!yaml) {
        require(err.code == ERROR_INVALID && err.text[0] == 'f');
        return 0;
    }
    require(text_is_utf8(bytes, length));
    if (yaml_root(yaml))
        require(walk(yaml, yaml_root(yaml), 1) <= YAML_NODES_MAX);
    yaml_destroy(yaml);
    return 0;
}
