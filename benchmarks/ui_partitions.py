"""What Dagster's UI does with thousands of chromosomes, by the requests that its pages make: list, backfill, retry.

    python benchmarks/ui_partitions.py --catalogue FILE --root FOLDER [--first 3] [--port 3918]

The dataset must be built (`rehearse.py --keep FOLDER` leaves one). Takes a stretch of its first chromosomes, makes
one of them impossible to build, backfills the stretch, mends that one, and retries what failed. Prints seconds.
"""

import argparse
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from genatator_assets.gene_finding.tasks import chromosome_tasks
from genatator_assets.parts import load_catalogue
from genatator_assets.work.layout import Layout, parse_key

ASSETS = [{"path": ["chromosome_targets"]}, {"path": ["blocks"]}]
KEYS = "query q($key: AssetKeyInput!) {assetNodeOrError(assetKey: $key) {... on AssetNode {%s}}}"
LIST = KEYS % "partitionKeysByDimension {partitionKeys}"
STATUSES = KEYS % (
    "assetPartitionStatuses {... on DefaultPartitionStatuses {materializedPartitions failedPartitions}}"
    " partitionStats {numMaterialized numFailed numPartitions}"
)
LATEST = KEYS % "latestMaterializationByPartition(partitions: $partitions) {timestamp}"
LAUNCH = """mutation m($params: LaunchBackfillParams!) {launchPartitionBackfill(backfillParams: $params) {
    ... on LaunchBackfillSuccess {backfillId} ... on PythonError {message}}}"""
RETRY = """mutation m($params: ReexecutionParams!) {reexecutePartitionBackfill(reexecutionParams: $params) {
    ... on LaunchBackfillSuccess {backfillId} ... on PythonError {message}}}"""
BACKFILL = """query q($id: String!) {partitionBackfillOrError(backfillId: $id) {... on PartitionBackfill {
    status runs {tags {key value} status} partitionNames}}}"""


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--catalogue", required=True)
    options.add_argument("--root", type=Path, required=True)
    options.add_argument("--first", type=int, default=3)
    options.add_argument("--port", type=int, default=3918)
    given = options.parse_args()
    where = ("--catalogue", given.catalogue, "--root", str(given.root), "--port", str(given.port))
    command = [sys.executable, "-m", "genatator_assets.cli", "ui", *where]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as served:
        try:
            ask_all(Ui(f"http://127.0.0.1:{given.port}"), given.catalogue, Layout(given.root), given.first)
        finally:
            served.send_signal(signal.SIGINT)


class Ui:
    """Dagster's webserver."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.until(self._answers, 240)

    def ask(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self._url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            said = json.load(answer)
        if said.get("errors"):
            raise RuntimeError(said["errors"])
        return said["data"]

    def timed(self, what: str, query: str, **variables: Any) -> Any:
        begun = time.perf_counter()
        said = self.ask(query, **variables)
        print(f"{what}: {time.perf_counter() - begun:.2f} s", flush=True)
        return said

    def until(self, condition: Callable[[], Any], seconds: float) -> Any:
        end = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > end:
                raise TimeoutError(condition)
            time.sleep(1)
        return found

    def backfill(self, what: str, query: str, **params: Any) -> list[dict[str, Any]]:
        """Launch a backfill, wait for its end and give its runs."""
        begun = time.perf_counter()
        (launched,) = self.ask(query, params=params).values()
        found = self.until(lambda: self._ended(launched["backfillId"]), 1200)
        print(
            f"{what}: {found['status']} after {time.perf_counter() - begun:.0f} s, {len(found['runs'])} runs",
            flush=True,
        )
        self.latest = launched["backfillId"]
        return found["runs"]

    def _answers(self) -> bool:
        try:
            return bool(self.ask("{version}"))
        except OSError:
            return False

    def _ended(self, backfill: str) -> Any:
        found = self.ask(BACKFILL, id=backfill)["partitionBackfillOrError"]
        return found if found["status"] in {"COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED"} else None


def ask_all(ui: Ui, catalogue: str, layout: Layout, first: int) -> None:
    blocks = {"path": ["blocks"]}
    keys = ui.timed("list partitions, first time", LIST, key=blocks)["assetNodeOrError"]["partitionKeysByDimension"]
    keys = keys[0]["partitionKeys"]
    ui.timed("list partitions", LIST, key=blocks)
    ui.timed("status of partitions, first time", STATUSES, key=blocks)
    print(len(keys), "partitions,", statistics(ui))
    stretch = keys[1 : first + 1]
    genome, chrom = parse_key(stretch[0])
    (task,) = chromosome_tasks(load_catalogue(catalogue), layout, genome, [chrom])
    obstacle = layout.block(task.split, genome, chrom, 0)
    obstacle.unlink()
    obstacle.mkdir()
    runs = ui.backfill(f"backfill of {first}, one of them bad", LAUNCH, assetSelection=ASSETS, partitionNames=stretch)
    print([run["status"] for run in runs], statistics(ui))
    obstacle.rmdir()
    runs = ui.backfill("retry", RETRY, parentRunId=ui.latest, strategy="FROM_FAILURE")
    print([run["status"] for run in runs], [ranges(run) for run in runs], statistics(ui))


def statistics(ui: Ui) -> Any:
    return ui.ask(STATUSES, key={"path": ["blocks"]})["assetNodeOrError"]["partitionStats"]


def ranges(run: dict[str, Any]) -> str:
    return "...".join(tag["value"] for tag in run["tags"] if "partition" in tag["key"])


if __name__ == "__main__":
    main()
