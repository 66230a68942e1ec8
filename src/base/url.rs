//! Addresses of our own pages.

/// A path with those of the fields that are not empty.
pub fn link(path: &str, fields: &[(&str, &str)]) -> String {
    let mut out = path.to_owned();
    let mut sign = '?';
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(sign);
        out.push_str(name);
        out.push('=');
        encode(value, &mut out);
        sign = '&';
    }
    out
}

/// A text with everything but the unreserved characters of RFC 3986 percent-encoded.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode(text, &mut out);
    out
}

fn encode(text: &str, out: &mut String) {
    use std::fmt::Write as _;
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// `127.0.0.1:8080`, `http://localhost:8080/`, `[::1]:8080`: an address that nobody else reaches.
pub fn is_loopback(address: &str) -> bool {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or(rest);
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The text, when it is a path of ours and nothing else: somebody who follows a prepared link is
/// not sent elsewhere. Browsers take a backslash for a slash and leave out tabs and line ends, so
/// `//` may hide behind them; a header holds visible ASCII only.
pub fn own_path(text: &str) -> Option<&str> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (is_plain && text.starts_with('/') && !text.starts_with("//")).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_what_is_there() {
        assert_eq!(
            link("/visits", &[("a", ""), ("b", "中 &"), ("c", "1")]),
            "/visits?b=%E4%B8%AD%20%26&c=1"
        );
        assert_eq!(link("/visits", &[]), "/visits");
    }

    #[test]
    fn some_addresses_are_of_this_machine() {
        for address in ["127.0.0.1:80", "http://localhost:8080", "[::1]:8080", "http://[::1]/"] {
            assert!(is_loopback(address), "{address}");
        }
        for address in ["0.0.0.0:80", "https://x", "[::]:80", "http://127.0.0.1.evil.example/"] {
            assert!(!is_loopback(address), "{address}");
        }
    }

    #[test]
    fn a_prepared_link_leads_nowhere_else() {
        assert_eq!(own_path("/loans?q=%E4%B8%AD&a=1"), Some("/loans?q=%E4%B8%AD&a=1"));
        for other in [
            "",
            "loans",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/\t/evil",
            "/\0x",
            "/\r\nX: 1",
            "/ /evil",
            "/中",
            "\\/evil.example",
            "javascript:alert(1)",
        ] {
            assert_eq!(own_path(other), None, "{other:?}");
        }
    }
}
