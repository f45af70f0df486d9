//! `cmd-ingest-agent-events` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_ingest_agent_events::CmdIngestAgentEvents>()
}
