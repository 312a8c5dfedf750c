"""Times scanpy's and illico's Wilcoxon of two groups of one cell type: Kang's CD14+ monocytes, stimulated and control.

Reading and normalising are not timed. Each program runs once to compile or warm up, then `--repeats` times; the fastest
run counts and all are printed. illico gets the same data as CSC, its quickest layout, and both of its backends.
Prints one JSON object a program.
Run: python reference_wilcoxon.py --expression kang.h5ad --threads 1,2
"""

import argparse
import json
import logging
import pathlib
import warnings

import anndata
import illico
import numpy as np
import scanpy
from loguru import logger

from machine import Clock, machine

logger.disable("illico")


def normalised(path, cell_type):
    data = anndata.read_h5ad(path)
    data = data[data.obs["cell_type"] == cell_type].copy()
    data.X = data.X.astype(np.float32)
    scanpy.pp.normalize_total(data, target_sum=1e4)
    scanpy.pp.log1p(data)
    return data


def run_scanpy(data, tie_correct):
    options = {"method": "wilcoxon", "tie_correct": tie_correct, "groups": ["stimulated"], "reference": "control"}
    scanpy.tl.rank_genes_groups(data, "condition", **options)


def run_illico(data, n_threads, use_rust):
    illico.asymptotic_wilcoxon(data, True, "condition", reference="control", n_threads=n_threads, use_rust=use_rust)


def report(name, threads, repeats, run):
    runs = []
    for _ in range(repeats + 1):
        clock = Clock()
        run()
        runs.append((clock.secs(), clock.cpu_secs()))
    secs, cpu_secs = min(runs[1:])
    row = {"method": name, "threads": threads, "secs": secs, "cpu_secs": cpu_secs, "first_secs": runs[0][0]}
    print(json.dumps(row | {"all_secs": [secs for secs, _ in runs[1:]]}), flush=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--expression", type=pathlib.Path, required=True)
    arguments.add_argument("--cell-type", default="CD14+ Monocytes")
    arguments.add_argument("--threads", default="1,2")
    arguments.add_argument("--repeats", type=int, default=3)
    given = arguments.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)

    data = normalised(given.expression, given.cell_type)
    n_by_side = data.obs["condition"].value_counts()
    shape = {"n_cells": data.n_obs, "n_genes": data.n_vars, "n_stimulated": int(n_by_side["stimulated"])}
    print(json.dumps(shape | machine("scanpy", "illico", "numpy", "scipy", "numba")), flush=True)
    for tie_correct in (False, True):
        report(f"scanpy, tie_correct={tie_correct}", 1, given.repeats, lambda: run_scanpy(data, tie_correct))
    by_gene = data.copy()
    by_gene.X = data.X.tocsc()
    for n_threads in map(int, given.threads.split(",")):
        for backend in ("Rust", "Numba"):
            run = lambda: run_illico(by_gene, n_threads, backend == "Rust")
            report(f"illico, {backend}, tie and continuity", n_threads, given.repeats, run)


if __name__ == "__main__":
    main()
