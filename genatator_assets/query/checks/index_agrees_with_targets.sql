-- The index's letters, target sums and greatest values are those of the blocks' own columns, in a sample of blocks that
-- is drawn by their hashes and ends with the block that reaches 20,000,000 bases.
set variable sampled_files = (
    select list(glob_root() || substr(file, length(root()) + 1)) from (
        select file, nt, sum(nt) over (order by drawn, file) as nt_so_far
        from (select root() || '/' || path as file, "end" - start as nt, md5(sha256) as drawn from blocks)
        where file in (select file from glob(glob_root() || '/blocks/**/*.parquet'))
    ) where nt_so_far - nt < 20_000_000
);
with of_dna as (
    select filename as file,
        [length(dna_sequence) - length(replace(dna_sequence, letter, '')) for letter in ['A', 'C', 'G', 'T', 'N']]
            as letters
    from read_parquet(getvariable('sampled_files'), hive_partitioning = false, filename = true)
), bases as (
    select filename as file, unnest(targets) as b
    from read_parquet(getvariable('sampled_files'), hive_partitioning = false, filename = true)
), of_targets as (
    select file,
        [sum(b[1]), sum(b[2]), sum(b[3]), sum(b[4]), sum(b[5]), sum(b[6]), sum(b[7]), sum(b[8]), sum(b[9]), sum(b[10]),
            sum(b[11]), sum(b[12])] as sums,
        [max(b[1]), max(b[2]), max(b[3]), max(b[4]), max(b[5]), max(b[6]), max(b[7]), max(b[8]), max(b[9]), max(b[10]),
            max(b[11]), max(b[12])] as maxima
    from bases group by file
), compared as (
    select file, letters, [A, C, G, T, N] as index_letters, sums, target_sum as index_sums,
        list_filter(range(1, 13), lambda i: not coalesce(
            abs(sums[i] - target_sum[i]) <= 1e-6 * greatest(target_sum[i], 1) and maxima[i] = target_max[i], false
        )) as differing
    from of_dna join of_targets using (file) join blocks on file = root() || '/' || path
)
select file, list_transform(differing, lambda i: i - 1) as channels, letters, index_letters,
    list_transform(differing, lambda i: sums[i]) as sums, list_transform(differing, lambda i: index_sums[i]) as index_sums
from compared
where len(differing) > 0 or letters is distinct from index_letters
order by file
