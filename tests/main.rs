//! The one integration-test binary; every topic is a module.

mod sheets;
