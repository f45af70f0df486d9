//! The stories over a deployment.

use tests::deployment::Deployment;

tests::stories!(Deployment::start());
