//! The real program: killed at any moment, stopped in order, started where it must not start.

mod kill;
mod lifecycle;
mod load;
mod memory;
mod runs;
mod sessions;
