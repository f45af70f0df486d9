//! `infra/template.yaml` deploys exactly the functions that there are, and none of its numbers lets anything be lost.

mod grants;

use std::collections::BTreeSet;

use harness::functions::TABLE;
use serde_json::Value;
use shared::config::KEYS;
use shared::function::routes::ROUTES;
use shared::function::{Trigger, subscription};

use crate::expect_nothing;
use crate::sources::root;

struct Template(Value);

fn template() -> Template {
    let text = std::fs::read_to_string(root().join("infra/template.yaml")).expect("the template");
    Template(serde_saphyr::from_str(&text).expect("YAML without tags"))
}

/// `cmd-open-thread` as it stands in the names of resources.
fn pascal(function: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    function.split('-').map(word).collect()
}

impl Template {
    fn resources(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0["Resources"].as_object().into_iter().flatten()
    }

    fn properties(&self, name: &str) -> &Value {
        &self.0["Resources"][name]["Properties"]
    }

    fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.resources()
            .filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(name, it)| (name, &it["Properties"]))
    }
}

/// The resource that an intrinsic names, or its text.
fn resource(value: &Value) -> String {
    let named = value["Fn::GetAtt"][0].as_str().or(value["Ref"].as_str()).or(value["Fn::Sub"].as_str());
    named.or(value.as_str()).expect("a resource").to_owned()
}

fn queued() -> impl Iterator<Item = &'static str> {
    ROUTES.iter().map(|(function, _)| *function)
}

// LAMBDA-1
#[test]
fn the_template_deploys_the_functions_of_the_table_and_no_others() {
    let deployed: BTreeSet<String> = template()
        .of_type("AWS::Serverless::Function")
        .map(|(name, function)| {
            let folder = function["FunctionName"]["Fn::Sub"]
                .as_str()
                .and_then(|name| name.strip_prefix("agentforum-${Environment}-"));
            let folder = folder.expect("a name of ours");
            assert_eq!(*name, format!("{}Function", pascal(folder)));
            assert_eq!(function["CodeUri"], format!("../target/lambda/{folder}/bootstrap.zip"));
            folder.to_owned()
        })
        .collect();
    assert_eq!(deployed, TABLE.iter().map(|entry| entry.name.to_owned()).collect());
}

// LAMBDA-1
#[test]
fn the_routes_are_those_of_the_table() {
    let table: Vec<_> = TABLE.iter().filter(|entry| subscription(entry.name, entry.trigger).is_some()).collect();
    let table: Vec<_> = table.into_iter().map(|entry| (entry.name, entry.trigger)).collect();
    assert_eq!(ROUTES, table);
}

// LAMBDA-6
#[test]
fn every_function_says_what_it_takes_and_reserves_nothing() {
    let template = template();
    let mut wrong = Vec::new();
    for entry in TABLE {
        let function = template.properties(&format!("{}Function", pascal(entry.name)));
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{}: {what}", entry.name));
            }
        };
        expect(function["MemorySize"].as_u64().is_some_and(|memory| memory >= 128), "memory");
        expect(function["Timeout"].as_u64() == Some(entry.trigger.timeout().as_secs()), "the timeout of its trigger");
        expect(function["ReservedConcurrentExecutions"].is_null(), "no reserved concurrency");
        expect(resource(&function["Role"]) == format!("{}Role", pascal(entry.name)), "a role of its own");
        let logs = template.properties(&format!("{}Logs", pascal(entry.name)));
        expect(!logs["RetentionInDays"].is_null(), "logs that end");
    }
    expect_nothing("a function's settings are complete", &wrong);
    assert_eq!(template.0["Globals"]["Function"]["Architectures"], serde_json::json!(["arm64"]));
}

// LAMBDA-6
#[test]
fn no_queue_hands_a_message_out_twice_or_forgets_it_early() {
    let template = template();
    let mut wrong = Vec::new();
    for name in queued() {
        let pascal = pascal(name);
        let function = template.properties(&format!("{pascal}Function"));
        let sources: Vec<_> = function["Events"].as_object().into_iter().flatten().collect();
        let [(_, source)] = sources.as_slice() else { panic!("{name} has one event source") };
        let (source, queue) = (&source["Properties"], template.properties(&format!("{pascal}Queue")));
        let dead = template.properties(&format!("{pascal}DeadLetters"));
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{name}: {what}"));
            }
        };
        expect(resource(&source["Queue"]) == format!("{pascal}Queue"), "fed from its own queue");
        expect(source["BatchSize"] == 10, "batches of ten");
        expect(source["FunctionResponseTypes"][0] == "ReportBatchItemFailures", "failed records are named");
        expect(number(&source["ScalingConfig"]["MaximumConcurrency"]) >= 2, "a maximum concurrency of at least 2");
        let window = number(&source["MaximumBatchingWindowInSeconds"]);
        let least = 6 * number(&function["Timeout"]) + window;
        expect(number(&queue["VisibilityTimeout"]) >= least, "a visibility of six timeouts and the window");
        expect(number(&queue["MessageRetentionPeriod"]) == 4 * 86_400, "messages kept for 4 days");
        expect(queue["RedrivePolicy"]["maxReceiveCount"] == 50, "given up after 50 receives");
        expect(
            resource(&queue["RedrivePolicy"]["deadLetterTargetArn"]) == format!("{pascal}DeadLetters"),
            "its own DLQ",
        );
        expect(number(&dead["MessageRetentionPeriod"]) == 14 * 86_400, "dead letters kept for 14 days");
        for encrypted in [queue, dead] {
            expect(encrypted["SqsManagedSseEnabled"] == true, "encrypted at rest");
        }
    }
    expect_nothing("a queue loses and doubles nothing", &wrong);
}

// LAMBDA-8
#[test]
fn whatever_no_queue_wakes_is_woken_by_the_clock_or_by_requests() {
    let template = template();
    for entry in TABLE.iter().filter(|entry| !entry.is_queued()) {
        let function = template.properties(&format!("{}Function", pascal(entry.name)));
        if entry.trigger == Trigger::Http {
            assert_eq!(function["FunctionUrlConfig"]["InvokeMode"], "RESPONSE_STREAM", "{}", entry.name);
            continue;
        }
        let sources: Vec<_> = function["Events"].as_object().into_iter().flatten().collect();
        let [(_, source)] = sources.as_slice() else { panic!("{} has one schedule", entry.name) };
        let rate = source["Properties"]["Schedule"].as_str().expect("a schedule");
        assert!(["rate(1 minute)", "rate(5 minutes)"].contains(&rate), "{}: {rate}", entry.name);
        assert!(entry.name == "sweep-retention" || rate == "rate(1 minute)", "{}: {rate}", entry.name);
    }
}

// LAMBDA-9
#[test]
fn every_variable_that_functions_get_is_a_setting() {
    let template = template();
    let variables = template.0["Globals"]["Function"]["Environment"]["Variables"].as_object().expect("variables");
    let names: Vec<&str> = variables.keys().map(String::as_str).collect();
    for wanted in ["AGENTFORUM_DB", "AGENTFORUM_STORE_TOKEN_SECRET", "AGENTFORUM_SQS_URL"] {
        assert!(names.contains(&wanted), "{wanted} is missing");
    }
    for name in names {
        assert!(KEYS.iter().any(|key| key.environment() == name), "{name} names no setting");
    }
    assert_eq!(
        (&variables["AGENTFORUM_TRANSPORT"], &variables["AGENTFORUM_AUTH_MODE"]),
        (&"sqs".into(), &"keys".into())
    );
}

// LAMBDA-11
#[test]
fn what_needs_a_person_raises_an_alarm() {
    let template = template();
    let alarms: BTreeSet<(String, String)> = template
        .of_type("AWS::CloudWatch::Alarm")
        .map(|(_, alarm)| {
            let metric = alarm["MetricName"].as_str().expect("a metric").to_owned();
            (metric, resource(&alarm["Dimensions"][0]["Value"]))
        })
        .collect();
    let mut missing = Vec::new();
    let mut expect = |metric: &str, of: String| {
        if !alarms.contains(&(metric.to_owned(), of.clone())) {
            missing.push(format!("{metric} of {of}"));
        }
    };
    for entry in TABLE {
        for metric in ["Errors", "Throttles"] {
            expect(metric, format!("{}Function", pascal(entry.name)));
        }
    }
    for name in queued() {
        expect("ApproximateNumberOfMessagesVisible", format!("{}DeadLetters", pascal(name)));
        expect("ApproximateAgeOfOldestMessage", format!("{}Queue", pascal(name)));
    }
    expect("OutboxOldestAgeSeconds", "DrainOutboxFunction".to_owned());
    expect_nothing("every alarm is there", &missing);
}
