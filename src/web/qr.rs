//! A QR code as SVG inside a paper: one path, no style, black on nothing.

use std::fmt::Write as _;

use qrcode::types::Color;
use qrcode::{EcLevel, QrCode, Version};

use crate::error::{AppError, AppResult};

/// Empty modules around the code. The standard asks for four; the paper around is white too.
const QUIET: usize = 2;

/// The picture of `text`; `label` says what it is for.
pub fn svg(text: &str, label: &str) -> AppResult<String> {
    let code =
        strongest(text).ok_or_else(|| AppError::broken("public_url is too long for a QR code"))?;
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
        "<svg class=\"qr\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {all} {all}\" \
         shape-rendering=\"crispEdges\"><path d=\"{path}\"/></svg>"
    ))
}

/// The smallest code that survives 15 % of damage, with as much more as fits the same size: the
/// sheet is folded, stamped and photographed.
fn strongest(text: &str) -> Option<QrCode> {
    let size =
        (1..=10).find(|n| QrCode::with_version(text, Version::Normal(*n), EcLevel::M).is_ok())?;
    [EcLevel::H, EcLevel::Q, EcLevel::M]
        .into_iter()
        .find_map(|level| QrCode::with_version(text, Version::Normal(size), level).ok())
}
