//! Memory: agent events, the lanes that make observations of them, providers, and finding what was remembered.

mod acts;
mod extractive;
mod ingest;
mod jobs;
mod lanes;
mod private;
mod providers;
mod rescue;
mod search;
