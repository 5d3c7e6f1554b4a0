/* metrics.h - numbers about this process for Prometheus: one table of named counters and gauges,
 * prefix muster_, base units, never a machine, task or tenant as a label. Safe from any thread.
 */
#pragma once

#include <stdint.h>

struct text;

enum metric {
    METRIC_ALERTS, /* counters */
    METRIC_ALERT_TASKS,
    METRIC_ALERTS_REFUSED,
    METRIC_BATCHES,
    METRIC_BATCH_RETRIES,
    METRIC_PARTITIONS, /* gauges */
    METRIC_PARTITIONS_HALTED,
    METRIC_SESSIONS,
    METRIC_HANDSHAKES_REFUSED, /* counters */
    METRIC_RECORDS,
    METRIC_RECORDS_DROPPED,
    METRIC_ORDERS_SENT,
    METRIC_ORDERS_REFUSED,
    METRIC_TASKS_MOVED,
    METRIC_DEFAULT_PARTITIONS, /* gauge: history tables whose default partition holds rows; alarm
                                  above 0 */
    METRIC_STORM_BRAKES,       /* gauges: engaged */
    METRIC_AUTOMATION_STOPS,
    METRIC_TASKS_UNKNOWN, /* gauges: what waits for a person */
    METRIC_MACHINES_HELD,
    METRIC_SITES_QUARANTINED,
    METRIC_API_REQUESTS, /* counters */
    METRIC_API_FAULTS,
    METRIC_API_BUSY,
    METRIC_API_UNKNOWN,
    METRIC_DUE_TASKS,
    METRIC_DECISIONS, /* by ending, in the order of enum rule_ending */
    METRIC_DECISIONS_END = METRIC_DECISIONS + 15,
    METRIC_COUNT = METRIC_DECISIONS_END,
};

void metric_add(enum metric metric, uint64_t more);
void metric_set(enum metric metric, uint64_t value);
uint64_t metric_read(enum metric metric);
/* Called before each print, to take over numbers that rooms keep themselves. NULL: none. */
void metrics_collector(void (*collect)(void *context), void *context);
/* Prometheus text format 0.0.4. */
void metrics_print(struct text *out);
