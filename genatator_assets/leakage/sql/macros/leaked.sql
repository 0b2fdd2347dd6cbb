-- The judged windows of which at least this share of k-mers occurs in train.
-- needs: leakage
create or replace macro leaked(threshold) as table
select * from leakage where judged and score >= threshold order by genome, chrom, start
