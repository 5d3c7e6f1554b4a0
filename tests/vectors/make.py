#!/usr/bin/env python3
"""Made the frozen vectors beside it, once: a second implementation of docs/wire-format.md, from the page and on
libsodium, sharing no line with proto/. Not part of any build. A vector is never made anew: a format that
changes gets a new version and new files.

    make.py FOLDER     writes NAME.txt, lines of `key = hex`
"""
import ctypes
import hashlib
import hmac
import os
import struct
import sys

sodium = ctypes.CDLL("libsodium.so.23")
sodium.sodium_init()


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value) if value else b""
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def message(**fields):
    """f1=..., f2=[...]: fields by number, a list is repeated."""
    out = b""
    for number, value in sorted((int(k[1:]), v) for k, v in fields.items()):
        for one in value if isinstance(value, list) else [value]:
            out += field(number, one)
    return out


def sign_pair(seed):
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
    sodium.crypto_sign_seed_keypair(public, secret, seed)
    return public.raw, secret.raw


def envelope(domain, seed, payload):
    public, secret = sign_pair(seed)
    head = b"MSTR\x01" + bytes([domain]) + hashlib.sha256(public).digest()[:8] + struct.pack(">I", len(payload))
    signature = ctypes.create_string_buffer(64)
    sodium.crypto_sign_detached(signature, None, head + payload, ctypes.c_ulonglong(len(head + payload)), secret)
    return head + payload + signature.raw


def seal(recipient_secret, ephemeral_secret, nonce, place, plain):
    recipient, ephemeral, shared = (ctypes.create_string_buffer(32) for _ in range(3))
    sodium.crypto_scalarmult_base(recipient, recipient_secret)
    sodium.crypto_scalarmult_base(ephemeral, ephemeral_secret)
    sodium.crypto_scalarmult(shared, ephemeral_secret, recipient)
    prk = hmac.digest(ephemeral.raw + recipient.raw, shared.raw, "sha256")
    key = hmac.digest(prk, b"muster sealed secret v1\x01", "sha256")
    head = b"MSEC\x01" + hashlib.sha256(recipient.raw).digest()[:8] + ephemeral.raw
    data = head + place
    out = ctypes.create_string_buffer(len(plain) + 16)
    assert sodium.crypto_aead_aes256gcm_is_available()
    sodium.crypto_aead_aes256gcm_encrypt(out, None, plain, ctypes.c_ulonglong(len(plain)), data,
                                         ctypes.c_ulonglong(len(data)), None, nonce, key)
    return recipient.raw, head + nonce + out.raw


def x25519_public(secret):
    public = ctypes.create_string_buffer(32)
    sodium.crypto_scalarmult_base(public, secret)
    return public.raw


def enrol_proof(secret, challenge, info):
    """That an X25519 key's secret half is held, to whoever holds the challenge's."""
    shared = ctypes.create_string_buffer(32)
    sodium.crypto_scalarmult(shared, secret, challenge)
    prk = hmac.digest(challenge + x25519_public(secret), shared.raw, "sha256")
    return hmac.digest(prk, info + b"\x01", "sha256")


def uid(digit):
    return bytes([digit] * 16)


ROOT, CONTROLLER, AGENT = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
NOW = 1_790_000_000_000_000  # microseconds
PASSWORD = b"ADMIN of the bench"

place = uid(0x22) + uid(0x55) + uid(0x66)
seal_public, sealed = seal(bytes(range(96, 128)), bytes(range(128, 160)), bytes(range(12)), place, PASSWORD)

boot_task = message(
    f1=uid(0x11), f2=uid(0x22), f3=uid(0x33), f4=uid(0x44), f5=uid(0x55), f6=uid(0x77),
    f7=[b"\x52\x54\x00\x12\x34\x56", b"\x52\x54\x00\x12\x34\x57"],
    f8=message(f1=uid(0x66), f2="ipmi", f3="10.77.0.11", f4=623, f5="ADMIN", f6=sealed, f7=3),
    f9=(1 << 32) + 7, f10="boot",
    f11=message(f1=uid(0x88), f2="diag", f3="1", f4=bytes([9] * 32),
                f5=[message(f1="kernel", f2="vmlinuz", f3=bytes([10] * 32), f4=8_000_000),
                    message(f1="initrd", f2="initrd", f3=bytes([11] * 32), f4=30_000_000)],
                f6="console=ttyS0 muster=${agent_url}", f7=["bios", "uefi"], f8=["dmi", "memory"]),
    f12=[message(f1="seconds", f2="30")],
    f13=message(f1="web-1", f2="SN42", f3=192, f4=1),
    f14=message(f1="ecc-errors", f2=3, f3=uid(0x99), f4=uid(0xaa)),
    f15=[message(f1="anna", f2=bytes([12] * 32), f3=NOW)],
    f16=NOW, f17=NOW + 900_000_000, f18=1800, f19="as_found", f20=bytes([13] * 32), f21=["boot/1"], f22=1)
result = message(f1=uid(0x11), f2=uid(0x33), f3=uid(0x44), f4=(1 << 32) + 7, f5="succeeded", f6="degraded", f7="done",
                 f9="disk sda: 3 unreadable sectors", f10="replace disk sda (serial S1)", f11=bytes([14] * 32), f12=4711,
                 f13=bytes([15] * 32), f14=NOW, f15=NOW + 60_000_000, f16=8192)
controller_public = sign_pair(CONTROLLER)[0]
manifest = message(f1=5, f2=NOW, f3=NOW + 86_400_000_000, f4=[message(
    f1=hashlib.sha256(controller_public).digest()[:8], f2=controller_public, f3=["task", "cancel"], f4=[uid(0x33)],
    f5=NOW, f6=NOW + 86_400_000_000)])
hello = message(f1=message(f1=1, f2=1, f3=["boot/1"], f4=uid(0x44), f5=uid(0x33), f6=uid(0xbb), f7=12, f8=300,
                           f9=uid(0xcc), f10=bytes([13] * 32), f11=(1 << 32) + 6, f12=5, f13="muster-agent 0.1.0"))
welcome = message(f16=message(f1=1, f2=["boot/1"], f3=NOW, f4=uid(0xdd), f5=envelope(5, ROOT, manifest), f6=12, f7=299,
                              f8=256, f9=1 << 20, f10="https://10.77.0.1:8443/v1/agent/files/", f11="token",
                              f12=NOW + 3_600_000_000, f13=1))
step = message(f1=NOW, f2=uid(0x11), f3=(1 << 32) + 7,
               f20=message(f1=1, f2="bmc_on", f3="done", f4="power is on", f5="bmc", f6=850))
signed = message(f1=NOW, f2=uid(0x11), f3=(1 << 32) + 7, f22=message(f1=envelope(6, AGENT, result)))
records = message(f3=message(f1=1, f2=13, f3=[step, signed]))

cancel = message(f1=uid(0x11), f2=uid(0x33), f3=uid(0x44), f4=(1 << 32) + 7, f5="not needed", f6=bytes([13] * 32), f7=NOW + 60_000_000)
release = message(f1=uid(0x55), f2=uid(0x33), f3=uid(0x44), f4=(1 << 32) + 8, f5="went there", f6=bytes([13] * 32), f7=NOW + 60_000_000)
settle = message(f1=uid(0x11), f2=uid(0x33), f3=uid(0x44), f4=(1 << 32) + 7, f5="failed", f6="found it dark", f7=bytes([13] * 32),
                 f8=NOW + 60_000_000)

CURVE, SEAL, CHALLENGE, TOKEN = (bytes(range(start, start + 32)) for start in (160, 96, 192, 224))
challenge = x25519_public(CHALLENGE)
enrol = (hashlib.sha256(TOKEN).digest() + x25519_public(CURVE) + sign_pair(AGENT)[0] + x25519_public(SEAL)
         + enrol_proof(CURVE, challenge, b"muster enrol curve v1") + enrol_proof(SEAL, challenge, b"muster enrol seal v1")
         + b"north\0north-1\0")


def signed_vector(domain, seed, payload):
    return {"seed": seed, "public": sign_pair(seed)[0], "payload": payload, "envelope": envelope(domain, seed, payload)}


VECTORS = {
    "envelope-task": {"seed": CONTROLLER, "public": controller_public, "payload": boot_task,
                      "envelope": envelope(1, CONTROLLER, boot_task)},
    "envelope-result": {"seed": AGENT, "public": sign_pair(AGENT)[0], "payload": result, "envelope": envelope(6, AGENT, result)},
    "envelope-manifest": {"seed": ROOT, "public": sign_pair(ROOT)[0], "payload": manifest, "envelope": envelope(5, ROOT, manifest)},
    "sealed-secret": {"secret": bytes(range(96, 128)), "public": seal_public, "tenant": uid(0x22), "machine": uid(0x55),
                      "bmc": uid(0x66), "plain": PASSWORD, "sealed": sealed},
    "frame-hello": {"frame": hello},
    "frame-welcome": {"frame": welcome},
    "frame-records": {"frame": records},
    "frame-order": {"frame": message(f19=message(f1=envelope(1, CONTROLLER, boot_task)))},
    "frame-committed": {"frame": message(f18=message(f1=2, f2=300))},
    "frame-reject": {"frame": message(f17=message(f1="quarantined", f2="two live copies of this agent",
                                                  f3="stop one of them, then: muster agent release", f4=30000))},
    "envelope-cancel": signed_vector(2, CONTROLLER, cancel),
    "envelope-release": signed_vector(3, CONTROLLER, release),
    "envelope-settle": signed_vector(4, CONTROLLER, settle),
    "envelope-enrol": {**signed_vector(7, AGENT, enrol), "curve_secret": CURVE, "seal_secret": SEAL, "challenge_secret": CHALLENGE,
                       "challenge": challenge, "token_secret": TOKEN, "site": b"north", "name": b"north-1"},
    "frame-resume": {"frame": message(f2=message(f1=uid(0xdd), f2=13, f3=300))},
    "frame-ping": {"frame": message(f32=message(f1=4711))},
    "frame-pong": {"frame": message(f33=message(f1=4711, f2=NOW))},
}
for name, lines in VECTORS.items():
    with open(os.path.join(sys.argv[1], name + ".txt"), "w", encoding="ascii") as out:
        out.writelines("%s = %s\n" % (key, value.hex()) for key, value in lines.items())
