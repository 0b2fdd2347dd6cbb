"""Train a small gene finder on a dataset, predict the held-out chromosomes, and score the predictions.

    python examples/train_gene_finder.py --root yeast-data --output yeast-run

The root is built beforehand (`genatator-assets build`). Windows come from the split `train`; now and then the loss on
`validation` is printed, if there is such a split; predictions are made for `test`, written as bigWig (one file a
channel) and GFF3, and scored by `genatator_assets.evaluate`, beside the base rates. The same seed gives the same model.
For a genome of some 10 Mb, 800 steps take about ten minutes on two idle cores. Needs the extras [torch] and [export].
See docs/training.md.
"""

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyBigWig
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

import genatator_assets as ga
from genatator_assets.reading import Dataset, Window
from genatator_assets.reading.torch import WindowDataset, WindowStream, as_tensors

CHANNELS = (
    "primary_tss_+",
    "primary_tss_-",
    "primary_polya_+",
    "primary_polya_-",
    "intragenic_regions_+",
    "intragenic_regions_-",
)
WINDOW = 8_192
MARGIN = 1_024  # bases at either end of a window that are read for context only


class GeneFinder(nn.Module):
    """DNA to six channels, base by base: residual dilated convolutions that see 1,027 bases on either side."""

    def __init__(self, width: int = 32, layers: int = 10) -> None:
        """Make the layers."""
        super().__init__()
        self.first = nn.Conv1d(4, width, 9, padding=4)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm1d(width), nn.ReLU(), nn.Conv1d(width, width, 3, padding=2**layer, dilation=2**layer)
            )
            for layer in range(layers)
        )
        self.last = nn.Conv1d(width, len(CHANNELS), 1)
        nn.init.constant_(self.last.bias, -3.0)  # most bases are negative in every channel

    def forward(self, dna: Tensor) -> Tensor:
        """Return logits, float32 [batch, 6, length], of DNA, uint8 [batch, length, 4]."""
        hidden = self.first(dna.transpose(1, 2).float())
        for block in self.blocks:
            hidden = hidden + block(hidden)
        return self.last(hidden)


def random_strand(window: Window) -> dict[str, Tensor]:
    """Return a window, or half of the time its reverse complement, as tensors: genes are on both strands alike."""
    return as_tensors(window if torch.rand(()) < 0.5 else window.reverse_complement())


def weights_of(dataset: Dataset) -> Tensor:
    """Return how much a positive base of each channel counts: more for the rare ones, as far as that helps."""
    windows = dataset.windows(1_000_000)
    shares = [dataset.read(window, channels=CHANNELS).targets.mean(axis=0) for window in windows]
    return torch.from_numpy(np.clip(np.sqrt(0.5 / np.maximum(np.mean(shares, axis=0), 1e-6)), 1, 10))


def loss_of(model: GeneFinder, batch: dict[str, Tensor], weights: Tensor) -> Tensor:
    """Return the loss of the middle of the windows: their margins lack context on one side."""
    inside = batch["inside"][:, MARGIN:-MARGIN, None].float()
    targets = batch["targets"][:, MARGIN:-MARGIN]
    logits = model(batch["dna"]).transpose(1, 2)[:, MARGIN:-MARGIN]
    weight = inside * (1 + (weights - 1) * targets)
    return nn.functional.binary_cross_entropy_with_logits(logits, targets, weight, reduction="sum") / inside.sum()


def train(dataset: Dataset, steps: int, seed: int = 0) -> GeneFinder:
    """Train for so many steps of eight windows; the learning rate falls to nothing by then."""
    torch.manual_seed(seed)
    model, weights = GeneFinder(), weights_of(dataset["train"])
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=3e-3, total_steps=steps, pct_start=0.1)
    for step, batch in enumerate(batches(dataset, steps, seed), 1):
        loss = loss_of(model, batch, weights)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 0 or step == steps:
            print(f"step {step}: loss {loss.item():.4f}{validated(model, dataset, weights)}", flush=True)
    return model.eval()


def batches(dataset: Dataset, steps: int, seed: int) -> Iterator[dict[str, Tensor]]:
    """Return so many batches of the split train, epoch after epoch, each in an order of its own."""
    windows = dataset.windows(WINDOW, stride=WINDOW - 2 * MARGIN, split="train", drop_n_fraction=0.5)
    stream = WindowStream(WindowDataset(dataset, windows, channels=CHANNELS, transform=random_strand), seed=seed)
    for epoch in itertools.count():
        stream.set_epoch(epoch)
        for batch in DataLoader(stream, batch_size=8):
            if steps == 0:
                return
            steps -= 1
            yield batch


@torch.inference_mode()
def validated(model: GeneFinder, dataset: Dataset, weights: Tensor) -> str:
    """Return the loss on some windows of the split validation, in words; nothing if there is no such split."""
    if "validation" not in dataset.splits:
        return ""
    windows = dataset.windows(WINDOW, split="validation", shuffle=True)[:16]
    loader = DataLoader(WindowDataset(dataset, windows, channels=CHANNELS), batch_size=8)
    return f", validation {np.mean([loss_of(model, batch, weights).item() for batch in loader]):.4f}"


@torch.inference_mode()
def predict(model: GeneFinder, dataset: Dataset, genome: str, chrom: str, length: int) -> np.ndarray:
    """Return the probabilities of a chromosome, float32 [length, 6]: the middles of windows, side by side."""
    middle = WINDOW - 2 * MARGIN
    pieces = []
    for start in range(0, length, middle):
        window = dataset.window(genome, chrom, start - MARGIN, start - MARGIN + WINDOW, channels=CHANNELS, pad=True)
        logits = model(torch.from_numpy(window.one_hot())[None])[0, :, MARGIN:-MARGIN]
        pieces.append(torch.sigmoid(logits).T.numpy())
    return np.concatenate(pieces)[:length]


def write_bigwig(path: Path, chroms: list[tuple[str, int]], values: dict[str, np.ndarray]) -> None:
    """Write one channel of some chromosomes, base by base."""
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader(chroms)
        for chrom, _ in chroms:
            file.addEntries(chrom, 0, values=values[chrom].astype(np.float64), span=1, step=1)


def decode(probabilities: np.ndarray, least_bp: int = 150, reach_bp: int = 200) -> Iterator[tuple[int, int, str]]:
    """Return gene spans: stretches that are probably intragenic, their ends moved to the likeliest sites nearby."""
    for offset, strand in enumerate("+-"):
        tss, polya, inside = (probabilities[:, column + offset] for column in (0, 2, 4))
        left, right = (tss, polya) if strand == "+" else (polya, tss)
        edges = np.flatnonzero(np.diff(inside > 0.5, prepend=False, append=False))
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if end - start >= least_bp:
                first, last = likeliest(left, start, reach_bp), likeliest(right, end - 1, reach_bp) + 1
                yield (first, last, strand) if last - first >= least_bp else (start, end, strand)


def likeliest(site: np.ndarray, position: int, reach_bp: int) -> int:
    """Return the base within reach at which a site is likeliest; nearer ones win if they are about as likely."""
    first = max(position - reach_bp, 0)
    near = site[first : position + reach_bp + 1]
    distance = np.abs(np.arange(first, first + len(near)) - position)
    return first + int(np.argmax(near * np.exp(-distance / reach_bp)))


def write_gff3(path: Path, genes: dict[str, list[tuple[int, int, str]]]) -> None:
    """Write gene spans, a transcript each."""
    lines = ["##gff-version 3"]
    for chrom, spans in genes.items():
        for number, (start, end, strand) in enumerate(sorted(spans), 1):
            columns = (chrom, "example", "transcript", str(start + 1), str(end), ".", strand, ".")
            lines.append("\t".join([*columns, f"ID={chrom}.{number};Parent=gene-{chrom}.{number}"]))
    path.write_text("\n".join(lines) + "\n")


def run(root: Path, output: Path, steps: int, seed: int = 0) -> ga.Scores:
    """Train, predict the split test, write the predictions and their scores, and return the scores."""
    dataset = ga.open_dataset(root)
    model = train(dataset, steps, seed)
    output.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), output / "model.pt")
    genomes = dataset["test"].genomes
    for genome in genomes:
        chromosomes = dataset.chromosomes("test", genome)
        found = {one.chrom: predict(model, dataset, genome, one.chrom, one.length) for one in chromosomes}
        sizes = [(one.chrom, one.length) for one in chromosomes]
        folder = output / "probabilities" / genome
        folder.mkdir(parents=True, exist_ok=True)
        for column, channel in enumerate(CHANNELS):
            values = {chrom: of[:, column] for chrom, of in found.items()}
            write_bigwig(folder / f"{genome}.{channel}.bw", sizes, values)
        write_gff3(output / f"{genome}.gff3", {chrom: list(decode(of)) for chrom, of in found.items()})
    predictions = {"per base": output / "probabilities"}
    if len(genomes) == 1:  # a GFF3 file does not say whose its names are: score several one by one, by genome=
        predictions["genes"] = output / f"{genomes[0]}.gff3"
    scores = ga.evaluate(dataset, "test", predictions)
    scores.save(output / "scores")
    return scores


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="the dataset's folder")
    parser.add_argument("--output", type=Path, required=True, help="folder for the model, predictions and scores")
    parser.add_argument("--steps", type=int, default=800, help="how long to train")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    scores = run(given.root, given.output, given.steps, given.seed)
    for channel in CHANNELS:
        of = {
            name: scores.value(f"nucleotide.{channel}.{name}", "per base")
            for name in ("average_precision", "base_rate")
        }
        print(f"{channel:24s} average precision {of['average_precision']:.3f}, base rate {of['base_rate']:.3f}")
    for k in (50, 500) if "genes" in {one.name for one in scores.predictions} else ():
        print(f"genes, both ends within {k} bp: F1 {scores.value(f'interval@{k}.f1', 'genes') or 0:.3f}")


if __name__ == "__main__":
    main()
