#!/usr/bin/env python3
"""Writes compute.json: the digests of `lab-guest compute KIND ROUNDS`, without the system calls that it makes.

    python3 Tests/Fixtures/compute.py

The second specification of the work; the first is Sources/Guest/Compute. Every function yields, round for round, the
words that the digest takes in.
"""
import itertools
import json
import math
import pathlib
import struct

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
ROUNDS = [1, 2, 7]


def mix(x):
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def integer():
    state, total = 0x6A09E667F3BCC909, 0
    while True:
        for _ in range(200_000):
            state ^= state << 13 & MASK
            state ^= state >> 7
            state ^= state << 17 & MASK
            if state % 4 == 0:
                total = (total * 0x5851F42D4C957F2D + state) & MASK
            elif state % 4 == 1:
                total = (total + state // (total >> 40 | 1)) & MASK
            else:
                total ^= state
                total = (total << 23 | total >> 41) & MASK
        yield [total]


def floating():
    x, y, z, total = 1.0, 1.0, 1.0, 0.0
    while True:
        for _ in range(200_000):
            dx, dy, dz = 10.0 * (y - x), x * (28.0 - z) - y, x * y - (8.0 / 3.0) * z
            x, y, z = x + dx / 1024, y + dy / 1024, z + dz / 1024
            total += math.sqrt(x * x + y * y) / (1.0 + z * z)
        yield [struct.unpack("<Q", struct.pack("<d", value))[0] for value in (x, y, z, total)]


def rotation():
    x, y = 1.0, 0.0
    while True:
        for _ in range(100_000):
            x, y = 0.6 * x - 0.8 * y, 0.8 * x + 0.6 * y
        yield [struct.unpack("<Q", struct.pack("<d", value))[0] for value in (x, y)]


def memory_bandwidth():
    words, half = 1 << 21, 1 << 20
    arrays = [[i * GOLDEN & MASK for i in range(n * words, (n + 1) * words)] for n in range(3)]
    for number in itertools.count():
        start = number % 2 * half
        target, first, second = (arrays[(number // 2 + n) % 3] for n in range(3))
        for i in range(start, start + half):
            target[i] = (first[i] + 3 * second[i]) & MASK
        yield [sum(target[start:start + half]) & MASK]


def memory_random():
    lines = 1 << 20
    seen, line = bytearray(lines), 0
    for _ in range(lines):
        seen[line] = 1
        line = (line * 1664525 + 1013904223) % lines
    assert line == 0 and all(seen), "not one cycle through all lines"
    while True:
        for _ in range(7_000):
            line = (line * 1664525 + 1013904223) % lines
        yield [line]


def syscall():
    mask = 0
    while True:
        total = 0
        for _ in range(10_000):
            total = (total * 31 + mask) & MASK
            mask = (mask * 5 + 3) % 512
        yield [total]


def entry():
    while True:
        yield [3 * 3_333]


def context_switch():
    word = 0
    while True:
        for _ in range(200):
            word = (mix(word) + 1) & MASK
        yield [word]


def page_fault():
    for number in itertools.count():
        yield [sum((number << 32) + page for page in range(768)) & MASK]


def fork_exec():
    for number in itertools.count():
        yield [mix(2 * number) % 64, mix(2 * number + 1) % 64]


def file_write():
    for number in itertools.count():
        yield [mix(stamp) for stamp in range(number * 32 * 16, (number + 1) * 32 * 16)]


def file_read():
    while True:
        yield [mix(stamp) for stamp in range(64 * 16)] * 4


def network_loopback():
    message = [mix(word) for word in range(128)]
    while True:
        for _ in range(100):
            total = 0
            for word in message:
                total = (total * 31 + word) & MASK
            message[0] = total
        yield [message[0]]


def digest(words):
    value = 0
    for word in words:
        value = mix((value + GOLDEN & MASK) ^ word)
    return f"{value:016x}"


KINDS = {
    "integer": integer,
    "float": floating,
    "memory-bandwidth": memory_bandwidth,
    "memory-random": memory_random,
    "syscall": syscall,
    "context-switch": context_switch,
    "page-fault": page_fault,
    "fork-exec": fork_exec,
    "file-write": file_write,
    "file-read": file_read,
    "network-loopback": network_loopback,
    "yardstick-float": rotation,
    "yardstick-entry": entry,
    "yardstick-switch": context_switch,
}

result = {}
for kind, work in KINDS.items():
    taken = list(itertools.islice(work(), max(ROUNDS)))
    result[kind] = {str(n): digest(itertools.chain(*taken[:n])) for n in ROUNDS}
path = pathlib.Path(__file__).with_name("compute.json")
path.write_text(json.dumps(result, indent=2) + "\n")
