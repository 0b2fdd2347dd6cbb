-- The scores of all predictions at one k, of everything, the best F1 first.
-- needs: scores
create or replace macro score_at(k) as table
select prediction, level, kind, precision, recall, f1 from scores s
where s.k = k and subset = 'all' order by level, kind, f1 desc
