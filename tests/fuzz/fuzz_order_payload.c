/* fuzz_order_payload.c - storey: agent. The payload of a signed order, field by field; the first byte picks the domain.
 * Whatever passes keeps the promises that the runner builds on: a boot task has its files, its MACs and one line of
 * arguments. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/run/order_payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct task_order order = {0};
    struct order_claims claims;
    enum envelope_domain domain;

    if (length == 0)
        return 0;
    domain = (enum envelope_domain)(DOMAIN_TASK + bytes[0] % 4);
    if (order_payload_read(domain, bytes + 1, length - 1, &order, &claims, NULL) == 0 &&
        order.boot &&
        (!order_file(order.boot, "kernel") || !order_file(order.boot, "initrd") ||
         order.boot->n_mac == 0 || strpbrk(order.boot->image->arguments, "\r\n")))
        abort();
    task_order_clear(&order);
    return 0;
}
