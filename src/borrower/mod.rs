//! THE BORROWER'S OWN PAGES `/m`: a phone, large type, no script, under 80 KB. A borrower or
//! co-borrower sees one thing: when next, how much, why. Never imports `desk`.
