//! ZIP archives as `torch.save` and `numpy.savez` write them: finding members and reading them by slices.
//!
//! Follows PKWARE's APPNOTE 6.3: end of central directory, its ZIP64 form, central directory, local headers; members
//! stored or deflated. Encrypted and split archives and other methods are refused. A stored member is a window of the
//! file and takes no memory; a deflated one is decompressed to exactly the size the directory states, which must be
//! one that deflate can reach, and its CRC-32 must agree.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::reader::{SequentialReader, head, reserved};
use super::{ByteSource, ImportError, MemorySource};

/// First bytes of a ZIP archive with members.
pub(crate) const ZIP_MAGIC: [u8; 4] = *b"PK\x03\x04";
const END_MAGIC: [u8; 4] = *b"PK\x05\x06";
const END_LENGTH: usize = 22;
const LOCATOR_LENGTH: usize = 20;
const END64_LENGTH: usize = 56;
const CENTRAL_LENGTH: usize = 46;
const LOCAL_LENGTH: usize = 30;
/// Longest comment after the end record.
const MAX_COMMENT: usize = 0xffff;
/// Deflate can't compress further than 1 : 1032.
const MAX_RATIO: u64 = 1032;
/// The directory of more than this is not read: no array file has a million members.
const MAX_DIRECTORY: u64 = 64 << 20;

const ADVICE: &str = "the file is damaged or was not copied completely, so copy it or save it again";

/// An open archive: its directory.
pub(crate) struct ZipArchive {
    name: String,
    source: Arc<dyn ByteSource>,
    members: Vec<ZipMember>,
    /// Where in `members` a name stands last.
    places: BTreeMap<String, usize>,
}

/// One file in the archive.
#[derive(Clone, Debug)]
pub(crate) struct ZipMember {
    pub(crate) name: String,
    is_encrypted: bool,
    method: u16,
    crc: u32,
    compressed: u64,
    size: u64,
    header_at: u64,
}

impl ZipArchive {
    /// Reads the directory.
    ///
    /// # Errors
    /// [`ImportError::Format`] if there is none or it contradicts the file's size.
    pub(crate) fn open(name: &str, source: Arc<dyn ByteSource>) -> Result<Self, ImportError> {
        let members = members_of(name, &*source)?;
        let places = members.iter().enumerate().map(|(at, member)| (member.name.clone(), at)).collect();
        Ok(Self { name: name.to_owned(), source, members, places })
    }

    /// All members, in the order of the directory.
    pub(crate) fn members(&self) -> &[ZipMember] {
        &self.members
    }

    /// The member of that name; the last one if several have it, as Python has it.
    pub(crate) fn member(&self, name: &str) -> Option<&ZipMember> {
        self.places.get(name).and_then(|&at| self.members.get(at))
    }

    /// The content of a member.
    ///
    /// # Errors
    /// [`ImportError::Format`] for damage, encryption and other methods, [`ImportError::OutOfMemory`].
    pub(crate) fn open_member(&self, member: &ZipMember) -> Result<Arc<dyn ByteSource>, ImportError> {
        let place = || format!("the archive's member {:?}", member.name);
        let start = self.data_start(member)?;
        if member.is_encrypted {
            return Err(self.error(&place(), "is encrypted".to_owned(), "one without a password".to_owned()));
        }
        match member.method {
            0 if member.size == member.compressed => {
                let source = Arc::clone(&self.source);
                Ok(Arc::new(Window { source, start, length: member.size }))
            }
            8 => Ok(Arc::new(MemorySource(self.inflate(member, start)?))),
            method => {
                let found = format!("is packed by method {method} to {} of {} bytes", member.compressed, member.size);
                Err(self.error(&place(), found, "stored or deflated".to_owned()))
            }
        }
    }

    /// The first bytes of a member's content, at most `limit`; an incomplete or damaged rest does not show.
    ///
    /// # Errors
    /// As [`Self::open_member`], but for the content.
    pub(crate) fn head(&self, member: &ZipMember, limit: u64) -> Result<Vec<u8>, ImportError> {
        if member.method != 8 || member.is_encrypted {
            let source = self.open_member(member)?;
            return head(&self.name, &*source, limit as usize);
        }
        let source = Arc::clone(&self.source);
        let packed = SequentialReader::new(source, self.data_start(member)?).take(member.compressed);
        let mut bytes = Vec::new();
        // What is there before a damaged place is enough to say what the member is.
        let _ = DeflateDecoder::new(io::BufReader::new(packed)).take(limit.min(member.size)).read_to_end(&mut bytes);
        Ok(bytes)
    }

    fn data_start(&self, member: &ZipMember) -> Result<u64, ImportError> {
        data_start(&self.name, &*self.source, member)
    }

    fn inflate(&self, member: &ZipMember, start: u64) -> Result<Vec<u8>, ImportError> {
        let place = format!("the archive's member {:?}", member.name);
        if member.size > member.compressed.saturating_mul(MAX_RATIO).saturating_add(MAX_RATIO) {
            let found = format!("claims to grow from {} to {} bytes", member.compressed, member.size);
            return Err(self.error(&place, found, format!("at most {MAX_RATIO} times as many, deflate's limit")));
        }
        let mut bytes = reserved(&self.name, &place, member.size)?;
        let source = Arc::clone(&self.source);
        let packed = SequentialReader::new(source, start).take(member.compressed);
        let mut plain = DeflateDecoder::new(io::BufReader::new(packed)).take(member.size + 1);
        let damaged = |found: String| self.error(&place, found, format!("{} bytes", member.size));
        plain.read_to_end(&mut bytes).map_err(|error| damaged(format!("can't be decompressed ({error})")))?;
        let mut crc = Crc::new();
        crc.update(&bytes);
        if bytes.len() as u64 != member.size {
            return Err(damaged(format!("decompresses to another size ({} bytes or more)", bytes.len())));
        }
        if crc.sum() != member.crc {
            return Err(damaged("has another checksum (CRC-32) than the directory says".to_owned()));
        }
        Ok(bytes)
    }

    fn error(&self, place: &str, found: String, expected: String) -> ImportError {
        format_error(&self.name, place, found, expected)
    }
}

/// Where the content of a member begins.
fn data_start(name: &str, source: &dyn ByteSource, member: &ZipMember) -> Result<u64, ImportError> {
    let place = format!("the archive's member {:?}", member.name);
    let size = source.size();
    let is_inside = |start: u64, length: u64| start.checked_add(length).is_some_and(|end| end <= size);
    let outside = || {
        let found = format!("claims {} bytes at byte {}", member.compressed, member.header_at);
        format_error(name, &place, found, format!("a part of the file's {size} bytes"))
    };
    if !is_inside(member.header_at, LOCAL_LENGTH as u64) {
        return Err(outside());
    }
    let header = bytes_at(name, source, member.header_at, LOCAL_LENGTH as u64)?;
    if !header.starts_with(&ZIP_MAGIC) {
        let found = format!("has no header at byte {}", member.header_at);
        return Err(format_error(name, &place, found, "the bytes PK\\x03\\x04".to_owned()));
    }
    let start = member.header_at + (LOCAL_LENGTH + u16_at(&header, 26) + u16_at(&header, 28)) as u64;
    if is_inside(start, member.compressed) { Ok(start) } else { Err(outside()) }
}

/// The content of a member that is stored as it is and has at most `limit` bytes.
pub(crate) fn stored_member(name: &str, source: &dyn ByteSource, member: &ZipMember, limit: u64) -> Option<Vec<u8>> {
    let is_plain = member.method == 0 && !member.is_encrypted && member.size == member.compressed;
    if !is_plain || member.size > limit {
        return None;
    }
    let start = data_start(name, source, member).ok()?;
    bytes_at(name, source, start, member.size).ok()
}

/// The members of an archive, from its directory.
///
/// # Errors
/// [`ImportError::Format`] if there is none or it contradicts the file's size.
pub(crate) fn members_of(name: &str, source: &dyn ByteSource) -> Result<Vec<ZipMember>, ImportError> {
    let (start, length) = directory_place(name, source)?;
    let size = source.size();
    if length > MAX_DIRECTORY || start.checked_add(length).is_none_or(|end| end > size) {
        let found = format!("claims {length} bytes from byte {start}");
        return Err(format_error(name, "the ZIP directory", found, format!("a part of the file's {size} bytes")));
    }
    parse_directory(name, size, &bytes_at(name, source, start, length)?)
}

/// Start and length of the central directory.
fn directory_place(name: &str, source: &dyn ByteSource) -> Result<(u64, u64), ImportError> {
    let size = source.size();
    let length = size.min((END_LENGTH + MAX_COMMENT + LOCATOR_LENGTH) as u64);
    let tail = bytes_at(name, source, size - length, length)?;
    let is_end =
        |&at: &usize| tail[at..].starts_with(&END_MAGIC) && u16_at(&tail, at + 20) == tail.len() - at - END_LENGTH;
    let Some(at) = (0..(tail.len() + 1).saturating_sub(END_LENGTH)).rev().find(is_end) else {
        let found = "has no directory at its end".to_owned();
        return Err(format_error(name, "the ZIP archive", found, "one (PK\\x05\\x06)".to_owned()));
    };
    let locator = at.checked_sub(LOCATOR_LENGTH).filter(|&at| tail[at..].starts_with(b"PK\x06\x07"));
    match locator {
        Some(locator) => directory_place64(name, source, u64_at(&tail, locator + 8)),
        None => Ok((u64::from(u32_at(&tail, at + 16)), u64::from(u32_at(&tail, at + 12)))),
    }
}

fn directory_place64(name: &str, source: &dyn ByteSource, at: u64) -> Result<(u64, u64), ImportError> {
    let is_inside = at.checked_add(END64_LENGTH as u64).is_some_and(|end| end <= source.size());
    let record = if is_inside { bytes_at(name, source, at, END64_LENGTH as u64)? } else { Vec::new() };
    if !record.starts_with(b"PK\x06\x06") {
        let found = format!("has no ZIP64 record at byte {at}");
        return Err(format_error(name, "the ZIP archive", found, "the bytes PK\\x06\\x06".to_owned()));
    }
    Ok((u64_at(&record, 48), u64_at(&record, 40)))
}

/// Reads the directory of a file of `size` bytes.
fn parse_directory(name: &str, size: u64, bytes: &[u8]) -> Result<Vec<ZipMember>, ImportError> {
    let mut members = Vec::new();
    let mut rest = bytes;
    while rest.starts_with(b"PK\x01\x02") && rest.len() >= CENTRAL_LENGTH {
        let (n_name, n_extra, n_comment) = (u16_at(rest, 28), u16_at(rest, 30), u16_at(rest, 32));
        let Some((record, after)) = rest.split_at_checked(CENTRAL_LENGTH + n_name + n_extra + n_comment) else {
            break;
        };
        let extra = &record[CENTRAL_LENGTH + n_name..][..n_extra];
        members.push(ZipMember::parse(record, &record[CENTRAL_LENGTH..][..n_name], extra));
        rest = after;
    }
    let together = members.iter().fold(0_u64, |sum, member| sum.saturating_add(member.compressed));
    if together > size {
        let found = format!("claims {together} bytes in {} members", members.len());
        let expected = format!("no more than the file's {size}, as members do not lie over each other");
        return Err(format_error(name, "the ZIP directory", found, expected));
    }
    if rest.is_empty() {
        return Ok(members);
    }
    let place = format!("the ZIP directory, entry {}", members.len() + 1);
    Err(format_error(name, &place, format!("is no record ({} bytes left)", rest.len()), "PK\\x01\\x02".to_owned()))
}

fn bytes_at(name: &str, source: &dyn ByteSource, start: u64, length: u64) -> Result<Vec<u8>, ImportError> {
    let mut bytes = reserved(name, "the ZIP directory", length)?;
    bytes.resize(length as usize, 0);
    let read = source.read_at(start, &mut bytes);
    read.map_err(|source| ImportError::Read { file: name.to_owned(), source })?;
    Ok(bytes)
}

fn format_error(name: &str, place: &str, found: String, expected: String) -> ImportError {
    let (file, place, advice) = (name.to_owned(), place.to_owned(), ADVICE.to_owned());
    ImportError::Format { file, place, found, expected, advice }
}

impl ZipMember {
    /// How many bytes unpacking takes; `None` where the content is a window of the file.
    pub(crate) fn unpacked(&self) -> Option<u64> {
        (self.method != 0).then_some(self.size)
    }

    /// A record of the directory; sizes that do not fit 32 bits are in its ZIP64 field.
    fn parse(record: &[u8], name: &[u8], extra: &[u8]) -> Self {
        let mut wide = zip64_field(extra).chunks_exact(8).map(|raw| u64_at(raw, 0));
        let mut number = |at: usize| match u32_at(record, at) {
            u32::MAX => wide.next().unwrap_or(u64::from(u32::MAX)),
            narrow => u64::from(narrow),
        };
        let (size, compressed, header_at) = (number(24), number(20), number(42));
        Self {
            name: String::from_utf8_lossy(name).into_owned(),
            is_encrypted: u16_at(record, 8) & 1 == 1,
            method: u16_at(record, 10) as u16,
            crc: u32_at(record, 16),
            compressed,
            size,
            header_at,
        }
    }
}

/// The content of the ZIP64 field (tag 1); empty if there is none.
fn zip64_field(mut extra: &[u8]) -> &[u8] {
    while extra.len() >= 4 {
        let (tag, length) = (u16_at(extra, 0), u16_at(extra, 2));
        let Some((field, rest)) = extra[4..].split_at_checked(length) else { break };
        if tag == 1 {
            return field;
        }
        extra = rest;
    }
    &[]
}

/// A part of another source.
struct Window {
    source: Arc<dyn ByteSource>,
    start: u64,
    length: u64,
}

impl ByteSource for Window {
    fn size(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.source.read_at(self.start + offset, buffer)
    }
}

/// Little-endian numbers at a place that was checked to be there.
fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::fixtures::bytes;

    /// The archive with the directory's record of its first member changed by `change`.
    fn opened(change: impl Fn(&mut [u8])) -> Result<Vec<u8>, ImportError> {
        let mut archive = bytes("numpy/packed.npz");
        let at = archive.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        change(&mut archive[at..]);
        let archive = ZipArchive::open("a.npz", Arc::new(MemorySource(archive)))?;
        let source = archive.open_member(&archive.members()[0])?;
        super::super::reader::read_all("a.npz", &*source)
    }

    #[test]
    fn a_deflated_member_is_what_numpy_wrote() {
        assert!(opened(|_| ()).unwrap().starts_with(b"\x93NUMPY"));
    }

    #[test]
    fn a_member_that_claims_what_deflate_can_t_reach_is_refused_before_allocation() {
        let message = opened(|record| record[24..28].copy_from_slice(&0xf000_0000_u32.to_le_bytes())).unwrap_err();
        assert!(message.to_string().contains("claims to grow"), "{message}");
    }

    #[test]
    fn another_size_checksum_place_or_method_is_named() {
        let cases: [(usize, u8, &str); 5] = [
            (24, 1, "another size"),
            (16, 1, "checksum"),
            (8, 1, "encrypted"),
            (10, 4, "packed by method 12"),
            (44, 0x7f, "claims"),
        ];
        for (at, bits, expected) in cases {
            let message = opened(|record| record[at] ^= bits).unwrap_err().to_string();
            assert!(message.contains(expected) && message.contains("latent.npy"), "{message}");
        }
    }

    #[test]
    fn sizes_beyond_32_bits_are_in_the_zip64_field() {
        let mut record = vec![0; CENTRAL_LENGTH];
        record[20..28].copy_from_slice(&[0xff; 8]);
        let mut extra = vec![9, 0, 1, 0, 0, 1, 0, 16, 0];
        extra.extend((1_u64 << 33).to_le_bytes());
        extra.extend((1_u64 << 32).to_le_bytes());
        let member = ZipMember::parse(&record, b"x", &extra);
        assert_eq!((member.size, member.compressed), (1 << 33, 1 << 32));
        assert_eq!(zip64_field(&extra[..12]), [0_u8; 0]);
    }
}
