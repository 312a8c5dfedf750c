"""Makes one cell type of Kang's cells with one feature: whether a cell was stimulated.

    python make_two_groups.py --expression kang.h5ad --out two_groups.h5ad

Keeps the raw counts (CSR) and the labels; obsm/X_stimulated [cells, 1] is 1 in stimulated cells and 0 in the others.
"""

import argparse
import pathlib

import anndata
import numpy as np


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--expression", type=pathlib.Path, required=True)
    arguments.add_argument("--cell-type", default="CD14+ Monocytes")
    arguments.add_argument("--out", type=pathlib.Path, required=True)
    given = arguments.parse_args()
    data = anndata.read_h5ad(given.expression)
    data = data[data.obs["cell_type"] == given.cell_type]
    is_stimulated = (data.obs["condition"] == "stimulated").to_numpy(np.float32)
    made = anndata.AnnData(data.X.copy(), obs=data.obs[["condition", "cell_type"]].copy(), var=data.var[[]].copy())
    made.obsm["X_stimulated"] = is_stimulated[:, None]
    made.write_h5ad(given.out)


if __name__ == "__main__":
    main()
