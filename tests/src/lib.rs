//! What the themed test binaries share.

pub mod system;
