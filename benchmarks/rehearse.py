"""A rehearsal of the published dataset: as many chromosomes, each a thousandth as long, and one genome at full length.

    make rehearse
    python benchmarks/rehearse.py [--assemblies 40] [--total-bp 3100000000] [--keep FOLDER] [--plot FILE.png]

Each build is `genatator-assets build` in a process of its own, whose memory and processor time are watched from here.
Both kinds are built in five sizes, to see how time grows. The largest of the first kind
is then built again, with nothing changed and with the kernel of one assembly changed. Beside them stand, in the same
run, what Dagster takes for as many events of assets that do nothing, and bare pyarrow writing every tenth block of the
genome. Of both kinds together follows how long all 100.7 Gbp would take. Takes half an hour of two cores, and 15 GB.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import psutil
import yaml
from build_rate import time_bare_writing
from matplotlib.figure import Figure

from genatator_assets.orchestration.instance import open_instance
from genatator_assets.orchestration.partitions import range_tags
from genatator_assets.orchestration.survey import survey
from genatator_assets.parts import load_catalogue
from genatator_assets.simulate import Simulation, write_assembly
from genatator_assets.work.layout import Layout

HUMAN, HUMAN_NT = 24, 3_100_000_000
PUBLISHED_NT, PUBLISHED_CHROMOSOMES = 100_738_122_317, 14_491
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1)
EVERY_BLOCK = 10
EVENTS_OF = 1_000
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Built:
    """A build: seconds by the clock, in all and of each job; of the processors, of the command and of its workers."""

    size: int
    seconds: float
    jobs: dict[str, float]
    main_cpu: float
    recording_cpu: float
    workers_cpu: float
    main_mb: float
    worker_mb: float


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--assemblies", type=int, default=40, help="of the many chromosomes; at least 3")
    options.add_argument("--total-bp", type=int, default=3_100_000_000)
    options.add_argument("--keep", type=Path, help="leave the dataset of many chromosomes here, for ui_partitions.py")
    options.add_argument("--plot", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        many = many_chromosomes(given.keep or Path(folder) / "many", given.assemblies)
        long = one_genome(Path(folder) / "genome", given.total_bp)
    extrapolate(many, long)
    if given.plot:
        draw(many, long, given.plot)


# Many chromosomes


def many_chromosomes(folder: Path, assemblies: int) -> list[Built]:
    print("many chromosomes")
    builds, catalogue = [], folder / "catalogue.yaml"
    for some in sorted({max(3, round(assemblies * share)) for share in SHARES}):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        chromosomes = write_catalogue(catalogue, some)
        builds.append(tell(build(catalogue, folder / "root", chromosomes), "chromosomes"))
    root = folder / "root"
    record = sum(path.stat().st_size for path in Layout(root).dagster_home.rglob("*.db*"))
    print(f"  Dagster's record: {record / chromosomes:,.0f} bytes a chromosome, of three assets: {record / 1e6:.0f} MB")
    written = sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) - record
    print(f"  written: {written / 1e6:,.0f} MB in {sum(1 for _ in root.rglob('*')):,} files and folders")
    with open_instance(root) as instance:
        begun = time.perf_counter()
        survey(load_catalogue(str(catalogue)), Layout(root), instance)
        print(f"  what is to do, by all manifests: {time.perf_counter() - begun:.1f} s")
    before = manifests(root)
    again = build(catalogue, root, chromosomes)
    print(f"  nothing changed: {again.seconds:.1f} s, {rebuilt(before, root)}")
    write_catalogue(folder / "changed.yaml", assemblies, {"shape": "box"})
    again = build(folder / "changed.yaml", root, chromosomes)
    print(f"  the kernel of one assembly changed: {again.seconds:.1f} s, {rebuilt(before, root)}")
    build(catalogue, root, chromosomes)
    slope, _ = line_through(builds, lambda one: one.seconds)
    ours, default = (events_alone(folder / "events", own) for own in (True, False))
    print(f"  a chromosome more: {1000 * slope:.1f} ms; Dagster's events alone {1000 * ours:.1f} ms")
    print(f"  (goal: at most 20 ms apart; with Dagster's default storage its events take {1000 * default:.1f} ms)")
    return builds


def write_catalogue(path: Path, assemblies: int, kernel: dict[str, Any] | None = None) -> int:
    """Two human genomes, one of them for test, and up to 38 others; `kernel` is the last one's. Give all chromosomes.

    Lengths, blocks and the shortest chromosome that is taken are a thousandth of the published.
    """
    others = PUBLISHED_CHROMOSOMES - 2 * HUMAN
    counts = [HUMAN, HUMAN, *(others // 38 + (number < others % 38) for number in range(38))][:assemblies]
    entries: list[dict[str, Any]] = []
    for number, count in enumerate(counts):
        total = HUMAN_NT // 1000 if count == HUMAN else (PUBLISHED_NT - 2 * HUMAN_NT) * count // others // 1000
        simulated = {"seed": number, "total_bp": total, "chromosomes": count, "short_scaffolds": 0, "flavour": "refseq"}
        entry = {"genome": f"GCF_{900_000_000 + number}.1", "species": f"Simulata {number}", "simulate": simulated}
        entries.append({**entry, "splits": {"default": "test" if number == 1 else "train"}})
    if kernel:
        entries[-1]["gene_finding"] = {"kernel": kernel}
    sizes = {"gene_finding": {"block_size_bp": 10_000}, "min_chromosome_length_bp": 100}
    path.write_text(yaml.safe_dump({"dataset": "rehearsal", **sizes, "assemblies": entries}))
    return sum(counts)


def manifests(root: Path) -> dict[str, int]:
    """When the manifest of each chromosome's blocks was written."""
    return {str(path.relative_to(root)): path.stat().st_mtime_ns for path in root.glob("blocks/*/*/*/manifest.json")}


def rebuilt(before: dict[str, int], root: Path) -> str:
    after = manifests(root)
    changed = [path for path, written in after.items() if before.get(path) != written]
    genomes = {path.split("/")[2].removeprefix("genome=") for path in changed}
    return f"{len(changed):,} of {len(after):,} chromosomes built ({', '.join(sorted(genomes)) or 'none'})"


def events_alone(folder: Path, our_storage: bool) -> float:
    """Seconds a chromosome that Dagster takes to record what a build records of it, where nothing is built."""
    partitions = dg.DynamicPartitionsDefinition(name="chromosomes")
    keys = [f"GCF_900000000.1/NC_{number:06d}.1" for number in range(EVENTS_OF)]
    names = ("chromosome_targets", "blocks")

    @dg.multi_asset(
        name="chromosomes",
        specs=[dg.AssetSpec(name, skippable=True) for name in names],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def chromosomes(context: dg.AssetExecutionContext) -> Iterator[dg.AssetMaterialization]:
        for key in context.partition_keys:
            context.log_event(dg.AssetObservation("chromosome_inputs", partition=key, tags=versions("chromosomes")))
            for name in names:
                holds = {"holds": "1 blocks, 4,147 nt, 3,513 bytes"}
                yield dg.AssetMaterialization(name, partition=key, metadata=holds, tags=versions(name))

    def versions(name: str) -> dict[str, str]:
        given = {f"dagster/input_data_version/{name}": "0" * 16, f"dagster/input_event_pointer/{name}": "1" * 4}
        return {"dagster/code_version": "0.1.0", "dagster/data_version": "0" * 16, **given}

    job = dg.Definitions([chromosomes], jobs=[dg.define_asset_job("job", executor_def=dg.in_process_executor)])
    folder.mkdir(exist_ok=True)
    (folder / "default").mkdir(exist_ok=True)
    opened = open_instance(folder) if our_storage else dg.DagsterInstance.local_temp(str(folder / "default"))
    with opened as instance:
        instance.add_dynamic_partitions("chromosomes", keys)
        begun = time.perf_counter()
        job.resolve_job_def("job").execute_in_process(instance=instance, tags=range_tags(keys), run_config=QUIET)
        return (time.perf_counter() - begun) / EVENTS_OF


# One genome


def one_genome(folder: Path, total_bp: int) -> list[Built]:
    print("one genome of 24 chromosomes")
    builds = []
    for share in SHARES:
        size = round(total_bp * share)
        simulation = Simulation(seed=1, total_bp=size, chromosomes=HUMAN, short_scaffolds=0, flavour="gencode")
        inputs = write_assembly(simulation, folder)
        files = {"sequence": {"path": str(inputs.sequence)}, "annotation": {"path": str(inputs.annotation)}}
        catalogue, root = folder / "catalogue.yaml", folder / "root"
        entry = {"genome": "sim", "species": "Simulata exempli", **files}
        catalogue.write_text(yaml.safe_dump({"dataset": "rehearsal", "assemblies": [entry]}))
        builds.append(tell(build(catalogue, root, size), "nt"))
        if share == 1:
            written = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
            print(f"  longest chromosome {inputs.chromosomes[0][1]:,} nt; written: {written / 1e9:.2f} GB")
            bare = time_bare_writing(load_catalogue(str(catalogue)), Layout(root), EVERY_BLOCK)
            print(f"  bare pyarrow: {bare.nt / bare.seconds / 1e6:.1f} Mnt/s, by every {EVERY_BLOCK}th block")
            cpu = builds[-1].main_cpu + builds[-1].workers_cpu
            ratios = (cpu / size / (bare.cpu / bare.nt), builds[-1].seconds / size / (bare.seconds / bare.nt))
            print("  whole build / bare writing: {:.2f} by processor time, {:.2f} by the clock".format(*ratios))
        shutil.rmtree(folder)
    return builds


# What is common


def build(catalogue: Path, root: Path, size: int) -> Built:
    """Build by the command, watched."""
    command = [
        sys.executable,
        "-m",
        "genatator_assets.cli",
        "build",
        "--catalogue",
        str(catalogue),
        "--root",
        str(root),
    ]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("GENATATOR_", "DAGSTER_"))}
    before, begun = os.times(), time.time()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, env=inherited, stdout=subprocess.DEVNULL, stderr=said)
        seen = watch(process)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(said.read())
    seconds, after = time.time() - begun, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    with open_instance(root) as instance:
        records = [one for one in instance.get_run_records() if one.start_time >= begun]
        jobs = dict.fromkeys(("prepare", "build_blocks", "finish"), 0.0)
        for record in records:
            jobs[record.dagster_run.job_name] += record.end_time - record.start_time
        times = [record for record in records if record.dagster_run.job_name == "build_blocks"]
    recording = 0.0
    if times:
        edges = [min(one.create_timestamp.timestamp() for one in times), max(one.end_time for one in times)]
        recording = float(np.diff(np.interp(edges, *np.transpose(seen.main_cpu)))[0])
    main_cpu = seen.main_cpu[-1][1]
    return Built(size, seconds, jobs, main_cpu, recording, cpu - main_cpu, seen.main_mb, seen.worker_mb)


@dataclass
class Seen:
    """Peaks of memory, and the processor time of the command by the clock."""

    main_cpu: list[tuple[float, float]]
    main_mb: float = 0
    worker_mb: float = 0


def watch(process: "subprocess.Popen[bytes]") -> Seen:
    """Look at a process and its children until it ends."""
    seen, main = Seen([(time.time(), 0.0)]), psutil.Process(process.pid)
    while process.poll() is None:
        with suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            used = main.cpu_times()
            seen.main_cpu.append((time.time(), used.user + used.system))
            seen.main_mb = max(seen.main_mb, peak_mb(process.pid))
            for child in main.children(recursive=True):
                if "spawn_main" in " ".join(child.cmdline()):
                    seen.worker_mb = max(seen.worker_mb, peak_mb(child.pid))
        time.sleep(0.2)
    return seen


def peak_mb(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def tell(built: Built, unit: str) -> Built:
    jobs = ", ".join(f"{name} {seconds:.0f}" for name, seconds in built.jobs.items())
    print(
        f"  {built.size:>13,} {unit}: {built.seconds:7.1f} s ({jobs}); {built.size / built.seconds:,.0f} {unit}/s;"
        f" processors {built.main_cpu:.0f} s + workers {built.workers_cpu:.0f} s;"
        f" at most {built.main_mb:.0f} MB + {built.worker_mb:.0f} MB a worker",
        flush=True,
    )
    return built


def line_through(builds: Sequence[Built], of: Callable[[Built], float]) -> tuple[float, float]:
    """What one more costs, and what none does."""
    slope, start = np.polyfit([one.size for one in builds], [of(one) for one in builds], 1)
    return float(slope), float(start)


def extrapolate(many: Sequence[Built], long: Sequence[Built]) -> None:
    """All nucleotides by the line through the genomes, and all chromosomes by that through the many.

    Preparing and finishing take one core. Building takes all; but the command records alone what its workers do.
    """

    def whole(of: Callable[[Built], float]) -> float:
        a_nucleotide, start = line_through(long, of)
        return start + PUBLISHED_NT * a_nucleotide + PUBLISHED_CHROMOSOMES * line_through(many, of)[0]

    prepare, finish = whole(lambda one: one.jobs["prepare"]), whole(lambda one: one.jobs["finish"])
    work, record = whole(lambda one: one.workers_cpu), PUBLISHED_CHROMOSOMES * many[-1].recording_cpu / many[-1].size
    print("the whole dataset, 100.7 Gbp in 14,491 chromosomes")
    print(f"  prepare {prepare:,.0f} s; work {work:,.0f} s of a core; record {record:,.0f} s; finish {finish:,.0f} s")
    for cores in (2, 64):
        blocks = max(record, (work + record) / cores)
        print(f"  {cores} cores: {(prepare + blocks + finish) / 60:,.0f} min, of which blocks {blocks / 60:,.0f} min")


def draw(many: Sequence[Built], long: Sequence[Built], path: Path) -> None:
    """Seconds over size, with the line that goes through the points best."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    panels = figure.subplots(1, 2)
    sides = ((panels[0], long, 1e9, "Gbp in 24 chromosomes"), (panels[1], many, 1, "chromosomes"))
    for panel, builds, scale, unit in sides:
        slope, start = line_through(builds, lambda one: one.seconds)
        ends = np.array([0, builds[-1].size])
        panel.plot(ends / scale, start + slope * ends, color="0.7", linewidth=1)
        panel.plot([one.size / scale for one in builds], [one.seconds for one in builds], "o", color="#1f5fa8")
        panel.set(xlabel=unit, ylabel="seconds", ylim=(0, None), xlim=(0, None))
        panel.spines[["top", "right"]].set_visible(False)
    figure.suptitle("A whole build", fontsize=11)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
