//! Peak memory of a tab: the kernel's high-water mark (`VmHWM`) of its largest renderer process.
//!
//! Page, engine and pool are threads of one renderer. Linux tells it in `/proc`; elsewhere there is no number.

use std::collections::BTreeMap;
use std::path::Path;

/// Bytes the largest renderer below process `ancestor` has held at most.
pub(super) fn peak_bytes(ancestor: u32) -> Option<u64> {
    let parents = parents(Path::new("/proc"));
    let is_below = |mut pid: u32| {
        // A process that has ended may have left its children to process 1, whose parent is 0.
        while let Some(&parent) = parents.get(&pid) {
            if parent == ancestor {
                return true;
            }
            pid = parent;
        }
        false
    };
    let renderers = parents.keys().filter(|&&pid| is_below(pid) && is_renderer(pid));
    renderers.filter_map(|pid| high_water(&read(&format!("/proc/{pid}/status"))?)).max()
}

/// The parent of every process.
fn parents(proc: &Path) -> BTreeMap<u32, u32> {
    let entries = std::fs::read_dir(proc).into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok());
    pids.filter_map(|pid| Some((pid, parent_in(&read(&format!("/proc/{pid}/stat"))?)?))).collect()
}

/// The fourth field of `/proc/PID/stat`; the second, the name in brackets, may hold spaces and brackets.
fn parent_in(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn is_renderer(pid: u32) -> bool {
    read(&format!("/proc/{pid}/cmdline")).is_some_and(|line| line.contains("--type=renderer"))
}

/// `VmHWM:   123 kB` in bytes.
fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

fn read(path: &str) -> Option<String> {
    std::fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

#[test]
fn the_parent_is_read_past_any_name() {
    assert_eq!(parent_in("12 (a) b (c) S 7 12 12 0"), Some(7));
    assert_eq!(parent_in("12"), None);
    assert_eq!(high_water("VmPeak: 1 kB\nVmHWM:\t 3 kB\n"), Some(3072));
}
