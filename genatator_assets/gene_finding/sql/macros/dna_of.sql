-- The same as dna, for columns: select transcript_id, dna_of(genome, chrom, start, "end") from transcripts where selected.
-- It reads the DNA of all blocks.
-- needs: sequences, place
create or replace macro dna_of(genome, chrom, start, "end") as (
    select string_agg(
        substr(dna_, greatest(spot.start - start_, 0) + 1,
            greatest(least(spot."end", end_) - greatest(spot.start, start_), 0)),
        '' order by start_)
    from (
        select s.genome as genome_, s.chrom as chrom_, s.start as start_, s."end" as end_, s.dna as dna_ from sequences s
    ), (select place(genome, chrom, start, "end", true) as spot)
    where genome_ = genome and chrom_ = spot.chrom and start_ <= spot."end" and end_ >= spot.start
)
