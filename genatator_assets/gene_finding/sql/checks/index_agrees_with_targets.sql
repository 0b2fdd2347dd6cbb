-- The index's target sums, greatest values and bases above 0 are those of the runs, cut to each block, of all blocks and
-- channels, and its letters are as many as the block has bases.
with settings as (
    select any_value((parameters ->> 'block_size_bp')::bigint) as size from lineage_of('dataset/blocks.parquet')
), runs as (
    select genome, chrom, channel as target, start, "end", value::double as value,
        start // size as first, ("end" - 1) // size as last, size
    from segments, settings
), pieces as (
    select genome, chrom, target, first as block, size, "end" - start as length, value from runs where first = last
    union all
    select genome, chrom, target, block, size, least("end", (block + 1) * size) - greatest(start, block * size), value
    from (select *, unnest(range(first, last + 1)) as block from runs where first < last)
), of_runs as (
    select genome, chrom, target, block * size as start, sum(length * value) as run_sum, max(value) as run_max,
        sum(length) filter (value > 0) as run_positive
    from pieces group by genome, chrom, target, block, size
), of_index as (
    select b.genome, b.chrom, b.start, c.channel_index as channel, c.channel as target,
        b.target_sum[c.channel_index + 1] as index_sum, b.target_max[c.channel_index + 1]::double as index_max,
        b.target_positive[c.channel_index + 1] as index_positive
    from blocks b cross join channels c
), compared as (
    select genome, chrom, start, coalesce(i.channel, (select channel_index from channels c where c.channel = target)) as channel,
        index_sum, coalesce(run_sum, 0) as run_sum, index_max, coalesce(run_max, 0) as run_max,
        index_positive, coalesce(run_positive, 0)::bigint as run_positive
    from of_index i full join of_runs r using (genome, chrom, start, target)
    where (genome, chrom) in (select (genome, chrom) from blocks)
), differing as (
    select genome, chrom, start, list(channel order by channel) as channels,
        list(run_sum order by channel) as run_sums, list(index_sum order by channel) as index_sums,
        list(run_max order by channel) as run_maxima, list(index_max order by channel) as index_maxima,
        list(run_positive order by channel) as run_positives, list(index_positive order by channel) as index_positives
    from compared
    where not coalesce(
        abs(run_sum - index_sum) <= 1e-9 * greatest(index_sum, 1) and run_max = index_max
        and run_positive = index_positive,
        false
    )
    group by genome, chrom, start
), miscounted as (
    select genome, chrom, start, "end" - start as bases, A + C + G + T + N as letters from blocks
    where letters is distinct from "end" - start
)
select * from differing full join miscounted using (genome, chrom, start)
order by genome, chrom, start
