"""Damaged copies of files: bytes dropped, tags cut, numbers spoiled, always the same for a seed."""

import re

import numpy as np

NUMBER = re.compile(rb"(?<=>)[-+0-9.eE]+(?=<)")
TAG = re.compile(rb"<[^>]{1,80}>")
SPOILED = [
    b"",
    b"nan",
    b"inf",
    b"-1",
    b"1e308",
    b"-1e308",
    b"9" * 30,
    b"0",
    b"1,5",
    b"abc",
    b"0x1F",
    b"\xff",
    b"1e-320",
]


def mutated(data: bytes, seed: int) -> bytes:
    """Damage the bytes of a file in one of several ways."""
    rng = np.random.default_rng(seed)
    ways = [_spoil, _spoil, _spoil, _drop, _cut, _overwrite, _without_tag, _twice, _entity, _recode]
    for _ in range(int(rng.integers(1, 4))):
        data = ways[int(rng.integers(len(ways)))](data, rng)
    return data


def _place(data, rng):
    return int(rng.integers(0, max(len(data), 1)))


def _drop(data, rng):
    at = _place(data, rng)
    return data[:at] + data[at + int(rng.integers(1, 200)) :]


def _cut(data, rng):
    return data[: _place(data, rng)]


def _overwrite(data, rng):
    at = _place(data, rng)
    return data[:at] + rng.bytes(int(rng.integers(1, 8))) + data[at + 4 :]


def _spoil(data, rng):
    """Spoil up to 20 numbers."""
    numbers = list(NUMBER.finditer(data))
    picked = {int(one) for one in rng.integers(0, len(numbers), 20)} if numbers else set()
    parts, end = [], 0
    for number in sorted(picked):
        match = numbers[number]
        parts += [data[end : match.start()], SPOILED[int(rng.integers(len(SPOILED)))]]
        end = match.end()
    return b"".join([*parts, data[end:]])


def _without_tag(data, rng):
    tags = list(TAG.finditer(data))
    if not tags:
        return data
    match = tags[int(rng.integers(len(tags)))]
    return data[: match.start()] + data[match.end() :]


def _twice(data, rng):
    at, length = _place(data, rng), int(rng.integers(1, 2000))
    return data[: at + length] + data[at:]


def _entity(data, rng):
    bomb = b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    return re.sub(rb"(<\?xml[^>]*\?>)?", lambda match: match[0] + bomb, data, count=1).replace(
        b"true", b"&f;", 1
    )


def _recode(data, rng):
    return data.replace(b'<?xml version="1.0"', b'<?xml version="1.0" encoding="utf-16"', 1)
