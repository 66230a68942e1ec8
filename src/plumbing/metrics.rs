//! What `/metrics` tells a Prometheus server. No label ever holds a person, a number or a URL:
//! routes are told by their pattern.

use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use crate::error::{AppError, AppResult};

/// The program's own counters. Gauges that live in the database are read when asked for.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Seconds per request, by route pattern, method and status.
    pub request_s: HistogramVec,
    /// Times a write met a conflict and was run again.
    pub write_retries: IntGauge,
    /// Rows posted by imports since the start.
    pub import_rows: IntCounter,
    /// Positions that time alone has made old.
    pub positions_out_of_date: IntGauge,
    /// History rows that have no place in the chain yet.
    pub history_unchained: IntGauge,
    /// 1 when the last check of the books found no difference, 0 when it did, -1 when none ran.
    pub books_ok: IntGauge,
    /// Sign-ins refused since the start.
    pub sign_ins_refused: IntCounter,
    /// Seconds since the oldest run of a job that should have ended and has not.
    pub job_lag_s: IntGaugeVec,
    /// Runs of a job that failed, since the start.
    pub job_failures: IntCounterVec,
    /// When a job last went well, seconds since 1970.
    pub job_last_success: IntGaugeVec,
}

impl Metrics {
    pub fn new() -> Result<Metrics, String> {
        build().map_err(|e| format!("metrics: {e}"))
    }

    /// Everything in the text format of Prometheus.
    pub fn text(&self) -> AppResult<String> {
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .map_err(|e| AppError::broken(format!("metrics: {e}")))
    }
}

fn build() -> prometheus::Result<Metrics> {
    let registry = Registry::new();
    let buckets = vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
    let request_s = HistogramVec::new(
        HistogramOpts::new("zhuxue_request_seconds", "Time to answer a request").buckets(buckets),
        &["method", "route", "status"],
    )?;
    let gauge = |name: &str, help: &str| IntGauge::with_opts(Opts::new(name, help));
    let by_job = |name: &str, help: &str| IntGaugeVec::new(Opts::new(name, help), &["job"]);
    let counter = |name: &str, help: &str| IntCounter::with_opts(Opts::new(name, help));
    let metrics = Metrics {
        registry,
        request_s,
        write_retries: gauge("zhuxue_write_retries", "Conflicting writes that were run again")?,
        import_rows: counter("zhuxue_import_rows_total", "Rows posted by imports")?,
        positions_out_of_date: gauge(
            "zhuxue_positions_out_of_date",
            "Positions that time alone has made old",
        )?,
        history_unchained: gauge("zhuxue_history_unchained", "History rows not chained yet")?,
        books_ok: gauge("zhuxue_books_ok", "1 when the last check found no difference")?,
        sign_ins_refused: counter("zhuxue_sign_ins_refused_total", "Refused sign-ins")?,
        job_lag_s: by_job("zhuxue_job_lag_seconds", "How late the oldest unsettled run is")?,
        job_failures: IntCounterVec::new(
            Opts::new("zhuxue_job_failures_total", "Runs of a job that failed"),
            &["job"],
        )?,
        job_last_success: by_job(
            "zhuxue_job_last_success_timestamp",
            "When a job last went well, seconds since 1970",
        )?,
    };
    metrics.books_ok.set(-1);
    let all: [Box<dyn prometheus::core::Collector>; 10] = [
        Box::new(metrics.request_s.clone()),
        Box::new(metrics.write_retries.clone()),
        Box::new(metrics.import_rows.clone()),
        Box::new(metrics.positions_out_of_date.clone()),
        Box::new(metrics.history_unchained.clone()),
        Box::new(metrics.books_ok.clone()),
        Box::new(metrics.sign_ins_refused.clone()),
        Box::new(metrics.job_lag_s.clone()),
        Box::new(metrics.job_failures.clone()),
        Box::new(metrics.job_last_success.clone()),
    ];
    for one in all {
        metrics.registry.register(one)?;
    }
    Ok(metrics)
}
