"""`make bench`: how long the project takes, side by side with other ways to run the same playbooks.

Every comparison alternates its ways on one emulator and takes medians, so that what else the machine does falls on all
of them alike. Prints Markdown as it goes. With --report, what was measured is kept beside the report as JSON, and the
report and its chart are made of all that is kept: the parts can be measured one at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import yaml

from tests.emulated import ROOT

from .bed import Bed, Measured, Way, ways, work
from .breakdown import breakdown

LATENCY = 0.04  # seconds a call, as to a Region on the same continent
SIZES = (10, 100, 1000, 5000)
TIMES = (1, 2, 4, 8)
# What grows: entries of these that refer to nothing else, or only to one another.
GROWING = {
    "security_groups": "aws_security_groups_groups",
    "storage": "aws_storage_buckets",
    "secrets": "aws_secrets_generated",
    "parameters": "aws_secrets_parameters",
}


@dataclass
class Report:
    """Lines of Markdown, printed as they come."""

    lines: list[str] = field(default_factory=list)
    drawn: Any = None  # what the chart shows of it

    def say(self, *lines: str) -> None:
        self.lines += lines
        print("\n".join(lines), flush=True)

    def table(self, head: list[str], rows: list[list[str]]) -> None:
        self.say("", *(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)), "")


def median(values: list[float]) -> float:
    return statistics.median(values)


def spread(values: list[float]) -> str:
    return f"{median(values):.1f} s ({min(values):.1f} to {max(values):.1f})"


@contextmanager
def bed(name: str) -> Iterator[Bed]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Bed(Path(folder) / name) as made:
        yield made


def converge(report: Report, rounds: int, latency: float = 0.0) -> None:
    """An unchanged production environment."""
    with bed("converge") as on:
        found = ways(on.folder)
        on.play(found["shipped"])
        recorded = on.record(found["shipped"])
        on.set(latency=latency)
        measured: dict[str, list[Measured]] = {key: [] for key in found}
        floors: list[dict[str, float]] = []
        machine: list[float] = []
        for _round in range(rounds):
            for key, way in found.items():
                machine.append(work())
                run = on.play(way)
                assert run.recap["changed"] == 0, f"{way.name} changed something"
                measured[key].append(run)
            floors.append(on.floor(recorded))
        _show_converge(report, latency, found, measured, floors, machine)


def far_away(report: Report, rounds: int) -> None:
    """The same with the latency of a service on the other side of a network."""
    converge(report, rounds, LATENCY)


def _show_converge(
    report: Report,
    latency: float,
    found: dict[str, Way],
    measured: dict[str, list[Measured]],
    floors: list[dict[str, float]],
    machine: list[float],
) -> None:
    seconds = {key: [run.seconds for run in runs] for key, runs in measured.items()}
    seconds["floor"] = [floor["seconds"] for floor in floors]
    shipped = median(seconds["shipped"])
    names = {**{key: way.name for key, way in found.items()}, "floor": "boto3, the same calls"}
    letters = {"shipped": "a", "local": "b", "mitogen": "c", "floor": "d"}
    rounds = f"medians of {len(floors)}"
    report.say(f"## An unchanged production environment, {latency * 1000:.0f} ms added to each call, {rounds}")
    report.table(
        ["", "way", "median (from … to)", "times (a)"],
        [[letters[key], names[key], spread(runs), f"{median(runs) / shipped:.2f}"] for key, runs in seconds.items()],
    )
    first = measured["shipped"][0]
    report.say(
        f"(a) is {median(seconds['local']) / shipped:.2f} times faster than (b) and takes "
        f"{shipped / median(seconds['floor']):.2f} times as long as (d). It makes {first.calls} calls in "
        f"{first.recap['ok']} tasks. Of those calls {floors[0]['refused_first']:.0f} ask for what is not there and are "
        f"refused; of the same calls made again, {floors[0]['refused']:.0f}.",
        f"Machine noise: a fixed piece of computing took {min(machine):.2f} to {max(machine):.2f} s between the runs.",
        "",
    )
    report.table(
        ["seconds of CPU, median", *next(iter(measured.values()))[0].cpu],
        [
            [names[key], *(f"{median([run.cpu[part] for run in runs]):.1f}" for part in runs[0].cpu)]
            for key, runs in measured.items()
        ],
    )
    report.drawn = {names[key]: median(runs) for key, runs in seconds.items()}


def where(report: Report, _rounds: int) -> None:
    """Where the time goes in (a), by profile."""
    with bed("where") as on:
        shipped = ways(on.folder)["shipped"]
        on.play(shipped)
        plain = on.play(shipped).seconds
        profiles = on.folder / "profiles"
        profiles.mkdir()
        environment = {"BENCH_PROFILES": str(profiles), "PYTHONPATH": str(Path(__file__).parent / "profiled")}
        playbook = [*on.emulator.inventory("production"), "playbooks/provision.yml"]
        way = Way("profiled", environment=environment)
        profiled = on.measure([sys.executable, "-m", "tests.bench.profiled", *playbook], way).seconds
        report.say("## Where the time of (a) goes, by profile")
        report.table(["process", "part", "seconds, profiled", "share"], breakdown(profiles))
        report.say(
            f"Profiling slows everything down: {profiled:.1f} s instead of {plain:.1f} s. The shares count. The "
            "processes overlap: a task waits for its module, and ansible-playbook for the task.",
            "",
        )


def other_runs(report: Report, rounds: int) -> None:
    """First provisioning, and check mode."""
    rows: dict[str, dict[str, list[float]]] = {"first provisioning": {}, "--check --diff, unchanged": {}}
    with tempfile.TemporaryDirectory() as folder:
        found = ways(Path(folder))
        for _round in range(rounds):
            for way in found.values():
                with bed("first") as on:
                    rows["first provisioning"].setdefault(way.name, []).append(on.play(way).seconds)
                    seconds = on.play(way, "--check", "--diff").seconds
                    rows["--check --diff, unchanged"].setdefault(way.name, []).append(seconds)
        report.say(f"## First provisioning and check mode, medians of {rounds}")
        report.table(
            ["", *(way.name for way in found.values())],
            [[what, *(spread(seconds) for seconds in by_way.values())] for what, by_way in rows.items()],
        )


def inventory(report: Report, rounds: int) -> None:
    """Listing the dynamic inventory."""
    rows = []
    with bed("inventory") as on:
        ec2 = boto3.session.Session(
            region_name="ap-south-1", aws_access_key_id="emulated", aws_secret_access_key="emulated"
        ).client("ec2", endpoint_url=on.url)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/17")["Subnet"]["SubnetId"]
        debian = ec2.describe_images(Filters=[{"Name": "name", "Values": ["debian*"]}])["Images"]
        tags = {
            "Project": "pixstory",
            "Environment": "production",
            "ManagedBy": "ansible",
            "Role": "web",
            "Name": "web",
        }
        made = 0
        for size in SIZES:
            while made < size:
                count = min(500, size - made)
                ec2.run_instances(
                    ImageId=debian[0]["ImageId"],
                    MinCount=count,
                    MaxCount=count,
                    SubnetId=subnet,
                    TagSpecifications=[
                        {"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
                    ],
                )
                made += count
            command = ["ansible-inventory", *on.emulator.inventory("production"), "--list"]
            seconds = [on.measure(command, Way("listing")).seconds for _round in range(rounds)]
            output = (on.folder / "run.log").read_text()
            listed = json.loads(output[output.index("{\n") :])
            assert len(listed["web"]["hosts"]) == size
            rows.append([str(size), spread(seconds), f"{median(seconds) / size * 1000:.1f} ms"])
    report.say(f"## Listing the inventory, medians of {rounds}")
    report.table(["instances", "ansible-inventory --list", "an instance"], rows)


def grown(times: int) -> dict[str, Any]:
    """The variables of an environment with so many times the entries."""
    declared: dict[str, Any] = {}
    for name, variable in GROWING.items():
        file = ROOT / "group_vars" / "all" / f"{'secrets' if name == 'parameters' else name}.yml"
        entries = yaml.safe_load(file.read_text())[variable]
        declared[variable] = dict(entries)
        for number in range(2, times + 1):
            declared[variable].update({f"{key}-{number}": value for key, value in entries.items()})
    file = yaml.safe_load((ROOT / "group_vars" / "all" / "security_groups.yml").read_text())
    groups, flows = set(file["aws_security_groups_groups"]), file["aws_security_groups_flows"]
    declared["aws_security_groups_flows"] = [*flows]
    for number in range(2, times + 1):
        for flow in flows:
            ends = {end: f"{flow[end]}-{number}" for end in ("from", "to") if flow[end] in groups}
            declared["aws_security_groups_flows"].append({**flow, **ends})
    return declared


def growth(report: Report, rounds: int) -> None:
    """How the time of an unchanged run grows with what the environment has."""
    points: list[tuple[int, list[float], int]] = []
    with tempfile.TemporaryDirectory() as folder:
        shipped = ways(Path(folder))["shipped"]
        for times in TIMES:
            with bed("growth") as on:
                variables = on.folder / "grown.json"
                variables.write_text(json.dumps(grown(times)))
                on.play(shipped, "-e", f"@{variables}")
                resources = sum(map(len, grown(times).values())) - len(grown(times)["aws_security_groups_flows"])
                runs = [on.play(shipped, "-e", f"@{variables}") for _round in range(rounds)]
                assert all(run.recap["changed"] == 0 for run in runs)
                points.append((resources, [run.seconds for run in runs], runs[0].calls))
    counts = [float(count) for count, _seconds, _calls in points]
    medians = [median(seconds) for _count, seconds, _calls in points]
    slope, base = statistics.linear_regression(counts, medians)
    fit = statistics.correlation(counts, medians) ** 2
    report.say(f"## Growth: 1, 2, 4 and 8 times the groups, buckets, secrets and parameters, medians of {rounds}")
    report.table(
        ["resources that grow", "unchanged run", "API calls"],
        [[str(count), spread(seconds), str(calls)] for count, seconds, calls in points],
    )
    report.say(f"A straight line: {base:.1f} s + {slope:.3f} s a resource, R² = {fit:.3f}.", "")
    report.drawn = list(zip(counts, medians, strict=True))


PARTS: dict[str, Callable[[Report, int], None]] = {
    "converge": converge,
    "far-away": far_away,
    "where": where,
    "growth": growth,
    "first": other_runs,
    "inventory": inventory,
}
TITLES = {
    "converge": "unchanged production, seconds",
    "far-away": f"the same, {LATENCY * 1000:.0f} ms more a call",
    "growth": "unchanged run by resources, seconds",
}


def draw(kept: dict[str, Any], target: Path) -> None:
    """The chart of what was measured."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "pixstory"
    import matplotlib.pyplot as plt

    shown = [part for part in TITLES if part in kept]
    figure, axes = plt.subplots(1, len(shown), figsize=(4.5 * len(shown), 3.2), squeeze=False)
    for axis, part in zip(axes[0], shown, strict=True):
        drawn = kept[part]["drawn"]
        if isinstance(drawn, dict):
            bars = axis.barh(list(drawn), list(drawn.values()), color=["#1b6ca8", "#b0b7bf", "#d9a441", "#7fb069"])
            axis.bar_label(bars, fmt="%.1f", padding=3)
            axis.margins(x=0.18)
            axis.invert_yaxis()
        else:
            axis.plot(*zip(*drawn, strict=True), "o-", color="#1b6ca8")
            axis.set_ylim(bottom=0)
        axis.set_title(TITLES[part], fontsize=9)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})


def write(target: Path, kept: dict[str, Any]) -> None:
    """The report of all that is kept."""
    target.with_suffix(".json").write_text(json.dumps(kept, indent=1) + "\n")
    lines = ["# Benchmark", "", "Printed by `make bench`.", ""]
    if any(part in TITLES for part in kept):
        draw(kept, target.with_suffix(".svg"))
        lines += [f"![What the tables below say]({target.with_suffix('.svg').name})", ""]
    for part in PARTS:
        if part in kept:
            lines += kept[part]["lines"]
    text = "\n".join(lines)
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    target.write_text(text.strip() + "\n")


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    options.add_argument("--rounds", type=int, default=5, help="runs of each way, medians are taken (%(default)s)")
    options.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to measure")
    options.add_argument("--report", type=Path, help="write the report and its chart here, docs/benchmark.md say")
    given = options.parse_args()
    data = given.report.with_suffix(".json") if given.report else None
    kept = json.loads(data.read_text()) if data and data.exists() else {}
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True).stdout
    for part in given.only:
        report = Report()
        load = os.getloadavg()[0]
        PARTS[part](report, given.rounds)
        python = platform.python_version()
        report.say(
            f"Commit {commit.strip()}, Python {python}, {os.cpu_count()} cores, load {load:.1f} at the start.", ""
        )
        kept[part] = {"lines": report.lines, "drawn": report.drawn}
        if given.report:
            write(given.report, kept)


if __name__ == "__main__":
    sys.exit(main())
