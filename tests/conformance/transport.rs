//! The one suite over every transport (TRANSPORT-2). A backend brings a constructor and a way to let time pass.

mod delivery;
mod giving_up;
mod topics;
mod waits;

use std::time::Duration;

use shared::transport::{Delivery, Outgoing, Subscription, Transport};

pub(crate) use delivery::*;
pub(crate) use giving_up::*;
pub(crate) use topics::*;
pub(crate) use waits::*;

/// What the suite needs of a transport under test.
pub(crate) trait Backend: Sized {
    type Transport: Transport;

    /// A fresh one.
    async fn start(visibility: Duration, subscriptions: Vec<Subscription>) -> (Self, Self::Transport);

    /// Lets time pass.
    async fn pass(&self, time: Duration);

    /// How long the cases' `time` is for this transport: one by the real clock makes it short.
    fn scaled(time: Duration) -> Duration {
        time
    }

    /// How many messages are many for it.
    fn many() -> usize {
        1000
    }

    /// Whether it can be had here; said loudly where it cannot.
    fn available() -> bool {
        true
    }
}

/// One test per case, over the given backend.
macro_rules! suite {
    ($backend:ty) => {
        suite!(
            $backend,
            what_is_published_is_received_once_and_gone_after_its_ack,
            messages_of_one_key_are_received_in_order,
            a_message_not_acknowledged_comes_again_after_its_visibility,
            a_consumer_that_dies_loses_nothing,
            retry_after_brings_a_message_back_after_its_delay_only,
            retry_after_nothing_brings_it_back_at_once,
            extending_hides_a_message_longer,
            acknowledging_what_came_again_meanwhile_is_harmless,
            acknowledging_twice_is_harmless,
            two_consumers_never_share_a_message,
            a_receive_takes_no_more_than_it_asks_for,
            a_command_nobody_handles_is_refused_and_its_neighbours_are_not,
            an_event_nobody_subscribes_to_is_accepted,
            an_event_reaches_each_of_its_subscribers,
            a_wildcard_takes_every_topic_below_it,
            acknowledging_in_one_queue_leaves_the_other,
            a_wait_ends_as_soon_as_something_arrives,
            a_wait_without_messages_ends_in_time,
            an_equal_message_id_published_twice_is_delivered_twice_at_most,
            the_body_arrives_as_it_was_sent,
            a_queue_nobody_made_is_refused,
            after_a_close_everything_says_unreachable,
            closing_twice_is_harmless,
            a_close_ends_a_wait,
            a_message_received_too_often_is_given_up_and_those_behind_it_go_on,
            what_was_given_up_stays_until_it_is_acknowledged,
            each_function_gives_up_for_itself,
            a_retry_of_what_is_done_brings_nothing_back,
            extending_what_is_done_is_harmless,
            queues_say_what_waits_and_what_is_held,
            many_messages_arrive_once_each,
            a_topic_that_nobody_knew_is_heard,
            nothing_is_lost_while_nothing_happens,
            it_says_what_it_is
        );
    };
    ($backend:ty, $($case:ident),+) => {
        $(
            #[tokio::test]
            async fn $case() {
                if <$backend as crate::transport::Backend>::available() {
                    crate::transport::$case::<$backend>().await;
                }
            }
        )+
    };
}
pub(crate) use suite;

/// Deliveries after which the transport of every case gives up.
pub(crate) const RECEIVE_MAX: u32 = 50;
const VISIBILITY: Duration = Duration::from_secs(60);
const A_WHILE: Duration = Duration::from_secs(20);
/// [`VISIBILITY`] but for [`A_WHILE`].
const MOST_OF_IT: Duration = Duration::from_secs(40);
const TOPIC: &str = "forum.events.post.added";
const COMMAND: &str = "forum.commands.open_thread";

async fn started<B: Backend>() -> (B, B::Transport) {
    let to =
        |function, topics: &[&str]| Subscription { function, topics: topics.iter().map(|&t| t.to_owned()).collect() };
    let subscriptions = vec![
        to("cmd-open-thread", &[COMMAND]),
        to("project-a", &["forum.events.post.added", "forum.events.thread.opened"]),
        to("project-b", &["forum.events.*"]),
    ];
    B::start(B::scaled(VISIBILITY), subscriptions).await
}

fn message(topic: &str, n: usize) -> Outgoing {
    Outgoing {
        topic: topic.to_owned(),
        key: "local/default/thread/a".to_owned(),
        message_id: format!("msg_{n}"),
        body: format!("{{\"n\":{n}}}").into(),
    }
}

async fn publish<T: Transport>(transport: &T, topic: &str, numbers: std::ops::Range<usize>) {
    let count = numbers.len();
    let answers = transport.publish(numbers.map(|n| message(topic, n)).collect()).await;
    assert_eq!(answers.len(), count);
    for answer in answers {
        answer.expect("published");
    }
}

async fn receive<T: Transport>(transport: &T, function: &str, max: usize) -> Vec<Delivery> {
    transport.receive(function, max, Duration::ZERO).await.expect("a queue")
}

fn ids(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.message_id.as_str()).collect()
}
