//! What is deployed is what was tested: built function binaries behind Lambda's runtime interface, SQS queues and a libSQL
//! server, and the same stories.

mod batches;
mod database;
mod story;
mod stream;
