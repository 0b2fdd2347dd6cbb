"""Backfills of everything on a root whose partitions are not all known yet.

"Materialize all" knows the partitions that there are when somebody clicks it. So on a new root Dagster would start the
index of blocks, and the tables of other parts, at once, and fail. Instead these leave their turn out, and the sensor
`carry_on`, when the partitions are registered, has `build_everything` make the rest in the name of the same backfill,
which then ends as what it is: a success.
"""

from collections.abc import Mapping

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorStatus
from dagster._core.storage.tags import BACKFILL_ID_TAG

CARD = dg.AssetKey("dataset_card")
"""What everything leads to: a backfill that asks for it is carried on."""
CARRY_ON = "carry_on"
"""The sensor's name."""

LEFT_OUT = (
    "Not made yet: first something is to be built that was not registered when this backfill was launched. There is"
    f" nothing for you to do: the sensor {CARRY_ON!r} has it built, and then this, as a part of the same backfill."
)
"""What an asset says that leaves its turn out."""

_ON = {InstigatorStatus.RUNNING, InstigatorStatus.DECLARED_IN_CODE}


def backfill_tags(run: dg.DagsterRun) -> Mapping[str, str]:
    """Return the tags by which another run belongs to the same backfill; none if this one belongs to none."""
    return {name: value for name, value in run.tags.items() if name == BACKFILL_ID_TAG}


def backfill_asks_for(instance: dg.DagsterInstance, run: dg.DagsterRun, *assets: dg.AssetKey) -> bool:
    """Return whether a run belongs to a backfill that asks for all of these assets."""
    backfill_id = run.tags.get(BACKFILL_ID_TAG)
    backfill = instance.get_backfill(backfill_id) if backfill_id else None
    return backfill is not None and set(assets) <= set(backfill.asset_selection or ())


def is_carried_on(instance: dg.DagsterInstance, run: dg.DagsterRun, *registering: dg.AssetKey) -> bool:
    """Return whether a run's backfill asks for the card and for these assets, which register partitions, and the sensor
    `carry_on` is on: then what is registered will be built.
    """
    if not backfill_asks_for(instance, run, CARD, *registering):
        return False
    states = instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
    return any(state.instigator_name == CARRY_ON and state.status in _ON for state in states)
