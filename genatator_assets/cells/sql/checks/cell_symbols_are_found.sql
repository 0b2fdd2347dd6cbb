-- At least half of the genes of each dataset have a symbol.
select dataset, round(symbols_share, 3) as share from cell_datasets where symbols_share < 0.5 order by dataset
