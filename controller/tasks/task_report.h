/* task_report.h - whether a task's report is here; the chunks come in through task_facts.h. */
#pragma once

#include <stdint.h>

struct error;
struct task_book;
struct task_fact;

/* 1: whole and its digest is right. 0: chunks are missing. 2: it came and was refused (its digest
 * did not match, or it was too large): there will be none. */
int task_report_state(struct task_book *book, const struct task_fact *fact,
                      const uint8_t sha256[32], struct error *err);
