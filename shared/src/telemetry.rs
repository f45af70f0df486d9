//! Metrics in a registry of their own per process or test, and the log's setup. Label values are bounded: names from the
//! vocabulary, never ids or free text.

use prometheus::core::Collector;
use prometheus::{
    Encoder, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

use crate::config::LogFormat;

/// Every metric of the process, by the name it has in the metrics table without `agentforum_`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is the metric of its name, described once where it is registered")]
pub struct Metrics {
    registry: Registry,
    pub http_requests_total: IntCounterVec,
    pub http_request_duration_seconds: HistogramVec,
    pub commands_total: IntCounterVec,
    pub command_processing_seconds: HistogramVec,
    pub commands_pending: IntGauge,
    pub command_lag_seconds: IntGauge,
    pub guidance_pending: IntGauge,
    pub guidance_wait_seconds: HistogramVec,
    pub escalations_total: IntCounterVec,
    pub nudges_total: IntCounterVec,
    pub webhooks_total: IntCounterVec,
    pub events_total: IntCounterVec,
    pub log_head_position: IntGauge,
    pub outbox_rows: IntGaugeVec,
    pub outbox_oldest_pending_age_seconds: IntGauge,
    pub publish_total: IntCounterVec,
    pub publish_duration_seconds: HistogramVec,
    pub projection_lag_events: IntGaugeVec,
    pub projection_lag_seconds: IntGaugeVec,
    pub replay_progress_ratio: GaugeVec,
    pub replay_duration_seconds: HistogramVec,
    pub function_invocations_total: IntCounterVec,
    pub function_duration_seconds: HistogramVec,
    pub dead_letters: IntGaugeVec,
    pub dead_letters_total: IntCounterVec,
    pub jobs: IntGaugeVec,
    pub job_duration_seconds: HistogramVec,
    pub generation_tokens_total: IntCounterVec,
    pub leases_expired_total: IntCounterVec,
    pub reconciled_total: IntCounterVec,
    pub writer_batch_size: Histogram,
    pub writer_commit_seconds: Histogram,
    pub writer_queue_depth: IntGauge,
    pub writer_refused_total: IntCounter,
    pub live_subscribers: IntGaugeVec,
    pub live_events_sent_total: IntCounterVec,
    pub live_log_reads_total: IntCounter,
    pub remote_round_trips_total: IntCounterVec,
    pub transport_up: IntGaugeVec,
    pub db_size_bytes: IntGauge,
    pub db_wal_bytes: IntGauge,
}

/// Registers one metric after the other, keeping the first refusal.
struct Registrar {
    registry: Registry,
}

impl Registrar {
    fn add<M: Collector + Clone + 'static>(&self, made: prometheus::Result<M>) -> prometheus::Result<M> {
        let metric = made?;
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        self.add(IntCounter::with_opts(Opts::new(name, help).namespace("agentforum")))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
        self.add(IntCounterVec::new(Opts::new(name, help).namespace("agentforum"), labels))
    }

    fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        self.add(IntGauge::with_opts(Opts::new(name, help).namespace("agentforum")))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
        self.add(IntGaugeVec::new(Opts::new(name, help).namespace("agentforum"), labels))
    }

    fn ratios(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<GaugeVec> {
        self.add(GaugeVec::new(Opts::new(name, help).namespace("agentforum"), labels))
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> prometheus::Result<Histogram> {
        let opts = HistogramOpts::new(name, help).namespace("agentforum").buckets(buckets.to_vec());
        self.add(Histogram::with_opts(opts))
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<HistogramVec> {
        let opts = HistogramOpts::new(name, help).namespace("agentforum").buckets(SECONDS.to_vec());
        self.add(HistogramVec::new(opts, labels))
    }

    /// Of what takes minutes.
    fn long_histograms(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<HistogramVec> {
        let opts = HistogramOpts::new(name, help).namespace("agentforum").buckets(MINUTES.to_vec());
        self.add(HistogramVec::new(opts, labels))
    }
}

const MINUTES: &[f64] = &[0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0];
const SECONDS: &[f64] = &[0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

impl Metrics {
    /// Registers every metric.
    ///
    /// # Errors
    /// When two metrics collide, which is a mistake in this file.
    pub fn new() -> prometheus::Result<Self> {
        let add = Registrar { registry: Registry::new() };
        add.gauges("build_info", "Version of the program; always 1.", &["version", "git_sha"])?
            .with_label_values(&[VERSION, GIT_SHA])
            .set(1);
        Ok(Self {
            http_requests_total: add.counters(
                "http_requests_total",
                "HTTP requests.",
                &["route", "method", "status"],
            )?,
            http_request_duration_seconds: add.histograms(
                "http_request_duration_seconds",
                "Request time.",
                &["route"],
            )?,
            commands_total: add.counters("commands_total", "Commands by their status.", &["name", "status"])?,
            command_processing_seconds: add.histograms(
                "command_processing_seconds",
                "From accepted to finished.",
                &["name"],
            )?,
            commands_pending: add.gauge("commands_pending", "Commands accepted and not finished.")?,
            command_lag_seconds: add.gauge("command_lag_seconds", "Age of the oldest accepted command.")?,
            guidance_pending: add.gauge("guidance_pending", "Questions of agents in runs that nobody has answered.")?,
            guidance_wait_seconds: add.long_histograms(
                "guidance_wait_seconds",
                "From a question to its answer.",
                &["result"],
            )?,
            escalations_total: add.counters("escalations_total", "Threads that asked for attention.", &["kind"])?,
            nudges_total: add.counters("nudges_total", "Nudges to agents.", &["kind", "result"])?,
            webhooks_total: add.counters("webhooks_total", "Deliveries of GitHub.", &["event", "result"])?,
            events_total: add.counters("events_total", "Events appended by this process.", &["type"])?,
            log_head_position: add.gauge("log_head_position", "Position of the newest event.")?,
            outbox_rows: add.gauges("outbox_rows", "Outbox rows.", &["status"])?,
            outbox_oldest_pending_age_seconds: add
                .gauge("outbox_oldest_pending_age_seconds", "Age of the oldest pending outbox row.")?,
            publish_total: add.counters("publish_total", "Messages published.", &["transport", "result"])?,
            publish_duration_seconds: add.histograms(
                "publish_duration_seconds",
                "Time to publish a batch.",
                &["transport"],
            )?,
            projection_lag_events: add.gauges("projection_lag_events", "Events behind the head.", &["projection"])?,
            projection_lag_seconds: add.gauges(
                "projection_lag_seconds",
                "Age of the oldest event that is not projected.",
                &["projection"],
            )?,
            replay_progress_ratio: add.ratios(
                "replay_progress_ratio",
                "How far a replay is, 0 to 1.",
                &["projection"],
            )?,
            replay_duration_seconds: add.long_histograms(
                "replay_duration_seconds",
                "From a replay's start to its switch.",
                &["projection"],
            )?,
            function_invocations_total: add.counters(
                "function_invocations_total",
                "Messages handled.",
                &["function", "outcome"],
            )?,
            function_duration_seconds: add.histograms("function_duration_seconds", "Handling time.", &["function"])?,
            dead_letters: add.gauges("dead_letters", "Dead letters that wait for a decision.", &["source"])?,
            dead_letters_total: add.counters("dead_letters_total", "Dead letters made.", &["source", "function"])?,
            jobs: add.gauges("jobs", "Jobs.", &["lane", "status"])?,
            job_duration_seconds: add.histograms("job_duration_seconds", "Work on one job.", &["lane"])?,
            generation_tokens_total: add.counters(
                "generation_tokens_total",
                "Tokens that providers read and wrote.",
                &["provider", "direction"],
            )?,
            leases_expired_total: add.counters("leases_expired_total", "Leases that ran out.", &["kind"])?,
            reconciled_total: add.counters("reconciled_total", "Rows rung again by reconciliation.", &["kind"])?,
            writer_batch_size: add.histogram("writer_batch_size", "Commits that shared a transaction.", SIZES)?,
            writer_commit_seconds: add.histogram("writer_commit_seconds", "Time of a group's transaction.", SECONDS)?,
            writer_queue_depth: add.gauge("writer_queue_depth", "Commits waiting for the writer.")?,
            writer_refused_total: add
                .counter("writer_refused_total", "Commits refused because the mailbox was full.")?,
            live_subscribers: add.gauges("live_subscribers", "Open live connections.", &["kind"])?,
            live_events_sent_total: add.counters("live_events_sent_total", "Events sent live.", &["kind"])?,
            live_log_reads_total: add.counter("live_log_reads_total", "Reads of the log made for live streams.")?,
            remote_round_trips_total: add.counters(
                "remote_round_trips_total",
                "Requests sent to the libSQL server.",
                &["kind"],
            )?,
            transport_up: add.gauges("transport_up", "1 while the transport answers.", &["transport"])?,
            db_size_bytes: add.gauge("db_size_bytes", "Size of the database file.")?,
            db_wal_bytes: add.gauge("db_wal_bytes", "Size of the write-ahead log.")?,
            registry: add.registry,
        })
    }

    /// All metrics as Prometheus text.
    ///
    /// # Errors
    /// When the encoder refuses a metric family.
    pub fn render(&self) -> prometheus::Result<String> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// The program's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit it was built from, where the build knew it.
pub const GIT_SHA: &str = match option_env!("AGENTFORUM_GIT_SHA") {
    Some(sha) => sha,
    None => "unknown",
};

/// Starts logging to standard error; a second call in one process changes nothing.
///
/// # Errors
/// When `level` is no filter directive.
pub fn start_logging(format: LogFormat, level: &str) -> Result<(), tracing_subscriber::filter::ParseError> {
    let filter = tracing_subscriber::EnvFilter::builder().parse(level)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A subscriber is already there in tests that start several systems in one process.
    let _ = match format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).try_init(),
        LogFormat::Text => builder.with_target(false).with_ansi(false).try_init(),
    };
    Ok(())
}
