-- No two regions of a set that are in different splits share a base.
select * from (
    select "set", genome, chrom, "start", "end", split, lead("start") over along as next_start, lead(split) over along as next_split
    from regions where kept window along as (partition by "set", chrom order by "start")
)
where next_start < "end" and next_split <> split
order by all
