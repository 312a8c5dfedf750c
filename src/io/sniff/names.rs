//! What the name of a file says: its ending, what it should be, what to call what is in it.

/// What the file should be by its name.
pub(super) fn instead_of(name: &str) -> &'static str {
    match extension(name.strip_suffix(".gz").unwrap_or(name)).as_str() {
        "h5ad" | "h5" => ", not HDF5",
        "npy" => ", not a numpy array",
        "npz" => ", not a ZIP archive of numpy arrays",
        "parquet" => ", not Parquet",
        "pt" | "pth" => ", not a PyTorch file",
        "safetensors" => ", not safetensors",
        "csv" | "tsv" | "txt" | "tab" => ", not a table",
        "gmt" | "gmx" => ", not gene sets",
        _ => "",
    }
}

/// The last ending, lower case, without its dot.
pub(crate) fn extension(name: &str) -> String {
    name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default()
}

/// The file's name without folders and without the endings of the formats opened here, whatever their case.
pub(crate) fn stem(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let mut stem = base;
    for ending in [
        ".gz",
        ".h5ad",
        ".h5",
        ".npy",
        ".npz",
        ".pt",
        ".pth",
        ".safetensors",
        ".parquet",
        ".csv",
        ".tsv",
        ".txt",
        ".gmt",
        ".gmx",
        ".yaml",
        ".yml",
        ".json",
        ".mtx",
    ] {
        stem = without_ending(stem, ending).unwrap_or(stem);
    }
    if stem.is_empty() { base.to_owned() } else { stem.to_owned() }
}

fn without_ending<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    let (stem, found) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
    found.eq_ignore_ascii_case(ending).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_lose_known_endings_only() {
        assert_eq!(stem("dir/kang.scvi.npy"), "kang.scvi");
        assert_eq!(stem("h.all.v2023.gmt.gz"), "h.all.v2023");
        assert_eq!(stem(".npy"), ".npy");
    }

    #[test]
    fn stems_lose_endings_of_any_case() {
        assert_eq!(stem("EMB.NPY"), "EMB");
        assert_eq!(stem("latent.csv.npy"), "latent");
        assert_eq!(stem("µ"), "µ");
    }
}
