//! The Python literals that numpy's headers are written in: texts, whole numbers, True, False, None, tuples, lists and
//! dicts. Escapes in texts stay as they are written, and `10L` (Python 2) is 10.

/// Literals may be nested this deep: dict, list of fields, field, shape of a field.
const MAX_DEPTH: usize = 8;

/// A literal.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Int(u64),
    Bool(bool),
    None,
    /// A tuple or a list.
    Items(Vec<Literal>),
    Dict(Vec<(Literal, Literal)>),
}

impl Literal {
    /// Reads the literal that `text` begins with; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Parser { rest: text }.literal(MAX_DEPTH)
    }

    /// The value of a key of a dict.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Dict(pairs) = self else { return None };
        pairs.iter().find_map(|(name, value)| (name.text() == Some(key)).then_some(value))
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> Option<&[Self]> {
        match self {
            Self::Items(items) => Some(items),
            _ => None,
        }
    }

    /// A tuple of whole numbers, or one such number.
    pub(super) fn sizes(&self) -> Option<Vec<u64>> {
        match self {
            Self::Int(size) => Some(vec![*size]),
            Self::Items(items) => {
                items.iter().map(|item| if let Self::Int(size) = item { Some(*size) } else { None }).collect()
            }
            _ => None,
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn literal(&mut self, depth: usize) -> Option<Literal> {
        let depth = depth.checked_sub(1)?;
        self.rest = self.rest.trim_start();
        let first = self.rest.chars().next()?;
        let after = &self.rest[first.len_utf8()..];
        match first {
            '\'' | '"' => {
                let (text, after) = after.split_once(first)?;
                self.rest = after;
                Some(Literal::Text(text.to_owned()))
            }
            '(' | '[' | '{' => {
                self.rest = after;
                self.collection(first, depth)
            }
            '0'..='9' => self.int(),
            _ => [("True", Literal::Bool(true)), ("False", Literal::Bool(false)), ("None", Literal::None)]
                .into_iter()
                .find(|(word, _)| self.eat(word))
                .map(|(_, literal)| literal),
        }
    }

    fn int(&mut self) -> Option<Literal> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, after) = self.rest.split_at(end);
        self.rest = after.strip_prefix('L').unwrap_or(after);
        digits.parse().ok().map(Literal::Int)
    }

    fn collection(&mut self, open: char, depth: usize) -> Option<Literal> {
        let close = match open {
            '(' => ")",
            '[' => "]",
            _ => "}",
        };
        let (mut items, mut pairs) = (Vec::new(), Vec::new());
        while !self.eat(close) {
            let item = self.literal(depth)?;
            if open == '{' {
                let value = self.eat(":").then(|| self.literal(depth))??;
                pairs.push((item, value));
            } else {
                items.push(item);
            }
            if !self.eat(",") {
                return self.eat(close).then(|| made(open, items, pairs));
            }
        }
        Some(made(open, items, pairs))
    }

    fn eat(&mut self, word: &str) -> bool {
        self.rest = self.rest.trim_start();
        let after = self.rest.strip_prefix(word);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }
}

fn made(open: char, items: Vec<Literal>, pairs: Vec<(Literal, Literal)>) -> Literal {
    if open == '{' { Literal::Dict(pairs) } else { Literal::Items(items) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_fields_is_read_whole() {
        let header = "{'descr': [('shape', '<U4'), ('x', '<f4', (2,))], 'fortran_order': False, 'shape': (3L,), }\n";
        let header = Literal::parse(header).unwrap();
        assert_eq!(header.get("shape").unwrap().sizes(), Some(vec![3]));
        assert_eq!(header.get("fortran_order"), Some(&Literal::Bool(false)));
        let fields = header.get("descr").unwrap().items().unwrap();
        assert_eq!(fields[1].items().unwrap()[2].sizes(), Some(vec![2]));
    }

    #[test]
    fn what_is_no_literal_is_none() {
        for text in ["", "{", "{'a'}", "(1 2)", "'open", "-1", "99999999999999999999999", "((((((((()))))))))", "é"] {
            assert_eq!(Literal::parse(text), None, "{text}");
        }
    }
}
