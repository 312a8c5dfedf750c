//! The objects of torch and numpy that are rebuilt: which names are known and what their arguments mean.
//!
//! As in PyTorch's `torch/_utils.py` (`_rebuild_tensor_v2` and its kin), `torch/serialization.py` (persistent ids) and
//! numpy's `_core/multiarray` and `_core/numeric` (`_reconstruct`, `scalar`, `_frombuffer`).

use super::machine::Machine;
use super::{ArrayType, NumpyArray, PickleError, StorageRef, TensorRef, Value, ValueId};
use crate::io::scalar::Scalar;

/// Names with a meaning here, besides the storages and types of [`torch_scalar`].
const KNOWN: [&str; 19] = [
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",
    "torch._utils._rebuild_parameter",
    "torch.Size",
    "torch.storage.UntypedStorage",
    "torch.storage.TypedStorage",
    "collections.OrderedDict",
    "numpy.ndarray",
    "numpy.dtype",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.core.numeric._frombuffer",
    "numpy._core.numeric._frombuffer",
    "_codecs.encode",
    "builtins.set",
    "__builtin__.set",
];

/// PyTorch and numpy allow as many.
const MAX_DIMENSIONS: usize = 64;

pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || torch_scalar(name).is_some()
}

/// What calling a known name gives.
pub(super) enum Made {
    New(Value),
    Known(ValueId),
}

/// The numbers of a typed storage or a `torch.dtype`.
fn torch_scalar(name: &str) -> Option<Scalar> {
    let name = name.strip_prefix("torch.")?;
    let name = name.strip_prefix("cuda.").unwrap_or(name);
    Some(match name {
        "FloatStorage" | "float32" => Scalar::Float(4),
        "DoubleStorage" | "float64" => Scalar::Float(8),
        "HalfStorage" | "float16" => Scalar::Float(2),
        "BFloat16Storage" | "bfloat16" => Scalar::Bfloat16,
        "LongStorage" | "int64" => Scalar::Signed(8),
        "IntStorage" | "int32" => Scalar::Signed(4),
        "ShortStorage" | "int16" => Scalar::Signed(2),
        "CharStorage" | "int8" => Scalar::Signed(1),
        "ByteStorage" | "uint8" => Scalar::Unsigned(1),
        "uint16" => Scalar::Unsigned(2),
        "uint32" => Scalar::Unsigned(4),
        "uint64" => Scalar::Unsigned(8),
        "BoolStorage" | "bool" => Scalar::Bool,
        _ => return None,
    })
}

/// The persistent id `("storage", class, key, location, n_values)`.
pub(super) fn storage(machine: &Machine<'_>, id: ValueId) -> Result<StorageRef, PickleError> {
    let wrong = || machine.operand("(\"storage\", type, key, location, length), as torch.save writes it");
    let [what, class, key, ..]: &[ValueId; 5] =
        items(machine, id).and_then(|items| items.first_chunk()).ok_or_else(wrong)?;
    let is_storage = matches!(machine.get(*what), Value::Text(text) if text == "storage");
    let (Value::Global(class), Value::Text(key)) = (machine.get(*class), machine.get(*key)) else {
        return Err(wrong());
    };
    if !is_storage || (torch_scalar(class).is_none() && class != "torch.storage.UntypedStorage") {
        return Err(wrong());
    }
    Ok(StorageRef { key: key.clone(), scalar: torch_scalar(class) })
}

/// Calls `callable` on a tuple of arguments.
pub(super) fn reduce(machine: &Machine<'_>, callable: ValueId, arguments: ValueId) -> Result<Made, PickleError> {
    let Value::Global(name) = machine.get(callable) else {
        return Err(machine.operand("a function or class to call"));
    };
    let Value::Tuple(arguments) = machine.get(arguments) else {
        return Err(machine.operand("a tuple of arguments"));
    };
    let wrong = || machine.operand("the arguments that torch and numpy write");
    let made = match name.rsplit('.').next().unwrap_or_default() {
        "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3" => {
            tensor(machine, arguments).map(Value::Tensor)
        }
        "_rebuild_parameter" | "Size" | "set" => return arguments.first().copied().map(Made::Known).ok_or_else(wrong),
        "OrderedDict" => arguments.is_empty().then(|| Value::Dict(Vec::new())),
        "dtype" => dtype(machine, arguments).map(Value::Dtype),
        "_reconstruct" => arguments.first().map(|&class| Value::Array(NumpyArray::unbuilt(class))),
        "_frombuffer" => from_buffer(machine, arguments).map(Value::Array),
        "scalar" => scalar(machine, arguments),
        "encode" => encode(machine, arguments),
        _ => return Err(machine.forbidden(name)),
    };
    made.map(Made::New).ok_or_else(wrong)
}

/// Gives a value its state; `None` if it stays as it is.
pub(super) fn build(machine: &Machine<'_>, target: ValueId, state: ValueId) -> Result<Option<Value>, PickleError> {
    let built = match machine.get(target) {
        Value::Dict(_) | Value::Tensor(_) => return Ok(None),
        Value::Dtype(dtype) => dtype_state(machine, dtype, state).map(Value::Dtype),
        Value::Array(_) => array_state(machine, state).map(Value::Array),
        _ => None,
    };
    built.map(Some).ok_or_else(|| machine.operand("the state of a numpy array, a numpy type or an OrderedDict"))
}

/// Bytes a new object copied from values that are there.
pub(super) fn n_copied(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Storage(storage) => storage.key.len(),
        Value::Tensor(tensor) => tensor.storage.key.len() + 8 * (tensor.shape.len() + tensor.strides.len()),
        Value::Dtype(dtype) => dtype.kind.len(),
        Value::Array(array) => array.dtype.kind.len() + 8 * array.shape.len(),
        _ => 0,
    }
}

impl NumpyArray {
    /// An array whose state comes later; `data` is no bytes, so it can't be read until then.
    fn unbuilt(data: ValueId) -> Self {
        let dtype = ArrayType { kind: String::new(), is_big_endian: false };
        Self { shape: vec![0], dtype, is_fortran: false, data }
    }
}

fn items<'m>(machine: &'m Machine<'_>, id: ValueId) -> Option<&'m [ValueId]> {
    match machine.get(id) {
        Value::Tuple(items) | Value::List(items) => Some(items),
        _ => None,
    }
}

fn size(machine: &Machine<'_>, id: ValueId) -> Option<u64> {
    match machine.get(id) {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}

fn sizes(machine: &Machine<'_>, id: ValueId) -> Option<Vec<u64>> {
    let items = items(machine, id).filter(|items| items.len() <= MAX_DIMENSIONS)?;
    items.iter().map(|&id| size(machine, id)).collect()
}

/// `(storage, offset, size, stride, …)`; version 3 names the type at position 6.
fn tensor(machine: &Machine<'_>, arguments: &[ValueId]) -> Option<TensorRef> {
    let [storage, offset, shape, strides] = arguments.first_chunk()?;
    let Value::Storage(storage) = machine.get(*storage) else { return None };
    let named = arguments.get(6).and_then(|&id| match machine.get(id) {
        Value::Global(name) => torch_scalar(name),
        _ => None,
    });
    let (shape, strides) = (sizes(machine, *shape)?, sizes(machine, *strides)?);
    let scalar = storage.scalar.or(named)?;
    let offset = size(machine, *offset)?;
    (shape.len() == strides.len()).then(|| TensorRef { storage: storage.clone(), scalar, offset, shape, strides })
}

fn dtype(machine: &Machine<'_>, arguments: &[ValueId]) -> Option<ArrayType> {
    match machine.get(*arguments.first()?) {
        Value::Text(kind) => {
            let is_big_endian = kind.starts_with('>');
            Some(ArrayType { kind: kind.trim_start_matches(['<', '>', '|', '=']).to_owned(), is_big_endian })
        }
        _ => None,
    }
}

/// `(version, byte order, …)`.
fn dtype_state(machine: &Machine<'_>, dtype: &ArrayType, state: ValueId) -> Option<ArrayType> {
    match machine.get(*items(machine, state)?.get(1)?) {
        Value::Text(order) => Some(ArrayType { kind: dtype.kind.clone(), is_big_endian: order == ">" }),
        _ => None,
    }
}

/// `(version, shape, type, is_fortran, data)`.
fn array_state(machine: &Machine<'_>, state: ValueId) -> Option<NumpyArray> {
    let [_, shape, dtype, is_fortran, data] = items(machine, state)?.first_chunk()?;
    let (Value::Dtype(dtype), Value::Bool(is_fortran)) = (machine.get(*dtype), machine.get(*is_fortran)) else {
        return None;
    };
    let shape = sizes(machine, *shape)?;
    Some(NumpyArray { shape, dtype: dtype.clone(), is_fortran: *is_fortran, data: *data })
}

/// `(bytes, type, shape, order)`.
fn from_buffer(machine: &Machine<'_>, arguments: &[ValueId]) -> Option<NumpyArray> {
    let [data, dtype, shape, order] = arguments.first_chunk()?;
    let (Value::Dtype(dtype), Value::Text(order)) = (machine.get(*dtype), machine.get(*order)) else { return None };
    let shape = sizes(machine, *shape)?;
    Some(NumpyArray { shape, dtype: dtype.clone(), is_fortran: order == "F", data: *data })
}

/// `(type, bytes)`.
fn scalar(machine: &Machine<'_>, arguments: &[ValueId]) -> Option<Value> {
    let [dtype, bytes] = arguments.first_chunk()?;
    let (Value::Dtype(dtype), Value::Bytes(bytes)) = (machine.get(*dtype), machine.get(*bytes)) else { return None };
    let scalar = Scalar::from_numpy(&dtype.kind).filter(|scalar| scalar.width() == bytes.len())?;
    Some(Value::Float(f64::from(scalar.decode(bytes, dtype.is_big_endian))))
}

/// Protocol 2 has no bytes and writes them as text in Latin-1.
fn encode(machine: &Machine<'_>, arguments: &[ValueId]) -> Option<Value> {
    match machine.get(*arguments.first()?) {
        Value::Text(text) => {
            text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<_>>().map(Value::Bytes)
        }
        _ => None,
    }
}
