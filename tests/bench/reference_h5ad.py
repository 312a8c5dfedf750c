"""Time and peak memory of opening an AnnData file in Python.

Run: python reference_h5ad.py --expression FILE --way anndata|tocsc|h5py

`anndata` reads the file as it is, `tocsc` makes its matrix gene-major after that, as FeatureScope always does, and `h5py`
reads the three arrays of X and nothing else. The fastest of three; peak memory is that of the whole process.
"""

import argparse
import json
import resource

import anndata as ad
import h5py
from machine import Clock, machine

METHODS = {
    "anndata": "anndata.read_h5ad",
    "tocsc": "anndata.read_h5ad and X.tocsc()",
    "h5py": "h5py, arrays of X alone",
}
REPEATS = 3

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--expression", required=True)
parser.add_argument("--way", choices=METHODS, default="anndata")
options = parser.parse_args()


def open_file():
    if options.way == "h5py":
        with h5py.File(options.expression) as file:
            return [file["X"][name][:] for name in ("data", "indices", "indptr")]
    adata = ad.read_h5ad(options.expression)
    return adata.X.tocsc() if options.way == "tocsc" else adata


fastest = None
for _ in range(REPEATS):
    clock = Clock()
    open_file()
    timing = {"secs": clock.secs(), "cpu_secs": clock.cpu_secs()}
    fastest = timing if fastest is None or timing["secs"] < fastest["secs"] else fastest
timing = {"method": METHODS[options.way], "threads": 1} | fastest
timing["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps(timing | machine("anndata", "h5py", "numpy", "scipy")))
