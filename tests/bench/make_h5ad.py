"""Writes an AnnData file of made-up counts with a given number of non-zeros, CSR, gzip, as anndata writes it.

Run: python make_h5ad.py --out large.h5ad --cells 40000 --genes 20000 --per-cell 1900

`obsm/X_one` has one column, so that the file can be opened as any other.
"""

import argparse

import anndata as ad
import numpy as np
import pandas as pd
import scipy.sparse as sp

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--out", required=True)
parser.add_argument("--cells", type=int, default=40_000)
parser.add_argument("--genes", type=int, default=20_000)
parser.add_argument("--per-cell", type=int, default=1_900)
options = parser.parse_args()

rng = np.random.default_rng(0)
n_values = options.cells * options.per_cell
# Every gene has the same chance; a step between neighbours is between 1 and twice the mean.
step = 2 * options.genes // options.per_cell
indices = np.empty(n_values, dtype=np.int32)
for cell in range(options.cells):
    gaps = rng.integers(1, step, options.per_cell, dtype=np.int32)
    indices[cell * options.per_cell : (cell + 1) * options.per_cell] = np.cumsum(gaps) % options.genes
    indices[cell * options.per_cell : (cell + 1) * options.per_cell].sort()
data = (1 + rng.geometric(0.6, n_values)).astype(np.float32)
indptr = np.arange(0, n_values + 1, options.per_cell, dtype=np.int64)
matrix = sp.csr_matrix((data, indices, indptr), shape=(options.cells, options.genes))
matrix.sum_duplicates()
adata = ad.AnnData(
    matrix,
    obs=pd.DataFrame(index=[f"cell{i}" for i in range(options.cells)]),
    var=pd.DataFrame(index=[f"G{i}" for i in range(options.genes)]),
    obsm={"X_one": rng.random((options.cells, 1), dtype=np.float32)},
)
adata.write_h5ad(options.out, compression="gzip")
print(f"{options.out}: {matrix.nnz} non-zeros")
