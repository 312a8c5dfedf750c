"""Gathers what the fuzzers start from into seeds/<target>/ (not committed).

Files of tests/fixtures up to 32 kB, the committed corpus, and HDF5 files as no fixture has them: newest and oldest
layout, every chunk index, every filter the reader has, hard, soft and external links, cycles among them.

Run: python seeds.py        (versions in README.md)
"""

import gzip
import shutil
from pathlib import Path

import h5py
import numpy as np

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
MAX_BYTES = 32 << 10
ENDINGS = {
    "hdf5": [".h5ad", ".h5"],
    "arrays": [".npy", ".npz", ".safetensors", ".pt", "cfg.json", "config.json"],
    "parquet": [".parquet"],
    "text": [".csv", ".tsv", ".gmt", ".gmx", ".json", ".obo", ".gz", ".yaml", ".gaf", ".mtx"],
}


def gather():
    files = sorted(path for path in FIXTURES.rglob("*") if path.is_file() and path.stat().st_size <= MAX_BYTES)
    for target, endings in ENDINGS.items():
        for at, path in enumerate(file for file in files if file.name.endswith(tuple(endings))):
            for place in [target, "any"]:
                shutil.copy(path, HERE / "seeds" / place / f"{at:03}_{target}_{path.name}")
    for path in FIXTURES.rglob("*.h5ad.gz"):
        (HERE / "seeds" / "hdf5" / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    for path in (HERE / "corpus").rglob("*"):
        if path.is_file():
            shutil.copy(path, HERE / "seeds" / path.parent.name / path.name)


def table(file, name, names, attrs=()):
    group = file.create_group(name)
    group.attrs["_index"] = "_index"
    group.attrs["column-order"] = np.array(list(attrs), dtype=h5py.string_dtype())
    group.create_dataset("_index", data=np.array(names, dtype=h5py.string_dtype()))
    return group


def anndata(path, libver, options, resizable=1):
    """Three cells, two genes, stored in the ways that `options` ask for."""
    with h5py.File(path, "w", libver=libver) as file:
        obs = table(file, "obs", ["a", "b", "c"], ["kind", "old", "n"])
        kind = obs.create_group("kind")
        kind.attrs["encoding-type"] = "categorical"
        kind.create_dataset("codes", data=np.array([0, 1, -1], "i1"))
        kind.create_dataset("categories", data=np.array([b"T", b"B"], "S1"))
        obs.create_dataset("old", data=np.array([1, 0, 1], "i1"))
        obs["old"].attrs["categories"] = file["obs/_index"].ref
        obs.create_dataset("__categories/old", data=np.array(["x", "y"], dtype=h5py.string_dtype()))
        obs.create_dataset("n", data=np.array([1.5, 2, 3], ">f8"), chunks=(2,), maxshape=(None,), **options)
        table(file, "var", ["g", "h"])
        x = file.create_group("X")
        x.attrs["encoding-type"] = "csr_matrix"
        x.attrs["shape"] = np.array([3, 2])
        for name, values in [("data", [1.0, 2, 3, 4]), ("indices", [0, 1, 0, 1]), ("indptr", [0, 2, 2, 4])]:
            x.create_dataset(name, data=np.array(values, "f4" if name == "data" else "i4"), chunks=(2,), **options)
        most = (None,) * resizable + (3, 2)[resizable:]
        values = np.arange(6, dtype="f4").reshape(3, 2)
        file.create_dataset("obsm/X_a", data=values, chunks=(1, 1), maxshape=most, **options)
        file["obsm"].create_dataset("half", data=values.astype("f2"))
        compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        compact.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((3, 2))
        h5py.h5d.create(file["obsm"].id, b"compact", h5py.h5t.NATIVE_INT16, space, dcpl=compact)
        file["obsm/again"] = file["obsm/X_a"]
        file["obsm/soft"] = h5py.SoftLink("/obsm/X_a")
        file["obsm/away"] = h5py.ExternalLink("other.h5", "/X")
        file["obsm/loop"] = file["obsm"]
        file["obsm/dangling"] = h5py.SoftLink("/obsm/dangling")
        for at in range(12):
            file["obs"].attrs[f"note {at}"] = at


def hdf5():
    made = HERE / "seeds" / "hdf5"
    ways = {
        "plain": {},
        "gzip": {"compression": "gzip", "shuffle": True},
        "lzf": {"compression": "lzf"},
        "checked": {"fletcher32": True},
        "scaled": {"scaleoffset": 2},
    }
    for libver in ["earliest", "v108", "v110", "latest"]:
        for name, options in ways.items():
            for resizable in [0, 1, 2]:
                if resizable == 1 or name == "gzip":
                    path = made / f"made_{libver}_{name}_{resizable}.h5ad"
                    anndata(path, libver, options, resizable)
                    shutil.copy(path, HERE / "seeds" / "any" / path.name)


if __name__ == "__main__":
    for target in [*ENDINGS, "any"]:
        (HERE / "seeds" / target).mkdir(parents=True, exist_ok=True)
    hdf5()
    gather()
