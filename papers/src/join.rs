//! Several PDFs made here become one.

use krilla::Document;
use krilla::metadata::Metadata;
use krilla::pdf::{Pdf, PdfDocument};

use crate::Stop;

/// All pages of `parts`, in their order, as one file.
pub fn join(mut parts: Vec<Vec<u8>>, author: &str) -> Result<Vec<u8>, Stop> {
    if parts.len() == 1
        && let Some(only) = parts.pop()
    {
        return Ok(only);
    }
    let mut whole = Document::new();
    for part in parts {
        let part = Pdf::new(part).map_err(|error| broken(&error))?;
        let pages: Vec<usize> = (0..part.pages().len()).collect();
        whole.embed_pdf_pages(&PdfDocument::new(part.into()), &pages);
    }
    let about = Metadata::new().authors(vec![author.to_owned()]).language("zh-CN".to_owned());
    whole.set_metadata(about);
    whole.finish().map_err(|error| broken(&error))
}

/// How many pages a PDF has.
pub fn pages(pdf: Vec<u8>) -> Result<usize, Stop> {
    Ok(Pdf::new(pdf).map_err(|error| broken(&error))?.pages().len())
}

fn broken(error: &dyn std::fmt::Debug) -> Stop {
    Stop::failed(format!(
        "the parts do not join into one PDF: {error:?}; report this with the data"
    ))
}
