"""librdkafka for scenarios, without a binding: topics with a configuration, and a producer that says when and to which partition."""
import ctypes
import hashlib
import json

VTYPE_END, VTYPE_TOPIC, VTYPE_PARTITION, VTYPE_VALUE, VTYPE_KEY, VTYPE_MSGFLAGS, VTYPE_TIMESTAMP = 0, 1, 3, 4, 5, 7, 8
COPY, ANY_PARTITION, CREATE_TOPICS = 2, -1, 1

lib = ctypes.CDLL("librdkafka.so.1")
for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_NewTopic_new", "rd_kafka_queue_new", "rd_kafka_queue_poll",
             "rd_kafka_event_CreateTopics_result", "rd_kafka_CreateTopics_result_topics", "rd_kafka_topic_result_error_string"):
    getattr(lib, name).restype = ctypes.c_void_p


DELIVERED = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int), ctypes.c_void_p)  # a message begins with its error


def client(bootstrap, delivered=None, **settings):
    conf, why = ctypes.c_void_p(lib.rd_kafka_conf_new()), ctypes.create_string_buffer(512)
    for key, value in {"bootstrap.servers": bootstrap, **{key.replace("_", "."): value for key, value in settings.items()}}.items():
        key = "log_level" if key == "log.level" else key
        if lib.rd_kafka_conf_set(conf, key.encode(), str(value).encode(), why, ctypes.c_size_t(512)) != 0:
            raise RuntimeError(why.value.decode())
    if delivered:
        lib.rd_kafka_conf_set_dr_msg_cb(conf, delivered)
    return ctypes.c_void_p(lib.rd_kafka_new(0, conf, why, ctypes.c_size_t(512)))


def create_topic(bootstrap, name, partitions=1, **settings):
    """create_topic(b, "alerts", message_timestamp_type="CreateTime")"""
    why, rk = ctypes.create_string_buffer(512), client(bootstrap)
    topic = ctypes.c_void_p(lib.rd_kafka_NewTopic_new(name.encode(), partitions, 1, why, ctypes.c_size_t(512)))
    for key, value in settings.items():
        lib.rd_kafka_NewTopic_set_config(topic, key.replace("_", ".").encode(), str(value).encode())
    queue = ctypes.c_void_p(lib.rd_kafka_queue_new(rk))
    lib.rd_kafka_CreateTopics(rk, ctypes.byref(topic), ctypes.c_size_t(1), None, queue)
    event = ctypes.c_void_p(lib.rd_kafka_queue_poll(queue, 20000))
    if not event or lib.rd_kafka_event_error(event) != 0:
        raise RuntimeError("topic %s was not created" % name)
    lib.rd_kafka_event_destroy(event)
    lib.rd_kafka_NewTopic_destroy(topic)
    lib.rd_kafka_queue_destroy(queue)
    lib.rd_kafka_destroy(rk)


class Producer:
    """Idempotent: a broker that goes away and comes back has each record once. What was put is noted for the history checker."""

    def __init__(self, stand):
        self.stand, self.refused = stand, []
        self.delivered = DELIVERED(lambda rk, error, opaque: self.refused.append(error[0]) if error[0] else None)
        self.rk = client(stand.kafka.bootstrap, self.delivered, enable_idempotence="true", linger_ms=0, message_timeout_ms=120000, log_level=3)

    def put(self, value, key="k", partition=ANY_PARTITION, timestamp_ms=0):
        with open(self.stand.folder + "/operator/produced", "a") as file:
            file.write(json.dumps({"topic": self.stand.topic, "sha256": hashlib.sha256(value).hexdigest()}) + "\n")
        words = [VTYPE_TOPIC, ctypes.c_char_p(self.stand.topic.encode()), VTYPE_PARTITION, ctypes.c_int32(partition),
                 VTYPE_VALUE, ctypes.c_char_p(value), ctypes.c_size_t(len(value)), VTYPE_KEY, ctypes.c_char_p(key.encode()),
                 ctypes.c_size_t(len(key)), VTYPE_MSGFLAGS, ctypes.c_int(COPY), VTYPE_TIMESTAMP, ctypes.c_int64(timestamp_ms), VTYPE_END]
        if lib.rd_kafka_producev(self.rk, *words) != 0:
            raise RuntimeError("the producer does not take the record")
        lib.rd_kafka_poll(self.rk, 0)

    def flush(self, seconds=60):
        if lib.rd_kafka_flush(self.rk, int(seconds * 1000)) != 0:
            raise RuntimeError("not all records were delivered within %d s" % seconds)
        if self.refused:
            raise RuntimeError("%d records were not delivered, the first with error %d" % (len(self.refused), self.refused[0]))

    def close(self):
        self.flush()
        lib.rd_kafka_destroy(self.rk)
