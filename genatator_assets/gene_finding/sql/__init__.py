"""SQL that is made of the channels; all other SQL of the part is in files."""

from genatator_assets.gene_finding.channel_sets.sets import MEANINGS, SETS
from genatator_assets.gene_finding.channels import CHANNELS


def _channels() -> str:
    rows = [f"({number}, '{c.name}', '{c.group}', '{c.kind}', '{c.strand}')" for number, c in enumerate(CHANNELS)]
    listed = ",\n    ".join(rows)
    return f"""\
-- A row per channel, in the order of the targets.
-- columns: channel_index, channel, group, strand
--   kind: tss, polya or intragenic
create or replace view "channels" as
select * from (values
    {listed}
) as channels(channel_index, channel, "group", kind, strand)"""


def _told(stem: str) -> str:
    """Return what a channel means, without semicolons: some tools split statements at each."""
    return MEANINGS[stem].replace(";", ",").replace("'", "''")


def _set_channels() -> str:
    rows = [
        f"('{name}', {place}, '{one.name}', '{one.strand}', '{_told(one.stem)}')"
        for name, tracks in SETS.items()
        for place, one in enumerate(tracks)
    ]
    listed = ",\n    ".join(rows)
    return f"""\
-- A row per channel of each set, in the order of its blocks.
-- needs: channel_sets/*/*/*.parquet
-- columns: channel_index, channel, strand
--   set: structure, splice or coding
--   meaning: where it is 1
create or replace view "set_channels" as
select * from (values
    {listed}
) as set_channels(set, channel_index, channel, strand, meaning)"""


def _targets() -> str:
    columns = ",\n    ".join(
        f"coalesce(max(value) filter (channel = '{name}'), 0)::float as \"{name}\"" for name in CHANNELS.names
    )
    return f"""\
-- The targets of [start, end), a row per base and a column per channel.
-- needs: target_runs, place
create or replace macro targets(genome, chrom, start, "end") as table
with bases as (
    select unnest(range(spot.start, spot."end")) as position
    from (select place(genome, chrom, start, "end", true) as spot)
), painted as (
    select unnest(range(r.start, r."end")) as position, r.channel, r.value
    from target_runs(genome, chrom, start, "end") r
)
select position,
    {columns}
from bases left join painted using (position)
group by position
order by position"""


GENERATED = {"channels": _channels(), "set_channels": _set_channels(), "targets": _targets()}
