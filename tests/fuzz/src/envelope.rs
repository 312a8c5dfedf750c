//! Files as the parts that a reader sees once lengths, checksums and compression are dealt with.
//!
//! A change to any byte of a ZIP archive, a gzip stream or a file with a counted header nearly always ends at the
//! envelope. So a file is opened into its parts, a part is changed, and the envelope is made anew around it: members of a
//! ZIP archive with their CRC-32, the text in gzip, header and data of numpy and safetensors, pages and footer of Parquet.
//! What is none of these is one part. HDF5's own checksums are put right in [`with_checksums`].

use std::io::{Read, Write};

use flate2::read::{DeflateDecoder, MultiGzDecoder};
use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};

/// Nothing is inflated beyond this: larger parts are not interesting.
const MAX_PART: u64 = 1 << 20;
const PARQUET_MAGIC: &[u8] = b"PAR1";
const NUMPY_MAGIC: &[u8] = b"\x93NUMPY";

/// A file in parts.
pub struct Envelope {
    kind: Kind,
    /// What can be changed.
    pub parts: Vec<Vec<u8>>,
}

enum Kind {
    Plain,
    Gzip,
    Parquet,
    Safetensors,
    /// The major version, which says how wide the length is.
    Numpy(u8),
    /// Name and method of each member.
    Zip(Vec<(Vec<u8>, u16)>),
}

impl Envelope {
    /// Takes a file apart.
    pub fn open(bytes: &[u8]) -> Self {
        let opened = if bytes.starts_with(b"PK\x03\x04") {
            open_zip(bytes)
        } else if bytes.starts_with(&[0x1f, 0x8b]) {
            inflated(MultiGzDecoder::new(bytes)).map(|text| Self { kind: Kind::Gzip, parts: vec![text] })
        } else if bytes.starts_with(PARQUET_MAGIC) {
            open_parquet(bytes)
        } else if bytes.starts_with(NUMPY_MAGIC) {
            open_numpy(bytes)
        } else if bytes.get(8) == Some(&b'{') {
            open_safetensors(bytes)
        } else {
            None
        };
        opened.unwrap_or_else(|| Self { kind: Kind::Plain, parts: vec![bytes.to_vec()] })
    }

    /// Whether there is nothing around the bytes.
    pub fn is_plain(&self) -> bool {
        matches!(self.kind, Kind::Plain)
    }

    /// Puts a file together.
    pub fn close(&self) -> Vec<u8> {
        let [first, rest @ ..] = self.parts.as_slice() else { return Vec::new() };
        match &self.kind {
            Kind::Plain => first.clone(),
            Kind::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                let written = encoder.write_all(first);
                written.and_then(|()| encoder.finish()).unwrap_or_default()
            }
            Kind::Parquet => {
                let footer = rest.concat();
                let length = (footer.len() as u32).to_le_bytes();
                [PARQUET_MAGIC, first, &footer, &length, PARQUET_MAGIC].concat()
            }
            Kind::Safetensors => [&(first.len() as u64).to_le_bytes()[..], first, &rest.concat()].concat(),
            Kind::Numpy(version) => {
                let length = (first.len() as u32).to_le_bytes();
                let length = if *version == 1 { &length[..2] } else { &length[..] };
                [NUMPY_MAGIC, &[*version, 0], length, first, &rest.concat()].concat()
            }
            Kind::Zip(members) => close_zip(members, &self.parts),
        }
    }
}

/// Opens bytes again and again with `complaint`, which tells the checksum that a reader found and the one it wanted, and
/// puts the one in the place of the other; a few times, as each hides the next.
pub fn with_checksums(mut bytes: Vec<u8>, complaint: impl Fn(&[u8]) -> Option<(u32, u32)>) -> Vec<u8> {
    const MAX_REPAIRS: usize = 6;
    for _ in 0..MAX_REPAIRS {
        let Some((stored, computed)) = complaint(&bytes) else { break };
        let Some(at) = bytes.windows(4).position(|word| word == stored.to_le_bytes()) else { break };
        bytes[at..at + 4].copy_from_slice(&computed.to_le_bytes());
    }
    bytes
}

fn inflated(packed: impl Read) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    packed.take(MAX_PART).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn open_parquet(bytes: &[u8]) -> Option<Envelope> {
    let body = bytes.strip_prefix(PARQUET_MAGIC)?.strip_suffix(PARQUET_MAGIC)?;
    let (body, length) = body.split_last_chunk::<4>()?;
    let at = body.len().checked_sub(u32::from_le_bytes(*length) as usize)?;
    Some(Envelope { kind: Kind::Parquet, parts: vec![body[..at].to_vec(), body[at..].to_vec()] })
}

fn open_safetensors(bytes: &[u8]) -> Option<Envelope> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (header, data) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    Some(Envelope { kind: Kind::Safetensors, parts: vec![header.to_vec(), data.to_vec()] })
}

fn open_numpy(bytes: &[u8]) -> Option<Envelope> {
    let version = *bytes.get(6)?;
    let (length, start) = if version == 1 {
        (u32::from(u16::from_le_bytes([*bytes.get(8)?, *bytes.get(9)?])), 10)
    } else {
        (u32::from_le_bytes(*bytes.get(8..)?.first_chunk()?), 12)
    };
    let (header, data) = bytes.get(start..)?.split_at_checked(length as usize)?;
    Some(Envelope { kind: Kind::Numpy(version), parts: vec![header.to_vec(), data.to_vec()] })
}

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?)))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?) as usize)
}

/// Follows the directory at the end, as readers do.
fn open_zip(bytes: &[u8]) -> Option<Envelope> {
    let end = bytes.windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let mut rest = bytes.get(u32_at(bytes, end + 16)?..end)?;
    let (mut members, mut parts) = (Vec::new(), Vec::new());
    while rest.starts_with(b"PK\x01\x02") {
        let name_end = 46 + u16_at(rest, 28)?;
        let name = rest.get(46..name_end)?.to_vec();
        let (method, packed, at) = (u16_at(rest, 10)?, u32_at(rest, 20)?, u32_at(rest, 42)?);
        let start = at + 30 + u16_at(bytes, at + 26)? + u16_at(bytes, at + 28)?;
        let content = bytes.get(start..start.checked_add(packed)?)?;
        parts.push(if method == 8 { inflated(DeflateDecoder::new(content))? } else { content.to_vec() });
        members.push((name, method as u16));
        rest = rest.get(name_end + u16_at(rest, 30)? + u16_at(rest, 32)?..)?;
    }
    (!parts.is_empty()).then_some(Envelope { kind: Kind::Zip(members), parts })
}

fn close_zip(members: &[(Vec<u8>, u16)], parts: &[Vec<u8>]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for ((name, method), content) in members.iter().zip(parts) {
        let mut crc = Crc::new();
        crc.update(content);
        let packed = if *method == 8 { deflated(content) } else { content.clone() };
        // What local header and directory have in common: method, time, CRC-32, sizes, length of the name, no extra field.
        let mut common = method.to_le_bytes().to_vec();
        common.extend([0; 4]);
        for number in [crc.sum(), packed.len() as u32, content.len() as u32, name.len() as u32] {
            common.extend(number.to_le_bytes());
        }
        let at = file.len() as u32;
        file.extend([&b"PK\x03\x04\x14\0\0\0"[..], &common, name, &packed].concat());
        let place = [&[0; 10][..], &at.to_le_bytes()].concat();
        directory.extend([&b"PK\x01\x02\x14\0\x14\0\0\0"[..], &common, &place, name].concat());
    }
    let n = (members.len() as u16).to_le_bytes();
    let sizes = [(directory.len() as u32).to_le_bytes(), (file.len() as u32).to_le_bytes()].concat();
    [&file[..], &directory, b"PK\x05\x06\0\0\0\0", &n, &n, &sizes, &[0; 2]].concat()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(bytes);
    written.and_then(|()| encoder.finish()).unwrap_or_default()
}
