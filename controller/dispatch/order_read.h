/* order_read.h - all that a BootTask says, read from the database into one arena that lives as long
 * as the message: for task_sender.
 */
#pragma once

#include <stdint.h>

#include "controller/dispatch/agent_registry.h"
#include "controller/dispatch/dispatch.h"
#include "controller/tasks/task_queue.h"
#include "proto/fleet.pb-c.h"

struct db;
struct error;
struct order;

/* 1: *ret_order is the caller's; 0: the lease is gone; -1. The BMC password is opened and sealed to
 * 'to' on the way and is nowhere in clear afterwards. */
int order_read(struct db *db, const struct live_session *to, const struct task_lease *lease,
               dispatch_open_password open_password, void *open_context, struct order **ret_order,
               struct error *err);
const Muster__BootTask *order_message(const struct order *order); /* borrowed */
void order_destroy(struct order *order);
