/* cel_zone.c - see cel_zone.h: the reader of one TZif file. Every count of its header is held
 * against the bytes that are there before anything is read; what it says twice, in 32 and in 64
 * bits, is taken from the 64. */
#include "rules/cel/time/cel_zone.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rules/cel/time/cel_zone_rule.h"

#define HEADER 44
#define TYPE_BYTES 6
#define TYPES_MAX 256
#define TRANSITIONS_MAX 8000   /* 64 KiB of them, at 9 bytes each, would be fewer */
#define OFFSET_MAX (26 * 3600) /* RFC 9636 asks for less than that */

struct transition {
    int64_t at;
    int32_t offset; /* from then on */
};

struct cel_zone {
    int32_t first; /* before all transitions */
    bool ruled;    /* 'rule' says what comes after the last */
    struct cel_zone_rule rule;
    size_t count;
    struct transition transitions[]; /* rising */
};

struct block {
    size_t isut, isstd, leaps, times, types, chars;
    size_t time_size; /* 4 or 8 */
    const unsigned char *data;
};

static uint64_t big_endian(const unsigned char *bytes, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

static int64_t signed_at(const unsigned char *bytes, size_t size)
{
    return size == 4 ? (int32_t)big_endian(bytes, 4) : (int64_t)big_endian(bytes, 8);
}

static size_t data_size(const struct block *block)
{
    return block->times * (block->time_size + 1) + block->types * TYPE_BYTES + block->chars +
           block->leaps * (block->time_size + 4) + block->isstd + block->isut;
}

/* Counts have 32 bits: nothing made of them overflows 64. Returns the bytes that it takes, or 0. */
static size_t read_block(const unsigned char *bytes, size_t length, size_t time_size,
                         struct block *ret)
{
    if (length < HEADER || memcmp(bytes, "TZif", 4) != 0)
        return 0;
    *ret = (struct block){.isut = big_endian(bytes + 20, 4),
                          .isstd = big_endian(bytes + 24, 4),
                          .leaps = big_endian(bytes + 28, 4),
                          .times = big_endian(bytes + 32, 4),
                          .types = big_endian(bytes + 36, 4),
                          .chars = big_endian(bytes + 40, 4),
                          .time_size = time_size,
                          .data = bytes + HEADER};
    return data_size(ret) <= length - HEADER ? HEADER + data_size(ret) : 0;
}

static bool read_type(const struct block *block, size_t type, int32_t *ret_offset)
{
    const unsigned char *types = block->data + block->times * (block->time_size + 1);

    if (type >= block->types)
        return false;
    *ret_offset = (int32_t)big_endian(types + type * TYPE_BYTES, 4);
    return *ret_offset > -OFFSET_MAX && *ret_offset < OFFSET_MAX;
}

static const char *read_transitions(const struct block *block, struct cel_zone *zone)
{
    const unsigned char *types = block->data + block->times * block->time_size;

    if (!read_type(block, 0, &zone->first))
        return "time zone file is damaged: its first local time";
    for (size_t i = 0; i < block->times; i++) {
        struct transition *next = &zone->transitions[i];

        next->at = signed_at(block->data + i * block->time_size, block->time_size);
        if (i > 0 && next->at <= next[-1].at)
            return "time zone file is damaged: its changes are not in order";
        if (!read_type(block, types[i], &next->offset))
            return "time zone file is damaged: a change to no local time";
    }
    zone->count = block->times;
    return NULL;
}

/* Between two line ends behind the data; an empty one says nothing. */
static const char *read_rule(const unsigned char *bytes, size_t length, struct cel_zone *zone)
{
    const unsigned char *end = length > 0 ? memchr(bytes + 1, '\n', length - 1) : NULL;

    if (!end || *bytes != '\n')
        return "time zone file is damaged: its last line";
    if (end == bytes + 1)
        return NULL;
    if (cel_zone_rule_parse((const char *)bytes + 1, (size_t)(end - bytes - 1), &zone->rule) < 0)
        return "time zone file is damaged: the rule in its last line";
    zone->ruled = true;
    return NULL;
}

static const char *check_block(const struct block *block)
{
    if (block->leaps > 0)
        return "time zone counts leap seconds: use the one without \"right/\"";
    if (block->types == 0 || block->types > TYPES_MAX || block->times > TRANSITIONS_MAX)
        return "time zone file is damaged: its header";
    return NULL;
}

struct cel_zone *cel_zone_parse(const void *bytes, size_t length, const char **ret_wrong)
{
    const unsigned char *at = bytes;
    struct cel_zone *zone;
    struct block block;
    size_t used = length <= CEL_ZONE_BYTES_MAX ? read_block(at, length, 4, &block) : 0;
    bool wide = used > 0 && at[4] >= '2';

    if (wide) {
        at += used;
        length -= used;
        used = read_block(at, length, 8, &block);
    }
    *ret_wrong = used == 0 ? "time zone file is damaged: its header" : check_block(&block);
    if (*ret_wrong)
        return NULL;
    zone = calloc(1, sizeof(*zone) + block.times * sizeof(zone->transitions[0]));
    if (!zone) {
        *ret_wrong = "out of memory for a time zone";
        return NULL;
    }
    *ret_wrong = read_transitions(&block, zone);
    if (!*ret_wrong && wide)
        *ret_wrong = read_rule(at + used, length - used, zone);
    if (*ret_wrong) {
        free(zone);
        zone = NULL;
    }
    return zone;
}

int64_t cel_zone_offset(const struct cel_zone *zone, int64_t seconds)
{
    size_t low = 0, high = zone->count; /* the first that is later lies in low..high */

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (zone->transitions[middle].at <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == zone->count && zone->ruled)
        return cel_zone_rule_offset(&zone->rule, seconds);
    return low == 0 ? zone->first : zone->transitions[low - 1].offset;
}
