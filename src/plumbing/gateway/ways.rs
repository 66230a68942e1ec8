//! The ways out of this installation, one for each channel.

use super::{Line, Sender};
use crate::plumbing::config::Config;
use crate::plumbing::outbox::Channel;
use crate::plumbing::{mail, sms};

/// Both ways out of this installation.
pub struct Gateways {
    sms: Line,
    mail: Line,
}

impl std::fmt::Debug for Gateways {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gateways")
    }
}

impl Gateways {
    /// As the configuration says.
    ///
    /// # Errors
    /// One line: which key is wrong and what was expected.
    pub fn new(config: &Config) -> Result<Gateways, String> {
        let sender = Sender { data_dir: &config.data_dir, public_url: &config.public_url };
        Ok(Gateways {
            sms: Line::new(sms::gateway(&config.sms, sender)?, config.sms.line()),
            mail: Line::new(mail::gateway(&config.mail, sender)?, config.mail.line()),
        })
    }

    /// The same with gateways of the caller's own: a rehearsal, a measurement, a test.
    pub fn with(sms: Line, mail: Line) -> Gateways {
        Gateways { sms, mail }
    }

    /// The way out for a channel.
    pub fn line(&self, channel: Channel) -> &Line {
        match channel {
            Channel::Sms => &self.sms,
            Channel::Email => &self.mail,
        }
    }

    /// The program stops: nothing new is begun, what was claimed is given back.
    pub fn stop(&self) {
        self.sms.stop();
        self.mail.stop();
    }
}
