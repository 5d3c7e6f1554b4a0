/* metrics.c - see metrics.h. */
#include "controller/health/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "common/text.h"

#define DECISIONS(number, ending)                                                                  \
    [METRIC_DECISIONS + (number)] = {"muster_decisions_total", "counter",                          \
                                     "What rules made of alerts, by how they ended.",              \
                                     "{ending=\"" ending "\"}"}

/* Lines of one name stand together; they differ in their labels. */
static const struct {
    const char *name, *type, *help, *labels; /* NULL: none */
} TABLE[METRIC_COUNT] = {
    [METRIC_ALERTS] = {"muster_alerts_total", "counter", "Alerts recorded with a disposition."},
    [METRIC_ALERT_TASKS] = {"muster_alert_tasks_total", "counter", "Tasks made by rules."},
    [METRIC_ALERTS_REFUSED] = {"muster_alerts_refused_total", "counter",
                               "Alerts that could not be stored as they were."},
    [METRIC_BATCHES] = {"muster_alert_batches_total", "counter", "Batches committed."},
    [METRIC_BATCH_RETRIES] = {"muster_alert_batch_retries_total", "counter",
                              "Batches tried again."},
    [METRIC_PARTITIONS] = {"muster_partitions", "gauge", "Kafka partitions assigned here."},
    [METRIC_PARTITIONS_HALTED] = {"muster_partitions_halted", "gauge",
                                  "Partitions that wait for a person."},
    [METRIC_SESSIONS] = {"muster_agent_sessions", "gauge", "Agents with a live session here."},
    [METRIC_HANDSHAKES_REFUSED] = {"muster_agent_handshakes_refused_total", "counter",
                                   "Connections with an unknown or revoked key."},
    [METRIC_RECORDS] = {"muster_agent_records_total", "counter", "Journal records committed."},
    [METRIC_RECORDS_DROPPED] = {"muster_agent_records_dropped_total", "counter",
                                "Records of tasks never granted to that site, or malformed."},
    [METRIC_ORDERS_SENT] = {"muster_orders_sent_total", "counter", "Signed orders sent."},
    [METRIC_ORDERS_REFUSED] = {"muster_orders_refused_total", "counter",
                               "Orders that an agent's verify ladder refused."},
    [METRIC_TASKS_MOVED] = {"muster_tasks_moved_total", "counter",
                            "Tasks moved by time: due, expired, lease ended, silent."},
    [METRIC_DEFAULT_PARTITIONS] = {"muster_default_partitions_filled", "gauge",
                                   "History tables whose default partition holds rows."},
    [METRIC_STORM_BRAKES] = {"muster_storm_brakes", "gauge",
                             "Storm brakes that are engaged until a person releases them: of "
                             "tenants, sites, the fleet."},
    [METRIC_AUTOMATION_STOPS] = {"muster_automation_stops", "gauge",
                                 "Switches that a person has thrown over rules: of tenants, "
                                 "sites, the fleet."},
    [METRIC_TASKS_UNKNOWN] = {"muster_tasks_unknown", "gauge",
                              "Tasks of which nobody knows how they ended."},
    [METRIC_MACHINES_HELD] = {"muster_machines_held", "gauge",
                              "Machines that no task gets until a person releases them."},
    [METRIC_SITES_QUARANTINED] = {"muster_sites_quarantined", "gauge",
                                  "Sites whose agent is not believed until a person releases "
                                  "them."},
    [METRIC_API_REQUESTS] = {"muster_api_requests_total", "counter", "Requests answered."},
    [METRIC_API_FAULTS] = {"muster_api_faults_total", "counter", "Requests answered with 500."},
    [METRIC_API_BUSY] = {"muster_api_busy_total", "counter", "Requests answered with 503."},
    [METRIC_API_UNKNOWN] = {"muster_api_unknown_total", "counter",
                            "Requests refused before anybody was known: no token, or nobody's."},
    [METRIC_DUE_TASKS] = {"muster_due_tasks_total", "counter",
                          "Tasks made by rules when what they waited for was due."},
    DECISIONS(0, "no_match"),
    DECISIONS(1, "outranked"),
    DECISIONS(2, "suppressed"),
    DECISIONS(3, "held"),
    DECISIONS(4, "released"),
    DECISIONS(5, "counted"),
    DECISIONS(6, "late"),
    DECISIONS(7, "duplicate"),
    DECISIONS(8, "throttled"),
    DECISIONS(9, "not_met"),
    DECISIONS(10, "failed"),
    DECISIONS(11, "acts"),
    DECISIONS(12, "shadow"),
    DECISIONS(13, "missing"),
    DECISIONS(14, "refused"),
};

static _Atomic uint64_t values[METRIC_COUNT];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void (*collector)(void *);
static void *collector_context;

void metric_add(enum metric metric, uint64_t more)
{
    atomic_fetch_add_explicit(&values[metric], more, memory_order_relaxed);
}

void metric_set(enum metric metric, uint64_t value)
{
    atomic_store_explicit(&values[metric], value, memory_order_relaxed);
}

uint64_t metric_read(enum metric metric)
{
    return atomic_load_explicit(&values[metric], memory_order_relaxed);
}

void metrics_collector(void (*collect)(void *), void *context)
{
    pthread_mutex_lock(&lock);
    collector = collect;
    collector_context = context;
    pthread_mutex_unlock(&lock);
}

void metrics_print(struct text *out)
{
    /* The lock is held while collecting, so that a collector's rooms are not torn down under it. */
    pthread_mutex_lock(&lock);
    if (collector)
        collector(collector_context);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < METRIC_COUNT; i++) {
        if (i == 0 || strcmp(TABLE[i].name, TABLE[i - 1].name) != 0)
            text_format(out, "# HELP %s %s\n# TYPE %s %s\n", TABLE[i].name, TABLE[i].help,
                        TABLE[i].name, TABLE[i].type);
        text_format(out, "%s%s %" PRIu64 "\n", TABLE[i].name,
                    TABLE[i].labels ? TABLE[i].labels : "", metric_read((enum metric)i));
    }
}
