"""Sparse autoencoders in PyTorch: how well one explains held-out cells (`--inputs`), and how long a step takes (`--times`).

With `--inputs FILE.npy` [cells, dims]: BatchTopK by this project's defaults (tests/fixtures/sae/training/reference.py),
one after another with seeds 0, 1, …; a random tenth of the cells is held out, inputs are centred and scaled by the training
cells. Prints a JSON object a seed: explained variance and L0 of held-out cells by the threshold, and the share of features
without an activation in any training cell.

With `--times`: a training step of plain PyTorch at the sizes `featurescope bench` times, dense and by autograd, with
`torch.optim.Adam` as it comes and with its fused kernel; made-up inputs of normal noise. Prints a JSON object each.
Run: python reference_sae.py --inputs latent.npy --times --threads 1,2
"""

import argparse
import json
import math
import pathlib
import statistics
import sys

import numpy as np
import torch
from torch import nn

from machine import Clock, machine

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "fixtures/sae/training"))
from reference import Trainer, defaults, infer, reconstruct, tied_start

SIZES = [(20, 10_000, 128, None), (512, 4096, 128, None), (50, 1024, 512, 16), (512, 4096, 1024, 32)]
HELD_OUT, LEAST_STEPS, AUX = 0.1, 5000, 1 / 32


def split(x, generator):
    """Training and held-out cells, centred and scaled so that training cells have E‖x‖² = d."""
    order = torch.randperm(len(x), generator=generator)
    n_held_out = round(HELD_OUT * len(x))
    held_out, training = x[order[:n_held_out]], x[order[n_held_out:]]
    mean = training.mean(dim=0)
    scale = ((training - mean) ** 2).sum(dim=1).mean().div(x.shape[1]).sqrt()
    return (training - mean) / scale, (held_out - mean) / scale


def train(x, given, generator):
    steps_per_epoch = math.ceil(len(x) / given.batch)
    n_epochs = max(given.epochs, math.ceil(LEAST_STEPS / steps_per_epoch))
    variant = {"kind": "batch_topk", "k": given.k, "aux": AUX}
    case = defaults(variant, x.shape[1], given.features, n_epochs * steps_per_epoch, steps_per_epoch)
    trainer = Trainer(case, tied_start(x.shape[1], given.features, generator))
    for _ in range(n_epochs):
        for cells in torch.randperm(len(x), generator=generator).split(given.batch):
            trainer.step(x[cells])
    return trainer


@torch.no_grad()
def evaluate(trainer, x):
    """Explained variance against the mean of these cells, L0, and features without an activation."""
    z = infer(trainer.p, trainer.case["variant"], x, trainer.threshold)
    error = ((reconstruct(trainer.p, z) - x).double() ** 2).sum()
    spread = ((x - x.mean(dim=0)).double() ** 2).sum()
    active = z > 0
    return (1 - error / spread).item(), active.sum().item() / len(x), (~active.any(dim=0)).double().mean().item()


def held_out(given):
    x = torch.tensor(np.load(given.inputs), dtype=torch.float32)
    torch.set_num_threads(1)
    print(json.dumps({"n_cells": len(x), "n_dims": x.shape[1]} | machine("torch", "numpy")), flush=True)
    found = []
    for seed in range(given.seeds):
        generator = torch.Generator().manual_seed(seed)
        training, rest = split(x, generator)
        clock = Clock()
        trainer = train(training, given, generator)
        variance, l0, silent = evaluate(trainer, rest)
        training_variance, training_l0, dead = evaluate(trainer, training)
        row = {
            "seed": seed,
            "steps": trainer.t,
            "held_out_explained_variance": variance,
            "held_out_l0": l0,
            "held_out_silent_share": silent,
        }
        row |= {
            "training_explained_variance": training_variance,
            "training_l0": training_l0,
            "dead_share": dead,
            "threshold": trainer.threshold,
        }
        print(json.dumps(row | {"secs": clock.secs()}), flush=True)
        found.append(row)
    numbers = {name: [row[name] for row in found] for name in ("held_out_explained_variance", "held_out_l0", "dead_share")}
    summary = {
        name: {"mean": statistics.fmean(values), "sd": statistics.stdev(values) if len(values) > 1 else None}
        for name, values in numbers.items()
    }
    print(json.dumps({"summary": summary}), flush=True)


class Vanilla(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(d, h), nn.Linear(h, d)

    def loss(self, x):
        z = torch.relu(self.encoder(x))
        return nn.functional.mse_loss(self.decoder(z), x) + 1e-3 * z.mean()


class TopK(nn.Module):
    def __init__(self, d, h, k):
        super().__init__()
        self.k, self.encoder, self.decoder = k, nn.Linear(d, h), nn.Linear(h, d, bias=False)
        self.b_dec = nn.Parameter(torch.zeros(d))

    def loss(self, x):
        a = torch.relu(self.encoder(x - self.b_dec))
        values, features = a.topk(self.k, dim=1, sorted=False)
        z = torch.zeros_like(a).scatter(1, features, values)
        return nn.functional.mse_loss(self.decoder(z) + self.b_dec, x)


def time_steps(size, fused, repeats):
    """Wall and processor seconds of each step, after three to warm up."""
    d, h, batch, k = size
    torch.manual_seed(0)
    model = TopK(d, h, k) if k else Vanilla(d, h)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=fused)
    batches, runs = torch.randn(4, batch, d), []
    for step in range(repeats + 3):
        clock = Clock()
        adam.zero_grad()
        model.loss(batches[step % 4]).backward()
        adam.step()
        runs.append((clock.secs(), clock.cpu_secs()))
    return runs[3:]


def times(given):
    print(json.dumps(machine("torch")), flush=True)
    for d, h, batch, k in SIZES:
        step = f"{'topk' if k else 'vanilla'}, d {d}, h {h}, B {batch}, k {k or '-'}"
        for threads in map(int, given.threads.split(",")):
            torch.set_num_threads(threads)
            for fused in (False, True):
                secs, cpu_secs = (sorted(values) for values in zip(*time_steps((d, h, batch, k), fused, given.repeats)))
                name = "PyTorch, fused Adam" if fused else "PyTorch"
                row = {
                    "step": step,
                    "method": name,
                    "threads": threads,
                    "secs": statistics.median(secs),
                    "cpu_secs": statistics.median(cpu_secs),
                }
                print(json.dumps(row | {"least_secs": secs[0], "steps": len(secs)}), flush=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--inputs", type=pathlib.Path)
    arguments.add_argument("--features", type=int, default=512)
    arguments.add_argument("--k", type=int, default=16)
    arguments.add_argument("--batch", type=int, default=256)
    arguments.add_argument("--epochs", type=int, default=100)
    arguments.add_argument("--seeds", type=int, default=5)
    arguments.add_argument("--times", action="store_true")
    arguments.add_argument("--threads", default="1,2")
    arguments.add_argument("--repeats", type=int, default=20)
    given = arguments.parse_args()
    if given.inputs:
        held_out(given)
    if given.times:
        times(given)


if __name__ == "__main__":
    main()
