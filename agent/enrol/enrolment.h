/* enrolment.h - `muster-agent enrol`: makes the keys where they stay, presents their public halves
 * with a join token, waits for a person's word, and writes the configuration.
 */
#pragma once

/* 'argv' starts at "enrol". Returns the exit code. */
int enrolment_main(int argc, char **argv);
