use super::*;
use crate::data::{DenseMatrix, Silent};
use crate::io::MemorySource;

fn npy(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\0".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.bytes());
    bytes.extend(data);
    bytes
}

fn read(bytes: Vec<u8>) -> Result<DenseMatrix, ImportError> {
    import_npy("e.npy", &MemorySource(bytes), &Silent).map(|content| content.values)
}

#[test]
fn integers_keep_their_sign_in_both_byte_orders() {
    let little = read(npy("'<i2'", "False", "(2, 1)", &[0xfe, 0xff, 3, 0])).unwrap();
    assert_eq!(little.values(), [-2.0, 3.0]);
    let big = read(npy("'>i2'", "False", "(2, 1)", &[0xff, 0xfe, 0, 3])).unwrap();
    assert_eq!(big.values(), [-2.0, 3.0]);
    assert_eq!(read(npy("'|u1'", "False", "(1, 2)", &[255, 1])).unwrap().values(), [255.0, 1.0]);
    assert_eq!(read(npy("'|b1'", "False", "(1, 2)", &[1, 0])).unwrap().values(), [1.0, 0.0]);
}

#[test]
fn fortran_order_is_turned() {
    let matrix = read(npy("'|i1'", "True", "(2, 3)", &[1, 4, 2, 5, 3, 6])).unwrap();
    assert_eq!(matrix.values(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn other_shapes_and_types_are_refused_with_what_they_are() {
    for (descr, shape, expected) in [
        ("'<f4'", "(3,)", "1-D array of 3"),
        ("'<f4'", "(1, 2, 3)", "3-D array"),
        ("'<f4'", "(0, 3)", "without values"),
        ("'|O'", "(1, 1)", "pickled"),
        ("'<U4'", "(1, 1)", "texts"),
        ("'<c8'", "(1, 1)", "complex"),
        ("[('a', '<f4')]", "(1, 1)", "structured"),
        ("[('a', '<U4')]", "(1,)", "structured"),
        ("'<U0'", "(9000000000000000000,)", "type \"<U0\""),
    ] {
        let message = read(npy(descr, "False", shape, &[0; 64])).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_claim_larger_than_the_file_is_refused_before_allocation() {
    let bytes = npy("'<f8'", "False", "(4000000000, 4000000000)", &[0; 16]);
    assert!(matches!(read(bytes), Err(ImportError::Truncated { found: 16, .. })));
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = npy("'<f4'", "False", "(2, 2)", &[0; 16]);
    for length in 6..bytes.len() {
        assert!(matches!(read(bytes[..length].to_vec()), Err(ImportError::Truncated { .. })), "{length}");
    }
    assert!(read(bytes).is_ok());
}

#[test]
fn records_give_ids_and_dimensions_and_list_the_rest() {
    let descr = "[('n', '<i2'), ('cell', '<U2'), ('', '|V1'), ('x', '<f4', (2,)), ('y', '>f8')]";
    let mut data = Vec::new();
    for (row, id) in ["a", "bc"].iter().enumerate() {
        data.extend((row as u16).to_le_bytes());
        let mut chars = id.chars();
        for _ in 0..2 {
            data.extend(chars.next().map_or(0, u32::from).to_le_bytes());
        }
        data.push(9);
        data.extend((row as f32 + 0.5).to_le_bytes());
        data.extend((-2.0_f32).to_le_bytes());
        data.extend(7.25_f64.to_be_bytes());
    }
    let content = import_npy("e.npy", &MemorySource(npy(descr, "False", "(2,)", &data)), &Silent).unwrap();
    assert_eq!(content.ids, Some(vec!["a".to_owned(), "bc".to_owned()]));
    assert_eq!(content.values.values(), [0.5, -2.0, 7.25, 1.5, -2.0, 7.25]);
}

#[test]
fn a_surrogate_in_an_id_is_named_by_its_row() {
    let descr = "[('cell', '<U1'), ('x', '|i1')]";
    let bytes = npy(descr, "False", "(2,)", &[65, 0, 0, 0, 1, 0, 0xd8, 0, 0, 1]);
    let error = import_npy("e.npy", &MemorySource(bytes), &Silent).unwrap_err();
    assert!(error.to_string().contains("row 2"), "{error}");
}

#[test]
fn three_dimensions_in_fortran_order_are_turned() {
    let bytes = npy("'|u1'", "True", "(2, 2, 3)", &[0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11]);
    let source = MemorySource(bytes);
    let header = Header::read("e.npy", &source).unwrap();
    let tensor = read_numbers("e.npy", &source, &header, &Silent).unwrap();
    assert_eq!(tensor.values, (0..12_u8).map(f32::from).collect::<Vec<_>>());
}
