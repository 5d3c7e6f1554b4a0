"""One in the middle of the wire between a stand's agent and its musterd, who holds the CURVE keys of both ends (not the keys that sign): it
passes every frame on, keeps it, and can say what it has kept once more. libzmq without a binding; docs/wire-format.md, "Session".

    stand = TappedStand(scenario.work)
    said = stand.tap.frames("records")     # by the agent, as bytes
    stand.tap.say("controller", *said)     # again, in the session that there is
    scenario.check("it was heard", stand.tap.is_through())
"""
import ctypes
import itertools
import threading

from scenario import await_true
from stand import CURVE_PORT, Stand, write

DEALER, ROUTER, POLLIN, SNDMORE = 5, 6, 1, 2
LINGER, CURVE_SERVER, CURVE_PUBLICKEY, CURVE_SECRETKEY, CURVE_SERVERKEY = 17, 47, 48, 49, 50
FRAME_MAX = 65536
KINDS = {1: "hello", 2: "resume", 3: "records", 16: "welcome", 17: "reject", 18: "committed", 19: "order", 32: "ping", 33: "pong"}
DOMAINS = {1: "task", 2: "cancel", 3: "release", 4: "settle", 5: "manifest"}
TRUE_PORT = CURVE_PORT + 1000  # where musterd listens; agents are told CURVE_PORT

lib = ctypes.CDLL("libzmq.so.5", use_errno=True)
lib.zmq_ctx_new.restype = lib.zmq_socket.restype = ctypes.c_void_p


class Item(ctypes.Structure):
    _fields_ = [("socket", ctypes.c_void_p), ("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short)]


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return value, at


def fields(data):
    """(number, value) of a protobuf message; a value is bytes or a number."""
    at, found = 0, []
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        found.append((tag >> 3, value))
    return found


def kind_of(frame):
    return KINDS.get(varint(frame, 0)[0] >> 3)


def envelope_of(order):
    """What an ORDER holds."""
    return dict(fields(fields(order)[0][1]))[1]


def manifest_of(welcome):
    return dict(fields(fields(welcome)[0][1]))[5]


def domain_of(envelope):
    return DOMAINS.get(envelope[5])


def ping(number):
    """A frame; its PONG comes behind whatever was said before it."""
    digits = b"\x08"
    while number > 127:
        digits, number = digits + bytes([number & 127 | 128]), number >> 7
    digits += bytes([number])
    return b"\x82\x02" + bytes([len(digits)]) + digits


def key_bytes(path):
    with open(path) as file:
        return bytes.fromhex(file.read().strip())


class Tap:
    def __init__(self, stand):
        self.listen, self.true = ("tcp://%s:%d" % (stand.address, port) for port in (CURVE_PORT, TRUE_PORT))
        self.controller_secret = key_bytes(stand.folder + "/controller/keys/curve.key")
        self.agent_secret = key_bytes(stand.folder + "/agent/keys/curve.key")
        self.lock, self.kept, self.to_say, self.thread = threading.Lock(), [], [], None
        self.pings = itertools.count(1 << 40)  # an agent's own begin with 1

    def frames(self, kind):
        with self.lock:
            return [frame for frame in self.kept if kind_of(frame) == kind]

    def say(self, whom, *frames):
        """To 'agent' or 'controller', beside what they say to each other."""
        with self.lock:
            self.to_say += [(whom, frame) for frame in frames]

    def is_through(self, seconds=20):
        """Whether the controller has answered a ping that was said behind all else."""
        number = next(self.pings)
        self.say("controller", ping(number))
        answer = ping(number)[3:]
        return await_true(seconds, lambda: any(answer in frame for frame in self.frames("pong")))

    def open(self):
        self.context, self.going, self.peer, self.upstream = ctypes.c_void_p(lib.zmq_ctx_new()), True, None, None
        self.router = self.socket(ROUTER, self.controller_secret, CURVE_SERVER=ctypes.c_int(1))
        if lib.zmq_bind(self.router, self.listen.encode()) != 0:
            raise RuntimeError("the tap cannot listen at %s" % self.listen)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def close(self):
        if self.thread:
            self.going = False
            self.thread.join()
            self.thread = None
            for socket in (self.router, self.upstream):
                if socket:
                    lib.zmq_close(socket)
            lib.zmq_ctx_term(self.context)

    def socket(self, kind, secret, **options):
        made = ctypes.c_void_p(lib.zmq_socket(self.context, kind))
        lib.zmq_setsockopt(made, LINGER, ctypes.byref(ctypes.c_int(0)), ctypes.c_size_t(4))
        for name, value in options.items():
            size = len(value) if isinstance(value, bytes) else 4
            lib.zmq_setsockopt(made, globals()[name], value if isinstance(value, bytes) else ctypes.byref(value), ctypes.c_size_t(size))
        lib.zmq_setsockopt(made, CURVE_SECRETKEY, secret, ctypes.c_size_t(32))
        return made

    @staticmethod
    def public_of(secret):
        text, public = ctypes.create_string_buffer(41), ctypes.create_string_buffer(41)
        lib.zmq_z85_encode(text, secret, ctypes.c_size_t(32))
        lib.zmq_curve_public(public, text)
        raw = ctypes.create_string_buffer(32)
        lib.zmq_z85_decode(raw, public)
        return raw.raw

    @staticmethod
    def receive(socket):
        buffer = ctypes.create_string_buffer(FRAME_MAX)
        size = lib.zmq_recv(socket, buffer, ctypes.c_size_t(FRAME_MAX), 0)
        return buffer.raw[:size]

    def keep(self, frame):
        with self.lock:
            self.kept.append(frame)

    def from_agent(self):
        peer, frame = self.receive(self.router), self.receive(self.router)
        self.keep(frame)
        if kind_of(frame) == "hello":  # a connection each, as the agent has one
            if self.upstream:
                lib.zmq_close(self.upstream)
            self.peer = peer
            self.upstream = self.socket(DEALER, self.agent_secret, CURVE_SERVERKEY=self.public_of(self.controller_secret),
                                        CURVE_PUBLICKEY=self.public_of(self.agent_secret))
            lib.zmq_connect(self.upstream, self.true.encode())
        if self.upstream and peer == self.peer:
            lib.zmq_send(self.upstream, frame, ctypes.c_size_t(len(frame)), 0)

    def to_agent(self, frame):
        lib.zmq_send(self.router, self.peer, ctypes.c_size_t(len(self.peer)), SNDMORE)
        lib.zmq_send(self.router, frame, ctypes.c_size_t(len(frame)), 0)

    def run(self):
        while self.going:
            items = (Item * 2)((self.router, 0, POLLIN, 0), (self.upstream, 0, POLLIN, 0))
            lib.zmq_poll(items, 2 if self.upstream else 1, ctypes.c_long(20))
            if items[1].revents & POLLIN:
                frame = self.receive(self.upstream)
                self.keep(frame)
                self.to_agent(frame)
            if items[0].revents & POLLIN:
                self.from_agent()
            with self.lock:
                said, self.to_say = (self.to_say, []) if self.upstream else ([], self.to_say)
            for whom, frame in said:
                if whom == "agent":
                    self.to_agent(frame)
                else:
                    lib.zmq_send(self.upstream, frame, ctypes.c_size_t(len(frame)), 0)


class TappedStand(Stand):
    """Its agent's link goes by way of 'tap'."""

    tap = None

    def configure_musterd(self, number=1):
        super().configure_musterd(number)
        with open(self.yaml_of(number)) as file:
            text = file.read()
        bind = "  bind: tcp://%s:%d" % (self.address, CURVE_PORT)
        write(self.yaml_of(number), text.replace(bind, "  bind: tcp://%s:%d" % (self.address, TRUE_PORT)))

    def configure_agent(self):
        super().configure_agent()
        self.tap = Tap(self)
        self.tap.open()

    def down(self):
        if self.tap:
            self.tap.close()
        super().down()
