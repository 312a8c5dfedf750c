//! The stack machine: one function an instruction group, every operand checked.

use std::collections::BTreeMap;

use super::objects;
use super::{Input, Pickle, PickleError, Value, ValueId};

/// Highest protocol there is.
const MAX_PROTOCOL: u64 = 5;
/// No name known here is nearly as long.
const MAX_NAME: usize = 200;
/// Objects may copy this many times the pickle's length from values that are there, and [`ALWAYS_ALLOWED`]. Without
/// a limit, one long text could be copied by every instruction.
const MAX_COPIED: usize = 16;
const ALWAYS_ALLOWED: usize = 64 << 10;

/// Reads a pickle.
///
/// # Errors
/// A [`PickleError`] with the place.
pub(crate) fn load(bytes: &[u8]) -> Result<Pickle, PickleError> {
    let mut machine = Machine::new(bytes);
    loop {
        machine.start = machine.input.at;
        let code = machine.input.take(1)?[0];
        if code == b'.' {
            let root = machine.pop()?;
            return Ok(Pickle { values: machine.values, root });
        }
        machine.step(code)?;
    }
}

/// The machine between two instructions.
pub(super) struct Machine<'a> {
    input: Input<'a>,
    /// First byte of the instruction at work.
    start: usize,
    pub(super) values: Vec<Value>,
    stack: Vec<ValueId>,
    /// Heights of the stack at the open marks.
    marks: Vec<usize>,
    memo: BTreeMap<u64, ValueId>,
    /// Bytes that objects may still copy.
    n_allowed: usize,
}

impl<'a> Machine<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            input: Input { bytes, at: 0 },
            start: 0,
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: BTreeMap::new(),
            n_allowed: bytes.len().saturating_mul(MAX_COPIED).saturating_add(ALWAYS_ALLOWED),
        }
    }

    pub(super) fn operand(&self, expected: &'static str) -> PickleError {
        PickleError::Operand { at: self.start, expected }
    }

    pub(super) fn forbidden(&self, name: &str) -> PickleError {
        PickleError::Forbidden { at: self.start, name: name.chars().take(MAX_NAME).collect() }
    }

    pub(super) fn get(&self, id: ValueId) -> &Value {
        &self.values[id.0]
    }

    fn push(&mut self, value: Value) {
        self.values.push(value);
        self.stack.push(ValueId(self.values.len() - 1));
    }

    fn push_object(&mut self, value: Value) -> Result<(), PickleError> {
        self.allow(&value)?;
        self.push(value);
        Ok(())
    }

    /// Holds what a new object copied against what may be copied.
    fn allow(&mut self, value: &Value) -> Result<(), PickleError> {
        let left = self.n_allowed.checked_sub(objects::n_copied(value));
        self.n_allowed = left.ok_or_else(|| self.operand("each value once; here some are copied over and over"))?;
        Ok(())
    }

    /// What is on top; values below an open mark are out of reach.
    fn pop(&mut self) -> Result<ValueId, PickleError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let top = self.stack.pop().filter(|_| self.stack.len() >= floor);
        top.ok_or_else(|| self.operand("a value on the stack"))
    }

    fn top(&self) -> Result<ValueId, PickleError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        self.stack[floor.min(self.stack.len())..].last().copied().ok_or_else(|| self.operand("a value on the stack"))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<ValueId>, PickleError> {
        let height = self.marks.pop().filter(|&height| height <= self.stack.len());
        let height = height.ok_or_else(|| self.operand("a mark on the stack"))?;
        Ok(self.stack.split_off(height))
    }

    fn step(&mut self, code: u8) -> Result<(), PickleError> {
        match code {
            0x80 => self.protocol(),
            0x95 => self.input.take(8).map(|_| ()),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.discard(),
            b'1' => self.pop_to_mark().map(|_| ()),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
                Ok(())
            }
            b'q' | b'r' | 0x94 | b'h' | b'j' => self.memory(code),
            b'N' | 0x88 | 0x89 | b'K' | b'M' | b'J' | 0x8a | 0x8b | b'G' => self.number(code),
            b'X' | 0x8c | 0x8d | b'U' | b'T' | b'B' | b'C' | 0x8e | 0x96 => self.text(code),
            b')' | b't' | 0x85..=0x87 | 0x91 => self.tuple(code),
            b']' | b'}' | 0x8f | b'a' | b'e' | 0x90 | b's' | b'u' => self.collection(code),
            b'c' | 0x93 => self.global(code),
            b'Q' | b'R' | 0x81 | b'b' => self.object(code),
            // READONLY_BUFFER marks the bytes on top as constant, which they are.
            0x98 => self.top().map(|_| ()),
            code => Err(PickleError::Opcode { at: self.start, code }),
        }
    }

    fn protocol(&mut self) -> Result<(), PickleError> {
        match self.input.number(1)? {
            0..=MAX_PROTOCOL => Ok(()),
            _ => Err(self.operand("a protocol from 0 to 5")),
        }
    }

    fn discard(&mut self) -> Result<(), PickleError> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(|_| ())
    }

    fn memory(&mut self, code: u8) -> Result<(), PickleError> {
        let key = match code {
            b'q' | b'h' => self.input.number(1)?,
            b'r' | b'j' => self.input.number(4)?,
            _ => self.memo.len() as u64,
        };
        if matches!(code, b'h' | b'j') {
            let value = self.memo.get(&key).copied().ok_or_else(|| self.operand("a value in the memo"))?;
            self.stack.push(value);
        } else {
            self.memo.insert(key, self.top()?);
        }
        Ok(())
    }

    fn number(&mut self, code: u8) -> Result<(), PickleError> {
        let value = match code {
            b'N' => Value::None,
            0x88 => Value::Bool(true),
            0x89 => Value::Bool(false),
            b'K' => Value::Int(self.input.number(1)?.cast_signed()),
            b'M' => Value::Int(self.input.number(2)?.cast_signed()),
            b'J' => Value::Int(i64::from((self.input.number(4)? as u32).cast_signed())),
            0x8a => long(self.input.counted(1)?),
            0x8b => long(self.input.counted(4)?),
            _ => Value::Float(f64::from_bits(self.input.number(8)?.swap_bytes())),
        };
        self.push(value);
        Ok(())
    }

    fn text(&mut self, code: u8) -> Result<(), PickleError> {
        let bytes = match code {
            0x8c | b'U' | b'C' => self.input.counted(1)?,
            b'X' | b'T' | b'B' => self.input.counted(4)?,
            _ => self.input.counted(8)?,
        };
        self.push(match code {
            b'X' | 0x8c | 0x8d | b'U' | b'T' => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
            _ => Value::Bytes(bytes.to_vec()),
        });
        Ok(())
    }

    fn tuple(&mut self, code: u8) -> Result<(), PickleError> {
        let items = match code {
            b')' => Vec::new(),
            b't' | 0x91 => self.pop_to_mark()?,
            _ => {
                let mut items = Vec::with_capacity(3);
                for _ in 0x84..code {
                    items.push(self.pop()?);
                }
                items.reverse();
                items
            }
        };
        self.push(if code == 0x91 { Value::List(items) } else { Value::Tuple(items) });
        Ok(())
    }

    fn collection(&mut self, code: u8) -> Result<(), PickleError> {
        match code {
            b']' | 0x8f => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.insert(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.insert(&items)?;
            }
            _ => {
                let items = self.pop_to_mark()?;
                self.append(&items)?;
            }
        }
        Ok(())
    }

    fn append(&mut self, items: &[ValueId]) -> Result<(), PickleError> {
        let list = self.top()?;
        match &mut self.values[list.0] {
            Value::List(known) => {
                known.extend_from_slice(items);
                Ok(())
            }
            _ => Err(self.operand("a list to append to")),
        }
    }

    fn insert(&mut self, items: &[ValueId]) -> Result<(), PickleError> {
        let dict = self.top()?;
        match &mut self.values[dict.0] {
            Value::Dict(known) if items.len().is_multiple_of(2) => {
                known.extend(items.as_chunks::<2>().0.iter().map(|&[key, value]| (key, value)));
                Ok(())
            }
            _ => Err(self.operand("a dict and pairs to put into it")),
        }
    }

    fn global(&mut self, code: u8) -> Result<(), PickleError> {
        let name = if code == b'c' {
            let (module, name) = (self.input.line()?, self.input.line()?);
            format!("{}.{}", String::from_utf8_lossy(module), String::from_utf8_lossy(name))
        } else {
            let name = self.pop()?;
            let module = self.pop()?;
            match (self.get(module), self.get(name)) {
                (Value::Text(module), Value::Text(name)) => {
                    let parts = module.chars().take(MAX_NAME).chain(['.']).chain(name.chars().take(MAX_NAME));
                    parts.collect()
                }
                _ => return Err(self.operand("a module and a name")),
            }
        };
        if !objects::is_known(&name) {
            return Err(self.forbidden(&name));
        }
        self.push(Value::Global(name));
        Ok(())
    }

    fn object(&mut self, code: u8) -> Result<(), PickleError> {
        let argument = self.pop()?;
        match code {
            b'Q' => {
                let storage = objects::storage(self, argument)?;
                self.push_object(Value::Storage(storage))?;
            }
            b'b' => {
                let target = self.top()?;
                if let Some(built) = objects::build(self, target, argument)? {
                    self.allow(&built)?;
                    self.values[target.0] = built;
                }
            }
            _ => {
                let callable = self.pop()?;
                match objects::reduce(self, callable, argument)? {
                    objects::Made::New(value) => self.push_object(value)?,
                    objects::Made::Known(id) => self.stack.push(id),
                }
            }
        }
        Ok(())
    }
}

/// A whole number in two's complement, little-endian; beyond 64 bits as f64.
fn long(bytes: &[u8]) -> Value {
    let is_negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    if bytes.len() <= 8 {
        let mut word = [if is_negative { 0xff } else { 0 }; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        return Value::Int(i64::from_le_bytes(word));
    }
    let magnitude = bytes
        .iter()
        .rev()
        .fold(0.0, |sum: f64, &byte| sum * 256.0 + f64::from(if is_negative { 255 - byte } else { byte }));
    Value::Float(if is_negative { -magnitude - 1.0 } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(bytes: &[u8]) -> Value {
        let pickle = load(bytes).unwrap();
        pickle.get(pickle.root()).clone()
    }

    #[test]
    fn numbers_keep_sign_and_size() {
        assert_eq!(root(b"\x80\x02J\xff\xff\xff\xff."), Value::Int(-1));
        assert_eq!(root(b"\x80\x02\x8a\x02\x00\xff."), Value::Int(-256));
        assert_eq!(root(b"\x80\x02\x8a\x09\0\0\0\0\0\0\0\0\x01."), Value::Float(18_446_744_073_709_551_616.0));
        assert_eq!(root(b"\x80\x02\x8a\x09\0\0\0\0\0\0\0\0\xff."), Value::Float(-18_446_744_073_709_551_616.0));
        assert_eq!(root(b"\x80\x02G\xc0\x04\0\0\0\0\0\0."), Value::Float(-2.5));
    }

    #[test]
    fn a_name_that_would_be_run_is_refused_and_quoted() {
        let error = load(b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R.").unwrap_err();
        assert_eq!(error, PickleError::Forbidden { at: 2, name: "os.system".to_owned() });
        let stacked = load(b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.").unwrap_err();
        assert!(stacked.to_string().contains("\"builtins.eval\""), "{stacked}");
    }

    #[test]
    fn instructions_without_their_operands_are_errors() {
        for bytes in
            [&b"\x80\x02."[..], b"\x80\x02(0a.", b"K\x01e.", b"]K\x01K\x02s.", b"h\x05.", b"(K\x01\x86.", b"t."]
        {
            assert!(matches!(load(bytes), Err(PickleError::Operand { .. })), "{bytes:?}");
        }
        assert_eq!(load(b"\x80\x02i").unwrap_err(), PickleError::Opcode { at: 2, code: b'i' });
        assert!(matches!(load(b"\x80\x02X\xff\xff\xff\xffab."), Err(PickleError::Truncated { .. })));
    }

    #[test]
    fn a_list_may_hold_itself() {
        let pickle = load(b"\x80\x02]q\x00h\x00a.").unwrap();
        assert_eq!(pickle.get(pickle.root()), &Value::List(vec![pickle.root()]));
    }
}
