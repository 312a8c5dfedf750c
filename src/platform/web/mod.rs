//! The browser: messages between page and worker, files, storage and tasks of the worker.

pub mod message;
