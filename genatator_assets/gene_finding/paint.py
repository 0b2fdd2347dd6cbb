"""From landmarks to segments: peaks around sites, merged by maximum, and intragenic stretches."""

import numpy as np

from genatator_assets.gene_finding.channels import CHANNELS, Channel
from genatator_assets.gene_finding.landmarks import Landmarks
from genatator_assets.tracks.runs import Positions, Runs, Values, ranges, runs_at
from genatator_assets.tracks.segments import Segments


def paint(landmarks: Landmarks, length: int, kernel: Values) -> Segments:
    """Paint the twelve channels of a chromosome of `length` bp; `kernel` float32 [radius + 1] as of kernel_values."""
    return Segments(length, tuple(_channel(channel, landmarks, length, kernel) for channel in CHANNELS), CHANNELS)


def _channel(channel: Channel, landmarks: Landmarks, length: int, kernel: Values) -> Runs:
    of_strand = landmarks[channel.group, channel.strand]
    match channel.kind:
        case "tss":
            return peaks(of_strand.tss, length, kernel)
        case "polya":
            return peaks(of_strand.polya, length, kernel)
        case "intragenic":
            return Runs(of_strand.starts, of_strand.ends, np.ones(len(of_strand.starts), np.float32))


def peaks(sites: Positions, length: int, kernel: Values) -> Runs:
    """Return the maximum over all kernels centred on `sites` (distinct, ascending), cut at the chromosome's ends.

    A kernel never rises with the distance, so the maximum at a base is the kernel of its nearest site. Each site
    therefore owns the bases up to half-way to its neighbours, and no base is looked at twice:

        sites        s0            s1        s2
        owned    [---|------)[-----|----)[---|------)
    """
    if not len(sites):
        return Runs.none()
    radius = len(kernel) - 1
    half_way = (sites[:-1] + sites[1:]) // 2 + 1
    left = np.maximum(np.maximum(sites - radius, 0), np.concatenate([[0], half_way]))
    right = np.minimum(np.minimum(sites + radius + 1, length), np.concatenate([half_way, [length]]))
    positions = ranges(left, right - left)
    values = kernel[np.abs(positions - np.repeat(sites, right - left))]
    return runs_at(positions[values > 0], values[values > 0])
