//! What a file is, told by its bytes and never by its name. A picture is decoded and written anew,
//! so nothing that came with it stays; a PDF is looked through and kept as it is. Nothing else is
//! taken.

use sha2::{Digest as _, Sha256};

use super::pdf::{self, PdfProblem};
use crate::base::hex::hex;
use crate::base::ids::text_enum;
use crate::plumbing::picture::{self, PHOTO_MB, PictureProblem};

text_enum! {
    Media {
        Jpeg = "image/jpeg", "图片";
        Pdf = "application/pdf", "PDF";
    }
}

impl Media {
    /// How the name of such a file ends.
    pub const fn ending(self) -> &'static str {
        match self {
            Media::Jpeg => "jpg",
            Media::Pdf => "pdf",
        }
    }
}

/// A file that can be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub media: Media,
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes, in hex digits.
    pub hash: String,
}

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentProblem {
    Empty,
    TooLarge,
    /// It is something else; what.
    Foreign(&'static str),
    BrokenPicture,
    TooManyPixels,
    BrokenPdf,
    /// Nobody can say what is in it.
    ClosedPdf,
    /// Something in it would run.
    ActivePdf,
}

impl ContentProblem {
    /// What it is, and what to do; the name of the file stands in front.
    pub fn in_words(self) -> String {
        match self {
            ContentProblem::Empty => "是空文件，没有收下。请重新扫描一次".to_owned(),
            ContentProblem::TooLarge => format!(
                "超过 {PHOTO_MB} MB，没有收下。请把扫描分辨率调到 200 dpi，或者分成几份再传"
            ),
            ContentProblem::Foreign(what) => {
                format!("是{what}，不是扫描件，没有收下。请选 JPG、PNG 图片或者 PDF")
            }
            ContentProblem::BrokenPicture => {
                "是图片，但是不完整，没有收下。请重新扫描或者重新拍一张".to_owned()
            }
            ContentProblem::TooManyPixels => {
                "的像素太多，没有收下。请用普通模式重新拍一张".to_owned()
            }
            ContentProblem::BrokenPdf => "是 PDF，但是不完整，没有收下。请重新扫描一次".to_owned(),
            ContentProblem::ClosedPdf => {
                "是加了密码或者打不开检查的 PDF，没有收下。请用扫描仪重新扫成 PDF，或者拍成照片"
                    .to_owned()
            }
            ContentProblem::ActivePdf => "里面有脚本、要启动的程序或者夹带的文件，没有收下。\
                 请用扫描仪重新扫成 PDF，或者拍成照片"
                .to_owned(),
        }
    }
}

/// The bytes as they may be kept.
pub fn read(bytes: &[u8]) -> Result<Content, ContentProblem> {
    if bytes.is_empty() {
        return Err(ContentProblem::Empty);
    }
    if bytes.len() > PHOTO_MB * 1024 * 1024 {
        return Err(ContentProblem::TooLarge);
    }
    let (media, bytes) = if bytes.starts_with(b"%PDF-") {
        pdf::check(bytes).map_err(|problem| match problem {
            PdfProblem::Broken => ContentProblem::BrokenPdf,
            PdfProblem::Closed => ContentProblem::ClosedPdf,
            PdfProblem::Active => ContentProblem::ActivePdf,
        })?;
        (Media::Pdf, bytes.to_vec())
    } else if is_picture(bytes) {
        let rewritten = picture::rewritten(bytes).map_err(|problem| match problem {
            PictureProblem::NoPicture => ContentProblem::BrokenPicture,
            PictureProblem::TooManyPixels => ContentProblem::TooManyPixels,
        })?;
        (Media::Jpeg, rewritten)
    } else {
        return Err(ContentProblem::Foreign(foreign(bytes)));
    };
    Ok(Content { media, hash: hash(&bytes), bytes })
}

/// SHA-256 in hex digits.
pub fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn is_picture(bytes: &[u8]) -> bool {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(&b"WEBP"[..]);
    bytes.starts_with(b"\xFF\xD8\xFF") || bytes.starts_with(b"\x89PNG\r\n\x1A\n") || is_webp
}

/// How files begin that people choose by mistake, or that somebody wants to smuggle in.
const BEGINNINGS: [(&[u8], &str); 24] = [
    (b"MZ", "程序文件"),
    (b"\x7FELF", "程序文件"),
    (b"\xCA\xFE\xBA\xBE", "程序文件"),
    (b"\xCF\xFA\xED\xFE", "程序文件"),
    (b"\xFE\xED\xFA", "程序文件"),
    (b"dex\n", "程序文件"),
    (b"#!", "程序脚本"),
    (b"L\0\0\0\x01\x14\x02\0", "快捷方式"),
    (b"PK\x05\x06", "压缩包"),
    (b"Rar!", "压缩包"),
    (b"7z\xBC\xAF", "压缩包"),
    (b"\x1F\x8B", "压缩包"),
    (b"BZh", "压缩包"),
    (b"\xFD7zXZ", "压缩包"),
    (b"\x28\xB5\x2F\xFD", "压缩包"),
    (b"MSCF", "压缩包"),
    (b"\xD0\xCF\x11\xE0", "Word、Excel 文件或者安装包"),
    (b"{\\rtf", "Word 文件"),
    (b"GIF8", "GIF 图片"),
    (b"BM", "BMP 图片"),
    (b"II*\0", "TIFF 图片"),
    (b"MM\0*", "TIFF 图片"),
    (b"RIFF", "音频或者视频"),
    (b"ID3", "音频"),
];

fn foreign(bytes: &[u8]) -> &'static str {
    if bytes.starts_with(b"PK\x03\x04") {
        return packed(bytes);
    }
    let known = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning));
    if let Some((_, what)) = known {
        return what;
    }
    if bytes.get(4..8) == Some(&b"ftyp"[..]) {
        let of_phone = [b"heic", b"heix", b"mif1", b"msf1"];
        let kind = bytes.get(8..12).unwrap_or_default();
        let is_photo = of_phone.iter().any(|one| *one == kind);
        return if is_photo { "苹果手机的 HEIC 照片" } else { "视频" };
    }
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    if text.starts_with(b"<") {
        return "网页";
    }
    let is_text = !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok();
    if is_text { "文本文件" } else { "认不出的文件" }
}

/// An office document and an app for telephones are packed files, too.
fn packed(bytes: &[u8]) -> &'static str {
    let has = |name: &[u8]| pdf::holds(bytes, name);
    if has(b"word/document") {
        "Word 文件"
    } else if has(b"xl/workbook") {
        "Excel 文件"
    } else if has(b"AndroidManifest.xml") || has(b"META-INF/MANIFEST.MF") {
        "程序文件"
    } else {
        "压缩包"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is_stands_in_its_bytes() {
        let all: [(&[u8], &str); 8] = [
            (b"MZ\x90\0", "程序文件"),
            (b"\x7FELF\x02", "程序文件"),
            (b"PK\x03\x04 a.txt", "压缩包"),
            (b"PK\x03\x04 word/document.xml", "Word 文件"),
            (b"\0\0\0\x18ftypheic", "苹果手机的 HEIC 照片"),
            (b" <!DOCTYPE html>", "网页"),
            ("合同".as_bytes(), "文本文件"),
            (b"\0\x01\x02", "认不出的文件"),
        ];
        for (bytes, what) in all {
            assert_eq!(read(bytes), Err(ContentProblem::Foreign(what)));
        }
        assert_eq!(read(b""), Err(ContentProblem::Empty));
        assert_eq!(read(b"\xFF\xD8\xFF\xE0 no picture"), Err(ContentProblem::BrokenPicture));
        assert_eq!(read(&vec![0; (PHOTO_MB << 20) + 1]), Err(ContentProblem::TooLarge));
    }
}
