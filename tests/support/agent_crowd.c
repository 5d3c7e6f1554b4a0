/* agent_crowd - storey: controller. Thousands of agents in one process, each with CURVE keys, an id
 * and a connection of its own, and no journal: HELLO, RESUME, PING, as agents do. For benches.
 *
 * agent_crowd COUNT ENDPOINT SERVER_KEY_HEX SQL_FILE writes the SQL that adds its sites and agents,
 * then obeys lines of standard input and answers each with one line of JSON:
 *   connect     {"seconds": until the last one had WELCOME, "postponed": REJECTs taken on the way}
 *   talk N      each says N PINGs, all are answered: {"seconds"}
 *   cut         every connection is closed without a word: {}
 *   rest S      S seconds of what idle agents do: {"pongs"}
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/ids.h"
#include "common/text.h"
#include "proto/features.h"
#include "proto/frame.h"

#define PATIENCE_MS 180000
#define PING_MS 5000
#define DEAD_MS 15000
#define EVENTS_A_TURN 256

struct agent {
    struct uuid id, site, journal;
    uint8_t public[32], secret[32];
    void *dealer;
    bool welcomed;
    int64_t heard_ms, pinged_ms, retry_ms; /* retry_ms: not before; 0: connected or never */
    uint64_t pings;
};

static struct {
    struct agent *agents;
    size_t count, welcomed, postponed;
    uint64_t pongs;
    const char *endpoint;
    uint8_t server[32];
    void *context;
    int epoll;
} crowd;

static void die(const char *what)
{
    fprintf(stderr, "agent_crowd: %s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(EXIT_FAILURE);
}

static unsigned draw(unsigned below)
{
    unsigned random = 0;

    if (getrandom(&random, sizeof(random), 0) < 0)
        die("getrandom");
    return random % below;
}

/* ---- frames ---- */

static void say(struct agent *agent, const Muster__Frame *frame)
{
    uint8_t *bytes;
    size_t length;

    if (message_pack(&frame->base, &bytes, &length, NULL) < 0)
        die("pack");
    zmq_send(agent->dealer, bytes, length, ZMQ_DONTWAIT);
    free(bytes);
}

static void say_hello(struct agent *agent)
{
    Muster__Hello hello = MUSTER__HELLO__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;
    char *features[] = {(char *)FEATURE_BOOT};
    uint8_t nonce[32];

    if (getrandom(nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
        die("getrandom");
    hello.protocol_min = hello.protocol_max = PROTOCOL_VERSION;
    hello.features = features;
    hello.n_features = 1;
    hello.agent_id = message_from_uuid(&agent->id);
    hello.site_id = message_from_uuid(&agent->site);
    hello.journal_id = message_from_uuid(&agent->journal);
    hello.boot_id = message_from_uuid(&agent->journal); /* one run */
    hello.nonce = (ProtobufCBinaryData){sizeof(nonce), nonce};
    hello.software = (char *)"agent_crowd";
    frame.kind_case = MUSTER__FRAME__KIND_HELLO;
    frame.hello = &hello;
    say(agent, &frame);
}

static void say_resume(struct agent *agent, const Muster__Welcome *welcome)
{
    Muster__Resume resume = MUSTER__RESUME__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    resume.session_id = welcome->session_id;
    resume.facts_from = welcome->facts_committed + 1;
    resume.bulk_from = welcome->bulk_committed + 1;
    frame.kind_case = MUSTER__FRAME__KIND_RESUME;
    frame.resume = &resume;
    say(agent, &frame);
}

static void say_ping(struct agent *agent, int64_t now_ms)
{
    Muster__Ping ping = MUSTER__PING__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    agent->pinged_ms = now_ms;
    ping.number = ++agent->pings;
    frame.kind_case = MUSTER__FRAME__KIND_PING;
    frame.ping = &ping;
    say(agent, &frame);
}

static void say_pong(struct agent *agent, uint64_t number)
{
    Muster__Pong pong = MUSTER__PONG__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    pong.number = number;
    frame.kind_case = MUSTER__FRAME__KIND_PONG;
    frame.pong = &pong;
    say(agent, &frame);
}

/* ---- connections ---- */

static void hang_up(struct agent *agent)
{
    if (!agent->dealer)
        return;
    zmq_close(agent->dealer); /* its descriptor leaves the epoll set with it */
    agent->dealer = NULL;
    crowd.welcomed -= agent->welcomed;
    agent->welcomed = false;
}

static void call(struct agent *agent)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = agent};
    int none = 0, fd;
    size_t size = sizeof(fd);

    agent->retry_ms = 0;
    agent->heard_ms = clock_monotonic_ms();
    agent->dealer = zmq_socket(crowd.context, ZMQ_DEALER);
    if (!agent->dealer || zmq_setsockopt(agent->dealer, ZMQ_LINGER, &none, sizeof(none)) ||
        zmq_setsockopt(agent->dealer, ZMQ_CURVE_SERVERKEY, crowd.server, 32) ||
        zmq_setsockopt(agent->dealer, ZMQ_CURVE_PUBLICKEY, agent->public, 32) ||
        zmq_setsockopt(agent->dealer, ZMQ_CURVE_SECRETKEY, agent->secret, 32) ||
        zmq_connect(agent->dealer, crowd.endpoint) ||
        zmq_getsockopt(agent->dealer, ZMQ_FD, &fd, &size) ||
        epoll_ctl(crowd.epoll, EPOLL_CTL_ADD, fd, &event))
        die("connect");
    say_hello(agent);
}

/* As a real agent does: in 2 s to 5 s. */
static void come_back(struct agent *agent, int64_t now_ms)
{
    crowd.postponed++;
    hang_up(agent);
    agent->retry_ms = now_ms + 2000 + draw(3000);
}

/* ---- what comes ---- */

static void on_frame(struct agent *agent, const Muster__Frame *frame, int64_t now_ms)
{
    agent->heard_ms = now_ms;
    switch (frame->kind_case) {
    case MUSTER__FRAME__KIND_WELCOME:
        if (!agent->welcomed) {
            agent->welcomed = true;
            crowd.welcomed++;
            agent->pinged_ms = now_ms - draw(PING_MS);
            say_resume(agent, frame->welcome);
        }
        break;
    case MUSTER__FRAME__KIND_REJECT:
        come_back(agent, now_ms);
        break;
    case MUSTER__FRAME__KIND_PING:
        say_pong(agent, frame->ping->number);
        break;
    case MUSTER__FRAME__KIND_PONG:
        crowd.pongs++;
        break;
    default:
        break;
    }
}

/* ZMQ_FD is edge-triggered: all that is there is read. */
static void listen_to(struct agent *agent, int64_t now_ms)
{
    zmq_msg_t part;

    while (agent->dealer) {
        Muster__Frame *frame;

        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, agent->dealer, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&part);
            return;
        }
        frame = message_unpack(&muster__frame__descriptor, zmq_msg_data(&part), zmq_msg_size(&part),
                               NULL);
        zmq_msg_close(&part);
        if (frame)
            on_frame(agent, frame, now_ms);
        message_free(frame);
    }
}

static void by_the_clock(int64_t now_ms)
{
    for (size_t i = 0; i < crowd.count; i++) {
        struct agent *agent = &crowd.agents[i];

        if (agent->retry_ms && now_ms >= agent->retry_ms)
            call(agent);
        else if (agent->dealer && now_ms - agent->heard_ms >= DEAD_MS)
            come_back(agent, now_ms);
        else if (agent->welcomed && now_ms - agent->pinged_ms >= PING_MS)
            say_ping(agent, now_ms);
        if (agent->dealer) /* what a send has left unread makes no new edge */
            listen_to(agent, now_ms);
    }
}

static void turn(int64_t *swept_ms)
{
    struct epoll_event events[EVENTS_A_TURN];
    int count = epoll_wait(crowd.epoll, events, EVENTS_A_TURN, 20);
    int64_t now_ms = clock_monotonic_ms();

    for (int i = 0; i < count; i++)
        listen_to(events[i].data.ptr, now_ms);
    if (now_ms - *swept_ms >= 200) {
        *swept_ms = now_ms;
        by_the_clock(now_ms);
    }
}

/* ---- orders ---- */

static void connect_all(void)
{
    int64_t began = clock_monotonic_ms(), swept = began;

    crowd.postponed = 0;
    for (size_t i = 0; i < crowd.count; i++) {
        call(&crowd.agents[i]);
        if (i % 64 == 0)
            turn(&swept);
    }
    while (crowd.welcomed < crowd.count && clock_monotonic_ms() - began < PATIENCE_MS)
        turn(&swept);
    printf("{\"seconds\": %.2f, \"welcomed\": %zu, \"postponed\": %zu}\n",
           (double)(clock_monotonic_ms() - began) / 1000, crowd.welcomed, crowd.postponed);
}

static void talk(unsigned rounds)
{
    int64_t began = clock_monotonic_ms(), swept = began;
    uint64_t wanted = crowd.pongs;

    for (unsigned round = 0; round < rounds; round++) {
        int64_t patient_until = clock_monotonic_ms() + PATIENCE_MS;

        for (size_t i = 0; i < crowd.count; i++)
            if (crowd.agents[i].welcomed) {
                say_ping(&crowd.agents[i], clock_monotonic_ms());
                wanted++;
            }
        while (crowd.pongs < wanted && clock_monotonic_ms() < patient_until)
            turn(&swept);
    }
    printf("{\"seconds\": %.2f}\n", (double)(clock_monotonic_ms() - began) / 1000);
}

static void rest(unsigned seconds)
{
    int64_t until = clock_monotonic_ms() + (int64_t)seconds * 1000, swept = 0;
    uint64_t before = crowd.pongs;

    while (clock_monotonic_ms() < until)
        turn(&swept);
    printf("{\"pongs\": %" PRIu64 "}\n", crowd.pongs - before);
}

/* Between orders the crowd stays alive. */
static void await_line(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int64_t swept = 0;

    while (poll(&input, 1, 0) == 0)
        turn(&swept);
}

static void obey(const char *line)
{
    unsigned number = 0;

    if (strcmp(line, "connect\n") == 0) {
        connect_all();
    } else if (sscanf(line, "talk %u", &number) == 1) {
        talk(number);
    } else if (sscanf(line, "rest %u", &number) == 1) {
        rest(number);
    } else if (strcmp(line, "cut\n") == 0) {
        for (size_t i = 0; i < crowd.count; i++)
            hang_up(&crowd.agents[i]);
        puts("{}");
    } else {
        puts("{\"error\": \"no such order\"}");
    }
}

/* ---- making them ---- */

static void make_keys(struct agent *agent)
{
    char public[41], secret[41];

    if (zmq_curve_keypair(public, secret) || !zmq_z85_decode(agent->public, public) ||
        !zmq_z85_decode(agent->secret, secret))
        die("keys");
}

static void write_sql(FILE *out, const struct agent *agent, size_t number)
{
    char id[UUID_TEXT_SIZE], site[UUID_TEXT_SIZE], curve[65];

    uuid_format(&agent->id, id);
    uuid_format(&agent->site, site);
    text_hex(agent->public, 32, curve);
    fprintf(out, "insert into site (id, name) values ('%s', 'crowd-%zu');\n", site, number);
    fprintf(out,
            "insert into agent (id, site_id, name, curve_key, sign_key, seal_key) values ('%s', "
            "'%s', 'crowd-%zu', '\\x%s', sha256('sign %s'), sha256('seal %s'));\n",
            id, site, number, curve, id, id);
}

static void make_crowd(const char *sql)
{
    FILE *out = fopen(sql, "w");

    if (!out || !(crowd.agents = calloc(crowd.count, sizeof(*crowd.agents))))
        die(sql);
    fputs("begin;\n", out);
    for (size_t i = 0; i < crowd.count; i++) {
        struct agent *agent = &crowd.agents[i];

        agent->id = uuid_make();
        agent->site = uuid_make();
        agent->journal = uuid_make();
        make_keys(agent);
        write_sql(out, agent, i);
    }
    fputs("commit;\n", out);
    if (fclose(out))
        die(sql);
}

int main(int argc, char **argv)
{
    struct rlimit files;
    char line[64];

    if (argc != 5 || text_unhex(argv[3], crowd.server, 32) < 0) {
        fputs("usage: agent_crowd COUNT ENDPOINT SERVER_KEY_HEX SQL_FILE\n", stderr);
        return EXIT_FAILURE;
    }
    crowd.count = strtoul(argv[1], NULL, 10);
    crowd.endpoint = argv[2];
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (getrlimit(RLIMIT_NOFILE, &files))
        die("getrlimit");
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files))
        die("setrlimit");
    crowd.context = zmq_ctx_new();
    zmq_ctx_set(crowd.context, ZMQ_MAX_SOCKETS, 65535);
    crowd.epoll = epoll_create1(EPOLL_CLOEXEC);
    make_crowd(argv[4]);
    puts("{}");
    for (;;) {
        await_line();
        if (!fgets(line, sizeof(line), stdin))
            break;
        obey(line);
    }
    for (size_t i = 0; i < crowd.count; i++)
        hang_up(&crowd.agents[i]);
    zmq_ctx_term(crowd.context);
    free(crowd.agents);
    return EXIT_SUCCESS;
}
