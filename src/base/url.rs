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
}
