//! Storage that lasts as long as the process.

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures::FutureExt;

use crate::platform::{HostError, LocalTask, Store};

/// Bytes by key in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    entries: RefCell<BTreeMap<String, Vec<u8>>>,
}

impl Store for MemoryStore {
    fn get<'a>(&'a self, key: &'a str) -> LocalTask<'a, Result<Option<Vec<u8>>, HostError>> {
        async move { Ok(self.entries.borrow().get(key).cloned()) }.boxed_local()
    }

    fn put<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> LocalTask<'a, Result<(), HostError>> {
        async move {
            self.entries.borrow_mut().insert(key.to_owned(), bytes.to_vec());
            Ok(())
        }
        .boxed_local()
    }

    fn delete<'a>(&'a self, key: &'a str) -> LocalTask<'a, Result<(), HostError>> {
        async move {
            self.entries.borrow_mut().remove(key);
            Ok(())
        }
        .boxed_local()
    }
}
