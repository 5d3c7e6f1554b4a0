/* memory_devices.c - see memory_devices.h. */
#include "diagnostics/checks/memory_devices.h"

#include <stdio.h>
#include <string.h>

#define TYPE_MEMORY_DEVICE 17
#define TYPE_END 127
#define HEADER 4

struct structure {
    const unsigned char *bytes; /* the formatted part */
    size_t length;
    const unsigned char *strings; /* behind it; ends before 'end' with two NULs */
    const unsigned char *end;
};

/* String 'number' (from 1) of the structure; "" when it is not there. */
static void copy_string(const struct structure *structure, size_t at, char *out, size_t size)
{
    const unsigned char *string = structure->strings;
    unsigned number = at < structure->length ? structure->bytes[at] : 0;

    out[0] = '\0';
    if (number == 0)
        return;
    for (; number > 1 && string < structure->end && *string; number--) {
        const unsigned char *nul = memchr(string, 0, (size_t)(structure->end - string));

        if (!nul)
            return;
        string = nul + 1;
    }
    if (number == 1 && string < structure->end)
        snprintf(out, size, "%.*s", (int)(structure->end - string), (const char *)string);
}

static unsigned word(const struct structure *structure, size_t at)
{
    if (at + 2 > structure->length)
        return 0;
    return structure->bytes[at] | (unsigned)structure->bytes[at + 1] << 8;
}

static int64_t size_mib(const struct structure *structure)
{
    unsigned size = word(structure, 0x0c);

    if (size == 0xffff)
        return -1;
    if (size == 0x7fff) /* the extended size, in MiB */
        return word(structure, 0x1c) | (int64_t)(word(structure, 0x1e) & 0x7fff) << 16;
    return size & 0x8000 ? (size & 0x7fff) / 1024 : size;
}

static void read_device(const struct structure *structure, struct memory_device *device)
{
    device->mib = size_mib(structure);
    copy_string(structure, 0x10, device->locator, sizeof(device->locator));
    copy_string(structure, 0x17, device->maker, sizeof(device->maker));
    copy_string(structure, 0x18, device->serial, sizeof(device->serial));
    copy_string(structure, 0x1a, device->part, sizeof(device->part));
}

unsigned memory_devices_parse(const unsigned char *bytes, size_t length,
                              struct memory_device devices[MEMORY_DEVICES_MAX])
{
    const unsigned char *at = bytes, *end = bytes + length;
    unsigned count = 0;

    while (end - at >= HEADER && at[0] != TYPE_END && count < MEMORY_DEVICES_MAX) {
        struct structure structure = {at, at[1], NULL, NULL};

        if (structure.length < HEADER || (size_t)(end - at) < structure.length)
            break;
        structure.strings = at + structure.length;
        structure.end = memmem(structure.strings, (size_t)(end - structure.strings), "\0\0", 2);
        if (!structure.end)
            break;
        structure.end++; /* the last string keeps its NUL */
        if (at[0] == TYPE_MEMORY_DEVICE)
            read_device(&structure, &devices[count++]);
        at = structure.end + 1;
    }
    return count;
}
