"""Made-up counts of a data set's shape, an embedding and a sparse autoencoder that reads it.

    python make_shape.py --cells 56714 --genes 13431 --density 0.1 --features 5318 --active 0.035 --out FOLDER

Writes `counts.h5ad` (CSR, float32, uncompressed; obsm/X_latent of 20 normal dimensions) and a SAELens folder `sae`
whose features are on in the asked share of cells. Nothing in the data means anything: it is for time and memory.
"""

import argparse
import json
from pathlib import Path

import h5py
import numpy as np
from safetensors.numpy import save_file
from scipy.stats import norm

DIMS = 20
CELLS_AT_ONCE = 2000


def counts(h5, args, rng):
    """Every gene has its own share of cells; counts are 1 plus a geometric number."""
    share = rng.beta(0.35, 0.35 * (1 / args.density - 1), args.genes).astype(np.float32)
    group = h5.create_group("X")
    group.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0", "shape": [args.cells, args.genes]})
    kinds = {"data": np.float32, "indices": np.int32}
    parts = {name: group.create_dataset(name, (0,), maxshape=(None,), dtype=kind, chunks=(1 << 20,)) for name, kind in kinds.items()}
    indptr = [0]
    for start in range(0, args.cells, CELLS_AT_ONCE):
        n = min(CELLS_AT_ONCE, args.cells - start)
        is_there = rng.random((n, args.genes), dtype=np.float32) < share
        rows, columns = np.nonzero(is_there)
        end = indptr[-1] + len(columns)
        for name, values in (("data", rng.geometric(0.6, len(columns))), ("indices", columns)):
            parts[name].resize((end,))
            parts[name][indptr[-1] :] = values
        indptr.extend(indptr[-1] + np.cumsum(np.bincount(rows, minlength=n)))
    group.create_dataset("indptr", data=np.asarray(indptr, dtype=np.int64))


def read_names(path):
    """Names in the order of the file, each once; in a .gmt they begin in the third column."""
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    parts = [line[2:] for line in lines] if path.suffix == ".gmt" else lines
    return list(dict.fromkeys(name for part in parts for name in part if name))


def frame(h5, name, index):
    group = h5.create_group(name)
    group.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.2.0", "_index": "_index"})
    group.attrs.create("column-order", [], dtype=h5py.string_dtype())
    values = group.create_dataset("_index", data=index, dtype=h5py.string_dtype())
    values.attrs.update({"encoding-type": "string-array", "encoding-version": "0.2.0"})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, kind in (("cells", int), ("genes", int), ("density", float), ("features", int), ("active", float)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    parser.add_argument("--gene-names", type=Path, help="a .gmt whose genes give the first names, or names, one a line")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    (args.out / "sae").mkdir(parents=True, exist_ok=True)
    names = read_names(args.gene_names) if args.gene_names else []
    names = (names + [f"made_up_{at}" for at in range(args.genes)])[: args.genes]
    with h5py.File(args.out / "counts.h5ad", "w") as h5:
        h5.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        frame(h5, "obs", [f"cell{at}" for at in range(args.cells)])
        frame(h5, "var", names)
        h5.create_group("obsm").create_dataset("X_latent", data=rng.standard_normal((args.cells, DIMS), dtype=np.float32))
        counts(h5, args, rng)
    directions = rng.standard_normal((DIMS, args.features))
    directions /= np.linalg.norm(directions, axis=0)
    bias = np.full(args.features, norm.ppf(args.active))
    tensors = {"W_enc": directions, "b_enc": bias, "W_dec": directions.T.copy(), "b_dec": np.zeros(DIMS)}
    save_file({name: np.ascontiguousarray(value, dtype=np.float32) for name, value in tensors.items()}, args.out / "sae/sae_weights.safetensors")
    config = {"architecture": "standard", "d_in": DIMS, "d_sae": args.features, "dtype": "float32", "apply_b_dec_to_input": False}
    (args.out / "sae/cfg.json").write_text(json.dumps(config))


if __name__ == "__main__":
    main()
