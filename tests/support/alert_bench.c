/* alert_bench.c - storey: controller. What the benches of the intake stand on, over a private
 * PostgreSQL (its folder) and a Kafka:
 *   alert_bench fleet FOLDER TENANTS MACHINES RULES    schema, tenants t0.., machines, topics,
 * rules alert_bench produce BOOTSTRAP TOPIC PARTITIONS FIRST COUNT MACHINES   1 KiB alerts
 *   alert_bench put BOOTSTRAP TOPIC PARTITION NUMBER MACHINES TIMESTAMP_MS   one of them
 *   alert_bench storm BOOTSTRAP TENANTS MACHINES FIRST ONE_IN     every machine alarms
 *   alert_bench probe BOOTSTRAP TOPIC FIRST COUNT RATE            alerts at their own pace
 *   alert_bench topic BOOTSTRAP TOPIC PARTITIONS | delete-topic BOOTSTRAP TOPIC
 *   alert_bench delete-records BOOTSTRAP TOPIC PARTITION OFFSET
 *   alert_bench raw FOLDER COUNT BATCH CONNECTIONS     the same rows without us: rows a second
 * An alert in a hundred is of the type that the first rule boots; the other rules are scoped to the
 * types of the rest, in racks that none of the machines stands in. */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/error.h"
#include "common/ids.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/db/migrate.h"

#define ALERT_BYTES 1024
#define TYPES 100
#define WAIT_MS 60000

static int fail(const char *what, const struct error *err)
{
    fprintf(stderr, "alert_bench: %s: %s\n", what, error_text(err));
    return 1;
}

static struct conf_map login(const char *folder, const char *name)
{
    static char host[256], users[2][64], passfiles[2][256];
    static struct conf_pair pairs[2][4];
    int at = strcmp(name, "muster_owner") == 0;

    snprintf(host, sizeof(host), "%s/socket", folder);
    snprintf(users[at], sizeof(users[at]), "%s", name);
    snprintf(passfiles[at], sizeof(passfiles[at]), "%s/pass/%s", folder, name);
    pairs[at][0] = (struct conf_pair){(char *)"host", host};
    pairs[at][1] = (struct conf_pair){(char *)"dbname", (char *)"muster"};
    pairs[at][2] = (struct conf_pair){(char *)"user", users[at]};
    pairs[at][3] = (struct conf_pair){(char *)"passfile", passfiles[at]};
    return (struct conf_map){.pairs = pairs[at], .count = 4};
}

/* ---- fleet ---- */

static const char FLEET[] =
    "insert into site (id, name) values ('01900000-0000-7000-8000-000000000001', 'north');"
    "insert into image (id, name) values ('01900000-0000-7000-8000-000000000002', 'diag');"
    "insert into image_version (id, image_id, version, digest, document) values "
    "('01900000-0000-7000-8000-000000000003', '01900000-0000-7000-8000-000000000002', '1.0.0', "
    "sha256('diag'), '{\"name\":\"diag\",\"version\":\"1.0.0\",\"kind\":\"kernel+initrd\","
    "\"arguments\":\"quiet\",\"deadline_s\":900,\"firmware\":[\"bios\"],\"checks\":[\"dmi\"],"
    "\"profile\":{\"params\":{}},\"files\":[{\"role\":\"kernel\",\"name\":\"kernel\",\"size\":1,"
    "\"sha256\":\"aa11111111111111111111111111111111111111111111111111111111111111\"},"
    "{\"role\":\"initrd\",\"name\":\"initrd\",\"size\":1,"
    "\"sha256\":\"ab11111111111111111111111111111111111111111111111111111111111111\"}]}');"
    "insert into tenant (id, name) select gen_random_uuid(), 't' || n from generate_series(0, "
    "%d - 1) n;"
    "insert into image_grant (tenant_id, id, image_version_id) select id, gen_random_uuid(), "
    "'01900000-0000-7000-8000-000000000003' from tenant where name like 't_';"
    "insert into machine (id, site_id, name, rack, serial) select gen_random_uuid(), "
    "'01900000-0000-7000-8000-000000000001', 'm' || n, 'r' || n / 10, 'S' || n from "
    "generate_series(0, %d - 1) n;"
    "insert into machine_nic (mac, machine_id) select "
    "('02:00:' || substr(lpad(to_hex(substr(name, 2)::int), 8, '0'), 1, 2) || ':' || "
    "substr(lpad(to_hex(substr(name, 2)::int), 8, '0'), 3, 2) || ':' || "
    "substr(lpad(to_hex(substr(name, 2)::int), 8, '0'), 5, 2) || ':' || "
    "substr(lpad(to_hex(substr(name, 2)::int), 8, '0'), 7, 2))::macaddr, id from machine;"
    /* Nine of ten are the first tenant's when there are several. */
    "insert into machine_holding (tenant_id, id, machine_id) select t.id, gen_random_uuid(), m.id "
    "from machine m join tenant t on t.name = 't' || case when %d = 1 or "
    "substr(m.name, 2)::int %% 10 > 0 then 0 else 1 + substr(m.name, 2)::int / 10 %% (%d - 1) end;"
    "insert into source (tenant_id, id, name, topic) select id, gen_random_uuid(), 's', 'alerts-' "
    "|| name from tenant where name like 't_';"
    "insert into rule_book (tenant_id, brake_max) select id, null from tenant where name like 't_';"
    "insert into platform_brake (site_id, per_s, who, reason) select id, 600, 'bench', 'a storm' "
    "from (select '00000000-0000-0000-0000-000000000000'::uuid as id union all select id from "
    "site) s;"
    "insert into rule (tenant_id, id, name, current_version) select t.id, gen_random_uuid(), "
    "'rule-' || n, 1 from tenant t, generate_series(0, %d - 1) n where t.name like 't_';"
    "insert into rule_version (tenant_id, rule_id, version, source, digest, pushed_by) select "
    "r.tenant_id, r.id, 1, e'apiVersion: rules/v1\\nkind: Rule\\nmetadata: {id: ' || r.name || "
    "e', version: 1, owner: noc}\\nspec:\\n  priority: ' || n %% 100 || e'\\n  scope: {type: "
    "[hw.' || case when n = 0 then 'boots]' else 't' || n %% 100 || '], asset.rack: [x' || n || "
    "']' end || e'}\\n  action: {boot: {image: diag}}\\n', sha256('x'), 'bench' from "
    "(select tenant_id, id, name, substr(name, 6)::int as n from rule) r;"
    "update rule set active_version = 1, stage = 'active', armed_since = now();"
    "analyze;";

static int make_fleet(char **argv)
{
    struct conf_map owner = login(argv[2], "muster_owner");
    int tenants = atoi(argv[3]), machines = atoi(argv[4]), rules = atoi(argv[5]);
    static char sql[sizeof(FLEET) + 256];
    struct error err = {0};
    struct db *db;

    if (migrate_apply(&owner, NULL, &err) < 0 || !(db = db_connect(&owner, &err)))
        return fail("schema", &err);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(sql, sizeof(sql), FLEET, tenants, machines, tenants, tenants, rules);
#pragma GCC diagnostic pop
    if (db_script(db, sql, &err) < 0)
        return fail("fleet", &err);
    db_disconnect(db);
    return 0;
}

/* ---- alerts ---- */

static size_t write_alert_of(char out[ALERT_BYTES + 1], long number, long machine, bool boots)
{
    char type[24];
    size_t length;

    snprintf(type, sizeof(type), boots ? "boots" : "t%ld", number % TYPES);
    length = (size_t)snprintf(
        out, ALERT_BYTES + 1,
        "{\"event\":{\"id\":\"e-%ld\",\"source\":\"node-exporter/m%ld\",\"type\":\"hw.%s\","
        "\"status\":\"firing\",\"severity\":\"warning\",\"time\":\"2026-11-22T22:40:01Z\","
        "\"component\":{\"kind\":\"dimm\",\"id\":\"B12\"},\"labels\":{\"team\":\"compute\","
        "\"alertname\":\"MemoryErrorsCorrectable\",\"instance\":\"m%ld.north.example.net:9100\","
        "\"job\":\"node\",\"cluster\":\"north-1\",\"runbook\":\"",
        number, machine, type, machine);
    /* Words of changing letters: neither side's compression makes it shorter than life does. */
    for (uint32_t word = (uint32_t)number * 2654435761u; length < ALERT_BYTES - 49;
         word = word * 1664525u + 1013904223u)
        length += (size_t)snprintf(out + length, ALERT_BYTES - 49 - length + 1, "%08x/", word);
    if (length > ALERT_BYTES - 49)
        length = ALERT_BYTES - 49;
    return length +
           (size_t)snprintf(
               out + length, 50, "\"}},\"machine\":{\"mac\":\"02:00:%02lx:%02lx:%02lx:%02lx\"}}  ",
               machine >> 24 & 255, machine >> 16 & 255, machine >> 8 & 255, machine & 255);
}

static void make_topic(rd_kafka_t *producer, const char *name, int partitions)
{
    rd_kafka_NewTopic_t *made = rd_kafka_NewTopic_new(name, partitions, 1, NULL, 0);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(producer);
    rd_kafka_event_t *event;

    rd_kafka_NewTopic_set_config(made, "message.timestamp.type", "CreateTime");
    rd_kafka_CreateTopics(producer, &made, 1, NULL, queue);
    event = rd_kafka_queue_poll(queue, WAIT_MS); /* there already: as good */
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(made);
}

static size_t write_alert(char out[ALERT_BYTES + 1], long number, long machines)
{
    return write_alert_of(out, number, number * 7919 % machines, number % 100 == 0);
}

static rd_kafka_t *producer_of(const char *bootstrap)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];

    rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, NULL, 0);
    rd_kafka_conf_set(conf, "linger.ms", "20", NULL, 0);
    rd_kafka_conf_set(conf, "queue.buffering.max.messages", "1000000", NULL, 0);
    return rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
}

static int make(char **argv)
{
    rd_kafka_t *producer = producer_of(argv[2]);

    if (!producer)
        return 1;
    make_topic(producer, argv[3], atoi(argv[4]));
    rd_kafka_destroy(producer);
    return 0;
}

/* What an administrator's request came to. */
static int await_done(rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, WAIT_MS);
    int rc = !event || rd_kafka_event_error(event) != 0;

    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    return rc;
}

static int delete_topic(char **argv)
{
    rd_kafka_t *client = producer_of(argv[2]);
    rd_kafka_DeleteTopic_t *gone = rd_kafka_DeleteTopic_new(argv[3]);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    int rc;

    rd_kafka_DeleteTopics(client, &gone, 1, NULL, queue);
    rc = await_done(queue);
    rd_kafka_DeleteTopic_destroy(gone);
    rd_kafka_destroy(client);
    return rc;
}

/* The log of that partition starts at the offset afterwards. */
static int delete_records(char **argv)
{
    rd_kafka_t *client = producer_of(argv[2]);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_DeleteRecords_t *gone;
    int rc;

    rd_kafka_topic_partition_list_add(list, argv[3], atoi(argv[4]))->offset = atol(argv[5]);
    gone = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(client, &gone, 1, NULL, queue);
    rc = await_done(queue);
    rd_kafka_DeleteRecords_destroy(gone);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(client);
    return rc;
}

/* One alert, with a timestamp of its own. */
static int put(char **argv)
{
    rd_kafka_t *producer = producer_of(argv[2]);
    char alert[ALERT_BYTES + 1];
    size_t length = write_alert(alert, atol(argv[5]), atol(argv[6]));
    rd_kafka_resp_err_t rc =
        rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(argv[3]), RD_KAFKA_V_PARTITION(atoi(argv[4])),
                          RD_KAFKA_V_VALUE(alert, length), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_TIMESTAMP(atol(argv[7])), RD_KAFKA_V_END);

    if (rc != 0 || rd_kafka_flush(producer, WAIT_MS) != 0)
        return 1;
    rd_kafka_destroy(producer);
    return 0;
}

static int send_to(rd_kafka_t *producer, const char *topic, const char *alert, size_t length)
{
    while (rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                             RD_KAFKA_V_VALUE((void *)alert, length),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END) != 0)
        rd_kafka_poll(producer, 10);
    return 0;
}

/* Every machine alarms, each on its tenant's topic; one in 'one_in' is of the type that boots. */
static int storm(char **argv)
{
    long tenants = atol(argv[3]), machines = atol(argv[4]), first = atol(argv[5]),
         one_in = atol(argv[6]);
    rd_kafka_t *producer = producer_of(argv[2]);
    char alert[ALERT_BYTES + 1], topic[32];

    for (long machine = 0; producer && machine < machines; machine++) {
        long tenant = machine % 10 > 0 ? 0 : 1 + machine / 10 % (tenants - 1);
        size_t length = write_alert_of(alert, first + machine, machine, machine / 7 % one_in == 0);

        snprintf(topic, sizeof(topic), "alerts-t%ld", tenant);
        send_to(producer, topic, alert, length);
    }
    if (!producer || rd_kafka_flush(producer, WAIT_MS) != 0)
        return 1;
    rd_kafka_destroy(producer);
    return 0;
}

/* Alerts that boot nothing, 'rate' a second, each with the moment at which it was sent. */
static int probe(char **argv)
{
    long first = atol(argv[4]), count = atol(argv[5]), rate = atol(argv[6]);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char alert[ALERT_BYTES + 1], why[256];
    rd_kafka_t *producer;
    struct timespec pause = {.tv_nsec = 1000000000L / rate};

    rd_kafka_conf_set(conf, "bootstrap.servers", argv[2], NULL, 0);
    rd_kafka_conf_set(conf, "linger.ms", "0", NULL, 0);
    producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    for (long i = 0; producer && i < count; i++) {
        send_to(producer, argv[3], alert, write_alert_of(alert, first + i, 0, false));
        rd_kafka_poll(producer, 0);
        nanosleep(&pause, NULL);
    }
    if (!producer || rd_kafka_flush(producer, WAIT_MS) != 0)
        return 1;
    rd_kafka_destroy(producer);
    return 0;
}

static int produce(char **argv)
{
    long partitions = atol(argv[4]), first = atol(argv[5]), count = atol(argv[6]),
         machines = atol(argv[7]);
    rd_kafka_t *producer = producer_of(argv[2]);
    char alert[ALERT_BYTES + 1];
    rd_kafka_topic_t *topic;

    if (producer)
        make_topic(producer, argv[3], (int)partitions);
    topic = producer ? rd_kafka_topic_new(producer, argv[3], NULL) : NULL;
    for (long i = first; topic && i < first + count; i++) {
        size_t length = write_alert(alert, i, machines);

        while (rd_kafka_produce(topic, (int32_t)(i % partitions), RD_KAFKA_MSG_F_COPY, alert,
                                length, NULL, 0, NULL) != 0)
            rd_kafka_poll(producer, 10);
        rd_kafka_poll(producer, 0);
    }
    if (!topic || rd_kafka_flush(producer, WAIT_MS) != 0) {
        fprintf(stderr, "alert_bench: the broker did not take all alerts\n");
        return 1;
    }
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(producer);
    return 0;
}

/* ---- raw ---- */

struct raw {
    const struct conf_map *login;
    struct uuid tenant, source, machine;
    long first, count, batch;
    int partition;
    struct error err;
    int rc;
};

/* One column an array. */
struct rows {
    long count;
    char (*raw)[ALERT_BYTES + 1], (*event_id)[32], (*type)[24];
    uint8_t (*digest)[32];
    struct uuid *ids, *machines, *digests_of_events;
    int64_t *offsets, *timestamps, *event_times, *versions, *lengths;
    const char **dispositions, **reasons, **event_ids, **types, **statuses, **severities,
        **sqlstates;
    struct db_bytes *raws, *digests;
};

static void rows_make(struct rows *r, const struct raw *raw)
{
    size_t n = (size_t)raw->batch;

    r->raw = calloc(n, sizeof(*r->raw));
    r->digests_of_events = calloc(n, sizeof(*r->digests_of_events));
    r->event_id = calloc(n, sizeof(*r->event_id));
    r->type = calloc(n, sizeof(*r->type));
    r->digest = calloc(n, sizeof(*r->digest));
    r->ids = calloc(n, sizeof(*r->ids));
    r->machines = calloc(n, sizeof(*r->machines));
    r->offsets = calloc(5 * n, sizeof(*r->offsets));
    r->timestamps = r->offsets + n;
    r->event_times = r->timestamps + n;
    r->versions = r->event_times + n;
    r->lengths = r->versions + n;
    r->dispositions = calloc(7 * n, sizeof(*r->dispositions));
    r->reasons = r->dispositions + n;
    r->event_ids = r->reasons + n;
    r->types = r->event_ids + n;
    r->statuses = r->types + n;
    r->severities = r->statuses + n;
    r->sqlstates = r->severities + n;
    r->raws = calloc(n, sizeof(*r->raws));
    r->digests = calloc(n, sizeof(*r->digests));
    for (size_t i = 0; i < n; i++) {
        r->raws[i] = (struct db_bytes){r->raw[i], write_alert(r->raw[i], (long)i, 20000)};
        EVP_Digest(r->raw[i], r->raws[i].length, r->digest[i], NULL, EVP_sha256(), NULL);
        r->digests[i] = (struct db_bytes){r->digest[i], 32};
        r->lengths[i] = (int64_t)r->raws[i].length;
        r->timestamps[i] = r->event_times[i] = clock_realtime_us();
        r->versions[i] = 1;
        r->machines[i] = raw->machine;
        r->dispositions[i] = "no_rule";
        r->reasons[i] = "none of 10000 armed rules matches";
        r->statuses[i] = "firing";
        r->severities[i] = "warning";
        snprintf(r->type[i], sizeof(r->type[i]), "hw.t%zu", i % TYPES);
        r->types[i] = r->type[i];
        r->event_ids[i] = r->event_id[i];
    }
}

/* As spread as a digest is (splitmix64). */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void rows_number(struct rows *r, long first, long count)
{
    r->count = count;
    for (long i = 0; i < count; i++) {
        r->ids[i] = uuid_make();
        r->offsets[i] = first + i;
        snprintf(r->event_id[i], sizeof(r->event_id[i]), "e-%ld", first + i);
        for (size_t half = 0; half < 2; half++) {
            uint64_t mixed = mix((uint64_t)(first + i) * 2 + half);

            memcpy(r->digests_of_events[i].bytes + 8 * half, &mixed, 8);
        }
    }
}

static const char CLAIM[] =
    "insert into alert_identity (tenant_id, source_id, event_digest, alert_id) "
    "select $1, $2, u.event_digest, u.alert_id from unnest($3::uuid[], $4::uuid[]) as "
    "u(event_digest, alert_id)";
static const char INSERT[] =
    "insert into alert (tenant_id, id, source_id, cluster_id, topic, partition, \"offset\", "
    "record_timestamp, engine_time, order_no, disposition, reason, event_id, type, status, "
    "severity, event_time, machine_id, machine_document_version, raw, raw_length, "
    "raw_sha256, sqlstate) select $1, u.id, $2, $3, $4, $5, u.o, u.t, $6, nextval('alert_order'), "
    "u.d, u.r, u.e, u.ty, u.st, u.se, u.et, u.m, u.v, u.raw, u.l, u.h, u.s "
    "from unnest($7::uuid[], $8::bigint[], $9::timestamptz[], $10::text[], $11::text[], "
    "$12::text[], $13::text[], $14::text[], $15::text[], $16::timestamptz[], $17::uuid[], "
    "$18::bigint[], $19::bytea[], $20::bigint[], $21::bytea[], $22::text[]) as "
    "u(id, o, t, d, r, e, ty, st, se, et, m, v, raw, l, h, s)";
static const char ADVANCE[] =
    "insert into kafka_cursor (cluster_id, topic, partition, next) values ('raw', 'raw', $1, $2) "
    "on conflict (cluster_id, topic, partition) do update set next = $2, updated_at = now()";

static int insert_rows(struct db *db, struct raw *raw, const struct rows *r)
{
    size_t n = (size_t)r->count;

    return db_begin_tenant(db, &raw->tenant, &raw->err) < 0 ||
                   db_execute(db, CLAIM, &raw->err, "uuUU", &raw->tenant, &raw->source, n,
                              r->digests_of_events, n, r->ids) < 0 ||
                   db_execute(db, INSERT, &raw->err, "uussitUITSSSSSSTUIYIYS", &raw->tenant,
                              &raw->source, "5L6g3nShT-eMCtK--X86sw", "alerts-t0",
                              (int64_t)raw->partition, clock_realtime_us(), n, r->ids, n,
                              r->offsets, n, r->timestamps, n, r->dispositions, n, r->reasons, n,
                              r->event_ids, n, r->types, n, r->statuses, n, r->severities, n,
                              r->event_times, n, r->machines, n, r->versions, n, r->raws, n,
                              r->lengths, n, r->digests, n, r->sqlstates) < 0 ||
                   db_execute(db, ADVANCE, &raw->err, "ii", (int64_t)raw->partition,
                              r->offsets[n - 1]) < 0 ||
                   db_commit(db, &raw->err) < 0
               ? -1
               : 0;
}

static void *run_raw(void *arg)
{
    struct raw *raw = arg;
    struct rows rows = {0};
    struct db *db = db_connect(raw->login, &raw->err);

    raw->rc = db ? 0 : -1;
    rows_make(&rows, raw);
    for (long at = 0; raw->rc == 0 && at < raw->count; at += raw->batch) {
        rows_number(&rows, raw->first + at,
                    raw->count - at < raw->batch ? raw->count - at : raw->batch);
        raw->rc = insert_rows(db, raw, &rows);
    }
    db_disconnect(db);
    return NULL;
}

static int measure_raw(char **argv)
{
    struct conf_map owner = login(argv[2], "muster_owner"),
                    engine = login(argv[2], "muster_engine");
    long count = atol(argv[3]), batch = atol(argv[4]), connections = atol(argv[5]);
    struct error err = {0};
    struct db *db = db_connect(&owner, &err);
    struct db_rows *ids = db ? db_query(db,
                                        "select s.tenant_id, s.id, h.machine_id from source s join "
                                        "machine_holding h using (tenant_id) limit 1",
                                        &err, "")
                             : NULL;
    struct raw raws[8] = {0};
    pthread_t threads[8];
    int64_t began;

    if (!ids || connections < 1 || connections > 8)
        return fail("raw", &err);
    began = clock_monotonic_ms();
    for (long i = 0; i < connections; i++) {
        raws[i] = (struct raw){.login = &engine,
                               .tenant = db_uuid(ids, 0, 0),
                               .source = db_uuid(ids, 0, 1),
                               .machine = db_uuid(ids, 0, 2),
                               .first = began * 1000 + i * count,
                               .count = count / connections,
                               .batch = batch,
                               .partition = (int)i};
        pthread_create(&threads[i], NULL, run_raw, &raws[i]);
    }
    for (long i = 0; i < connections; i++)
        pthread_join(threads[i], NULL);
    for (long i = 0; i < connections; i++)
        if (raws[i].rc < 0)
            return fail("raw", &raws[i].err);
    printf("%.0f\n", (double)count * 1000 / (double)(clock_monotonic_ms() - began));
    db_rows_destroy(ids);
    db_disconnect(db);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "fleet") == 0)
        return make_fleet(argv);
    if (argc == 8 && strcmp(argv[1], "produce") == 0)
        return produce(argv);
    if (argc == 5 && strcmp(argv[1], "topic") == 0)
        return make(argv);
    if (argc == 4 && strcmp(argv[1], "delete-topic") == 0)
        return delete_topic(argv);
    if (argc == 6 && strcmp(argv[1], "delete-records") == 0)
        return delete_records(argv);
    if (argc == 7 && strcmp(argv[1], "storm") == 0)
        return storm(argv);
    if (argc == 7 && strcmp(argv[1], "probe") == 0)
        return probe(argv);
    if (argc == 8 && strcmp(argv[1], "put") == 0)
        return put(argv);
    if (argc == 6 && strcmp(argv[1], "raw") == 0)
        return measure_raw(argv);
    fprintf(stderr, "usage: see the first lines of alert_bench.c\n");
    return 2;
}
