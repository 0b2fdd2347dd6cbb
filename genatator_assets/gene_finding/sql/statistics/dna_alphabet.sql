-- Letters of each split: canonical are A, C, G and T; the contract leaves no other letter than N.
select split,
    count(distinct path) as files,
    count(*) as rows,
    sum("end" - start)::bigint as nt,
    sum(A + C + G + T)::bigint as canonical,
    sum(N)::bigint as noncanonical,
    100.0 * sum(N) / sum("end" - start) as noncanonical_percent,
    sum(A)::bigint as A, sum(C)::bigint as C, sum(G)::bigint as G, sum(T)::bigint as T, sum(N)::bigint as N
from blocks group by split
order by list_position(['train', 'validation', 'test'], split)
