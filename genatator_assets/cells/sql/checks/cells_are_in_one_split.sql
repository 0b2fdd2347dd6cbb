-- No cell is in two splits by its observation_joinid, which CELLxGENE gives to the same cell in all datasets, and no two
-- splits have the same sentence of 200 genes or more.
select what, name, splits, datasets, cells from leaks() where what <> 'donor'
