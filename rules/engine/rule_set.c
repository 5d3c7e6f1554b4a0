/* rule_set.c - see rule_set.h. Invariant: 'rules' are in the order of acting, and never change. */
#include "rules/engine/rule_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_index.h"
#include "rules/engine/rule_names_read.h"

#define WANTED_CHAINS 1024

struct rule_set {
    struct rule_in_set *rules;
    uint32_t *by_name;
    size_t count;
    struct rule_index *index;
    struct rule_wanted *wanted[WANTED_CHAINS];
    uint64_t names;
};

static int by_order(const void *left, const void *right)
{
    const struct rule_in_set *a = left, *b = right;

    if (a->document->priority != b->document->priority)
        return a->document->priority > b->document->priority ? -1 : 1;
    if (strcmp(a->document->id, b->document->id) != 0)
        return strcmp(a->document->id, b->document->id);
    return a->shadow - b->shadow;
}

static int by_name(const void *left, const void *right, void *context)
{
    const struct rule_set *set = context;
    const uint32_t *a = left, *b = right;

    return strcmp(set->rules[*a].name, set->rules[*b].name);
}

static int name_states(struct rule_set *set)
{
    set->by_name = calloc(set->count + 1, sizeof(*set->by_name));
    if (!set->by_name)
        return -1;
    for (size_t i = 0; i < set->count; i++) {
        struct rule_in_set *rule = &set->rules[i];
        size_t room = strlen(rule->document->id) + sizeof("~shadow");
        char *name = malloc(room);

        if (!name)
            return -1;
        /* An id has no '~'. */
        snprintf(name, room, "%s%s", rule->document->id, rule->shadow ? "~shadow" : "");
        rule->name = name;
        set->by_name[i] = (uint32_t)i;
    }
    qsort_r(set->by_name, set->count, sizeof(*set->by_name), by_name, set);
    return 0;
}

static uint64_t hash_wanted(int slot, const struct rule_strings *texts)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) + (uint64_t)slot;

    for (size_t i = 0; i < texts->count; i++)
        for (const char *at = texts->items[i]; at == texts->items[i] || at[-1]; at++)
            hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    return hash;
}

static bool is_wanted(const struct rule_wanted *wanted, int slot, const struct rule_strings *texts)
{
    if (wanted->slot != slot || wanted->count != texts->count)
        return false;
    for (size_t i = 0; i < texts->count; i++)
        if (wanted->texts[i].extra != strlen(texts->items[i]) ||
            memcmp(wanted->texts[i].text, texts->items[i], wanted->texts[i].extra) != 0)
            return false;
    return true;
}

/* The texts are borrowed from the first rule that has them. */
static const struct rule_wanted *want(struct rule_set *set, int slot,
                                      const struct rule_strings *texts)
{
    struct rule_wanted **chain = &set->wanted[hash_wanted(slot, texts) % WANTED_CHAINS];
    struct rule_wanted *wanted = *chain;

    while (wanted && !is_wanted(wanted, slot, texts))
        wanted = wanted->next;
    if (wanted || !(wanted = calloc(1, sizeof(*wanted) + texts->count * sizeof(wanted->texts[0]))))
        return wanted;
    *wanted = (struct rule_wanted){.next = *chain, .slot = slot, .count = texts->count};
    for (size_t i = 0; i < texts->count; i++)
        wanted->texts[i] = cel_string(texts->items[i], strlen(texts->items[i]));
    return *chain = wanted;
}

static int want_all(struct rule_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        struct rule_in_set *rule = &set->rules[i];

        for (int n = 0; n < RULE_ATTRIBUTES; n++) {
            const struct rule_strings *texts = &rule->document->scope[n];

            if (n != RULE_TYPE && texts->count &&
                !(rule->wanted[rule->wanted_count++] = want(set, rule_attribute_slot(n), texts)))
                return -1;
        }
        rule->match = rule->document->match.program;
        rule->lets = rule->document->let_count > 0;
    }
    return 0;
}

struct rule_set *rule_set_create(const struct rule_member *members, size_t count, struct error *err)
{
    struct rule_set *set = calloc(1, sizeof(*set));

    if (set)
        set->rules = calloc(count + 1, sizeof(*set->rules));
    if (!set || !set->rules) {
        for (size_t i = 0; i < count; i++)
            rule_document_destroy(members[i].document);
        free(set);
        error_no_memory(err);
        return NULL;
    }
    for (set->count = 0; set->count < count; set->count++) {
        const struct rule_member *member = &members[set->count];

        set->rules[set->count] = (struct rule_in_set){
            .document = member->document, .shadow = member->shadow, .of = member->of};
        set->names |= rule_names_read(member->document);
    }
    qsort(set->rules, count, sizeof(*set->rules), by_order);
    if (name_states(set) < 0 || want_all(set) < 0) {
        error_no_memory(err);
        goto fail;
    }
    if (!(set->index = rule_index_create(set->rules, count, err)))
        goto fail;
    set->names |= rule_index_names(set->index);
    return set;
fail:
    rule_set_destroy(set);
    return NULL;
}

void rule_set_destroy(struct rule_set *set)
{
    if (!set)
        return;
    rule_index_destroy(set->index);
    for (size_t i = 0; i < set->count; i++) {
        rule_document_destroy((struct rule_document *)set->rules[i].document);
        free((char *)set->rules[i].name);
    }
    for (size_t i = 0; i < WANTED_CHAINS; i++)
        for (struct rule_wanted *wanted = set->wanted[i], *next; wanted; wanted = next) {
            next = wanted->next;
            free(wanted);
        }
    free(set->rules);
    free(set->by_name);
    free(set);
}

size_t rule_set_count(const struct rule_set *set)
{
    return set->count;
}

const struct rule_in_set *rule_set_at(const struct rule_set *set, uint32_t rule)
{
    return &set->rules[rule];
}

int64_t rule_set_find(const struct rule_set *set, const char *name)
{
    size_t low = 0, high = set->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int rc = strcmp(set->rules[set->by_name[middle]].name, name);

        if (rc == 0)
            return set->by_name[middle];
        if (rc < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

uint64_t rule_set_names(const struct rule_set *set)
{
    return set->names;
}

size_t rule_set_candidates(const struct rule_set *set, const struct rule_moment *moment,
                           uint32_t *ret)
{
    return rule_index_candidates(set->index, moment, ret);
}

size_t rule_set_notes(const struct rule_set *set, const char *type, size_t length,
                      const struct rule_noting **ret)
{
    return rule_index_notes(set->index, type, length, ret);
}
