//! A native process: files by path, one thread, storage in memory or a folder.
