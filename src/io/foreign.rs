//! Well-known files that can't be opened, by their beginning or their members, each with what to do with it.

use super::torch::LEGACY_MAGIC;
use super::zip::ZipMember;

/// Well-known files that are not ours, with what to do with each.
pub(super) fn foreign_kind(start: &[u8]) -> Option<(&'static str, &'static str)> {
    let legacy = "save it again in Python: torch.save(torch.load(path), path)";
    let to_h5ad = "in R, write the object as .h5ad: zellkonverter::writeH5AD(Seurat::as.SingleCellExperiment(object), \
                   \"data.h5ad\"), without Seurat:: … for a SingleCellExperiment";
    let geo = "open the counts among the supplementary files of the series, which come as .h5ad, 10x files or a table";
    let known: [(&[u8], &str, &str); 11] = [
        (b"!Series_", "is a series matrix of GEO, which describes samples", geo),
        (b"^SERIES", "is a SOFT file of GEO, which describes samples", geo),
        (b"^DATABASE", "is a SOFT file of GEO, which describes samples", geo),
        (&LEGACY_MAGIC, "is a PyTorch file in the format before PyTorch 1.6", legacy),
        (b"\x80\x02", "is a Python pickle", "save the array with numpy.save"),
        (b"\x80\x04", "is a Python pickle", "save the array with numpy.save"),
        (b"\x80\x05", "is a Python pickle", "save the array with numpy.save"),
        (b"RDX", "is an R data file", to_h5ad),
        (b"X\n\0", "is an R data file", to_h5ad),
        (b"BZh", "is compressed with bzip2", "decompress it (bunzip2) and open the result, or compress it with gzip"),
        (b"\xfd7zXZ", "is compressed with xz", "decompress it (unxz) and open the result, or compress it with gzip"),
    ];
    if let Some((_, found, hint)) = known.into_iter().find(|(magic, ..)| start.starts_with(magic)) {
        return Some((found, hint));
    }
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        return Some(("is text in UTF-16", "save it as UTF-8"));
    }
    None
}

/// Well-known archives that are no collections of files, with what to do with each.
pub(super) fn foreign_archive(members: &[ZipMember]) -> Option<(&'static str, &'static str)> {
    let has = |wanted: &str| members.iter().any(|member| member.name.split('/').next_back() == Some(wanted));
    let begins = |wanted: &str| members.iter().any(|member| member.name.starts_with(wanted));
    if begins("xl/") {
        let hint = "in Excel, save the sheet as \"CSV UTF-8 (comma delimited)\" and open that file; check before that Excel \
                    did not turn gene names such as SEPT2 into dates";
        return Some(("is an Excel workbook", hint));
    }
    if has("[Content_Types].xml") {
        return Some(("is an Office document", "save its table as .csv and open that file"));
    }
    let zarr = "in Python, write it as one file: anndata.read_zarr(…).write_h5ad(…)";
    (has(".zgroup") || has("zarr.json")).then_some(("is a Zarr store", zarr))
}

/// What a download leaves that did not bring the file, with what to do.
pub(super) fn failed_download(text: &str) -> Option<(&'static str, &'static str)> {
    let start: String = text.chars().take(64).collect::<String>().to_lowercase();
    if ["<!doctype html", "<html", "<?xml", "<head", "<body"].iter().any(|tag| start.starts_with(tag)) {
        let hint = "the download failed (perhaps it led to a sign-in or error page), so download the file again";
        return Some(("is a web page", hint));
    }
    let hint = "run git lfs pull in its repository, or download the file itself";
    start.starts_with("version https://git-lfs").then_some(("is a pointer of git LFS", hint))
}
