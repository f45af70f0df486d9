//! A stranger's message on a queue: its envelope is in order, and it names a command that nobody ever gave. What handles
//! the queue can do nothing with it and parks it as a dead letter.

use anyhow::Context;
use serde_json::json;
use serde_json::value::to_raw_value;
use shared::auth::{LOCAL_PROJECT, LOCAL_TEAM};
use shared::client::ClientError;
use shared::clock::Clock;
use shared::id::{Ids, Kind};
use shared::message::command::{AddPost, Command, thread_stream, topic_of};
use shared::message::envelope::CloudEvent;
use shared::transport::{Backend, Outgoing, Transport};
use shared::value::Scope;

use super::NO_TICKET;
use super::documents::{Letter, Page};
use super::stage::{About, Stage};

/// The message and the way it comes.
pub(super) struct Stray {
    transport: Backend,
    message: Outgoing,
}

impl Stray {
    /// A new one in each play.
    ///
    /// # Errors
    /// When there is no randomness for its id.
    pub(super) fn new(transport: Backend) -> anyhow::Result<Self> {
        let ids = Ids::from_system(Clock::System).context("the operating system has no randomness to give")?;
        let scope = Scope { team_id: LOCAL_TEAM.to_owned(), project_id: LOCAL_PROJECT.to_owned() };
        let (message_id, thread_id) = (ids.next(Kind::Message), ids.next(Kind::Thread));
        let data = json!({ "thread_id": thread_id, "body": "Is this the right queue?" });
        let envelope = CloudEvent {
            specversion: "1.0".to_owned(),
            id: message_id.clone(),
            source: CloudEvent::source_of(&scope),
            message_type: AddPost::NAME.to_owned(),
            subject: thread_stream(&thread_id),
            time: Clock::System.now().to_string(),
            sequence: 0,
            correlationid: ids.next(Kind::Event),
            causationid: None,
            traceparent: None,
            dataref: None,
            data: Some(to_raw_value(&data)?),
        };
        let (topic, key) = (topic_of(AddPost::NAME), thread_stream(&thread_id));
        let body = serde_json::to_string(&envelope)?.into();
        Ok(Self { transport, message: Outgoing { topic, key, message_id, body } })
    }

    /// Comes by once. It is told when the letter can be seen, so that whoever is told finds it.
    pub(super) async fn play(self, stage: Stage) {
        let about = About { ticket: NO_TICKET, run: None, thread: None };
        stage.pause(15, 30).await;
        for published in self.transport.publish(vec![self.message.clone()]).await {
            if let Err(error) = published {
                stage.tell("stumbles", about, error.to_string()).await;
                return;
            }
        }
        loop {
            match self.letter(&stage).await {
                Ok(Some(letter)) => {
                    let text = format!("a message about a command that nobody gave is now the dead letter {letter}");
                    stage.tell("strays", about, text).await;
                    return;
                }
                Ok(None) => {}
                Err(error) => stage.complain(about, &error).await,
            }
            stage.look_again(1, 2).await;
        }
    }

    /// The dead letter that the message has become.
    async fn letter(&self, stage: &Stage) -> Result<Option<String>, ClientError> {
        let query = [("status", "dead".to_owned()), ("limit", "50".to_owned())];
        let letters: Page<Letter> = stage.read(&["dead-letters"], &query).await?;
        let own = letters.items.into_iter().find(|letter| letter.message == self.message.message_id);
        Ok(own.map(|letter| letter.id))
    }
}
