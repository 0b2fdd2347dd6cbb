"""Labels of tokens, against a loop over tokens; the tokenizers are small BPE ones trained here."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

import genatator_assets as ga
from genatator_assets.reading.tokens import token_labels

SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]


@pytest.fixture(scope="module")
def window(dataset):
    return ga.open_dataset(dataset.root).window("sim-gencode", "chr1", 0, 50_000)


@pytest.fixture(scope="module", params=["letters", "bytes"])
def tokenizer(request, window):
    """Trained on the window's DNA, in both of the usual kinds; [CLS] before and [SEP] behind."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    if request.param == "bytes":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=200, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator([window.dna[at : at + 500] for at in range(0, 50_000, 500)], trainer)
    ends = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return tokenizer


def slow_labels(targets, offsets, ignore=-100.0):
    """The card's words: each token has the maximum over the nucleotides that it covers."""
    rows = [
        [max(base[channel] for base in targets[start:end]) for channel in range(targets.shape[1])]
        if end > start
        else [ignore] * targets.shape[1]
        for start, end in offsets
    ]
    return np.array(rows, np.float32).reshape(len(offsets), targets.shape[1])


def test_tokens_of_a_window_have_the_greatest_value_of_their_bases(window, tokenizer):
    encoded = tokenizer.encode(window.dna)
    labels = token_labels(window.targets, encoded.offsets)
    assert (labels.dtype, labels.shape) == (np.float32, (len(encoded.ids), 12))
    assert 5_000 < len(encoded.ids) < 25_000  # it does join bases
    np.testing.assert_array_equal(labels, slow_labels(window.targets, encoded.offsets))
    assert set(np.flatnonzero((labels == -100).all(axis=1))) == {0, len(encoded.ids) - 1}
    assert (labels[1:-1] >= 0).all()
    for channel in range(12):  # no peak is lost
        assert labels[1:-1, channel].max() == window.targets[:, channel].max() == 1


def test_padding_and_truncation_leave_out_what_they_cut(window, tokenizer):
    tokenizer.enable_truncation(64)
    tokenizer.enable_padding(length=80)
    try:
        encoded = tokenizer.encode(window.dna)
    finally:
        tokenizer.no_truncation()
        tokenizer.no_padding()
    labels = token_labels(window.targets, encoded.offsets, ignore=-1)
    assert labels.shape == (80, 12)
    assert np.flatnonzero((labels == -1).all(axis=1)).tolist() == [0, *range(63, 80)]


def test_a_transformers_tokenizer_gives_the_same(window, tokenizer):
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    offsets = fast(window.dna, return_offsets_mapping=True)["offset_mapping"]
    expected = token_labels(window.targets, tokenizer.encode(window.dna).offsets)
    np.testing.assert_array_equal(token_labels(window.targets, offsets), expected)


@given(st.integers(1, 30), st.data())
def test_any_tokens_get_what_a_loop_gives_them(length, data):
    """Tokens may overlap, leave out bases, come in any order and end with the DNA."""
    values = st.sampled_from([0.0, 0.25, 0.5, 1.0])
    rows = data.draw(st.lists(st.lists(values, min_size=2, max_size=2), min_size=length, max_size=length))
    targets = np.array(rows, np.float32)
    token = st.tuples(st.integers(0, length), st.integers(0, length)).map(sorted).map(tuple)
    offsets = data.draw(st.lists(token, max_size=12))
    np.testing.assert_array_equal(token_labels(targets, offsets), slow_labels(targets, offsets))
    before = targets.copy()
    token_labels(targets, offsets)
    np.testing.assert_array_equal(targets, before)


@pytest.mark.parametrize("offsets", [[(0, 11)], [(9, 12), (0, 3)], [(-1, 3)]])
def test_offsets_of_other_dna_are_told(offsets):
    with pytest.raises(ValueError, match="the targets have 10 bases: the offsets must be those of the same DNA"):
        token_labels(np.zeros((10, 1), np.float32), offsets)


def test_no_tokens_and_no_channels():
    assert token_labels(np.zeros((10, 3), np.float32), []).shape == (0, 3)
    assert token_labels(np.zeros((10, 0), np.float32), [(0, 5)]).shape == (1, 0)
