//! Addresses of e-mail.

/// Good enough to send to: one @, a name, a domain with a dot, nothing that is not ASCII.
pub fn is_address(text: &str) -> bool {
    let plain = text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | ',' | ';'));
    let parts = text.split_once('@');
    plain
        && text.len() <= 100
        && parts.is_some_and(|(name, domain)| {
            !name.is_empty()
                && !domain.contains('@')
                && domain.split('.').count() >= 2
                && domain.split('.').all(|part| !part.is_empty())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_mail_that_can_be_sent_to() {
        for good in ["a@b.cn", "sun.wukong+1@mail.example.com"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["a", "@b.cn", "a@b", "a@b..cn", "a@b.cn\nBcc: c@d.cn", "a b@c.cn", "孙@b.cn"] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
