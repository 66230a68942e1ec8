//! The program killed while it sends.
