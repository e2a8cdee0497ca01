#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of (12)-(16) in Python PyTorch, written from their description alone.

Writes weights, inputs and expected outputs into FOLDER, for test_reference.cc:

    reference_networks.py FOLDER
"""
import json
import os
import shutil
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional

sys.dont_write_bytecode = True  # no __pycache__ in the source tree
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import safetensors_file  # noqa: E402

TYPES = {numpy.dtype("float32"): "F32", numpy.dtype("float64"): "F64",
         numpy.dtype("int64"): "I64"}


class Downsampling(nn.Module):
    """strided convolutions, one more convolution, residual layers, ReLU"""

    def __init__(self, channels, residual_channels, residual_layers):
        super().__init__()
        self.strided = nn.ModuleList(nn.Conv3d(a, b, kernel_size=4, stride=2, padding=1)
                                     for a, b in zip(channels, channels[1:]))
        self.last = nn.Conv3d(channels[-1], channels[-1], kernel_size=3, padding=1)
        self.residual = Residual(channels[-1], residual_channels, residual_layers)

    def forward(self, x):
        for layer in self.strided:
            x = functional.relu(layer(x))
        return self.residual(self.last(x))

    def named(self, prefix):
        weights = {}
        for number, layer in enumerate([*self.strided, self.last], start=1):
            weights[f"{prefix}.conv{number}.weight"] = layer.weight
            weights[f"{prefix}.conv{number}.bias"] = layer.bias
        return {**weights, **self.residual.named(f"{prefix}.residual")}


class Residual(nn.Module):
    def __init__(self, channels, residual_channels, layers):
        super().__init__()
        self.wide = nn.ModuleList(
            nn.Conv3d(channels, residual_channels, kernel_size=3, padding=1, bias=False)
            for _ in range(layers))
        self.narrow = nn.ModuleList(
            nn.Conv3d(residual_channels, channels, kernel_size=1, bias=False)
            for _ in range(layers))

    def forward(self, x):
        for wide, narrow in zip(self.wide, self.narrow):
            x = x + narrow(functional.relu(wide(functional.relu(x))))
        return functional.relu(x)

    def named(self, prefix):
        weights = {}
        for number, (wide, narrow) in enumerate(zip(self.wide, self.narrow)):
            weights[f"{prefix}.{number}.conv1.weight"] = wide.weight
            weights[f"{prefix}.{number}.conv2.weight"] = narrow.weight
        return weights


def stack_channels(inputs, stem, hidden, layers):
    return [inputs] + [stem] * (layers - 1) + [hidden]


def spread_weights(module, gain):
    """larger than the initial weights, so that all layers show in the output"""
    with torch.no_grad():
        for weight in module.parameters():
            weight.mul_(gain)


def quantize(latent, projector, codebook):
    """(13)-(15) by their definition, in float64: indices, gap, rows, nearest codewords

    gap: how much farther the second codeword is, relative to the distances
    """
    batch, features = latent.shape[:2]
    y = latent.double().reshape(batch, features, -1).permute(0, 2, 1).reshape(-1, features)
    rows = y @ projector.double().T
    distances = torch.stack([(rows - c).pow(2).sum(1) for c in codebook.double()], dim=1)
    two, which = distances.topk(2, dim=1, largest=False)
    gap = (two[:, 1] - two[:, 0]) / (two[:, 1] + rows.pow(2).sum(1))
    indices = which[:, 0]
    return indices, gap, rows, codebook.double()[indices]


def moving_average(rows, indices, codebook, decay, epsilon):
    """(18)-(20) from counts of one; the counts are smoothed in the division only"""
    codewords = codebook.shape[0]
    counts, sums = torch.ones(codewords).double(), codebook.double().clone()
    for j in range(codewords):
        chosen = rows[indices == j]
        counts[j] = decay * counts[j] + (1 - decay) * chosen.shape[0]
        sums[j] = decay * sums[j] + (1 - decay) * chosen.sum(0)
    total = counts.sum()
    smooth = (counts + epsilon) / (total + codewords * epsilon) * total
    return sums / smooth[:, None], counts


def write(folder, name, sizes, tensors):
    arrays = {key: value.detach().numpy() for key, value in tensors.items()}
    safetensors_file.write(
        os.path.join(folder, name + ".safetensors"),
        {key: (TYPES[array.dtype], array.shape, array.tobytes())
         for key, array in arrays.items()},
        {"sizes": json.dumps(sizes), "by": "PyTorch " + torch.__version__})


def access_point(folder, name, shape, keep_quantized, **sizes):
    encoder = Downsampling(
        stack_channels(sizes["in_channels"], sizes["stem_channels"],
                       sizes["hidden_channels"], sizes["downsampling_layers"]),
        sizes["residual_channels"], sizes["residual_layers"])
    spread_weights(encoder, 1.5)
    echo = torch.randn(shape)
    latent = encoder(echo)
    projector = torch.randn(sizes["codeword_dim"], sizes["hidden_channels"]) / 8
    features = latent.permute(0, 2, 3, 4, 1).reshape(-1, sizes["hidden_channels"])
    chosen = features[torch.randperm(features.shape[0])[:sizes["codewords"]]]
    codebook = (chosen @ projector.T).detach()
    indices, gap, rows, nearest = quantize(latent, projector, codebook)
    positions = latent.shape[2:].numel()
    after, counts = moving_average(rows, indices, codebook, 0.99, 1e-5)
    tensors = {
        **encoder.named("encoder"), "echo": echo, "latent": latent,
        "quantizer.projector.weight": projector, "quantizer.codebook": codebook,
        "quantizer.counts": torch.ones(sizes["codewords"]), "quantizer.sums": codebook,
        "indices": indices.reshape(shape[0], positions),
        "gap": gap.reshape(shape[0], positions),
        "commitment": (rows - nearest).pow(2).mean(),
        "codebook_after": after, "counts_after": counts}
    if keep_quantized:
        tensors["quantized"] = nearest.float().reshape(shape[0], positions, -1).permute(
            0, 2, 1).reshape(shape[0], -1, *latent.shape[2:]).contiguous()
    write(folder, name, sizes, tensors)


def decoder(folder, name, batch, **sizes):
    hidden, residual = sizes["hidden_channels"], sizes["residual_channels"]
    latent_shape, transmit_shape = sizes["latent_shape"], sizes["transmit_shape"]
    layers, flat = sizes["transmit_downsampling_layers"], sizes["flat_features"]
    points = sizes["access_points"]
    first = nn.Conv3d(points * sizes["codeword_dim"], hidden, kernel_size=3, padding=1)
    stack = Residual(hidden, residual, sizes["latent_residual_layers"])
    branch = Downsampling(stack_channels(2, sizes["stem_channels"], hidden, layers), residual,
                          sizes["transmit_residual_layers"])
    latent_flat = nn.Linear(hidden * int(numpy.prod(latent_shape)), flat)
    transmit_flat = nn.Linear(
        hidden * int(numpy.prod([size // 2**layers for size in transmit_shape])), flat)
    inner = nn.Linear(2 * flat, sizes["fully_connected"])
    output = nn.Linear(sizes["fully_connected"], 2 * sizes["dimensions"] * sizes["targets"])
    for module in (first, stack, branch, latent_flat, transmit_flat):
        spread_weights(module, 2)
    latents = [torch.randn(batch, sizes["codeword_dim"], *latent_shape) for _ in range(points)]
    transmit = torch.randn(batch, 2, *transmit_shape)
    a = latent_flat(stack(first(torch.cat(latents, dim=1))).reshape(batch, -1))
    b = transmit_flat(branch(transmit).reshape(batch, -1))
    estimate = output(functional.relu(inner(torch.cat([a, b], dim=1))))
    linear = {"latent_conv": first, "latent_projection": latent_flat,
              "transmit_projection": transmit_flat, "fully_connected": inner, "output": output}
    tensors = {**stack.named("decoder.latent_residual"), **branch.named("decoder.transmit"),
               "transmit": transmit, "estimate": estimate}
    for key, module in linear.items():
        tensors[f"decoder.{key}.weight"] = module.weight
        tensors[f"decoder.{key}.bias"] = module.bias
    for number, latent in enumerate(latents):
        tensors[f"latent.{number}"] = latent
    write(folder, name, sizes, tensors)


def centralized(folder, name, batch, **sizes):
    kernel, stride, pooling = sizes["kernel"], sizes["stride"], sizes["pooling"]
    hidden, points = sizes["fully_connected"], sizes["access_points"]
    first = nn.Conv3d(points * sizes["in_channels"], sizes["first_channels"], kernel,
                      stride=stride, padding=kernel // 2)
    second = nn.Conv3d(sizes["first_channels"], sizes["second_channels"], kernel,
                       stride=stride, padding=kernel // 2)
    echoes = torch.randn(batch, points, sizes["in_channels"], *sizes["echo_shape"])
    spread_weights(first, 2)
    spread_weights(second, 2)
    x = functional.relu(second(functional.relu(first(echoes.flatten(1, 2)))))
    features = functional.max_pool3d(x, pooling, ceil_mode=True)
    x = features.reshape(batch, -1)
    layers = [nn.Linear(inputs, hidden) for inputs in (x.shape[1], hidden, hidden)]
    output = nn.Linear(hidden, 2 * sizes["dimensions"] * sizes["targets"])
    tensors = {f"echo.{m}": echoes[:, m].contiguous() for m in range(points)}
    for number, layer in enumerate(layers, start=1):
        spread_weights(layer, 2)
        x = functional.relu(layer(x))
        tensors[f"decoder.fully_connected{number}.weight"] = layer.weight
        tensors[f"decoder.fully_connected{number}.bias"] = layer.bias
    for key, module in {"conv1": first, "conv2": second, "output": output}.items():
        tensors[f"decoder.{key}.weight"] = module.weight
        tensors[f"decoder.{key}.bias"] = module.bias
    tensors["feature_shape"] = torch.tensor(features.shape[1:])
    write(folder, name, sizes, {**tensors, "estimate": output(x)})


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: reference_networks.py FOLDER")
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    torch.manual_seed(2025)
    with torch.no_grad():
        access_point(folder, "access_point_small", (2, 4, 8, 16, 8), True,
                     in_channels=4, stem_channels=6, hidden_channels=10,
                     downsampling_layers=2, residual_layers=1, residual_channels=5,
                     codeword_dim=12, codewords=8)
        access_point(folder, "access_point_paper", (1, 2, 16, 256, 256), False,
                     in_channels=2, stem_channels=64, hidden_channels=128,
                     downsampling_layers=2, residual_layers=2, residual_channels=32,
                     codeword_dim=512, codewords=32)
        decoder(folder, "decoder_small", 3, access_points=3, codeword_dim=6,
                latent_shape=[1, 4, 2], transmit_shape=[8, 8, 4], targets=3, dimensions=3,
                hidden_channels=7, stem_channels=4, residual_channels=5,
                latent_residual_layers=1, transmit_residual_layers=2,
                transmit_downsampling_layers=1, flat_features=6, fully_connected=9)
        decoder(folder, "decoder_paper_channels", 1, access_points=2, codeword_dim=512,
                latent_shape=[4, 8, 8], transmit_shape=[32, 32, 32], targets=2, dimensions=2,
                hidden_channels=128, stem_channels=64, residual_channels=32,
                latent_residual_layers=2, transmit_residual_layers=1,
                transmit_downsampling_layers=2, flat_features=32, fully_connected=128)
        centralized(folder, "centralized_small", 3, access_points=3, in_channels=2,
                    echo_shape=[3, 8, 10], targets=3, dimensions=3, first_channels=4,
                    second_channels=6, kernel=3, stride=1, pooling=4, fully_connected=9)
        centralized(folder, "centralized_lite", 2, access_points=2, in_channels=32,
                    echo_shape=[8, 32, 32], targets=2, dimensions=2, first_channels=16,
                    second_channels=32, kernel=5, stride=2, pooling=2, fully_connected=256)
    shutil.copy(safetensors_file.__file__, folder)


if __name__ == "__main__":
    main()
