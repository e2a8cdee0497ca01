#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""MUSIC, its model order and orthogonal matching pursuit once more in NumPy and SciPy, on
random echoes; one of the pursuits is scikit-learn's where it is installed. Usage:
reference_estimators.py DIRECTORY"""

import os
import sys

import numpy as np
import scipy.linalg
import scipy.signal
import scipy.stats

sys.dont_write_bytecode = True  # no __pycache__ in the source tree
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import safetensors_file  # noqa: E402


def write(directory, name, arrays, metadata):
    """Writes float64 and complex128 arrays, the latter as [..., 2]."""
    tensors = {}
    for key, array in arrays.items():
        array = np.asarray(array)
        if np.iscomplexobj(array):
            array = np.stack([array.real, array.imag], -1)
        array = np.ascontiguousarray(array, dtype=np.float64)
        tensors[key] = ("F64", array.shape, array.tobytes())
    safetensors_file.write(os.path.join(directory, name + ".safetensors"), tensors,
                           {key: str(value) for key, value in metadata.items()})


def gaussian(rng, *shape):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2)


def steering(cosines, antennas, spacing):
    """[antennas, cosines]"""
    return np.exp(-2j * np.pi * spacing * np.outer(np.arange(antennas), cosines))


def smooth(covariance, length, backward):
    """Average over subarrays, straight from the definition with selection matrices."""
    antennas = len(covariance)
    exchange = np.eye(length)[::-1]
    total = np.zeros((length, length), complex)
    count = antennas - length + 1
    for first in range(count):
        select = np.zeros((length, antennas))
        select[np.arange(length), first + np.arange(length)] = 1
        part = select @ covariance @ select.T
        total += part
        if backward:
            total += exchange @ part.conj() @ exchange
    return total / (count * (2 if backward else 1))


def mdl(eigenvalues, snapshots):
    """Wax and Kailath (1985), with the likelihood as a ratio of means."""
    values = np.sort(eigenvalues)[::-1]
    p = len(values)
    lengths = []
    for k in range(p):
        rest = values[k:]
        ratio = scipy.stats.gmean(rest) / rest.mean()
        lengths.append(-snapshots * (p - k) * np.log(ratio)
                       + 0.5 * k * (2 * p - k) * np.log(snapshots))
    return int(np.argmin(lengths))


def music(directory, number):
    """Sources of different power, some coherent, in noise."""
    rng = np.random.default_rng(100 + number)
    antennas, snapshots = int(rng.integers(6, 17)), int(rng.integers(40, 200))
    spacing = float(rng.uniform(0.3, 0.5))
    sources = int(rng.integers(1, 4))
    length = antennas - sources + 1
    cosines = np.sort(rng.choice(np.linspace(-0.8, 0.8, 6), sources, replace=False))
    signals = gaussian(rng, sources, snapshots) * rng.uniform(1, 4, (sources, 1))
    if sources > 1 and number % 2:
        signals[1] = signals[0] * np.exp(1j)  # coherent
    echo = steering(cosines, antennas, spacing) @ signals
    echo += 0.3 * gaussian(rng, antennas, snapshots)
    covariance = echo @ echo.conj().T / snapshots
    smoothed = smooth(covariance, length, True)
    values, vectors = scipy.linalg.eigh(smoothed)
    noise = vectors[:, :length - sources]
    grid = np.linspace(-1, 1, 4001)
    a = steering(grid, length, spacing) / np.sqrt(length)
    spectrum = 1 / np.sum(np.abs(noise.conj().T @ a) ** 2, 0)
    peaks = scipy.signal.find_peaks(spectrum)[0]
    peaks = peaks[np.argsort(-spectrum[peaks])][:sources]
    write(directory, f"music_{number}",
          {"covariance": covariance, "forward": smooth(covariance, length, False),
           "smoothed": smoothed, "grid": grid, "spectrum": spectrum,
           "peaks": grid[peaks], "eigenvalues": values},
          {"sources": sources, "subarray": length, "spacing": repr(spacing),
           "snapshots": snapshots, "order": mdl(values, snapshots)})


def pursue(dictionary, measurements, blocks, block, largest):
    """Orthogonal matching pursuit with lstsq in every step."""
    support = []
    residual = measurements
    for _ in range(blocks):
        energy = np.abs(dictionary.conj().T @ residual) ** 2
        energy = energy.reshape(-1, block, measurements.shape[1]).sum(1)
        rank = energy.max(1) if largest else energy.sum(1)
        rank[support] = -1
        support.append(int(np.argmax(rank)))
        atoms = np.concatenate([np.arange(s * block, (s + 1) * block) for s in support])
        coefficients = np.linalg.lstsq(dictionary[:, atoms], measurements, rcond=None)[0]
        residual = measurements - dictionary[:, atoms] @ coefficients
    return support, coefficients


def pursuit(directory, number):
    """Delays of an OFDM signal: blocks of as many random signals, several measurements."""
    rng = np.random.default_rng(200 + number)
    block, largest = 1 + number % 3, number % 2
    subcarriers, delays = 48 * block, 40
    frequency = np.arange(subcarriers)
    ramps = np.exp(-2j * np.pi * np.outer(frequency, np.arange(delays)) / (2.5 * delays))
    signals = np.linalg.qr(gaussian(rng, subcarriers, block))[0]
    dictionary = (ramps[:, :, None] * signals[:, None, :]).reshape(subcarriers, -1)
    chosen = rng.choice(np.arange(0, delays, 6), 4, replace=False)
    atoms = np.concatenate([np.arange(s * block, (s + 1) * block) for s in chosen])
    measurements = dictionary[:, atoms] @ gaussian(rng, 4 * block, 5)
    measurements += 0.02 * gaussian(rng, subcarriers, 5)
    support, coefficients = pursue(dictionary, measurements, 5, block, largest)
    write(directory, f"omp_{number}",
          {"dictionary": dictionary, "measurements": measurements, "support": support,
           "coefficients": coefficients},
          {"block": block, "largest": largest})


def pursuit_of_library(directory):
    """Real atoms of unit norm and one measurement: what scikit-learn knows."""
    rng = np.random.default_rng(300)
    dictionary = rng.normal(size=(60, 200))
    dictionary /= np.linalg.norm(dictionary, axis=0)
    measurements = dictionary[:, [3, 77, 120, 150]] @ np.array([[1.0], [-2.0], [0.7], [1.5]])
    measurements += 0.01 * rng.normal(size=measurements.shape)
    support, coefficients = pursue(dictionary, measurements, 4, 1, False)
    full = np.zeros(200)
    full[support] = coefficients[:, 0]
    source = "NumPy"
    try:
        from sklearn.linear_model import orthogonal_mp
    except ImportError:
        pass
    else:
        full = orthogonal_mp(dictionary, measurements[:, 0], n_nonzero_coefs=4)
        source = "scikit-learn"
    write(directory, "omp_library",
          {"dictionary": dictionary, "measurements": measurements, "coefficients": full},
          {"source": source})


def main():
    directory = sys.argv[1]
    for number in range(8):
        music(directory, number)
        pursuit(directory, number)
    pursuit_of_library(directory)


if __name__ == "__main__":
    main()
