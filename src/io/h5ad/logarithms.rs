//! Logarithms to another base than e, turned into natural ones.
//!
//! `scanpy.pp.log1p(adata, base=b)` leaves log_b(1 + x) in `X` and b in `uns/log1p/base`. Fold changes here, as in scanpy,
//! are made of natural logarithms, and log_b(1 + x) · ln b = ln(1 + x); the product is made in f64 and rounded to f32 once.
//! Done only for `X`, whose base it is, and only where its values can be logarithms: none negative, not all whole. No base,
//! e itself (to 10⁻⁶) and a base that is not above 1 change nothing.

use std::sync::Arc;

use super::archive::{Archive, Node};
use crate::data::{DataError, Expression, Notice, ValueKind, printable};
use crate::io::ImportError;

/// Closer to e is e.
const TOLERANCE: f64 = 1e-6;
const PLACE: &str = "uns/log1p/base";

/// Turns the values of `X` into natural logarithms where the file states another base, and says so.
///
/// # Errors
/// What finding the base can give; [`ImportError::OutOfMemory`].
pub(super) fn make_natural(
    archive: &Archive,
    place: &str,
    expression: &mut Expression,
) -> Result<Option<Notice>, ImportError> {
    if expression.kind != ValueKind::NonNegative {
        return Ok(None);
    }
    let Some(base) = base(archive)?.filter(|base| (base - std::f64::consts::E).abs() >= TOLERANCE) else {
        return Ok(None);
    };
    if !(base.is_finite() && base > 1.0) {
        return Ok(Some(Notice::warning(format!(
            "The file says that its values are logarithms to the base {base} ({PLACE}), which can't be, so they are taken as \
             they are: for natural logarithms."
        ))));
    }
    if place != "X" {
        return Ok(Some(Notice::warning(format!(
            "The file says that X holds logarithms to the base {base} ({PLACE}). {} is taken as it is; if it holds such \
             logarithms, too, fold changes are wrong.",
            printable(place)
        ))));
    }
    scale(expression, libm::log(base)).map_err(|error| ImportError::of_data(archive.name(), place, error))?;
    Ok(Some(Notice::info(format!(
        "The values of X were logarithms to the base {base} ({PLACE}); they were turned into natural ones."
    ))))
}

/// The base the file states, if it is one number.
fn base(archive: &Archive) -> Result<Option<f64>, ImportError> {
    let Some(Node::Array(array)) = archive.node(PLACE)? else { return Ok(None) };
    let numbers = if array.is_numeric() { archive.numbers(&array).unwrap_or_default() } else { Vec::new() };
    Ok(if let [base] = numbers[..] { Some(base) } else { None })
}

fn scale(expression: &mut Expression, factor: f64) -> Result<(), DataError> {
    // Nobody else has it yet, so nothing is copied.
    let mut by_gene = Arc::unwrap_or_clone(std::mem::take(&mut expression.by_gene));
    by_gene.scale(factor)?;
    let gene_columns = std::mem::take(&mut expression.gene_columns);
    let gene_names = std::mem::take(&mut expression.gene_names);
    *expression = Expression { gene_columns, ..Expression::new(gene_names, by_gene) };
    Ok(())
}
