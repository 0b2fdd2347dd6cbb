-- All transcripts that overlap [start, end) of a chromosome, selected or with the reason why not.
-- needs: transcripts, place
create or replace macro transcripts_around(genome, chrom, start, "end") as table
select t.* from transcripts t, (select place(genome, chrom, start, "end") as spot)
where t.genome = genome and t.chrom = spot.chrom and t.start < spot."end" and t."end" > spot.start
order by t.start, t."end", t.source_line
