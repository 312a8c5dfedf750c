//! A ZIP archive of files, opened as if its files were given one by one.
//!
//! Folders inside count for nothing but the names, which become `archive.zip/folder/file.csv`. What file managers add
//! (`__MACOSX`, names with a dot in front, `Thumbs.db`) is passed over silently; a file of no known kind, and an archive in
//! the archive, is left out with a warning. If one file that is known is wrong, all of the archive is refused. At most
//! [`MAX_FILES`] files are read, and packed ones may grow to [`MAX_UNPACKED`] bytes in all; they are unpacked one after the
//! other.

use std::sync::Arc;

use super::import::import_with;
use super::options::ImportOptions;
use super::sniff::{FileKind, sniff};
use super::zip::{ZipArchive, ZipMember};
use super::{ByteSource, ImportError, Imported};
use crate::data::{Observer, printable, shortened};

/// Files read; more are probably not of one data set.
const MAX_FILES: usize = 64;
/// Bytes that packed files may grow to.
const MAX_UNPACKED: u64 = 4 << 30;

/// Reads a file, or all files of an archive, each with its name.
///
/// # Errors
/// As [`super::import`]; for an archive as any of its files, [`ImportError::NothingInside`], [`ImportError::TooManyInside`],
/// [`ImportError::InflatesTooFar`].
pub fn import_all(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<Vec<(String, Imported)>, ImportError> {
    import_all_with(name, source, &ImportOptions::default(), observer)
}

/// As [`import_all`], with options.
pub(super) fn import_all_with(
    name: &str,
    source: Arc<dyn ByteSource>,
    options: &ImportOptions,
    observer: &dyn Observer,
) -> Result<Vec<(String, Imported)>, ImportError> {
    match sniff(name, &*source)? {
        FileKind::Bundle => import_files(name, source, options, observer),
        kind => import_with(kind, name, source, options, observer).map(|content| vec![(name.to_owned(), content)]),
    }
}

/// The members that are files a person put there.
pub(crate) fn files(members: &[ZipMember]) -> impl Iterator<Item = &ZipMember> {
    members.iter().filter(|member| {
        let base = member.name.rsplit('/').next().unwrap_or_default();
        let is_made_by_system = member.name.split('/').any(|part| part == "__MACOSX" || part.starts_with('.'));
        !base.is_empty() && !is_made_by_system && !["Thumbs.db", "desktop.ini"].contains(&base)
    })
}

fn import_files(
    name: &str,
    source: Arc<dyn ByteSource>,
    options: &ImportOptions,
    observer: &dyn Observer,
) -> Result<Vec<(String, Imported)>, ImportError> {
    let archive = ZipArchive::open(name, source)?;
    let members: Vec<&ZipMember> = files(archive.members()).collect();
    check(name, &members)?;
    let (mut imported, mut left_out) = (Vec::new(), Vec::new());
    for member in members {
        if observer.is_cancelled() {
            return Err(ImportError::Cancelled { file: name.to_owned() });
        }
        let inner = format!("{name}/{}", member.name);
        match options.import(&inner, archive.open_member(member)?, observer) {
            Ok(content) => imported.push((inner, content)),
            Err(ImportError::Unrecognised { found, .. }) => {
                left_out.push(format!("{:?} {}", shortened(&member.name), printable(found)));
            }
            Err(error) => return Err(error),
        }
    }
    match (imported.is_empty(), left_out.first()) {
        (true, first) => Err(ImportError::NothingInside {
            file: name.to_owned(),
            found: first.map_or_else(|| "no file is inside".to_owned(), String::clone),
        }),
        (false, None) => Ok(imported),
        (false, Some(_)) => {
            observer.warn(&format!("Files in {name:?} were left out: {}.", printable(left_out.join("; "))));
            Ok(imported)
        }
    }
}

fn check(name: &str, members: &[&ZipMember]) -> Result<(), ImportError> {
    let (file, n_files) = (name.to_owned(), members.len());
    if n_files > MAX_FILES {
        return Err(ImportError::TooManyInside { file, n_files, limit: MAX_FILES });
    }
    let unpacked = members.iter().filter_map(|member| member.unpacked()).fold(0, u64::saturating_add);
    if unpacked > MAX_UNPACKED {
        return Err(ImportError::InflatesTooFar { file, limit: MAX_UNPACKED });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::io::MemorySource;
    use crate::io::fixtures::{bytes, survives_damage_with};

    #[derive(Default)]
    struct Listening(RefCell<Vec<String>>);

    impl Observer for Listening {
        fn progress(&self, _fraction: f64, _message: &str) {}
        fn warn(&self, message: &str) {
            self.0.borrow_mut().push(message.to_owned());
        }
        fn is_cancelled(&self) -> bool {
            false
        }
    }

    type Opened = Result<Vec<(String, Imported)>, ImportError>;

    fn opened(name: &str, bytes: Vec<u8>) -> (Opened, Vec<String>) {
        let listening = Listening::default();
        let found = import_all(name, Arc::new(MemorySource(bytes)), &listening);
        (found, listening.0.into_inner())
    }

    #[test]
    fn the_files_of_an_archive_are_opened_and_others_listed() {
        let (found, warnings) = opened("data.zip", bytes("zip/data.zip"));
        let found = found.unwrap();
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["data.zip/set/labels.csv", "data.zip/set/latent.npy", "data.zip/sets.gmt"]);
        assert!(matches!(&found[0].1, Imported::Labels(labels) if labels.n_rows == 3));
        assert!(
            matches!(&found[1].1, Imported::Embedding { name, values, .. } if name == "latent" && values.n_rows() == 3)
        );
        let said = "Files in \"data.zip\" were left out: \"README.md\" is text with the ending .md; \"inner.zip\" is an \
                    archive of several files.";
        assert_eq!(warnings, [said]);
    }

    #[test]
    fn arrays_in_a_zip_are_files_and_in_an_npz_one_embedding() {
        let (found, _) = opened("arrays.zip", bytes("zip/arrays.zip"));
        assert_eq!(found.unwrap().len(), 2);
        let (found, _) = opened("arrays.npz", bytes("zip/arrays.zip"));
        assert!(found.is_err() || found.is_ok_and(|found| found.len() == 1));
    }

    #[test]
    fn nothing_known_inside_is_told_by_the_first_file() {
        let (found, _) = opened("texts.zip", bytes("zip/texts.zip"));
        let text = found.unwrap_err().to_string();
        assert!(
            text.starts_with("nothing in \"texts.zip\" can be opened: \"notes.md\" is text with the ending .md. "),
            "{text}"
        );
        let (found, _) = opened("many.zip", bytes("zip/many.zip"));
        assert!(found.unwrap_err().to_string().contains("holds 65 files, more than 64"));
    }

    #[test]
    fn a_known_file_that_is_wrong_refuses_all() {
        let (found, _) = opened("wrong.zip", bytes("zip/wrong.zip"));
        let text = found.unwrap_err().to_string();
        assert!(text.contains("\"wrong.zip/labels.csv\", line 3"), "{text}");
    }

    #[test]
    fn damage_is_an_error_or_harmless() {
        survives_damage_with("zip/data.zip", 500, |bytes| opened("data.zip", bytes).0.is_err());
    }
}
