//! The stories over the harness, step by step.

use tests::system::System;

async fn stepped() -> Option<System> {
    Some(System::stepped().await)
}

tests::stories!(stepped());
