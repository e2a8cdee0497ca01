# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks on the grid of cells in Python PyTorch: encoder, lift of Doppler profiles onto
the velocity plane, decoder. Writes weights, inputs and expected outputs for test_grid.cc:

    reference_grid.py FOLDER
"""
import math
import os
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional

sys.dont_write_bytecode = True  # no __pycache__ in the source tree
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import safetensors_file  # noqa: E402

C = 299792458.0
CARRIER = 30e9  # lite.yml
TRANSMIT = numpy.array([[25.0, 0.0], [75.0, 0.0]])
RECEIVE = numpy.array([[25.0, 100.0], [75.0, 100.0]])
CELLS, LINES, SPACING, STEPS = 6, 8, 1600.0, 5
D, PROFILES, FEATURES, CHANNELS, HIDDEN, PLANES = 7, 2, 3, 10, 9, 11


class Residual(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        groups = math.gcd(channels, 8)
        self.norm1 = nn.GroupNorm(groups, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)

    def forward(self, x):
        inner = self.conv1(functional.relu(self.norm1(x)))
        return x + self.conv2(functional.relu(self.norm2(inner)))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.downsampling = nn.Conv2d(PLANES, HIDDEN, 4, stride=2, padding=1)
        self.residual0 = Residual(HIDDEN, 1)
        self.residual1 = Residual(HIDDEN, 1)

    def forward(self, x):
        # One access point after the other: x [B, N, PLANES, G, G]
        latents = [
            functional.relu(self.residual1(self.residual0(self.downsampling(x[:, n]))))
            for n in range(x.shape[1])
        ]
        return torch.stack(latents, 2)


def centre(index):
    return (index + 0.5) * 100 / CELLS


def lift(profile, n, m, row, column):
    """profile [LINES] seen by pair (n, m) in a cell → plane of velocities [STEPS²]."""
    place = numpy.array([centre(row), centre(column)])
    legs = sum((place - a) / numpy.linalg.norm(place - a) for a in (TRANSMIT[n], RECEIVE[m]))
    plane = []
    for vx in numpy.linspace(-20, 20, STEPS):
        for vy in numpy.linspace(-20, 20, STEPS):
            line = -(legs @ [vx, vy]) * CARRIER / C / SPACING + (LINES - 1) / 2
            low = int(numpy.floor(line))
            value = 0.0
            for neighbour, weight in ((low, 1 - (line - low)), (low + 1, line - low)):
                if 0 <= neighbour < LINES:
                    value = value + weight * profile[neighbour]
            plane.append(value if torch.is_tensor(value) else torch.zeros(()))
    return torch.stack(plane)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.profile = nn.Linear(D, PROFILES * LINES)
        self.cell = nn.Linear(D, FEATURES)
        self.fusion = nn.Conv2d(PROFILES * STEPS**2 + 4 * FEATURES + 4 + 2, CHANNELS, 1)
        self.residual0 = Residual(CHANNELS, 1)
        self.residual1 = Residual(CHANNELS, 2)
        self.head = nn.Conv2d(CHANNELS, 5 + STEPS**2, 1)

    def forward(self, latents, present=(1.0, 1.0)):
        batch = latents[0].shape[0]
        lifted = torch.zeros(batch, PROFILES, STEPS**2, CELLS, CELLS)
        features = []
        for m in range(2):
            for n in range(2):
                codeword = latents[m][:, :, n].permute(0, 2, 3, 1)  # [B, G', G', D]
                features.append(self.cell(codeword).permute(0, 3, 1, 2) * present[m])
                profiles = self.profile(codeword).unflatten(-1, (PROFILES, LINES)) * present[m]
                for b in range(batch):
                    for row in range(CELLS):
                        for column in range(CELLS):
                            for p in range(PROFILES):
                                lifted[b, p, :, row, column] += lift(
                                    profiles[b, row, column, p], n, m, row, column)
        x = torch.tensor([centre(k) / 50 - 1 for k in range(CELLS)], dtype=torch.float32)
        first = x[:, None].expand(CELLS, CELLS)
        position = torch.stack([first, first.T, first**2, first.T**2])
        plane = torch.cat([lifted.flatten(1, 2), *features,
                           position.expand(batch, -1, -1, -1),
                           torch.tensor(present)[None, :, None, None].expand(
                               batch, 2, CELLS, CELLS)], 1)
        plane = self.residual1(self.residual0(self.fusion(plane)))
        head = self.head(functional.relu(plane))
        logits = head[:, 3:3 + STEPS**2] + lifted[:, 0]
        share = logits.softmax(1)
        axis = torch.linspace(-20, 20, STEPS)
        grid = share.unflatten(1, (STEPS, STEPS))
        mean = torch.stack([(grid.sum(2) * axis[None, :, None, None]).sum(1),
                            (grid.sum(1) * axis[None, :, None, None]).sum(1)], 1)
        return head[:, 0], head[:, 1:3], logits, mean + head[:, -2:] * 10.0


def main():
    torch.manual_seed(3)
    encoder, decoder = Encoder(), Decoder()
    for name, weight in [*encoder.named_parameters(), *decoder.named_parameters()]:
        if "norm" in name:  # fresh ones are ones and zeros
            nn.init.normal_(weight)
    planes = torch.randn(2, 2, PLANES, 2 * CELLS, 2 * CELLS)
    latents = [torch.randn(2, D, 2, CELLS, CELLS) for _ in range(2)]
    with torch.no_grad():
        tensors = {"planes": planes, "latent": encoder(planes),
                   "latents0": latents[0], "latents1": latents[1]}
        outputs = decoder(latents)
        alone = decoder(latents, (0.0, 1.0))
    for name, value, without in zip(("presence", "offset", "velocity_logits", "velocity"),
                                    outputs, alone):
        tensors[name] = value
        tensors[name + "_without_first"] = without
    for prefix, module in (("encoder", encoder), ("decoder", decoder)):
        for name, value in module.state_dict().items():
            tensors[f"{prefix}.{name}"] = value
    safetensors_file.write(
        os.path.join(sys.argv[1], "grid.safetensors"),
        {name: ("F32", value.shape, value.detach().contiguous().numpy().tobytes())
         for name, value in tensors.items()}, {})


if __name__ == "__main__":
    main()
