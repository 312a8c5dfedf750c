"""Times the paper's method as a Python program does it: for each feature a loop over genes and a loop over sets.

Its steps are those of scFeatureLens (arXiv 2410.11468): percentile groups, Welch's t per gene with SciPy, Benjamini-
Hochberg, ranks by fold change, then per set a two-sided binomial test and a Mann-Whitney z of the ranks. Set members are
looked up once, before the clock starts, and group and rank sums are NumPy's: a fast version of that method, so what
it takes is a lower bound. Loading and normalising are timed apart.

Features are columns of an array [cells, features], a file or obsm/KEY of the expression file, negative values as 0. Prints one JSON object a feature, then a summary.
Run: python reference_scflens.py --expression kang.h5ad --scores scores.npy --gene-sets go.gmt --features 0,1,2
"""

import argparse
import json
import math
import pathlib
import warnings

import anndata
import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from machine import Clock, machine

MIN_SIZE, MAX_SIZE, MAX_ZEROS = 10, 500, 1000


def log_normalised(counts):
    """Dense ln(1 + counts scaled to 10,000 a cell), float32, one gene after another in memory."""
    counts = counts.astype(np.float32)
    totals = np.asarray(counts.sum(axis=1)).ravel()
    scaled = counts.multiply(1e4 / np.maximum(totals, 1)[:, None]).tocsc()
    return np.log1p(scaled).toarray(order="F")


def read_sets(path, genes):
    at = {gene: index for index, gene in enumerate(genes)}
    for line in pathlib.Path(path).read_text().splitlines():
        members = np.array(sorted({at[gene] for gene in line.split("\t")[2:] if gene in at}), dtype=np.int64)
        if MIN_SIZE <= len(members) <= MAX_SIZE:
            yield members


def groups(z):
    positive = np.flatnonzero(z > np.percentile(z, 99))
    below = np.flatnonzero(z < np.percentile(z, 1))
    return positive, np.concatenate([below, np.flatnonzero(z == 0)[:MAX_ZEROS]])


def compare_genes(x, positive, negative):
    a, b = x[positive], x[negative]
    fold = a.mean(axis=0) / (b.mean(axis=0) + 1e-8)
    varies = (a.std(axis=0) > 0) & (b.std(axis=0) > 0)
    p = np.ones(x.shape[1])
    for gene in np.flatnonzero(varies):
        p[gene] = stats.ttest_ind(a[:, gene], b[:, gene], equal_var=False).pvalue
    return fold, multipletests(np.nan_to_num(p, nan=1.0), method="fdr_bh")[1]


def select(fold, padj):
    selected = padj < (1e-5 if padj.min() < 1e-5 else 0.05)
    return selected & ((fold > 2) | (fold < 0.5)) if fold.max() >= 2 else selected


def test_sets(fold, selected, sets):
    n_genes, n = len(fold), int(selected.sum())
    ranks = np.empty(n_genes)
    ranks[np.argsort(fold, kind="stable")] = np.arange(1, n_genes + 1)
    n_kept = 0
    for members in sets:
        k, n_s = int(selected[members].sum()), len(members)
        binomial = stats.binomtest(k, n, n_s / n_genes).pvalue if n else 1.0
        n_t = n_genes - n_s
        u_s = n_s * n_t + n_s * (n_s + 1) / 2 - ranks[members].sum()
        z = (min(u_s, n_s * n_t - u_s) - n_s * n_t / 2) / math.sqrt(n_s * n_t * (n_genes + 1) / 12)
        n_kept += k >= 1 and binomial < 0.05 and stats.norm.cdf(z) <= 0.01
    return n_kept


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--expression", type=pathlib.Path, required=True)
    arguments.add_argument("--scores", required=True, help="scores.npy or obsm/KEY")
    arguments.add_argument("--gene-sets", type=pathlib.Path, required=True)
    arguments.add_argument("--features", default="0,1,2", help="columns of the scores, with commas between")
    given = arguments.parse_args()
    warnings.filterwarnings("ignore", category=RuntimeWarning)

    clock = Clock()
    data = anndata.read_h5ad(given.expression)
    x = log_normalised(data.X)
    is_own = given.scores.startswith("obsm/")
    scores = np.maximum(data.obsm[given.scores[5:]] if is_own else np.load(given.scores, mmap_mode="r"), 0)
    sets = list(read_sets(given.gene_sets, data.var_names))
    load_secs = clock.secs()

    totals = []
    for feature in map(int, given.features.split(",")):
        clock = Clock()
        positive, negative = groups(scores[:, feature])
        fold, padj = compare_genes(x, positive, negative)
        de_secs = clock.secs()
        selected = select(fold, padj)
        n_kept = test_sets(fold, selected, sets)
        totals.append((clock.secs(), clock.cpu_secs()))
        row = {"feature": feature, "n_pos": len(positive), "n_neg": len(negative), "n_selected": int(selected.sum())}
        row |= {"n_kept": int(n_kept), "de_secs": de_secs, "sets_secs": totals[-1][0] - de_secs}
        print(json.dumps(row | {"secs": totals[-1][0], "cpu_secs": totals[-1][1]}), flush=True)
    shape = {"n_cells": x.shape[0], "n_genes": x.shape[1], "n_sets": len(sets), "load_secs": load_secs}
    secs, cpu_secs = np.mean(totals, axis=0).tolist()
    means = {"secs_per_feature": secs, "cpu_secs_per_feature": cpu_secs}
    print(json.dumps({"method": "scFeatureLens in Python", **shape, **means} | machine("numpy", "scipy", "statsmodels")))


if __name__ == "__main__":
    main()
