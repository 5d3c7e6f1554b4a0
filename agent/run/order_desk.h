/* order_desk.h - what becomes of an order: refused by name, declined, accepted, answered with what
 * is held; cancel, settle. */
#pragma once

#include "agent/run/boot_run.h"

void order_desk_take(struct task_runner *runner, const struct link_order *order);
