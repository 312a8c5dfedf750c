"""Times GSEApy's prerank: one ranking of all genes over every gene set of a file.

The ranking is scanpy's Wilcoxon z of Kang's stimulated against control CD14+ monocytes; its making is not timed.
Sets have 10 to 500 measured genes. Prints one JSON object. GSEApy's number of threads holds for the whole process,
so another number needs another run.
Run: python reference_gsea.py --expression kang.h5ad --gene-sets go.gmt --permutations 1000 --threads 2
"""

import argparse
import json
import logging
import pathlib
import warnings

import gseapy
import scanpy

from machine import Clock, machine
from reference_wilcoxon import normalised, run_scanpy

MIN_SIZE, MAX_SIZE = 10, 500


def read_sets(path):
    lines = [line.split("\t") for line in pathlib.Path(path).read_text().splitlines()]
    return {name: genes for name, _, *genes in lines}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--expression", type=pathlib.Path, required=True)
    arguments.add_argument("--gene-sets", type=pathlib.Path, required=True)
    arguments.add_argument("--cell-type", default="CD14+ Monocytes")
    arguments.add_argument("--permutations", type=int, default=1000)
    arguments.add_argument("--weight", type=float, default=1.0)
    arguments.add_argument("--threads", type=int, default=1)
    given = arguments.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)

    data = normalised(given.expression, given.cell_type)
    run_scanpy(data, tie_correct=True)
    ranking = scanpy.get.rank_genes_groups_df(data, "stimulated").set_index("names")["scores"].fillna(0)
    sets = read_sets(given.gene_sets)
    options = {"permutation_num": given.permutations, "weight": given.weight, "min_size": MIN_SIZE, "max_size": MAX_SIZE}
    clock = Clock()
    options |= {"outdir": None, "no_plot": True, "seed": 1, "threads": given.threads}
    result = gseapy.prerank(ranking, sets, **options).res2d
    secs = {"secs": clock.secs(), "cpu_secs": clock.cpu_secs()}
    first = result.sort_values("NES", ascending=False, key=lambda nes: nes.astype(float)).iloc[0]
    row = {"method": "gseapy.prerank", "threads": given.threads, "n_genes": len(ranking), "n_sets": len(result)}
    row |= {"permutations": given.permutations, "weight": given.weight} | secs
    row |= {"first_set": first["Term"], "first_nes": float(first["NES"])}
    print(json.dumps(row | machine("gseapy", "numpy", "scanpy")))


if __name__ == "__main__":
    main()
