//! Photographs that come from outside: decoded and written anew, so that nothing but what is to be
//! seen stays of them. Where and with what they were taken (EXIF) is gone, and what only begins
//! like a picture is refused.

use std::io::Cursor;
use std::sync::{Mutex, PoisonError};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

/// Largest photograph in megabytes.
pub const PHOTO_MB: usize = 10;
/// Pixels of a picture at most: no telephone takes more unless told to, and decoding one takes
/// four bytes for each.
const PIXELS_MAX: u64 = 50_000_000;
const SIDE_MAX: u32 = 20_000;
const MEMORY_MAX: u64 = 4 * PIXELS_MAX;
/// A sheet of paper can be read at 200 dots an inch; a larger picture is made as large as this.
const SIDE_KEPT: u32 = 2_400;
const QUALITY: u8 = 85;

/// Why a picture is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureProblem {
    NoPicture,
    TooManyPixels,
}

/// One at a time: each may take as much memory as the rest of the program.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The picture as JPEG, upright, without anything that came with it.
pub fn rewritten(bytes: &[u8]) -> Result<Vec<u8>, PictureProblem> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let none = |_| PictureProblem::NoPicture;
    let mut reader = ImageReader::new(Cursor::new(bytes));
    let format = image::guess_format(bytes).map_err(none)?;
    if ![ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP].contains(&format) {
        return Err(PictureProblem::NoPicture);
    }
    reader.set_format(format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(none)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS_MAX || width.max(height) > SIDE_MAX {
        return Err(PictureProblem::TooManyPixels);
    }
    let upright = decoder.orientation().map_err(none)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(none)?;
    if width.max(height) > SIDE_KEPT {
        picture = picture.thumbnail(SIDE_KEPT, SIDE_KEPT);
    }
    picture.apply_orientation(upright);
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, QUALITY);
    picture.into_rgb8().write_with_encoder(encoder).map_err(none)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height).write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    /// A JPEG with the marker of EXIF put in: turned by a quarter, and a place.
    fn with_exif(jpeg: &[u8]) -> Vec<u8> {
        let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0".to_vec();
        exif.extend(b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0GPS 30.28N 105.02E");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], b"\xFF\xE1", &length, &exif, &jpeg[2..]].concat()
    }

    #[test]
    fn where_it_was_taken_is_gone_and_it_stands_upright() {
        let taken = with_exif(&picture(40, 20, ImageFormat::Jpeg));
        let kept = rewritten(&taken).unwrap();
        for word in [&b"Exif"[..], b"GPS"] {
            assert!(taken.windows(word.len()).any(|part| part == word));
            assert!(!kept.windows(word.len()).any(|part| part == word));
        }
        let kept = image::load_from_memory(&kept).unwrap();
        assert_eq!((kept.width(), kept.height()), (20, 40));
    }

    #[test]
    fn every_kind_becomes_jpeg_of_no_more_than_a_sheet_needs() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let kept = rewritten(&picture(3_000, 1_000, format)).unwrap();
            assert_eq!(image::guess_format(&kept).unwrap(), ImageFormat::Jpeg);
            let kept = image::load_from_memory(&kept).unwrap();
            assert_eq!((kept.width(), kept.height()), (2_400, 800), "{format:?}");
        }
    }

    #[test]
    fn what_only_begins_like_a_picture_is_refused() {
        let whole = picture(40, 20, ImageFormat::Png);
        for bytes in [&b"\xFF\xD8\xFF\xE0 no picture"[..], b"GIF89a", b"", &whole[..40]] {
            assert_eq!(rewritten(bytes), Err(PictureProblem::NoPicture));
        }
        // The head alone says how large it is: refused before anything is laid out.
        let mut huge = whole;
        huge[16..24].copy_from_slice(&[0, 0, 0x40, 0, 0, 0, 0x40, 0]);
        let sum = {
            let mut crc = flate2::Crc::new();
            crc.update(&huge[12..29]);
            crc.sum()
        };
        huge[29..33].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(rewritten(&huge), Err(PictureProblem::TooManyPixels));
    }
}
