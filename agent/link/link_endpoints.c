/* link_endpoints.c - see link_endpoints.h. */
#include "agent/link/link_endpoints.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"

struct link_endpoints {
    struct link_endpoint *items;
    size_t count, next;
    size_t tried; /* in a row, without a session */
};

static int copy(struct link_endpoints *endpoints, const char *const *addresses,
                const uint8_t (*keys)[32], const uint8_t key[32], struct error *err)
{
    size_t count = 0;

    while (addresses && addresses[count])
        count++;
    if (count == 0)
        return error_set_code(err, ERROR_INVALID, "no controller endpoint is configured");
    endpoints->items = calloc(count, sizeof(*endpoints->items));
    for (; endpoints->items && endpoints->count < count; endpoints->count++) {
        struct link_endpoint *item = &endpoints->items[endpoints->count];

        if (!(item->address = strdup(addresses[endpoints->count])))
            return error_no_memory(err);
        memcpy(item->curve_public, keys ? keys[endpoints->count] : key, 32);
    }
    return endpoints->items ? 0 : error_no_memory(err);
}

struct link_endpoints *link_endpoints_create(const char *const *addresses,
                                             const uint8_t (*keys)[32], const uint8_t key[32],
                                             struct error *err)
{
    struct link_endpoints *endpoints = calloc(1, sizeof(*endpoints));

    if (!endpoints) {
        error_no_memory(err);
        return NULL;
    }
    if (copy(endpoints, addresses, keys, key, err) < 0) {
        link_endpoints_destroy(endpoints);
        return NULL;
    }
    return endpoints;
}

void link_endpoints_destroy(struct link_endpoints *endpoints)
{
    if (!endpoints)
        return;
    for (size_t i = 0; i < endpoints->count; i++)
        free(endpoints->items[i].address);
    free(endpoints->items);
    free(endpoints);
}

const struct link_endpoint *link_endpoints_next(struct link_endpoints *endpoints)
{
    const struct link_endpoint *endpoint = &endpoints->items[endpoints->next];

    endpoints->next = (endpoints->next + 1) % endpoints->count;
    endpoints->tried++;
    return endpoint;
}

void link_endpoints_had_session(struct link_endpoints *endpoints)
{
    endpoints->tried = 1;
}

int link_endpoints_pause(const struct link_endpoints *endpoints, int64_t retry_ms, unsigned random)
{
    if (retry_ms == LINK_RETRY_PARKED)
        return -1;
    if (retry_ms == 0 && endpoints->tried % endpoints->count != 0)
        return (int)(random % LINK_MOVE_JITTER_MS);
    return (int)((retry_ms > LINK_PAUSE_MIN_MS ? retry_ms : LINK_PAUSE_MIN_MS) +
                 random % LINK_PAUSE_JITTER_MS);
}
