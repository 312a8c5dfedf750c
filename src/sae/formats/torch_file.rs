//! A minimal PyTorch file: what `torch.save` of a dict of tensors writes, byte for byte the same each time.
//!
//! A ZIP archive of stored members (PKWARE's APPNOTE 6.3) in one folder: `data.pkl`, a pickle of protocol 2 that calls
//! `torch._utils._rebuild_tensor_v2` for each tensor and nothing else, `byteorder`, `data/N` with the numbers of tensor
//! N, little-endian, and `version`. Contents begin at multiples of 64 bytes, as PyTorch has it. Read by
//! `torch.load(path, weights_only=True)`.

use flate2::Crc;

use super::WeightsError;

/// Where contents may begin.
const ALIGNMENT: usize = 64;
/// The numbers of all tensors together; 4 GiB less room for what describes them.
const MAX_BYTES: u64 = (4 << 30) - (1 << 20);
/// 1980-01-01, the first day ZIP knows.
const DATE: u16 = 0x21;
const LOCAL_LENGTH: usize = 30;
/// Tag of an extra field that holds nothing but room, as PyTorch writes it.
const PADDING_TAG: [u8; 2] = *b"FB";

/// The numbers of a tensor.
#[derive(Clone, Copy, Debug)]
pub(super) enum Data<'a> {
    F32(&'a [f32]),
    I32(i32),
}

/// A tensor to be written.
#[derive(Debug)]
pub(super) struct TorchTensor<'a> {
    name: &'static str,
    shape: Vec<usize>,
    data: Data<'a>,
}

impl<'a> TorchTensor<'a> {
    /// # Panics
    /// If the shape has another number of values.
    pub(super) fn new(name: &'static str, shape: &[usize], data: Data<'a>) -> Self {
        let tensor = Self { name, shape: shape.to_vec(), data };
        assert_eq!(shape.iter().product::<usize>(), tensor.n_values(), "a tensor has as many values as its shape says");
        tensor
    }

    fn n_values(&self) -> usize {
        match self.data {
            Data::F32(values) => values.len(),
            Data::I32(_) => 1,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self.data {
            Data::F32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Data::I32(value) => value.to_le_bytes().to_vec(),
        }
    }
}

/// Writes tensors, in the folder of that name within the archive.
///
/// # Errors
/// [`WeightsError::TooLarge`] beyond what a ZIP archive without 64-bit sizes holds.
pub(super) fn torch_file(folder: &str, tensors: &[TorchTensor<'_>]) -> Result<Vec<u8>, WeightsError> {
    let n_bytes: u64 = tensors.iter().map(|tensor| 4 * tensor.n_values() as u64).sum();
    if n_bytes > MAX_BYTES {
        return Err(WeightsError::TooLarge { n_bytes, max: MAX_BYTES });
    }
    let mut archive = Archive::default();
    archive.add(&format!("{folder}/data.pkl"), &pickle(tensors));
    archive.add(&format!("{folder}/byteorder"), b"little");
    for (at, tensor) in tensors.iter().enumerate() {
        archive.add(&format!("{folder}/data/{at}"), &tensor.bytes());
    }
    archive.add(&format!("{folder}/version"), b"3\n");
    Ok(archive.finish())
}

/// The pickle of the dict: instructions as CPython's `pickletools` names them.
fn pickle(tensors: &[TorchTensor<'_>]) -> Vec<u8> {
    let mut program = vec![0x80, 2, b'}', b'(']; // PROTO 2, EMPTY_DICT, MARK
    for (at, tensor) in tensors.iter().enumerate() {
        text(&mut program, tensor.name);
        global(&mut program, "torch._utils", "_rebuild_tensor_v2");
        program.push(b'('); // MARK: the arguments
        program.push(b'('); // MARK: the storage's persistent id
        text(&mut program, "storage");
        let storage = if matches!(tensor.data, Data::F32(_)) { "FloatStorage" } else { "IntStorage" };
        global(&mut program, "torch", storage);
        text(&mut program, &at.to_string());
        text(&mut program, "cpu");
        whole(&mut program, tensor.n_values());
        program.extend(b"tQ"); // TUPLE, BINPERSID
        whole(&mut program, 0);
        tuple(&mut program, &tensor.shape);
        tuple(&mut program, &strides(&tensor.shape));
        program.push(0x89); // NEWFALSE: no gradient
        global(&mut program, "collections", "OrderedDict");
        program.extend(b")RtR"); // EMPTY_TUPLE, REDUCE: no hooks; TUPLE, REDUCE: the tensor
    }
    program.extend(b"u."); // SETITEMS, STOP
    program
}

/// Row-major strides.
fn strides(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|dim| shape[dim + 1..].iter().product()).collect()
}

fn text(program: &mut Vec<u8>, text: &str) {
    program.push(b'X'); // BINUNICODE
    program.extend((text.len() as u32).to_le_bytes());
    program.extend(text.as_bytes());
}

fn global(program: &mut Vec<u8>, module: &str, name: &str) {
    program.extend(format!("c{module}\n{name}\n").into_bytes()); // GLOBAL
}

fn whole(program: &mut Vec<u8>, value: usize) {
    program.push(b'J'); // BININT, which is signed; no tensor that fits has as many as 2^31 values
    program.extend((value as u32).to_le_bytes());
}

fn tuple(program: &mut Vec<u8>, values: &[usize]) {
    program.push(b'('); // MARK
    for &value in values {
        whole(program, value);
    }
    program.push(b't'); // TUPLE
}

/// A ZIP archive being written.
#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    n_members: u16,
}

impl Archive {
    /// Adds a member, stored.
    fn add(&mut self, name: &str, content: &[u8]) {
        let mut crc = Crc::new();
        crc.update(content);
        let header_at = self.bytes.len();
        let start = header_at + LOCAL_LENGTH + name.len() + 4;
        let n_padding = start.next_multiple_of(ALIGNMENT) - start;
        let common = common_fields(crc.sum(), content.len());
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&common);
        self.bytes.extend((name.len() as u16).to_le_bytes());
        self.bytes.extend((n_padding as u16 + 4).to_le_bytes());
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(PADDING_TAG);
        self.bytes.extend((n_padding as u16).to_le_bytes());
        self.bytes.resize(self.bytes.len() + n_padding, b'Z');
        self.bytes.extend(content);
        self.directory.extend(b"PK\x01\x02\x14\0");
        self.directory.extend(&common);
        self.directory.extend((name.len() as u16).to_le_bytes());
        self.directory.extend([0; 12]); // no extra field, comment, disk, attributes
        self.directory.extend((header_at as u32).to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.n_members += 1;
    }

    fn finish(mut self) -> Vec<u8> {
        let (start, length) = (self.bytes.len() as u32, self.directory.len() as u32);
        self.bytes.append(&mut self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(self.n_members.to_le_bytes());
        self.bytes.extend(self.n_members.to_le_bytes());
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(start.to_le_bytes());
        self.bytes.extend([0; 2]);
        self.bytes
    }
}

/// What a local header and the directory say alike: version, flags, method, time, date, checksum and sizes.
fn common_fields(crc: u32, length: usize) -> Vec<u8> {
    let mut fields = vec![0x14, 0, 0, 0, 0, 0, 0, 0];
    fields.extend(DATE.to_le_bytes());
    fields.extend(crc.to_le_bytes());
    fields.extend((length as u32).to_le_bytes());
    fields.extend((length as u32).to_le_bytes());
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_aligned_and_bytes_stable() {
        let values = [1.5_f32, -2.0, 0.25];
        let tensors = [TorchTensor::new("a", &[3, 1], Data::F32(&values)), TorchTensor::new("k", &[], Data::I32(7))];
        let bytes = torch_file("ae", &tensors).unwrap();
        assert_eq!(bytes, torch_file("ae", &tensors).unwrap());
        let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let at = bytes.windows(raw.len()).position(|window| window == raw).unwrap();
        assert_eq!(at % ALIGNMENT, 0);
        assert_eq!(strides(&[2, 3, 4]), [12, 4, 1]);
    }
}
