//! What is happening now: the log's tail for live readers, and the bells that wake whoever waits for a command's outcome
//! or for a projection to catch up. All of it is a hint about rows; whoever waits looks at the rows too.

mod bells;
mod tail;

pub use bells::{Bells, Finished, Waiting};
pub use tail::{Page, Subscriber, Tail, TailEvent};
