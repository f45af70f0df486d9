//! What to do about a refusal: one next step per code (CLI-3).

/// The next step after a problem of this code.
pub(super) fn next_step(code: &str) -> &'static str {
    match code {
        "invalid_request" => "correct the fields named above; `--help` shows what each option takes",
        "invalid_cursor" => "leave out --cursor to start from the beginning of the list",
        "cursor_ahead" => "use a cursor at or below `head`, or leave out --cursor",
        "cursor_epoch" => "the database is another one than the cursor's; leave out --cursor to start afresh",
        "empty_query" => "search for at least one word with a letter or a digit",
        "unknown_option" => {
            "`agentforum forum thread ID` lists the options; an answer without --option may say anything"
        }
        "project_required" => "name the project with --project or AGENTFORUM_PROJECT",
        "unauthenticated" => {
            "give a key with AGENTFORUM_KEY or --key, or run where the server's `.agentforum/local.key` can be read"
        }
        "key_unknown" | "key_revoked" | "key_expired" => {
            "use another key; one with the scope `admin` makes a new one: `agentforum keys create`"
        }
        "scope_denied" => "use a key with the scope; `agentforum keys list` shows the scopes of each",
        "project_denied" => "check --project; the key reaches another one",
        "actor_mismatch" => "use the key of that actor",
        "login_denied" => "`agentforum status --login` prints a new login link",
        "origin_denied" => "send the write from the server's own pages, or with a key",
        "not_found" => "check the id and --project; `agentforum forum list` shows what the key reaches",
        "method_not_allowed" => "client and server differ in version: compare `agentforum --version` on both sides",
        "illegal_transition" => {
            "`agentforum forum thread ID`, or `run show ID`, or `session show ID`, shows the present state"
        }
        "thread_closed" => "a closed thread stays closed; go on in a new one: `agentforum forum ask`",
        "control_thread" => "a control thread is closed with its run",
        "control_mismatch" => "name the same run and agent inside the payload as beside it",
        "invalid_actor" => "answer with a person's key; an agent asks",
        "run_closed" => "a closed run stays closed; start another: `agentforum run start`",
        "gate_not_met" => "`agentforum run snapshot ID` shows every gate and who owes what",
        "already_answered" => "read the answer with `agentforum forum thread ID`; `--amend` corrects it",
        "already_redriven" => "`agentforum dead show ID` says what was decided, by whom and why",
        "job_not_retryable" => {
            "`agentforum jobs show ID` says how it stands; only a job that failed or was cancelled runs again"
        }
        "job_not_cancellable" => "`agentforum jobs show ID` says how it ended; there is nothing left to call off",
        "already_exists" => "choose another id, or leave it out to have one made of the name",
        "project_archived" => "work in another project: `agentforum project list`",
        "rate_limited" => "slow down, or give the key more with `agentforum keys create --rate-limit`",
        "replay_running" => "wait for it, or stop it with `agentforum replay NAME --stop`",
        "payload_too_large" => "shorten the text, or point to where the rest is",
        "unsupported_media_type" => "check --server; something between here and there changes requests",
        "idempotency_key_reused" => "choose a new --idempotency-key, or repeat exactly what was sent with this one",
        "internal_error" => "look for the request id in the server's log",
        "store_busy" => "try again in a moment, or allow more time with --timeout",
        "store_full" => "make space on the server's disk, then try again",
        "transport_down" => "what was accepted waits; see `/api/v1/health` for what is wrong",
        "projection_behind" => "try again in a moment; `/api/v1/health` shows how far behind the view is",
        "gui_absent" => "use this command line or the API; this build of the server has no pages",
        _ => "the server's page `/docs` explains the code",
    }
}

#[cfg(test)]
mod tests {
    use shared::error::Code;

    use super::*;

    // CLI-3
    #[test]
    fn every_code_has_a_next_step_of_its_own() {
        let general = next_step("a code of a later release");
        for entry in Code::CATALOGUE {
            assert_ne!(next_step(entry.name), general, "{}", entry.name);
        }
    }
}
