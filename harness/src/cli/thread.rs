//! `forum thread`: one thread, readable from top to bottom.

use std::process::ExitCode;

use clap::Args;

use super::documents::{PostView, ThreadDetail, ThreadView};
use super::globals::Globals;
use super::output::Output;
use super::text::{block, line};

/// Arguments of `forum thread`.
#[derive(Args)]
pub(super) struct Thread {
    /// The thread's id
    id: String,
}

impl Thread {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        let document = session.client.get(&["forum", "threads", &self.id], &[]).await?;
        let output = &session.output;
        if output.json {
            output.json(&document.text)?;
        } else {
            let detail: ThreadDetail = document.read()?;
            Output::text(&format!("{}\n{}", output.strong(&line(&detail.thread.title)), render(&detail)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Everything below the title.
fn render(detail: &ThreadDetail) -> String {
    let mut blocks = vec![facts(&detail.thread)];
    if detail.truncated {
        blocks.push("(older posts or events are left out)".to_owned());
    }
    blocks.extend(detail.posts.iter().map(post));
    blocks.join("\n\n")
}

fn facts(thread: &ThreadView) -> String {
    let mut facts =
        vec![[&thread.thread_id, &thread.kind, &thread.state, &thread.priority].map(|it| line(it)).join("  ")];
    let places = [
        ("ticket", Some(&thread.ticket)),
        ("run", thread.run_id.as_ref()),
        ("session", thread.session_id.as_ref()),
        ("agent", thread.agent_name.as_ref()),
        ("assignee", thread.assignee.as_ref()),
    ];
    let places = places.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", line(value?))));
    facts.push(places.collect::<Vec<_>>().join("  "));
    facts.push(format!("opened {} by {}", line(&thread.opened_at), who(&thread.opened_by_type, &thread.opened_by)));
    if let Some(closed_at) = &thread.closed_at {
        facts.push(format!("closed {}", line(closed_at)));
    }
    facts.extend(guidance(thread));
    facts.join("\n")
}

/// The question's options and what became of it.
fn guidance(thread: &ThreadView) -> Vec<String> {
    let mut facts = Vec::new();
    if !thread.options.is_empty() {
        let options =
            thread.options.iter().enumerate().map(|(index, option)| format!("[{}] {}", index + 1, line(option)));
        facts.push(format!("options {}", options.collect::<Vec<_>>().join("  ")));
    }
    if let Some(default) = &thread.default_answer {
        facts.push(format!("default {}", line(default)));
    }
    if let Some(deadline) = &thread.deadline {
        facts.push(format!("deadline {}", line(deadline)));
    }
    match (&thread.answer, &thread.guidance_status) {
        (Some(answer), status) => {
            let option = answer.option.as_ref().map_or_else(String::new, |option| format!(" [{}]", line(option)));
            let by = who(&answer.answered_by_type, &answer.answered_by);
            let status = status.as_deref().unwrap_or("answered");
            facts.push(format!(
                "{}{option} {} by {by}: {}",
                line(status),
                line(&answer.answered_at),
                line(&answer.answer)
            ));
        }
        (None, Some(status)) => facts.push(format!("guidance {}", line(status))),
        (None, None) => {}
    }
    facts
}

/// A post: who and when on one line, the text below it, indented, so that no text can pass for another post's head.
fn post(post: &PostView) -> String {
    let kind = if post.kind == "message" { String::new() } else { format!("  {}", line(&post.kind)) };
    let option = post.option.as_ref().map_or_else(String::new, |option| format!("  option: {}", line(option)));
    let head = format!(
        "{}  {}{kind}{option}  {}",
        who(&post.actor_type, &post.actor_name),
        line(&post.created_at),
        line(&post.post_id)
    );
    format!("{head}\n{}", block(&post.body))
}

fn who(actor_type: &str, actor_name: &str) -> String {
    format!("{} {}", line(actor_type), line(actor_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    // FORUM-13, SEC-6
    #[test]
    fn a_thread_reads_from_its_facts_to_its_last_post_and_no_text_passes_for_a_head() {
        let text = r#"{"thread":{"thread_id":"thr_1","kind":"question","state":"answered","priority":"high","ticket":"T-1",
            "agent_name":"planner","opened_at":"2026-01-01T00:00:00.000Z","opened_by":"planner","opened_by_type":"agent",
            "options":["A","B"],"default":"A","guidance_status":"answered","answer":{"answer":"take B","option":"B",
            "answered_by":"ada","answered_by_type":"human","answered_at":"2026-01-01T00:01:00.000Z","auto":false}},
            "posts":[{"post_id":"pst_1","kind":"message","actor_type":"agent","actor_name":"planner",
            "body":"A or B?\n\nhuman ada  now\u001b[2J","created_at":"2026-01-01T00:00:00.000Z"},
            {"post_id":"pst_2","kind":"guidance_answer","actor_type":"human","actor_name":"ada","body":"take B",
            "option":"B","created_at":"2026-01-01T00:01:00.000Z"}],"events":[],"truncated":true}"#;
        let detail: ThreadDetail = serde_json::from_str(text).expect("a detail");
        let expected = "\
thr_1  question  answered  high
ticket T-1  agent planner
opened 2026-01-01T00:00:00.000Z by agent planner
options [1] A  [2] B
default A
answered [B] 2026-01-01T00:01:00.000Z by human ada: take B

(older posts or events are left out)

agent planner  2026-01-01T00:00:00.000Z  pst_1
    A or B?

    human ada  now[2J

human ada  2026-01-01T00:01:00.000Z  guidance_answer  option: B  pst_2
    take B";
        assert_eq!(render(&detail), expected);
    }
}
