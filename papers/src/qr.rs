//! QR codes as SVG, and what a code that is said on the telephone may look like.

use std::fmt::Write as _;

use qrcode::types::Color;
use qrcode::{EcLevel, QrCode, Version};

use crate::Stop;

/// Empty modules around the code. The standard asks for four; the paper around is white too.
const QUIET: usize = 2;

/// `7K3M-9QXP`: groups of four, nothing that sounds or looks like something else.
pub fn is_spoken_code(code: &str) -> bool {
    let group = |part: &str| {
        part.len() == 4
            && part
                .bytes()
                .all(|b| matches!(b, b'2'..=b'9' | b'A'..=b'H' | b'J'..=b'N' | b'P'..=b'Z'))
    };
    code.split('-').all(group)
}

/// The QR code of `text` as an SVG picture: one path, black on nothing.
pub fn svg(text: &str) -> Result<String, Stop> {
    let code = strongest(text).ok_or_else(|| {
        Stop::input(format!("return_url {text:?} does not fit a QR code; make it shorter"))
    })?;
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                let (x, y, n) = (x + QUIET, y + QUIET, run.len());
                // Writing to a String cannot fail.
                let _ = write!(path, "M{x} {y}h{n}v1h-{n}z");
            }
            x += run.len();
        }
    }
    let all = width + 2 * QUIET;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {all} {all}\" \
         shape-rendering=\"crispEdges\"><path d=\"{path}\"/></svg>"
    ))
}

/// The smallest code that survives 15 % of damage, with as much more as fits the same size: the
/// sheet is folded, stamped and photographed. Larger than version 10 a telephone has trouble.
fn strongest(text: &str) -> Option<QrCode> {
    let size =
        (1..=10).find(|n| QrCode::with_version(text, Version::Normal(*n), EcLevel::M).is_ok())?;
    [EcLevel::H, EcLevel::Q, EcLevel::M]
        .into_iter()
        .find_map(|level| QrCode::with_version(text, Version::Normal(size), level).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spoken_code_has_no_letters_that_are_mixed_up() {
        assert!(is_spoken_code("7K3M-9QXP"));
        for wrong in
            ["", "7K3M9QXP", "7K3M-9QX", "7K3M-9QX0", "7K3M-9QXO", "7k3m-9qxp", "-", "IIII"]
        {
            assert!(!is_spoken_code(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_code_is_as_strong_as_its_size_allows_and_refuses_what_is_too_long() {
        let code = strongest("https://zz.example.org/r/7K3M9QXP").unwrap();
        assert_eq!(code.version(), Version::Normal(3));
        assert_eq!(code.error_correction_level(), EcLevel::M);
        assert_eq!(strongest("https://a.cn/r/2").unwrap().error_correction_level(), EcLevel::Q);
        let stop = svg(&"x".repeat(400)).unwrap_err();
        assert!(stop.line.contains("make it shorter") && stop.code == 2);
    }
}
