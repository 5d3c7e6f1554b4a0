/* agent_keys.h - `muster-agent make-keys DIR`: the agent's keys, made where they stay. */
#pragma once

/* 'argv' starts at "make-keys". Returns the exit code. */
int agent_keys_main(int argc, char **argv);
