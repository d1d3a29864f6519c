#!/usr/bin/env python3
"""Writes fp4lab.json, the Grafana dashboard, beside this file.

    python3 -m venv venv && venv/bin/pip install grafana-foundation-sdk==1769699998!10.1.0
    venv/bin/python deploy/grafana/build_dashboard.py

Import the JSON in Grafana (Dashboards, New, Import); it asks which Prometheus to read. Names that begin with fp4lab: are those
of deploy/prometheus/rules.yml.
"""
import pathlib

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models

OUTPUT = pathlib.Path(__file__).with_name("fp4lab.json")
DATASOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
RATE = "[$__rate_interval]"
STATES = {"queued": "#8e8e8e", "assigned": "#b8d4f0", "running": "#3274d9", "cancelling": "#e0b400", "completed": "#37872d",
          "failed": "#c4162a", "cancelled": "#a16a00"}


def query(expression, legend):
    return prometheus.Dataquery().expr(expression).legend_format(legend)


def panel(builder, title, description, unit, queries, width):
    built = builder.title(title).description(description).unit(unit).datasource(DATASOURCE).span(width).height(7)
    for letter, (expression, legend) in zip("ABCDEFG", queries):
        built = built.with_target(query(expression, legend).ref_id(letter))
    return built


def graph(title, description, unit, *queries, width=8, stacked=False):
    built = panel(timeseries.Panel(), title, description, unit, queries, width).min(0).line_width(1).fill_opacity(30 if stacked else 8)
    built = built.show_points(common_models.VisibilityMode.NEVER)
    built = built.legend(common.VizLegendOptions().display_mode(common_models.LegendDisplayMode.LIST)
                         .placement(common_models.LegendPlacement.BOTTOM).show_legend(True))
    if stacked:
        built = built.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL))
    return built


def figure(title, description, unit, expression, width=4):
    return panel(stat.Panel(), title, description, unit, [(expression, "")], width).height(4)


def quantiles(metric, by=""):
    """Median and 99th percentile of a histogram."""
    labels = f"le, {by}" if by else "le"
    legend = f"{{{{{by}}}}} " if by else ""
    return [(f"histogram_quantile({q}, sum by ({labels}) (rate({metric}_bucket{RATE})))", f"{legend}{name}")
            for q, name in ((0.5, "median"), (0.99, "99 %"))]


def runs_by_state():
    built = graph("Runs by state", "All runs that the controller knows.", "short",
                  *[(f'sum(fp4_controller_runs{{state="{state}"}})', state) for state in STATES], stacked=True)
    for state, color in STATES.items():
        built = built.override_by_name(state, [models.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": color})])
    return built


def overview(board):
    return (board.with_row(dashboard.Row("Now"))
            .with_panel(figure("Running", "Runs whose trainer reports.", "short", 'sum(fp4_controller_runs{state="running"})'))
            .with_panel(figure("Queued", "Runs that wait for a slot.", "short", 'sum(fp4_controller_runs{state="queued"})'))
            .with_panel(figure("Failed", "Failed runs that nobody has deleted or retried.", "short", 'sum(fp4_controller_runs{state="failed"})'))
            .with_panel(figure("Workers", "Workers that are connected.", "short", 'sum(fp4_controller_workers{connected="true"})'))
            .with_panel(figure("Slots busy", "Share of the connected workers' slots that a run holds.", "percentunit",
                               "sum(fp4_controller_slots_busy) / sum(fp4_controller_slots)"))
            .with_panel(figure("Training speed", "Tokens per second of all trainers together.", "short", "sum(fp4_worker_tokens_per_second)")))


def runs(board):
    return (board.with_row(dashboard.Row("Runs"))
            .with_panel(runs_by_state())
            .with_panel(graph("Queue wait", "From queued to assigned.", "s", *quantiles("fp4_controller_queue_wait_seconds")))
            .with_panel(graph("Runs that wait, by reason", "docs/scheduling.md says what each reason means; fp4ctl queue names the runs.", "short",
                              ("sum by (reason) (fp4_controller_queued_runs)", "{{reason}}"), stacked=True))
            .with_panel(graph("Changes of state", "How often runs end, fail and are queued again.", "cps",
                              (f"sum by (to) (rate(fp4_controller_run_transitions_total{RATE}))", "{{to}}")))
            .with_panel(graph("Training speed", "Tokens per second, by worker.", "short",
                              ("fp4_worker_tokens_per_second", "{{instance}}"), stacked=True))
            .with_panel(graph("Trainers that ended", "Attempts by how they ended.", "cps",
                              (f"sum by (cause) (rate(fp4_worker_trainer_exits_total{RATE}))", "{{cause}}")))
            .with_panel(graph("Leases expired", "Runs taken from workers that fell silent.", "cps",
                              (f"sum(rate(fp4_controller_leases_expired_total{RATE}))", "expired"))))


def controller(board):
    return (board.with_row(dashboard.Row("Controller"))
            .with_panel(graph("Scheduling", "One decision over all runs and workers.", "s", *quantiles("fp4_controller_scheduling_duration_seconds")))
            .with_panel(graph("Points per second", "Metric points and events stored.", "cps",
                              (f"sum(rate(fp4_controller_points_total{RATE}))", "points"),
                              (f"sum(rate(fp4_controller_events_total{RATE}))", "events")))
            .with_panel(graph("Commit time", "One transaction until it is durable.", "s", *quantiles("fp4_controller_commit_duration_seconds")))
            .with_panel(graph("Calls", "gRPC calls that ended, by method.", "reqps",
                              (f"sum by (method) (rate(fp4_controller_rpc_calls_total{RATE}))", "{{method}}")))
            .with_panel(graph("Failed calls", "Calls that ended with anything but OK, by method and code.", "reqps",
                              (f'sum by (method, code) (rate(fp4_controller_rpc_calls_total{{code!="OK"}}{RATE}))', "{{method}} {{code}}")))
            .with_panel(graph("Call latency, 99 %", "Long polls and watches live as long as they have nothing to say.", "s",
                              (f"histogram_quantile(0.99, sum by (le, method) (rate(fp4_controller_rpc_duration_seconds_bucket{RATE})))", "{{method}}")))
            .with_panel(graph("Store", "The database and its log on the disk.", "bytes", ("fp4_controller_store_size_bytes", "size")))
            .with_panel(graph("Resident memory", "Of the daemons themselves.", "bytes", ('process_resident_memory_bytes{job=~"fp4-.*"}', "{{job}} {{instance}}")))
            .with_panel(graph("Failed commits", "Transactions that could not be made durable: any is an alarm.", "cps",
                              (f"sum(rate(fp4_controller_commit_failures_total{RATE}))", "failed"))))


def workers(board):
    return (board.with_row(dashboard.Row("Workers"))
            .with_panel(graph("Slots", "Places where a trainer can run, and those taken.", "short",
                              ("sum(fp4_controller_slots)", "total"), ("sum(fp4_controller_slots_busy)", "busy")))
            .with_panel(graph("Workers", "By connection.", "short",
                              ('sum(fp4_controller_workers{connected="true"})', "connected"),
                              ('sum(fp4_controller_workers{connected="false"})', "away")))
            .with_panel(graph("Events not delivered", "In the logs of the runs, not yet acknowledged by the controller.", "short",
                              ("fp4_worker_events_unacknowledged", "{{instance}}")))
            .with_panel(graph("GPU memory", "In use, by anyone.", "bytes", ("fp4_worker_gpu_memory_used_bytes", "{{instance}} GPU {{gpu}}"),
                              ("sum(fp4_worker_gpu_memory_total_bytes)", "all there is"), width=12))
            .with_panel(graph("GPU power", "Joules per second.", "watt",
                              (f"rate(fp4_worker_gpu_energy_joules_total{RATE})", "{{instance}} GPU {{gpu}}"), width=12)))


def trouble(board):
    return (board.with_row(dashboard.Row("Trouble"))
            .with_panel(graph("Findings of health checks", "By code; docs/operations.md says what each means.", "cps",
                              (f"sum by (code) (rate(fp4_controller_findings_total{RATE}))", "{{code}}")))
            .with_panel(graph("Workers that get no work", "Connected, but their host is broken or runs die on them.", "short",
                              ("sum(fp4_controller_workers_unfit)", "as the controller sees it"),
                              ("sum(1 - fp4_worker_fit)", "by their own checks")))
            .with_panel(graph("Disk that is left", "Share of the disk of each daemon's folder.", "percentunit",
                              ("fp4lab:disk_free_ratio", "{{job}} {{instance}}")))
            .with_panel(graph("Steps made again", "Attempts that began at step 0 or from an older checkpoint than is stored.", "cps",
                              (f"sum(rate(fp4_controller_restarts_from_zero_total{RATE}))", "from zero"),
                              (f"sum(rate(fp4_controller_checkpoints_passed_over_total{RATE}))", "from an older checkpoint")))
            .with_panel(graph("Workers' calls that failed", "By what was asked of the controller.", "cps",
                              (f"sum by (call) (rate(fp4_worker_call_failures_total{RATE}))", "{{call}}")))
            .with_panel(graph("Delivery of events", "From sending a batch to its acknowledgement.", "s", *quantiles("fp4_worker_report_seconds"))))


def main():
    board = (dashboard.Dashboard("fp4lab").uid("fp4lab").tags(["fp4lab"]).refresh("10s").time("now-1h", "now").timezone("browser")
             .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")))
    for section in (overview, runs, controller, workers, trouble):
        board = section(board)
    built = board.build()
    for number, one in enumerate(built.panels, start=1):
        one.id_val = number
    OUTPUT.write_text(JSONEncoder(sort_keys=True, indent=2).encode(built) + "\n")


if __name__ == "__main__":
    main()
