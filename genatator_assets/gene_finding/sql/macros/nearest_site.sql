-- The site of selected transcripts that is nearest to a base: its strand, position, distance in bp (below 0 to the left),
-- transcripts and genes. Of `kind` 'tss' or 'polya', on `strand` '+' or '-' if that is given. It takes columns, too.
-- needs: sites, place
create or replace macro nearest_site(genome, chrom, base, kind := 'tss', strand := null) as (
    select arg_min(
        {strand: strand_, position: position_, distance: position_ - base, transcripts: transcripts_, genes: genes_},
        (abs(position_ - base), position_, strand_))
    from (
        select s.genome as genome_, s.chrom as chrom_, s.kind as kind_, s.strand as strand_, s.position as position_,
            s.transcripts as transcripts_, s.genes as genes_
        from sites s where s."group" = 'combined'
    ), (select place(genome, chrom, base, base + 1, true) as spot)
    where genome_ = genome and chrom_ = spot.chrom and kind_ = kind and (strand is null or strand_ = strand)
)
