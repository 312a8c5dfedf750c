//! What can be wrong with a pickle, each with the byte where it stands.

/// A pickle can't be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PickleError {
    /// It ends in the middle of an instruction.
    #[error("ends too early: byte {at} needs {needed} more bytes; the file is damaged, so copy it or save it again")]
    Truncated {
        /// The byte (0-based).
        at: usize,
        /// Bytes needed from there.
        needed: usize,
    },
    /// An instruction that plain data does not need.
    #[error(
        "has the instruction 0x{code:02x} at byte {at}, which no tensor or plain value needs; save the tensor alone with torch.save(tensor, path)"
    )]
    Opcode {
        /// The byte (0-based).
        at: usize,
        /// The instruction.
        code: u8,
    },
    /// An object that only code could rebuild.
    #[error(
        "asks at byte {at} to run {name:?}, and nothing in a file is ever run here; save the tensor alone with torch.save(tensor, path), or a dict {{\"embeddings\": tensor, \"ids\": list of str}}"
    )]
    Forbidden {
        /// The byte (0-based).
        at: usize,
        /// Module and name in Python.
        name: String,
    },
    /// An instruction finds other values than it needs.
    #[error("contradicts itself at byte {at}: expected {expected}; the file is damaged, so copy it or save it again")]
    Operand {
        /// The byte (0-based).
        at: usize,
        /// What the instruction needs.
        expected: &'static str,
    },
}
