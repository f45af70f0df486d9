//! What functions promise whatever the queues do: commands take effect once and in order, projections miss nothing, and
//! what was lost is rung again.

mod causes;
mod dead;
mod deployed;
mod once;
mod order;
mod projections;
mod reconcile;
mod replay;
mod retention;
