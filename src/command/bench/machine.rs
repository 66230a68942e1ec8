//! What the figures were measured on.

use super::table::thousands;

/// Cores, processor, memory, and how busy others keep it.
pub(super) fn described() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let model = first_after("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
    let memory = first_after("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .map_or_else(|| "unknown".to_owned(), |kib| format!("{} MiB", thousands(kib / 1_024)));
    let busy = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let busy = busy.split_whitespace().next().unwrap_or("unknown").to_owned();
    let build =
        if cfg!(debug_assertions) { "debug build: figures mean nothing" } else { "release" };
    format!("machine: {cores} cores ({model}), {memory}, load before the run {busy}; {build}")
}

/// What a `key : value` file of the system says of a key, the first time.
pub(super) fn first_after(file: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
