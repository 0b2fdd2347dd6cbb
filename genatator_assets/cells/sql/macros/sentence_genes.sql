-- The symbols of a cell's sentence, each with its rank from 1 on: from sentence_genes('AAACCTGAGCATCATC-1').
-- needs: cells
create or replace macro sentence_genes(cell) as table
select dataset, cell_id, generate_subscripts(symbols, 1) as rank, unnest(symbols) as symbol
from (select dataset, cell_id, string_split(cell_sentence, ' ') as symbols from cells where cell_id = cell)
order by dataset, rank
