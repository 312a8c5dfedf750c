#!/usr/bin/env python3
"""Writes GO biological process as a GMT file from the SQLite files of two Debian packages.

    apt-get download r-bioc-org.hs.eg.db=3.16.0-1 r-bioc-go.db=3.16.0-1
    for deb in r-bioc-*.deb; do dpkg -x $deb deb; done
    python3 make_go_gmt.py --packages deb --out GO_BP.gmt

A term's genes are those annotated to it or to one of its descendants (is_a and part_of), whatever the evidence
but ND ("no biological data"); terms with 10 to 500 genes are kept, sorted by accession. Columns: "name
(accession)", accession, symbols in alphabetical order. Standard library only; no R is needed.
"""

import argparse
import pathlib
import sqlite3

GO = "usr/lib/R/site-library/GO.db/extdata/GO.sqlite"
HUMAN = "usr/lib/R/site-library/org.Hs.eg.db/extdata/org.Hs.eg.sqlite"
SMALLEST, LARGEST = 10, 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=pathlib.Path, required=True, help="folder the packages were unpacked to")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()

    human = sqlite3.connect(options.packages / HUMAN)
    annotated = human.execute(
        "SELECT DISTINCT go.go_id, info.symbol FROM go_bp_all AS go JOIN gene_info AS info USING (_id) "
        "WHERE go.evidence <> 'ND'"
    )
    genes_by_term: dict[str, set[str]] = {}
    for term, symbol in annotated:
        genes_by_term.setdefault(term, set()).add(symbol)
    names = dict(sqlite3.connect(options.packages / GO).execute("SELECT go_id, term FROM go_term"))

    lines = [
        "\t".join([f"{names[term]} ({term})", term, *sorted(genes)]) + "\n"
        for term, genes in sorted(genes_by_term.items())
        if SMALLEST <= len(genes) <= LARGEST
    ]
    options.out.write_text("".join(lines), encoding="utf-8")
    print(f"{len(lines)} sets")


if __name__ == "__main__":
    main()
