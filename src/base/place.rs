//! Names of places as people say them.

/// A village as people say it: 磨盘村村民委员会 is 磨盘村, 北郊社区居民委员会 is 北郊社区.
pub fn short_village(name: &str) -> &str {
    let short = name.strip_suffix("村民委员会").or_else(|| name.strip_suffix("居民委员会"));
    short.filter(|short| !short.is_empty()).unwrap_or(name)
}
