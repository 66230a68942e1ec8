//! How many connections one address has, and all together: beyond it a new one is closed at once,
//! so that somebody who opens hundreds and says nothing leaves descriptors for the desk.

use std::any::Any;
use std::collections::HashMap;
use std::net::{IpAddr, Shutdown, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream as Connection;

use crate::plumbing::config::Config;

/// When all are in use, an address with fewer than this still gets one: a browser of the desk.
const FEW: usize = 6;
/// So many more than `connections` for them.
const RESERVE: usize = 100;

type Counts = Mutex<HashMap<IpAddr, usize>>;

/// The count of a running server; its workers share it.
pub struct Connections {
    counts: Arc<Counts>,
    most: usize,
    most_per_address: usize,
    /// They bring the connections of everybody, and count their own.
    proxies: Vec<IpAddr>,
}

/// Lives as long as its connection.
struct Counted {
    counts: Arc<Counts>,
    address: IpAddr,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

impl Connections {
    pub fn new(config: &Config) -> Connections {
        Connections {
            counts: Arc::default(),
            most: config.connections,
            most_per_address: config.connections_per_address,
            proxies: config.proxies.iter().filter_map(|one| one.parse().ok()).collect(),
        }
    }

    /// A connection has come: counted until it ends, or closed.
    pub fn come(&self, connection: &dyn Any, data: &mut Extensions) {
        let Some(connection) = connection.downcast_ref::<Connection>() else { return };
        let Ok(address) = connection.peer_addr().map(|peer| peer.ip()) else { return };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = counts.values().sum();
        let own = counts.get(&address).copied().unwrap_or_default();
        if self.has_room(address, own, all) {
            counts.insert(address, own + 1);
            data.insert(Counted { counts: self.counts.clone(), address });
        } else if let Ok(own) = connection.as_fd().try_clone_to_owned() {
            // It may be closed already.
            let _ = TcpStream::from(own).shutdown(Shutdown::Both);
        }
    }

    fn has_room(&self, address: IpAddr, own: usize, all: usize) -> bool {
        let is_proxy = self.proxies.contains(&address);
        let most = if is_proxy || own < FEW { self.most + RESERVE } else { self.most };
        all < most && (is_proxy || own < self.most_per_address)
    }
}
