//! The life of one thread, as each connection of the load leads it: opened, two posts, answered, closed.

use shared::domain::thread::{Closed, Opened, Place, PostAdded, StateChanged, Thread, ThreadEvent};
use shared::id::Kind;
use shared::value::{OnTimeout, PostKind, Priority, ThreadKind, ThreadState};
use uuid::Uuid;

/// The commands of one thread's life, and their payloads.
pub(crate) const PAYLOADS: [(&str, &str); 5] = [
    (
        "open_thread",
        r#"{"title":"Which way is it?","body":"The left one, or the right one; both look the same.","ticket":"BENCH-1"}"#,
    ),
    (
        "add_post",
        r#"{"thread_id":"thr_00000000-0000-7000-8000-000000000000","body":"One more thing that should be known."}"#,
    ),
    (
        "add_post",
        r#"{"thread_id":"thr_00000000-0000-7000-8000-000000000000","body":"One more thing that should be known."}"#,
    ),
    (
        "answer_thread",
        r#"{"thread_id":"thr_00000000-0000-7000-8000-000000000000","body":"Take the left one.","amend":false}"#,
    ),
    ("close_thread", r#"{"thread_id":"thr_00000000-0000-7000-8000-000000000000"}"#),
];

/// What each of them leads to.
pub(crate) fn events_of(step: usize, post_id: &str) -> Vec<ThreadEvent> {
    let post = |kind| {
        let body = "One more thing that should be known before anybody decides.".to_owned();
        ThreadEvent::PostAdded(PostAdded { post_id: post_id.to_owned(), kind, body, option: None })
    };
    match step {
        0 => vec![ThreadEvent::Opened(Opened {
            title: "Which way is it?".to_owned(),
            body: "The left one, or the right one; both look the same.".to_owned(),
            post_id: post_id.to_owned(),
            kind: ThreadKind::Question,
            state: ThreadState::New,
            priority: Priority::Normal,
            assignee: None,
            options: Vec::new(),
            default: None,
            deadline: None,
            on_timeout: OnTimeout::Wait,
            place: Place { ticket: "BENCH-1".to_owned(), ..Place::default() },
        })],
        1 | 2 => vec![post(PostKind::Message)],
        3 => {
            let moved = StateChanged { from: ThreadState::New, to: ThreadState::Answered };
            vec![post(PostKind::GuidanceAnswer), ThreadEvent::StateChanged(moved)]
        }
        _ => vec![ThreadEvent::Closed(Closed { from: ThreadState::Answered, reason: None })],
    }
}

/// One connection of the load: where its thread stands.
#[derive(Default)]
pub(crate) struct Client {
    pub(crate) thread: Option<Thread>,
    pub(crate) step: usize,
}

impl Client {
    pub(crate) fn thread_id(&self, command: Uuid) -> String {
        self.thread.as_ref().map_or_else(|| Kind::Thread.with(command), |thread| thread.thread_id.clone())
    }
}
