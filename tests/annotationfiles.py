"""Lines of annotation files, for tests that write their own."""


def row(feature, attributes, first=11, last=20, strand="+", chrom="chr1", source="source"):
    """A line of GFF3 or GTF without its end."""
    return f"{chrom}\t{source}\t{feature}\t{first}\t{last}\t.\t{strand}\t.\t{attributes}"


def text_of(*lines):
    return "".join(f"{line}\n" for line in lines)
