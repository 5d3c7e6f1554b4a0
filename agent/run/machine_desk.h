/* machine_desk.h - what machines say (docs/phone-home.md): believed by token, then by session;
 * made durable; answered. */
#pragma once

#include "agent/run/boot_run.h"

/* Takes 'request'; it is answered once what it changed is durable. */
void machine_desk_take(struct task_runner *runner, struct phone_home_request *request);
