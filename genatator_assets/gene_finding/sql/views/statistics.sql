-- All numbers of the card in one long table: split, statistic, value.
-- needs: split_overview, dna_alphabet, target_sums
-- columns: split
--   statistic: what it is, such as nt or density mrna_tss_+
--   value: the number
select split, statistic, value from (
    unpivot (
        select split, n_species::double as species, genomes::double as genomes, chroms::double as chroms,
            blocks::double as blocks, nt::double as nt, chrom_mean_bp, chrom_std_bp,
            chrom_min_bp::double as chrom_min_bp, chrom_max_bp::double as chrom_max_bp,
            selected_transcripts::double as selected_transcripts, lncrna_transcripts::double as lncrna_transcripts,
            mrna_transcripts::double as mrna_transcripts
        from split_overview
    ) on columns(* exclude (split)) into name statistic value value
)
union all
select split, statistic, value from (
    unpivot (
        select split, A::double as A, C::double as C, G::double as G, T::double as T, N::double as N from dna_alphabet
    ) on columns(* exclude (split)) into name statistic value value
)
union all
select split, 'sum ' || channel, target_sum from target_sums
union all
select split, 'density ' || channel, density from target_sums
