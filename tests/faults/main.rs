//! Bad days of the machine under the system.

mod disk;
mod locked;
mod redis;
mod replay;
mod starts;
mod writers;
