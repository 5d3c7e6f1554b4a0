/* order_read.h - all that BootTasks say, read from the database together; it lives as long as the
 * messages: for task_sender.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "controller/dispatch/agent_registry.h"
#include "controller/dispatch/dispatch.h"
#include "controller/tasks/task_queue.h"
#include "proto/fleet.pb-c.h"

struct db;
struct error;
struct orders;

/* Whose lease, and to whom its order goes. */
struct order_wish {
    const struct live_session *to; /* borrowed */
    const struct task_lease *lease;
};
/* Of one tenant; *ret_orders is the caller's. -1: the database. */
int orders_read(struct db *db, const struct order_wish *wishes, size_t count,
                struct orders **ret_orders, struct error *err);
/* What its rule asked for is to be asked again first (task_recheck.h). */
bool orders_ask(const struct orders *orders, size_t number);
/* The message of wishes[number], borrowed until the next call. NULL with 'err': it cannot be made;
 * without (no code): the lease is gone. The BMC password is opened and sealed on the way and is
 * nowhere in clear afterwards. */
const Muster__BootTask *orders_message(struct orders *orders, size_t number,
                                       dispatch_open_password open_password, void *open_context,
                                       struct error *err);
void orders_destroy(struct orders *orders);
