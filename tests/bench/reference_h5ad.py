"""Time and peak memory of anndata opening a file; with --by-gene also of making its matrix gene-major.

Run: python reference_h5ad.py FILE [--by-gene]     FeatureScope always makes it gene-major (`tests/io/opening.rs`).
"""

import argparse
import json
import resource

import anndata as ad
from machine import Clock, machine

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("file")
parser.add_argument("--by-gene", action="store_true")
options = parser.parse_args()

clock = Clock()
adata = ad.read_h5ad(options.file)
if options.by_gene:
    adata.X = adata.X.tocsc()
timing = {"file": options.file, "non_zeros": int(adata.X.nnz), "by_gene": options.by_gene}
timing |= {"wall_secs": clock.secs(), "cpu_secs": clock.cpu_secs()}
timing["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps(timing | machine("anndata", "h5py", "numpy", "scipy")))
