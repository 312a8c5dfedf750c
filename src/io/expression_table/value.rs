//! A field of a table as a number: whole numbers quickly, others as Rust parses them, rounded to the nearest f32.
//!
//! Where semicolons separate fields, a number may have a decimal comma. No field is taken for NaN: what is missing, no
//! number or not finite is `None`.

use crate::io::mtx::whole;

/// The number in a field, if there is a finite one.
#[inline]
pub(super) fn number(field: &[u8], may_have_comma: bool) -> Option<f32> {
    let field = field.trim_ascii();
    if let Some(count) = whole(field) {
        return Some(count as f32);
    }
    let text = std::str::from_utf8(field).ok()?;
    let value: f64 = match text.parse() {
        Ok(value) => value,
        Err(_) if may_have_comma && text.matches(',').count() == 1 && !text.contains('.') => {
            text.replace(',', ".").parse().ok()?
        }
        Err(_) => return None,
    };
    Some(value as f32).filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_finite_and_may_have_a_decimal_comma() {
        let numbers = ["0", " 12 ", "-0.5", "1e-3", "16777217", "123456789012"];
        let found = numbers.map(|text| number(text.as_bytes(), false).unwrap());
        assert_eq!(found, [0.0, 12.0, -0.5, 1e-3, 16_777_216.0, 123_456_789_012.0]);
        assert_eq!((number(b"0,25", true), number(b"0,25", false)), (Some(0.25), None));
        for text in ["", "NA", "nan", "inf", "1e99", "1,2,3", "1.000,5", "x", "\u{b5}"] {
            assert_eq!(number(text.as_bytes(), true), None, "{text}");
        }
        assert_eq!(number(b"\xff1", true), None);
    }
}
