//! Real peers, started by `scripts/test`: an SMTP server (aiosmtpd) and an SMS gateway (Kannel).
//! Where they are not there (a run without `scripts/test`), these tests have nothing to ask.

mod kannel;
mod smtp;
