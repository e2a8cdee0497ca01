#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second, independent reader and writer of safetensors: struct and json, nothing else.

As a program: prints the contents of FILE as JSON, {"metadata", "tensors": {name: {"dtype",
"shape", "values"}}}.
"""
import json
import struct
import sys

# letter of struct for each type; BF16 is the upper half of a float
LETTERS = {"F64": "d", "F32": "f", "F16": "e", "I64": "q", "I32": "i", "U8": "B", "BOOL": "?",
           "BF16": None}


def write(path, tensors, metadata):
    """tensors: {name: (dtype, shape, little-endian bytes)}; metadata: {text: text}"""
    header = {"__metadata__": metadata}
    place = 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape),
                        "data_offsets": [place, place + len(data)]}
        place += len(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for _, _, data in tensors.values():
            file.write(data)


def values_of(dtype, data):
    """numbers of a tensor's bytes, as Python floats and integers"""
    if dtype == "BF16":
        halves = struct.unpack(f"<{len(data) // 2}H", data)
        return [struct.unpack("<f", struct.pack("<I", half << 16))[0] for half in halves]
    letter = LETTERS[dtype]
    return list(struct.unpack(f"<{len(data) // struct.calcsize(letter)}{letter}", data))


def read(path):
    """(metadata, {name: (dtype, shape, bytes)})"""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + length].decode("utf-8"))
    data = content[8 + length:]
    metadata = header.pop("__metadata__", {})
    tensors = {}
    place = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        if begin != place:
            raise ValueError(f"{name} begins at {begin}, expected {place}")
        place = end
        count = 1
        for size in entry["shape"]:
            count *= size
        size = 2 if entry["dtype"] == "BF16" else struct.calcsize(LETTERS[entry["dtype"]])
        if count * size != end - begin:
            raise ValueError(f"{name}: {end - begin} bytes for shape {entry['shape']}")
        tensors[name] = (entry["dtype"], entry["shape"], data[begin:end])
    if place != len(data):
        raise ValueError(f"{len(data) - place} bytes belong to no tensor")
    return metadata, tensors


def main():
    metadata, tensors = read(sys.argv[1])
    json.dump({"metadata": metadata,
               "tensors": {name: {"dtype": dtype, "shape": shape,
                                  "values": [float(v) for v in values_of(dtype, data)]}
                           for name, (dtype, shape, data) in tensors.items()}}, sys.stdout)


if __name__ == "__main__":
    main()
