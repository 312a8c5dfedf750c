//! Values a person chooses from, each with a key for the page, a name and what it means.

/// A value to choose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Named<T> {
    /// The value.
    pub value: T,
    /// Its key in the page; unique in its list.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it means, in one short line.
    pub note: &'static str,
}

/// The entry of a value; the first if the value is not offered.
///
/// # Panics
/// On an empty list.
pub fn of_value<T: PartialEq>(list: &'static [Named<T>], value: &T) -> &'static Named<T> {
    list.iter().find(|named| named.value == *value).unwrap_or(&list[0])
}

/// The entry with a key; the first if there is none.
///
/// # Panics
/// On an empty list.
pub fn of_key<T>(list: &'static [Named<T>], key: &str) -> &'static Named<T> {
    list.iter().find(|named| named.key == key).unwrap_or(&list[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: [Named<u8>; 2] =
        [Named { value: 1, key: "one", name: "One", note: "" }, Named { value: 2, key: "two", name: "Two", note: "" }];

    #[test]
    fn unknown_values_and_keys_stand_for_the_first() {
        assert_eq!((of_key(&LIST, "two").value, of_value(&LIST, &2).key), (2, "two"));
        assert_eq!((of_key(&LIST, "three").value, of_value(&LIST, &3).key), (1, "one"));
    }
}
