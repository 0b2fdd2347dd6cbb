"""GFF3 of the selected transcripts: the truth that predictions are compared with, a file per genome and split."""

from pathlib import Path

from genatator_assets.annotation.gff3 import gff3_lines
from genatator_assets.reading.along import chromosomes_by_name, selected_models
from genatator_assets.reading.dataset import Dataset
from genatator_assets.reading.exports.common import file_name
from genatator_assets.work.files import whole_file


def write_gff3(dataset: Dataset, folder: str | Path) -> list[Path]:
    """Write <genome>.<split>.gff3 into a folder: genes, transcripts (mRNA or lnc_RNA), exons, and CDS with phases.

    1-based, both ends inside; gene by gene in the order of their places, with parts behind their transcript. A
    transcript's ID is its transcript_id, numbered where several rows have the same; CDS includes the stop codon. Every
    chromosome of the split has its ##sequence-region. See `annotation.gff3.gff3_lines`.

    Raises:
        DatasetError: the dataset has no transcripts, or a file of it is damaged.
        OSError: a file can't be written.
    """
    written = []
    for split in dataset.splits:
        part = dataset[split]
        for genome in part.genomes:
            path = Path(folder) / file_name(genome, split, "gff3")
            with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
                transcripts, exons = selected_models(part, genome)
                lengths = {one.chrom: one.length for one in chromosomes_by_name(part, genome)}
                file.writelines(f"{line}\n" for line in gff3_lines(lengths, transcripts, exons))
            written.append(path)
    return written
