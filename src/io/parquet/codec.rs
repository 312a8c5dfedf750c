//! Unpacking pages: Snappy, gzip, zstd and LZ4, all in Rust, so that they work in the browser, too.
//!
//! A page unpacks to as many bytes as its header says, no more and no fewer; `guard` bounds that number. A zstd frame may
//! ask for a window of 8 MB or as large as its page. The older framing of LZ4 (Hadoop's) and Brotli are not read.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;
use ruzstd::decoding::StreamingDecoder;

/// What can be unpacked, for messages.
pub(super) const CODECS: &str = "zstd, snappy, gzip, lz4_raw or none";
/// Every compressor but the slowest keeps to it.
const MAX_WINDOW: u64 = 8 << 20;

/// Whether pages packed in this way can be unpacked.
pub(super) fn is_known(codec: Compression) -> bool {
    matches!(
        codec,
        Compression::UNCOMPRESSED
            | Compression::SNAPPY
            | Compression::GZIP(_)
            | Compression::ZSTD(_)
            | Compression::LZ4_RAW
    )
}

/// Bytes that one packed byte may become.
pub(super) fn max_ratio(codec: Compression) -> u64 {
    match codec {
        // A block of 128 KB of the same byte takes four.
        Compression::ZSTD(_) => 32 << 10,
        // Snappy copies at most 64 bytes for 2, LZ4 adds 255 a byte, deflate ends at 1032.
        _ => 1032,
    }
}

/// Unpacks a page to `length` bytes.
///
/// # Errors
/// What is wrong, as a sentence, if it is damaged or of another length.
pub(super) fn unpacked(codec: Compression, packed: &[u8], length: usize) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    out.try_reserve_exact(length).map_err(|_| format!("a page needs {length} bytes of memory"))?;
    // A page of nulls only has nothing to unpack.
    if length == 0 {
        return Ok(out);
    }
    let found = match codec {
        Compression::UNCOMPRESSED => {
            out.extend_from_slice(&packed[..length.min(packed.len())]);
            packed.len()
        }
        Compression::SNAPPY => {
            out.resize(length, 0);
            snap::raw::Decoder::new().decompress(packed, &mut out).map_err(|error| error.to_string())?
        }
        Compression::LZ4_RAW => {
            out.resize(length, 0);
            lz4_flex::block::decompress_into(packed, &mut out).map_err(|error| error.to_string())?
        }
        Compression::GZIP(_) => read_to_end(MultiGzDecoder::new(packed), length, &mut out)?,
        Compression::ZSTD(_) => {
            let frame = StreamingDecoder::new_with_max_window_size(packed, MAX_WINDOW.max(length as u64));
            read_to_end(frame.map_err(|error| error.to_string())?, length, &mut out)?
        }
        other => return Err(format!("it is compressed with {other}")),
    };
    if found == length { Ok(out) } else { Err(format!("a page has {found} bytes for {length} that it claims")) }
}

/// Reads one byte more than there should be, if it is there.
fn read_to_end(reader: impl Read, length: usize, out: &mut Vec<u8>) -> Result<usize, String> {
    reader.take(length as u64 + 1).read_to_end(out).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use parquet::basic::{GzipLevel, ZstdLevel};

    use super::*;

    /// Zstandard 1.5 of 300 times "a", by Python's zstandard 0.25.0.
    const ZSTD: [u8; 19] = [40, 181, 47, 253, 96, 44, 0, 77, 0, 0, 16, 97, 97, 1, 0, 39, 42, 192, 2];

    #[test]
    fn pages_have_the_length_they_claim() {
        let zstd = Compression::ZSTD(ZstdLevel::default());
        assert_eq!(unpacked(zstd, &ZSTD, 300).unwrap(), [b'a'; 300]);
        let lz4 = lz4_flex_block(&[b'a'; 300]);
        assert_eq!(unpacked(Compression::LZ4_RAW, &lz4, 300).unwrap(), [b'a'; 300]);
        let snappy = snap::raw::Encoder::new().compress_vec(&[b'a'; 300]).unwrap();
        assert_eq!(unpacked(Compression::SNAPPY, &snappy, 300).unwrap(), [b'a'; 300]);
        let gzip = crate::io::reader::tests::gzip(&[b'a'; 300]);
        let gzip_codec = Compression::GZIP(GzipLevel::default());
        assert_eq!(unpacked(gzip_codec, &gzip, 300).unwrap(), [b'a'; 300]);
        assert_eq!(unpacked(Compression::UNCOMPRESSED, b"ab", 2).unwrap(), b"ab");
        let all =
            [(zstd, &ZSTD[..]), (Compression::LZ4_RAW, &lz4), (Compression::SNAPPY, &snappy), (gzip_codec, &gzip)];
        for (codec, packed) in all.into_iter().chain([(Compression::UNCOMPRESSED, &b"ab"[..])]) {
            for length in [1, 299, 301, 5000] {
                assert!(unpacked(codec, packed, length).is_err(), "{codec} {length}");
            }
            assert_eq!(unpacked(codec, packed, 0).unwrap(), b"");
        }
    }

    #[test]
    fn a_window_larger_than_any_page_is_refused() {
        // A frame header that asks for a window of 1 GB.
        let hostile = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 0x0b, 0x00, 0x00, b'a'];
        let message = unpacked(Compression::ZSTD(ZstdLevel::default()), &hostile, 1).unwrap_err();
        assert!(message.to_lowercase().contains("window"), "{message}");
    }

    /// A literal and a long match, as the LZ4 block format has it.
    fn lz4_flex_block(text: &[u8]) -> Vec<u8> {
        // One literal, then a match of distance 1 and length 4 + 15 + 255 + 20, then five literals.
        let mut block = vec![0x1f, text[0], 1, 0, 255, 20, 0x50];
        block.extend_from_slice(&text[..5]);
        block
    }
}
