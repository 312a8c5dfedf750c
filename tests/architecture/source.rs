//! Source files as text without comments and literals, and the paths they name.

use std::path::Path;

/// One file of `src/`.
pub struct Source {
    /// Its path below `src/`, with `/`.
    pub name: String,
    /// The top-level module it belongs to: `bin` for binaries, `lib` for the root.
    pub module: String,
    /// How many modules deep it is: 1 for `data/mod.rs` or `data.rs`, 2 for `data/cells.rs`.
    depth: usize,
    code: String,
}

/// All Rust files of `src/`, by name.
pub fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, "", &mut found);
    found.sort_by(|a: &Source, b: &Source| a.name.cmp(&b.name));
    assert!(found.len() > 20, "only {} source files found", found.len());
    found
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            collect(&path, &format!("{name}/"), found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(Source::new(name, &std::fs::read_to_string(&path).unwrap()));
        }
    }
}

impl Source {
    fn new(name: String, text: &str) -> Self {
        let stem = name.trim_end_matches(".rs").trim_end_matches("/mod");
        let module = stem.split('/').next().unwrap().to_owned();
        let depth = stem.split('/').count();
        Self { module, depth, code: bare(text), name }
    }

    /// Paths named from the crate's root, `crate` taken off, use-trees spread out.
    pub fn crate_paths(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        for start in words(&self.code, "crate") {
            if let Some(rest) = self.code[start + "crate".len()..].strip_prefix("::") {
                spread(rest, &mut Vec::new(), &mut paths);
            }
        }
        let climb = "super::".repeat(self.depth);
        for (start, _) in self.code.match_indices(&climb) {
            let goes_on =
                self.code[..start].ends_with("super::") || self.code[start + climb.len()..].starts_with("super::");
            let mut climbed = Vec::new();
            spread(&self.code[start + climb.len()..], &mut Vec::new(), &mut climbed);
            if !goes_on {
                // From a nested module (unit tests) this many steps end inside the module, where siblings may be
                // called like a top-level module only if they are one.
                paths.extend(climbed.into_iter().filter(|path| is_top_level(&path[0])));
            }
        }
        paths
    }

    /// Paths of `use` trees that start at `module`, spread out.
    pub fn relative_uses(&self, module: &str) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        for start in words(&self.code, module) {
            if self.code[start..].starts_with(&format!("{module}::")) {
                spread(&self.code[start..], &mut Vec::new(), &mut paths);
            }
        }
        paths
    }

    /// Whether a path starts at the external crate `name`.
    pub fn names_crate(&self, name: &str) -> bool {
        words(&self.code, name).any(|start| {
            let before = self.code[..start].trim_end();
            let after = &self.code[start + name.len()..];
            let is_inner =
                before.ends_with("::") && !before.trim_end_matches("::").ends_with([' ', '(', ',', '<', '{']);
            !is_inner && (after.starts_with("::") || before.ends_with("use"))
        })
    }

    /// Whether the word stands anywhere in the code.
    pub fn has_word(&self, word: &str) -> bool {
        words(&self.code, word).next().is_some()
    }
}

fn is_top_level(name: &str) -> bool {
    super::TABLE.iter().any(|(module, _)| *module == name)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Where `word` stands as a whole word.
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word)
        .map(|(start, _)| start)
        .filter(move |&start| !code[..start].ends_with(is_word) && !code[start + word.len()..].starts_with(is_word))
}

/// Follows a path or use-tree from its first segment; returns what is left after it.
fn spread<'a>(rest: &'a str, prefix: &mut Vec<String>, paths: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = rest.trim_start();
    if let Some(mut inner) = rest.strip_prefix('{') {
        loop {
            inner = inner.trim_start_matches([',', ' ', '\n']);
            if let Some(after) = inner.strip_prefix('}') {
                return after;
            }
            let before = inner.len();
            inner = spread(inner, &mut prefix.clone(), paths);
            assert!(inner.len() < before, "a use-tree that can't be read: {inner:.60}");
        }
    }
    let end = rest.find(|letter| !is_word(letter) && letter != '*').unwrap_or(rest.len());
    if end == 0 {
        return rest;
    }
    prefix.push(rest[..end].to_owned());
    rest = &rest[end..];
    if let Some(next) = rest.strip_prefix("::").filter(|next| !next.starts_with('<')) {
        return spread(next, prefix, paths);
    }
    paths.push(prefix.clone());
    let alias = rest.trim_start().strip_prefix("as ").map(|alias| alias.trim_start_matches(is_word));
    alias.unwrap_or(rest)
}

/// The code without comments, string and character literals.
fn bare(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let skipped = match letter {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => 1 + quoted(&rest[1..]),
            'r' if !code.ends_with(is_word) => raw_string(rest).unwrap_or(0),
            '\'' => char_literal(rest).unwrap_or(0),
            _ => 0,
        };
        if skipped == 0 {
            code.push(letter);
            rest = &rest[letter.len_utf8()..];
        } else {
            code.push(' ');
            rest = &rest[skipped..];
        }
    }
    code
}

/// Length up to and with the closing quote.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of a raw string, if one starts here.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].len() - text[1..].trim_start_matches('#').len();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let closing = format!("\"{}", "#".repeat(hashes));
    Some(text.len() - body.len() + body.find(&closing)? + closing.len())
}

/// Length of a character literal, if one starts here and not a lifetime.
fn char_literal(text: &str) -> Option<usize> {
    let mut letters = text.char_indices().skip(1);
    let (_, first) = letters.next()?;
    if first == '\\' {
        let (escaped, _) = letters.next()?;
        return text[escaped + 1..].find('\'').map(|end| escaped + 1 + end + 1);
    }
    letters.next().filter(|(_, letter)| *letter == '\'').map(|(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let source = Source::new("stats/pca.rs".to_owned(), text);
        source.crate_paths().into_iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn use_trees_are_spread_out() {
        let text = "use crate::{data::{A, B as C}, io::*};\nlet x = crate::sae::new(1);";
        assert_eq!(paths(text), ["data::A", "data::B", "io::*", "sae::new"]);
    }

    #[test]
    fn comments_and_literals_do_not_count() {
        let text = "//! [`crate::engine`]\n/* crate::io */ let a = \"crate::ui\"; let b = r#\"crate::ui\"#; let c = '\"';\nuse crate::data;";
        assert_eq!(paths(text), ["data"]);
    }

    #[test]
    fn climbing_out_with_super_counts() {
        assert_eq!(paths("use super::super::engine::Session; use super::moments::M;"), ["engine::Session"]);
    }

    #[test]
    fn external_crates_are_found_as_whole_words() {
        let source = Source::new("stats/pca.rs".to_owned(), "use burn::tensor; fn burned() { leptos_like::f() }");
        assert!(source.names_crate("burn") && !source.names_crate("leptos"));
        let own = Source::new("stats/pca.rs".to_owned(), "let lens = self::burn::x();");
        assert!(!own.names_crate("burn"));
    }
}
