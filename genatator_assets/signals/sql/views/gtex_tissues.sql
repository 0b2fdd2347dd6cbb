-- GTEx's tissues: the term of each, the term that GTEx itself gives (other for the cerebellar hemisphere), and tracks.
-- needs: tracks
-- columns: organism, gtex_tissue, ontology_curie, biosample_name, tracks
--   gtex_curie: the term that GTEx itself gives
--   output_types: the output types of its tracks
select organism, gtex_tissue, ontology_curie, any_value(biosample_name) as biosample_name,
    if(gtex_tissue = 'Brain_Cerebellar_Hemisphere', 'UBERON:0002037', ontology_curie) as gtex_curie,
    list(distinct output_type order by output_type) as output_types, count(*) as tracks
from tracks
where gtex_tissue is not null
group by organism, gtex_tissue, ontology_curie
