//! A PDF that may be kept: whole, not locked, and nothing in it runs, starts or is hidden. It is
//! only looked through, never changed: what its scanner has written into it stays.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

/// Why one is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PdfProblem {
    /// Cut short, or something stands behind its end.
    Broken,
    /// Locked, or packed so that nobody can say what is in it.
    Closed,
    /// Something in it would run, or is hidden.
    Active,
}

/// What a scan never has: scripts, programs to be started, files within the file.
const ACTIVE: [&[u8]; 7] = [
    b"/JavaScript",
    b"/Launch",
    b"/EmbeddedFile",
    b"/RichMedia",
    b"/Rendition",
    b"/SubmitForm",
    b"/XFA",
];
/// A group of objects that is packed together.
const PACKED: &[u8] = b"/ObjStm";
/// Bytes of one such group at most, unpacked.
const UNPACKED_MAX: u64 = 32 << 20;
/// So many bytes before its end a file says where its table is.
const TAIL: usize = 1_024;

pub fn check(bytes: &[u8]) -> Result<(), PdfProblem> {
    let whole = bytes.trim_ascii_end();
    let whole = whole.strip_suffix(b"\0").map_or(whole, |_| {
        let end = whole.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
        whole.get(..end).unwrap_or_default().trim_ascii_end()
    });
    let tail = whole.get(whole.len().saturating_sub(TAIL)..).unwrap_or_default();
    if !whole.ends_with(b"%%EOF") || !holds(tail, b"startxref") {
        return Err(PdfProblem::Broken);
    }
    let plain = names_written_out(bytes);
    if holds(&plain, b"/Encrypt") || count(&plain, PACKED) != count(bytes, PACKED) {
        return Err(PdfProblem::Closed);
    }
    if is_active(&plain) {
        return Err(PdfProblem::Active);
    }
    let mut rest = bytes;
    while let Some(at) = place(rest, PACKED) {
        rest = rest.get(at + PACKED.len()..).unwrap_or_default();
        let unpacked = unpacked(rest).ok_or(PdfProblem::Closed)?;
        if is_active(&names_written_out(&unpacked)) {
            return Err(PdfProblem::Active);
        }
    }
    Ok(())
}

fn is_active(bytes: &[u8]) -> bool {
    ACTIVE.iter().any(|name| holds(bytes, name))
}

/// The next stream, unpacked; none when it is packed in another way.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let stream = b"stream";
    let at = place(bytes, stream)? + stream.len();
    let packed = bytes.get(at..)?;
    let packed = packed.strip_prefix(b"\r").unwrap_or(packed);
    let packed = packed.strip_prefix(b"\n").unwrap_or(packed);
    let mut out = Vec::new();
    ZlibDecoder::new(packed).take(UNPACKED_MAX).read_to_end(&mut out).ok()?;
    let is_whole = u64::try_from(out.len()).is_ok_and(|length| length < UNPACKED_MAX);
    is_whole.then_some(out)
}

/// `/J#61vaScript` is a name, too.
fn names_written_out(bytes: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        let code = match (*first, digit(tail.first()), digit(tail.get(1))) {
            (b'#', Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
            _ => None,
        };
        out.push(code.unwrap_or(*first));
        rest = if code.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    out
}

fn place(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|part| part == word)
}

fn count(bytes: &[u8], word: &[u8]) -> usize {
    bytes.windows(word.len()).filter(|part| *part == word).count()
}

/// Whether a word stands anywhere in it.
pub fn holds(bytes: &[u8], word: &[u8]) -> bool {
    place(bytes, word).is_some()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn pdf(inside: &[u8]) -> Vec<u8> {
        [&b"%PDF-1.7\n1 0 obj\n<<"[..], inside, b">>\nendobj\nstartxref\n9\n%%EOF\r\n"].concat()
    }

    fn packed(inside: &[u8]) -> Vec<u8> {
        let mut zip = ZlibEncoder::new(Vec::new(), Compression::default());
        zip.write_all(inside).unwrap();
        let zip = zip.finish().unwrap();
        pdf(&[&b"/Type /ObjStm>>\nstream\r\n"[..], zip.as_slice(), b"\nendstream"].concat())
    }

    #[test]
    fn a_scan_is_taken_and_what_runs_is_not() {
        assert_eq!(check(&pdf(b"/Type /Catalog")), Ok(()));
        assert_eq!(check(&packed(b"/Type /Page")), Ok(()));
        assert_eq!(check(&[pdf(b"").as_slice(), &[0; 20]].concat()), Ok(()));
        for inside in [&b"/S /JavaScript"[..], b"/S /J#61vaScript", b"/S/Launch", b"/EmbeddedFiles"]
        {
            assert_eq!(check(&pdf(inside)), Err(PdfProblem::Active));
            assert_eq!(check(&packed(inside)), Err(PdfProblem::Active));
        }
        assert_eq!(check(&pdf(b"/Encrypt 5 0 R")), Err(PdfProblem::Closed));
        let other = pdf(b"/Type /ObjStm /Filter /LZWDecode>>\nstream\nxyz\nendstream");
        assert_eq!(check(&other), Err(PdfProblem::Closed));
    }

    #[test]
    fn half_a_file_and_one_with_something_behind_it_are_refused() {
        let whole = pdf(b"/Type /Catalog");
        let behind = [whole.as_slice(), b"PK\x03\x04"].concat();
        for bytes in [&whole[..20], b"%PDF-1.7", behind.as_slice()] {
            assert_eq!(check(bytes), Err(PdfProblem::Broken));
        }
    }
}
