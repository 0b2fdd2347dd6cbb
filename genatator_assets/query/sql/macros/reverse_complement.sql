-- The other strand of DNA, as what is transcribed from -: reverse_complement(dna('hg38', 'chr1', 100, 200)).
create or replace macro reverse_complement(dna) as translate(reverse(dna), 'ACGTacgt', 'TGCAtgca')
