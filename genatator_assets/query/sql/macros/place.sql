-- Where [start, end) is: the chromosome's own name, start and end. A chromosome goes by its name or an alias. An unknown
-- one, an interval that is reversed or leaves the chromosome and, if blocks are wanted, one without, are errors.
-- needs: chromosomes
create or replace macro place(genome, chrom, start := 0, "end" := null, blocks := false) as (
    select case
        when found_ is null then error(format(
            'no sequence of a genome ''{}'' is called ''{}'', the view chromosomes has all names', genome, chrom))
        when blocks and not found_.included then error(format(
            '{} of {} is left out of the dataset: {}', found_.chrom, genome, found_.reason))
        when start > coalesce("end", found_.length) then error(format(
            '[{}, {}) of {} is reversed', start, coalesce("end", found_.length), found_.chrom))
        when start < 0 or "end" > found_.length then error(format(
            '[{}, {}) leaves {} of {}, which is [0, {})', start, coalesce("end", found_.length), found_.chrom, genome,
            found_.length))
        else {chrom: found_.chrom, start: start::bigint, 'end': coalesce("end", found_.length)::bigint}
    end
    from (
        select (
            select arg_max(
                {chrom: chrom_, length: length_, included: included_, reason: reason_}, chrom_ = chrom)
            from (
                select c.genome as genome_, c.chrom as chrom_, c.length as length_, c.aliases as aliases_,
                    c.included as included_, c.reason as reason_
                from chromosomes c
            )
            where genome_ = genome and (chrom_ = chrom or list_contains(aliases_, chrom))
        ) as found_
    )
)
