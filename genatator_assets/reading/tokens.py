"""Labels of tokens: what a tokenizer that joins bases (BPE) makes of targets. Numpy only.

Any Hugging Face fast tokenizer says which letters each token covers: `tokenizer(dna, return_offsets_mapping=True)
["offset_mapping"]` of transformers, `tokenizer.encode(dna).offsets` of tokenizers.
"""

import numpy as np
import numpy.typing as npt

from genatator_assets.tracks.runs import Values

IGNORE = -100.0
"""The label of tokens that cover no base: what losses are used to leave out."""


def token_labels(targets: Values, offsets: npt.ArrayLike, ignore: float = IGNORE) -> Values:
    """Return each token the greatest value of the bases that it covers, channel by channel.

    targets float32 [L, C] of the DNA that was tokenised; offsets integers [T, 2]: token t covers the letters
    [offsets[t][0], offsets[t][1]). Gives float32 [T, C]. Special tokens and padding, which cover nothing, get
    `ignore` in all channels. Tokens may overlap or leave letters out, as truncation does.

    >>> token_labels(np.array([[0.0], [1.0], [0.5]], np.float32), [(0, 0), (0, 2), (2, 3)]).tolist()
    [[-100.0], [1.0], [0.5]]

    Raises:
        ValueError: a token covers letters that the targets don't have.
    """
    spans = np.asarray(offsets, np.int64).reshape(-1, 2)
    covers = spans[:, 0] < spans[:, 1]
    edges = spans[covers].reshape(-1)
    if np.any((edges < 0) | (edges > len(targets))):
        raise ValueError(
            f"tokens cover letters {edges.min():,} to {edges.max():,}, the targets have {len(targets):,} bases: the"
            " offsets must be those of the same DNA"
        )
    labels = np.full((len(spans), targets.shape[1]), ignore, np.float32)
    if len(edges):
        # reduceat goes from each edge to the next: every second of its stretches is a token, the others lie between
        # tokens. The row added at the end lets a token end with the DNA.
        rows = np.concatenate([targets, np.zeros((1, targets.shape[1]), targets.dtype)])
        labels[covers] = np.maximum.reduceat(rows, edges, axis=0)[::2]
    return labels
