//! What functions promise whatever the queues do: commands take effect once and in order, projections miss nothing, and
//! what was lost is rung again.

mod causes;
mod dead;
mod deadlines;
mod deployed;
mod foreign;
mod gates;
mod nudges;
mod observations;
mod once;
mod order;
mod probes;
mod projections;
mod reconcile;
mod replay;
mod retention;
mod run_sessions;
mod sessions;
mod silent;
