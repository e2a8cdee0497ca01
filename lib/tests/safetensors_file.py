# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes NumPy arrays as a safetensors file, for references that C++ tests read."""

import json
import struct

import numpy as np

TYPES = {"float64": "F64", "float32": "F32", "int64": "I64"}


def write(path, arrays, metadata=None):
    """arrays: name -> float64, float32, int64 or complex128 (stored as [..., 2])."""
    header = {"__metadata__": dict(metadata or {})}
    parts = []
    offset = 0
    for name, array in arrays.items():
        array = np.asarray(array)
        if np.iscomplexobj(array):
            array = np.stack([array.real, array.imag], -1)
        data = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": TYPES[str(array.dtype)],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + len(data)],
        }
        offset += len(data)
        parts.append(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
