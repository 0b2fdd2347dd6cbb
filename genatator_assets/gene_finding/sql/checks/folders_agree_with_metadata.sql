-- Every block file lies in the folder of its own split, genome and chromosome, and is named by its start.
with stored as (
    select file, root() || '/blocks/' || (metadata ->> 'split') || '/genome=' || path_name(metadata ->> 'genome')
        || '/chrom=' || path_name(metadata ->> 'chrom') || '/' || (metadata ->> 'start') || '.parquet' as by_metadata
    from stored_blocks
)
select file, by_metadata from stored where file is distinct from by_metadata order by file
