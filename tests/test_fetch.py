"""Inputs by address and by accession, from servers on 127.0.0.1 that serve NCBI's layout and misbehave."""

import gzip
import hashlib
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from blockfiles import read_block
from conftest import command
from rich.console import Console
from webserver import cut, instead, stall, status, web_server

from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.catalogue import Assembly
from genatator_assets.errors import AnnotationError, FetchError, UnreachableError
from genatator_assets.parts import load_catalogue
from genatator_assets.sources.assembly import import_assembly, read_source
from genatator_assets.sources.fetch import Cache, Checksum, Patience, cache_folder
from genatator_assets.sources.inputs import fetch_inputs, remote_inputs, resolve
from genatator_assets.sources.ncbi import locate
from genatator_assets.work.layout import Layout
from genatator_assets.work.watch import download_bars

FILE = "/pub/genes.gtf.gz"
CONTENT = random.Random(1).randbytes(300_000)
CHANGED = random.Random(2).randbytes(300_000)
IMPATIENT = Patience(connect_s=10, read_s=10, tries=3, first_wait_s=0.01, longest_wait_s=2)

YEAST = "GCF_000146045.2_R64"
ALL = "/genomes/all"
FOLDER = f"{ALL}/GCF/000/146/045/"
SEQUENCE, ANNOTATION, REPORT = (
    f"{FOLDER}{YEAST}/{YEAST}_{content}" for content in ("genomic.fna.gz", "genomic.gff.gz", "assembly_report.txt")
)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for variable in ("GENATATOR_CACHE", "GENATATOR_NCBI", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def web():
    with web_server() as web:
        web.files[FILE] = CONTENT
        yield web


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache", patience=IMPATIENT)


def md5(content):
    return f"md5:{hashlib.md5(content).hexdigest()}"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def whole(fetched, content=CONTENT):
    """Return whether what was fetched is whole, with nothing but itself and its record beside it."""
    there = sorted(path.name for path in fetched.path.parent.iterdir())
    assert there == sorted([".fetched.json", ".lock", fetched.path.name])
    return fetched.path.read_bytes() == content and (fetched.bytes, fetched.sha256) == (len(content), sha256(content))


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]


# One file


def test_a_file_arrives_whole_under_its_own_name(web, cache):
    fetched = cache.fetch(web.url(FILE))
    assert whole(fetched)
    assert fetched.path.name == "genes.gtf.gz"
    assert fetched.path.is_relative_to(cache.folder)
    assert fetched.url == web.url(FILE)


def test_a_file_is_fetched_once(web, cache):
    first = cache.fetch(web.url(FILE))
    web.asked.clear()
    assert cache.fetch(web.url(FILE)) == first
    assert web.asked == []


def test_two_addresses_with_one_name_are_two_files(web, cache):
    web.files |= {"/a/x.fa": b"one", "/b/x.fa": b"two", "/b/x.fa?v=2": b"three"}
    assert [cache.fetch(web.url(path)).path.read_bytes() for path in ("/a/x.fa", "/b/x.fa", "/b/x.fa?v=2")] == [
        b"one",
        b"two",
        b"three",
    ]


def test_an_empty_file_arrives(web, cache):
    web.misdeeds[FILE] = [instead(b"")]
    assert whole(cache.fetch(web.url(FILE)), b"")


def test_nothing_is_written_outside_the_cache(web, cache, tmp_path):
    for name in ("/..%2F..%2Fx", "/.hidden", "/a%00b", "/" + "n" * 400):
        web.files[name] = b"content"
        assert cache.fetch(web.url(name)).path.read_bytes() == b"content"
    assert {path.name for path in tmp_path.iterdir()} == {"cache"}


def test_a_transfer_that_calls_itself_compressed_is_kept_as_it_is(web, cache):
    """Apache's `AddEncoding x-gzip .gz`: the file itself is what is compressed."""
    web.files[FILE] = gzip.compress(b"chr1")
    web.encoding = "x-gzip"
    assert whole(cache.fetch(web.url(FILE)), web.files[FILE])


# Sent elsewhere


def test_another_server_that_a_file_came_from_is_recorded_without_its_signature(web, cache):
    with web_server() as mirror:
        mirror.files["/m/genes.gtf.gz?signature=secret"] = CONTENT
        web.misdeeds[FILE] = [status(302, Location=mirror.url("/m/genes.gtf.gz?signature=secret"))]
        mirror.misdeeds["/m/genes.gtf.gz?signature=secret"] = [cut(1_000)]
        web.misdeeds[FILE].append(status(302, Location=mirror.url("/m/genes.gtf.gz?signature=secret")))
        fetched = cache.fetch(web.url(FILE))
        assert whole(fetched)
        assert fetched.served_from == mirror.url("/m/genes.gtf.gz")
    assert "secret" not in (fetched.path.parent / ".fetched.json").read_text()
    assert cache.fetch(web.url(FILE)) == fetched  # from the cache


def test_another_place_on_the_same_server_is_not_another_server(web, cache):
    web.files["/pub/new/genes.gtf.gz"] = CONTENT
    web.misdeeds[FILE] = [status(301, Location="/pub/new/genes.gtf.gz")]
    assert cache.fetch(web.url(FILE)).served_from is None


# Cut off


def test_a_file_that_is_cut_off_is_gone_on_with(web, cache):
    web.misdeeds[FILE] = [cut(200_000), cut(50_000)]
    assert whole(cache.fetch(web.url(FILE)))
    assert web.ranges_asked(FILE) == [None, "bytes=200000-", "bytes=250000-"]


def test_without_ranges_it_is_fetched_from_the_start(web, cache):
    web.ranges = False
    web.misdeeds[FILE] = [cut(200_000), cut(100_000)]
    assert whole(cache.fetch(web.url(FILE)))
    assert web.ranges_asked(FILE) == [None, "bytes=200000-", "bytes=100000-"]


def test_without_a_way_to_know_the_version_it_is_fetched_from_the_start(web, cache):
    web.validators = "none"
    web.misdeeds[FILE] = [cut(200_000)]
    assert whole(cache.fetch(web.url(FILE)))
    assert web.ranges_asked(FILE) == [None, None]


def test_two_versions_of_a_file_are_never_joined(web, cache):
    web.misdeeds[FILE] = [cut(200_000, then=CHANGED)]
    assert whole(cache.fetch(web.url(FILE)), CHANGED)


@pytest.mark.parametrize("then", [CHANGED, CHANGED[:250_000], CHANGED[:100_000]], ids=["same size", "shorter", "short"])
def test_nor_if_the_server_ignores_the_condition(web, cache, then):
    """It answers any range with 206, or with 416, whatever version was asked for."""

    def any_range(answer):
        answer.headers.replace_header("If-Range", f'"{hashlib.md5(then).hexdigest()}"')
        if len(then) <= 200_000:
            return status(416)(answer)
        return answer.send_file(then)

    web.misdeeds[FILE] = [cut(200_000, then=then), any_range]
    assert whole(cache.fetch(web.url(FILE)), then)
    assert web.ranges_asked(FILE) == [None, "bytes=200000-", None]


def test_a_date_tells_versions_too(web, cache):
    web.validators = "date"
    web.misdeeds[FILE] = [cut(200_000)]
    assert whole(cache.fetch(web.url(FILE)))
    assert web.ranges_asked(FILE) == [None, "bytes=200000-"]


def test_of_one_date_the_size_tells(web, cache):
    web.validators = "date"
    web.misdeeds[FILE] = [cut(200_000, then=CHANGED[:250_000])]
    assert whole(cache.fetch(web.url(FILE)), CHANGED[:250_000])
    assert web.ranges_asked(FILE) == [None, "bytes=200000-", None]


def test_what_arrived_is_gone_on_with_another_time(web, cache):
    web.misdeeds[FILE] = [cut(200_000), *[status(503)] * 3]
    with pytest.raises(FetchError, match="200,000 bytes are kept to go on from"):
        cache.fetch(web.url(FILE))
    assert not [path for path in files_in(cache.folder) if path.name == "genes.gtf.gz"]
    assert whole(cache.fetch(web.url(FILE)))
    assert web.ranges_asked(FILE)[-1] == "bytes=200000-"


def test_a_connection_that_is_cut_often_but_goes_forward_is_borne_with(web, cache):
    web.misdeeds[FILE] = [cut(20_000)] * 12
    assert whole(cache.fetch(web.url(FILE)))
    assert len(web.ranges_asked(FILE)) == 13 > IMPATIENT.tries


def test_one_that_goes_nowhere_is_given_up(web, cache):
    web.ranges = False
    web.misdeeds[FILE] = [cut(20_000)] * 99
    with pytest.raises(FetchError, match=r"genes.gtf.gz: given up after 3 tries in a row without progress"):
        cache.fetch(web.url(FILE))
    assert len(web.ranges_asked(FILE)) == 3


def test_so_is_one_that_only_comes_as_far_as_before(web, cache):
    web.ranges = False
    web.misdeeds[FILE] = [cut(20_000), cut(10_000)] * 9
    with pytest.raises(FetchError, match="given up"):
        cache.fetch(web.url(FILE))


def test_a_server_that_stops_sending_is_left_and_asked_again(web, cache):
    web.misdeeds[FILE] = [stall(200_000)]
    begun = time.monotonic()
    assert whole(replace(cache, patience=replace(IMPATIENT, read_s=0.5)).fetch(web.url(FILE)))
    assert 0.5 < time.monotonic() - begun < 30  # the server would have been silent for 60 s
    assert web.ranges_asked(FILE)[0] is None
    assert web.ranges_asked(FILE)[1].startswith("bytes=1")  # the last piece of 64 KiB is lost


def test_whoever_watches_is_told_what_is_there_of_how_much(web, cache):
    told = []

    @contextmanager
    def watch(url):
        told.append(url)
        yield lambda there, total: told.append((there, total))

    web.misdeeds[FILE] = [cut(200_000)]
    replace(cache, watch=watch).fetch(web.url(FILE))
    url, *sizes = told
    assert url == web.url(FILE)
    assert sizes == sorted(sizes)
    assert (200_000, 300_000) in sizes
    assert sizes[-1] == (300_000, 300_000)


def test_a_bar_shows_the_file_and_a_failed_one_leaves_none(web, cache):
    console = Console(file=io.StringIO(), force_terminal=False, width=100)
    watched = replace(cache, watch=download_bars(console))
    watched.fetch(web.url(FILE))
    with pytest.raises(FetchError, match=r"/pub/absent\.gff: the server has no such file"):
        watched.fetch(web.url("/pub/absent.gff"))
    printed = console.file.getvalue()
    assert "genes.gtf.gz" in printed
    assert "300.0/300.0 kB" in printed
    assert "absent.gff" not in printed


# Answers that are not the file


@pytest.mark.parametrize("code", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(web, cache, code):
    web.misdeeds[FILE] = [status(code), status(code)]
    assert whole(cache.fetch(web.url(FILE)))


def test_the_wait_that_a_server_asks_for_is_kept(web, cache):
    web.misdeeds[FILE] = [status(429, Retry_After="1")]
    begun = time.monotonic()
    assert whole(cache.fetch(web.url(FILE)))
    assert time.monotonic() - begun >= 1


def test_a_wait_too_long_is_said_and_not_waited_for(web, cache):
    web.misdeeds[FILE] = [status(503, Retry_After="3600")]
    with pytest.raises(FetchError, match="503 Service Unavailable; the server asks to come back in 3,600 s"):
        cache.fetch(web.url(FILE))
    assert len(web.ranges_asked(FILE)) == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (404, "no such file"),
        (410, "no such file"),
        *(
            (code, f"the server answers {code} ")
            for code in (400, 401, 403, 405, 406, 407, 409, 411, 412, 413, 414, 451)
        ),
    ],
)
def test_what_will_not_pass_is_said_at_once(web, cache, code, words):
    web.misdeeds[FILE] = [status(code)]
    with pytest.raises(FetchError, match=words) as caught:
        cache.fetch(web.url(FILE))
    assert str(caught.value).startswith(web.url(FILE))
    assert len(web.ranges_asked(FILE)) == 1
    assert files_in(cache.folder) == []


def test_a_server_that_is_not_there_is_waited_for_once(cache):
    with web_server() as gone:
        pass
    with pytest.raises(UnreachableError, match="refused") as caught:
        cache.fetch(gone.url(FILE))
    assert "given up after 3 tries" in str(caught.value)
    with pytest.raises(UnreachableError, match=f"/other: {gone.address[7:]} could not be reached$"):
        cache.fetch(gone.url("/other"))


def test_a_cache_that_can_not_be_written_is_said(web, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FetchError, match=r"can't be kept in .*file.*GENATATOR_CACHE"):
        Cache(tmp_path / "file", patience=IMPATIENT).fetch(web.url(FILE))


# Checksums


@pytest.mark.parametrize("checksum", [md5(CONTENT), f"sha256:{sha256(CONTENT)}"])
def test_a_stated_checksum_is_compared(web, cache, checksum):
    stated = Checksum(checksum, "the catalogue")
    fetched = cache.fetch(web.url(FILE), stated)
    assert whole(fetched)
    assert fetched.checksum == stated
    assert [path for path, _ in web.asked] == [FILE]  # nothing else is looked up


@pytest.mark.parametrize("checksum", [md5(CHANGED), f"sha256:{sha256(CHANGED)}"])
def test_wrong_bytes_are_refused_and_not_kept(web, cache, checksum):
    with pytest.raises(FetchError) as caught:
        cache.fetch(web.url(FILE), Checksum(checksum, "the catalogue"))
    message = str(caught.value)
    found = md5(CONTENT)[4:] if checksum.startswith("md5") else sha256(CONTENT)
    assert all(words in message for words in (web.url(FILE), checksum, found, "the catalogue"))
    assert files_in(cache.folder) == []


def test_wrong_bytes_that_pass_are_fetched_again(web, cache):
    web.misdeeds[FILE] = [instead(CHANGED)]
    assert whole(cache.fetch(web.url(FILE), Checksum(md5(CONTENT), "the catalogue")))


def test_a_damaged_part_is_found_out_and_fetched_from_the_start(web, cache):
    web.misdeeds[FILE] = [cut(200_000), *[status(503)] * 3]
    with pytest.raises(FetchError, match="given up after 3 tries in a row without progress: 503 Service Unavailable"):
        cache.fetch(web.url(FILE), Checksum(md5(CONTENT), "the catalogue"))
    (part,) = cache.folder.rglob("*.part")
    part.write_bytes(b"?" + part.read_bytes()[1:])
    assert whole(cache.fetch(web.url(FILE), Checksum(md5(CONTENT), "the catalogue")))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("md5checksums.txt", "{md5}  ./genes.gtf.gz"),  # NCBI
        ("md5sum.txt", "{md5}  genes.gtf.gz"),  # UCSC
        ("MD5SUMS", "{md5} *genes.gtf.gz"),  # GENCODE; the star is md5sum's sign for binary
    ],
)
def test_a_checksum_is_looked_for_beside_the_file(web, cache, name, line):
    other = "0" * 32 + "  genes.gtf\n" + "1" * 32 + "  other/genes.gtf.gz\n"
    web.files[f"/pub/{name}"] = (other + line.format(md5=md5(CONTENT)[4:]) + "\n").encode()
    fetched = cache.fetch(web.url(FILE))
    assert whole(fetched)
    assert fetched.checksum == Checksum(md5(CONTENT), web.url(f"/pub/{name}"))
    web.files[f"/pub/{name}"] = (other + line.format(md5=md5(CHANGED)[4:])).encode()
    with pytest.raises(FetchError, match=f"from {web.url('/pub/')}{name}; if that is wrong, state the right md5"):
        Cache(cache.folder / "other", patience=IMPATIENT).fetch(web.url(FILE))


def test_without_a_checksum_a_file_is_taken_and_its_hash_recorded(web, cache):
    web.files["/pub/MD5SUMS"] = b"<html>no list at all</html>"
    fetched = cache.fetch(web.url(FILE))
    assert fetched.checksum is None
    record = json.loads((fetched.path.parent / ".fetched.json").read_text())
    assert record == {
        "url": web.url(FILE),
        "bytes": 300_000,
        "sha256": sha256(CONTENT),
        "checksum": None,
        "served_from": None,
    }


def test_the_lists_of_a_folder_are_fetched_once(web, cache):
    names = [f"/pub/{name}" for name in ("md5checksums.txt", "md5sum.txt", "MD5SUMS")]
    web.files |= {"/pub/a.fa": b"one", "/pub/b.fa": b"two", names[2]: f"{md5(b'two')[4:]}  b.fa\n".encode()}
    assert [cache.fetch(web.url(f"/pub/{name}.fa")).checksum for name in "ab"] == [
        None,
        Checksum(md5(b"two"), web.url(names[2])),
    ]
    assert [len(web.ranges_asked(name)) for name in names] == [1, 1, 1]


def test_a_list_that_may_not_be_seen_is_no_list(web, cache):
    web.misdeeds |= {f"/pub/{name}": [status(403)] for name in ("md5checksums.txt", "md5sum.txt", "MD5SUMS")}
    assert whole(cache.fetch(web.url(FILE)))


def test_a_list_of_checksums_that_does_not_come_is_said(web, cache):
    web.misdeeds["/pub/md5checksums.txt"] = [status(500)] * 9
    with pytest.raises(FetchError, match=r"genes.gtf.gz: looking for a checksum beside it: .*md5checksums.txt: given"):
        cache.fetch(web.url(FILE))


# What is in the cache


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(CONTENT[:-1]),
        lambda path: path.write_bytes(CHANGED),
        lambda path: (path.parent / ".fetched.json").unlink(),
        lambda path: (path.parent / ".fetched.json").write_text("{"),
        lambda path: (path.parent / ".fetched.json").write_text("{}"),
    ],
)
def test_what_is_not_what_arrived_is_fetched_again(web, cache, damage):
    damage(cache.fetch(web.url(FILE)).path)
    assert whole(cache.fetch(web.url(FILE)))
    assert len(web.ranges_asked(FILE)) == 2


def test_a_checksum_that_is_stated_later_is_compared_with_what_is_there(web, cache):
    cache.fetch(web.url(FILE))
    web.asked.clear()
    stated = Checksum(f"sha256:{sha256(CONTENT)}", "the catalogue")
    assert cache.fetch(web.url(FILE), stated).checksum == stated
    assert web.asked == []
    with pytest.raises(FetchError, match="does not match"):
        cache.fetch(web.url(FILE), Checksum(md5(CHANGED), "the catalogue"))
    assert whole(cache.fetch(web.url(FILE)))  # and is still there


def test_a_changed_file_comes_when_it_is_asked_for_again(web, cache):
    cache.fetch(web.url(FILE))
    web.files[FILE] = CHANGED
    assert whole(cache.fetch(web.url(FILE)), CONTENT)
    assert whole(replace(cache, again=True).fetch(web.url(FILE)), CHANGED)
    assert whole(cache.fetch(web.url(FILE)), CHANGED)


def test_what_a_killed_fetch_left_is_not_what_is_asked_for_again(web, cache):
    """It was killed when all had arrived, and was about to be moved to its place."""
    left = cache.fetch(web.url(FILE)).path.parent / "incoming"
    left.mkdir()
    (left / "genes.gtf.gz").write_bytes(CHANGED)
    assert whole(replace(cache, again=True).fetch(web.url(FILE)), CONTENT)


def test_what_can_not_be_fetched_again_stays(web, cache):
    cache.fetch(web.url(FILE))
    web.misdeeds[FILE] = [cut(100_000), *[status(500)] * 9]
    with pytest.raises(FetchError, match="given up after 3 tries in a row without progress: 500 Internal Server Error"):
        replace(cache, again=True).fetch(web.url(FILE))
    web.misdeeds.clear()
    fetched = cache.fetch(web.url(FILE))
    assert fetched.path.read_bytes() == CONTENT


def test_asked_again_a_file_stays_if_its_published_checksum_is_the_same(web, cache):
    web.files["/pub/MD5SUMS"] = f"{md5(CONTENT)[4:]}  genes.gtf.gz\n".encode()
    cache.fetch(web.url(FILE))
    web.asked.clear()
    assert whole(Cache(cache.folder, again=True, patience=IMPATIENT).fetch(web.url(FILE)))
    assert web.ranges_asked(FILE) == []
    assert web.ranges_asked("/pub/MD5SUMS") == [None]


@pytest.mark.parametrize("again", [False, True])
def test_offline_nobody_is_asked(web, cache, again):
    with pytest.raises(FetchError, match=r"is not in .*; get it by 'genatator-assets fetch'"):
        replace(cache, offline=True, again=again).fetch(web.url(FILE))
    assert web.asked == []
    cache.fetch(web.url(FILE))
    assert whole(replace(cache, offline=True).fetch(web.url(FILE)))


def test_a_cache_that_may_only_be_read_serves_what_it_has(web, cache):
    fetched = cache.fetch(web.url(FILE))
    folders = [path for path in cache.folder.rglob("*") if path.is_dir()]
    before = sorted(cache.folder.rglob("*"))
    (fetched.path.parent / ".lock").unlink()
    for folder in folders:
        folder.chmod(0o500)
    try:
        assert cache.fetch(web.url(FILE)) == fetched
        assert not (fetched.path.parent / ".lock").exists()  # nothing is made there, also by root
    finally:
        for folder in folders:
            folder.chmod(0o700)
    assert len(before) == len(sorted(cache.folder.rglob("*"))) + 1


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "genatator-assets"
    monkeypatch.setenv("GENATATOR_CACHE", "~/here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "here"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENATATOR_CACHE", "there")
    assert cache_folder() == tmp_path / "there"


# NCBI


@pytest.fixture
def ncbi(web, monkeypatch):
    monkeypatch.setenv("GENATATOR_NCBI", web.url(ALL))
    web.files |= {f"{FOLDER}GCF_000146045.{other}/x": b"" for other in ("1_R63", "22_R99")}
    web.files |= {SEQUENCE: b">chr\nA\n", ANNOTATION: b"gff", REPORT: b"names"}
    return web


@pytest.mark.parametrize("accession", ["GCF_000146045.2", YEAST])
def test_an_accession_is_found_in_ncbis_layout(ncbi, cache, accession):
    found = locate(accession, cache)
    assert (found.sequence, found.annotation, found.report) == tuple(map(ncbi.url, (SEQUENCE, ANNOTATION, REPORT)))
    assert len(ncbi.asked) == (accession != YEAST)  # a name in full needs no listing


def test_an_accession_that_was_found_before_is_found_without_a_network(ncbi, cache):
    found = locate("GCF_000146045.2", cache)
    ncbi.asked.clear()
    assert locate("GCF_000146045.2", cache) == found
    assert ncbi.asked == []


def test_an_accession_newer_than_the_listing_is_found(ncbi, cache):
    locate("GCF_000146045.2", cache)
    ncbi.files[f"{FOLDER}GCF_000146045.3_R65/x"] = b""
    assert locate("GCF_000146045.3", cache).name == "GCF_000146045.3_R65"


def test_a_version_that_is_not_there_is_answered_with_those_that_are(ncbi, cache):
    with pytest.raises(FetchError) as caught:
        locate("GCF_000146045.3", cache)
    assert str(caught.value) == (
        f"accession GCF_000146045.3: no assembly of that name in {ncbi.url(FOLDER)};"
        f" there are: GCF_000146045.1_R63, GCF_000146045.22_R99, {YEAST}. Give one of them as the accession"
    )


def test_an_ambiguous_accession_is_answered_with_all(ncbi, cache):
    ncbi.files[f"{FOLDER}{YEAST}_old/x"] = b""
    with pytest.raises(FetchError, match=rf"more than one assembly .*{YEAST}, {YEAST}_old. Give one of them"):
        locate("GCF_000146045.2", cache)
    assert locate(YEAST, cache).name == YEAST


def test_an_accession_without_a_folder_is_absent(ncbi, cache):
    with pytest.raises(FetchError, match=r"accession GCF_999999999.1: .*GCF/999/999/999/: the server has no such file"):
        locate("GCF_999999999.1", cache)


def assembly(**keys):
    return Assembly.model_validate({"genome": "g", "species": "S", **keys})


def test_an_accession_stands_for_what_is_not_stated(ncbi, cache, tmp_path):
    own = tmp_path / "own.gff"
    own.write_text("own")
    inputs = resolve(assembly(accession=YEAST, annotation={"path": own}), Layout(tmp_path), cache)
    assert inputs["sequence"].path.read_bytes() == b">chr\nA\n"
    assert (inputs["annotation"].path, inputs["annotation"].url) == (own, None)
    assert inputs["aliases"].path.read_bytes() == b"names"
    assert ANNOTATION not in {path for path, _ in ncbi.asked}


def test_an_address_goes_before_the_accession(ncbi, cache):
    stated = {"url": ncbi.url(FILE), "md5": "a" * 32, "sha256": "b" * 64}
    remote = remote_inputs(assembly(accession=YEAST, annotation=stated), cache)
    assert remote["annotation"].url == ncbi.url(FILE)
    assert remote["annotation"].stated == Checksum(f"sha256:{'b' * 64}", "the catalogue")
    assert remote["sequence"].url == ncbi.url(SEQUENCE)
    ncbi.asked.clear()
    everything = {"sequence": stated, "annotation": stated, "aliases": stated}
    remote = remote_inputs(assembly(accession="GCF_000146045.2", **everything), cache)
    assert {file.url for file in remote.values()} == {ncbi.url(FILE)}
    assert ncbi.asked == []


def test_without_names_and_accession_there_are_no_names(ncbi, cache, tmp_path):
    inputs = resolve(
        assembly(sequence={"url": ncbi.url(FILE)}, annotation={"url": ncbi.url(FILE)}), Layout(tmp_path), cache
    )
    assert set(inputs) == {"sequence", "annotation"}


def test_an_assembly_without_annotation_says_what_to_do(ncbi, cache, tmp_path):
    name = "GCA_000146045.2_R64"
    folder = f"{ALL}/GCA/000/146/045/{name}/"
    ncbi.files |= {f"{folder}{name}_genomic.fna.gz": b">chr\nA\n", f"{folder}{name}_assembly_report.txt": b"names"}
    with pytest.raises(
        FetchError, match=r"_genomic.gff.gz: .*\(404 Not Found\); NCBI has no annotation of this assembly"
    ):
        resolve(assembly(accession="GCA_000146045.2"), Layout(tmp_path), cache)


def test_an_assemblys_name_that_is_wrong_says_how_to_have_it_looked_up(ncbi, cache, tmp_path):
    with pytest.raises(FetchError, match="is the accession right\\? Without the assembly's name behind it"):
        resolve(assembly(accession="GCF_000146045.2_R46"), Layout(tmp_path), cache)


# The whole way


@pytest.fixture(scope="module")
def yeast(data):
    """NCBI's folder of yeast, from its real files; the report has the real names and lengths."""
    files = {
        SEQUENCE: (data / f"yeast_R64/refseq/{YEAST}_genomic.fna.gz").read_bytes(),
        ANNOTATION: (data / f"yeast_R64/refseq/{YEAST}_genomic_subset.gff.gz").read_bytes(),
    }
    files[REPORT] = report_of(files[SEQUENCE])
    lines = [f"{md5(content)[4:]}  ./{name.rpartition('/')[2]}\n" for name, content in files.items()]
    return {**files, f"{FOLDER}{YEAST}/md5checksums.txt": "".join(lines).encode()}


def report_of(fasta):
    """An assembly report in NCBI's columns."""
    columns = "Sequence-Name\tSequence-Role\tAssigned-Molecule\tAssigned-Molecule-Location/Type\tGenBank-Accn"
    columns += "\tRelationship\tRefSeq-Accn\tAssembly-Unit\tSequence-Length\tUCSC-style-name"
    rows = []
    for number, record in enumerate(gzip.decompress(fasta).decode().split(">")[1:], 935):
        header, _, sequence = record.partition("\n")
        molecule = re.search(r"chromosome (\w+)", header)
        name, kind = (molecule[1], "Chromosome") if molecule else ("MT", "Mitochondrion")
        start = [name, "assembled-molecule", name, kind, f"BK006{number}.2", "="]
        bases = len(sequence.replace("\n", ""))
        rows.append(
            "\t".join([*start, header.split()[0], "Primary Assembly", str(bases), f"chr{name.replace('MT', 'M')}"])
        )
    return "\n".join(["# Assembly name:  R64", f"# {columns}", *rows, ""]).encode()


@pytest.fixture
def mirror(web, yeast):
    web.files |= yeast
    return web


CATALOGUE = """
dataset: yeast
gene_finding: {block_size_bp: 250_000}
assemblies:
  - genome: GCF_000146045.2_R64
    species: Saccharomyces cerevisiae
    accession: GCF_000146045.2
    splits: {validation: [NC_001133.9], test: [NC_001148.4, NC_001147.6]}
"""


@pytest.fixture
def settings(mirror, tmp_path):
    """A catalogue by accession, and the environment in which it is fetched."""
    catalogue = tmp_path / "catalogue.yaml"
    catalogue.write_text(CATALOGUE)
    environment = {"GENATATOR_NCBI": mirror.url(ALL), "GENATATOR_CACHE": str(tmp_path / "cache"), "NO_PROXY": "*"}
    return catalogue, environment


def test_a_genome_by_accession_is_built_as_by_paths(mirror, settings, four_genomes, tmp_path):
    catalogue, environment = settings
    mirror.misdeeds[SEQUENCE] = [status(429, Retry_After="0"), cut(1_000_000)]
    done = command("build", "--catalogue", str(catalogue), "--root", str(tmp_path / "root"), **environment)
    assert done.returncode == 0, done.stderr
    folder = f"blocks/*/genome={YEAST}/*/*.parquet"
    fetched, by_path = (
        {path.relative_to(root): path for path in root.glob(folder)} for root in (tmp_path / "root", four_genomes.root)
    )
    assert len(fetched) == 57  # of 250,000 bp: see docs/gene_models.md
    assert set(fetched) == set(by_path)
    for name, path in fetched.items():
        block, expected = read_block(path), read_block(by_path[name])
        assert (block.dna, block.metadata) == (expected.dna, expected.metadata)
        assert np.array_equal(block.targets, expected.targets)
    source = json.loads((tmp_path / f"root/assemblies/{YEAST}/source.json").read_text())
    for kind, path in {"sequence": SEQUENCE, "annotation": ANNOTATION, "aliases": REPORT}.items():
        content = mirror.files[path]
        given = source["inputs"][kind]
        assert (given["url"], given["served_from"]) == (mirror.url(path), None)
        assert (given["sha256"], given["checksum"]) == (sha256(content), md5(content))
        assert Path(given["path"]).read_bytes() == content


def test_fetch_prints_what_it_has_and_lists_all_faults(mirror, settings, tmp_path):
    catalogue, environment = settings
    mirror.files["/own/x.fa"] = b">chr1\nACGT\n"
    with catalogue.open("a") as more:
        own = f"sequence: {{url: '{mirror.url('/own/x.fa')}'}}, annotation: {{url: '{mirror.url('/own/x.gff')}'}}"
        more.write("  - {genome: absent, species: S, accession: GCF_000146045.9}\n")
        more.write(f"  - {{genome: own, species: S, {own}}}\n")
    done = command("fetch", "--catalogue", str(catalogue), **environment)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    *_, absent, no_annotation = done.stderr.splitlines()
    assert absent.startswith("Error: absent: accession GCF_000146045.9: no assembly of that name")
    assert no_annotation.startswith(f"own, annotation: {mirror.url('/own/x.gff')}: the server has no such file")
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.stdout.splitlines() if "│" in line]
    assert [row[:2] for row in rows] == [[YEAST, kind] for kind in ("sequence", "annotation", "aliases")] + [
        ["own", "sequence"]
    ]
    assert rows[0][2:4] == [f"{len(mirror.files[SEQUENCE]):,}", "md5, md5checksums.txt"]
    assert rows[3][2:4] == ["11", "none stated"]
    assert Path(rows[0][4]).read_bytes() == mirror.files[SEQUENCE]
    assert f"{YEAST}_genomic.fna.gz ━" in done.stderr  # the progress bar

    mirror.asked.clear()
    again = command("fetch", "--catalogue", str(catalogue), "--genome", YEAST, **environment)
    assert again.returncode == 0, again.stderr
    assert mirror.asked == []
    again = command("fetch", "--catalogue", str(catalogue), "--genome", "own", "--again", **environment)
    assert again.returncode == 2
    assert "/own/x.fa" in {path for path, _ in mirror.asked}
    assert not any(path.startswith(ALL) for path, _ in mirror.asked)


def test_the_names_alone_are_enough_for_a_plan(mirror, settings, tmp_path):
    catalogue, environment = settings
    plan = ["plan", "--catalogue", str(catalogue), "--root", str(tmp_path / "root")]
    assert "Not counted: 1 of 1 genomes" in command(*plan, **environment).stdout
    assert mirror.asked == []  # planning asks nobody
    fetched = command("fetch", "--names", "--catalogue", str(catalogue), **environment)
    assert fetched.returncode == 0, fetched.stderr
    assert {SEQUENCE, ANNOTATION}.isdisjoint(path for path, _ in mirror.asked)
    planned = command(*plan, **environment).stdout
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in planned.splitlines() if "│" in line]
    # of 250,000 bp: see docs/gene_models.md; the splits' sizes are those of the four real genomes' statistics
    counts = {row[1]: row[2:4] for row in rows[:3]}
    assert counts == {"train": ["13", "47"], "validation": ["1", "1"], "test": ["2", "9"]}
    assert not (tmp_path / "root").exists()


def test_there_may_be_nothing_to_fetch(tmp_path):
    done = command("fetch", "--catalogue", "demo", GENATATOR_CACHE=str(tmp_path / "cache"))
    assert (done.returncode, done.stdout) == (0, "nothing to fetch: every input has a path or is simulated\n")
    assert list(tmp_path.iterdir()) == []


def test_fetch_brings_in_what_other_sections_state_by_address(tmp_path):
    catalogue = tmp_path / "c.yaml"
    with web_server() as web:
        web.files["/x.h5ad"] = b"cells"
        stated = f"{{url: '{web.url('/x.h5ad')}', sha256: {hashlib.sha256(b'cells').hexdigest()}}}"
        catalogue.write_text(f"dataset: c\ncells: {{datasets: [{stated}, {{url: '{web.url('/y.h5ad')}'}}]}}\n")
        done = command("fetch", "--catalogue", str(catalogue), GENATATOR_CACHE=str(tmp_path / "cache"), COLUMNS="200")
    assert done.returncode == 2
    assert re.search(r"x\.h5ad +│ 5 +│ sha256", done.stdout)
    assert "/y.h5ad" in done.stderr
    (path,) = (tmp_path / "cache").rglob("x.h5ad*")
    assert path.read_bytes() == b"cells"


def fetching(catalogue, environment):
    arguments = [sys.executable, "-m", "genatator_assets.cli", "fetch", "--catalogue", str(catalogue)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(arguments, env={**os.environ, **environment}, **pipes)


def test_a_fetch_that_is_killed_is_gone_on_with_by_the_next(mirror, settings, tmp_path):
    catalogue, environment = settings
    mirror.misdeeds[SEQUENCE] = [stall(2_000_000)]
    with fetching(catalogue, environment) as process:
        assert within(60, lambda: sum(part.stat().st_size for part in tmp_path.rglob("*.part")) > 1_000_000)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert not list(tmp_path.rglob("*.fna.gz"))
    done = command("fetch", "--catalogue", str(catalogue), **environment)
    assert done.returncode == 0, done.stderr
    (fetched,) = tmp_path.rglob("*.fna.gz")
    assert fetched.read_bytes() == mirror.files[SEQUENCE]
    first, second = mirror.ranges_asked(SEQUENCE)
    assert first is None
    assert 1_000_000 < int(re.search(r"\d+", second)[0]) <= 2_000_000
    assert not list(tmp_path.rglob("incoming"))


def test_two_that_fetch_at_once_fetch_once(mirror, settings, tmp_path):
    catalogue, environment = settings
    mirror.misdeeds[SEQUENCE] = [stall(2_000_000)]
    with fetching(catalogue, environment) as one, fetching(catalogue, environment) as other:
        assert within(60, lambda: list(tmp_path.rglob("*.part")))
        time.sleep(2)  # the other has come to the same file
        mirror.released.set()
        printed = [process.communicate(timeout=60) for process in (one, other)]
    assert [one.returncode, other.returncode] == [0, 0], printed
    assert printed[0][0] == printed[1][0]
    (fetched,) = tmp_path.rglob("*.fna.gz")
    assert fetched.read_bytes() == mirror.files[SEQUENCE]
    assert len(mirror.ranges_asked(ANNOTATION)) == 1
    assert mirror.ranges_asked(SEQUENCE).count(None) == 1


@pytest.fixture
def shared(mirror, settings, cache, monkeypatch):
    """The catalogue by accession, loaded."""
    monkeypatch.setenv("GENATATOR_NCBI", mirror.url(ALL))
    return load_catalogue(settings[0])


def test_datasets_share_what_was_fetched(mirror, shared, cache, tmp_path):
    import_assembly(shared, YEAST, Layout(tmp_path / "one"), cache)
    mirror.asked.clear()
    import_assembly(shared, YEAST, Layout(tmp_path / "other"), cache)
    assert mirror.asked == []
    assert read_source(Layout(tmp_path / "one"), YEAST) == read_source(Layout(tmp_path / "other"), YEAST)


def test_an_annotation_that_vanished_from_the_cache_comes_back_with_the_assembly(mirror, shared, cache, tmp_path):
    layout = Layout(tmp_path / "root")
    import_assembly(shared, YEAST, layout, cache)
    source = read_source(layout, YEAST)
    annotation = source.inputs["annotation"].path
    annotation.unlink()
    with pytest.raises(AnnotationError, match=r"gff.gz changed or was removed .*build the assembly again") as caught:
        select_isoforms(shared, YEAST, layout)
    assert str(annotation) in str(caught.value)
    import_assembly(shared, YEAST, layout, cache)
    assert read_source(layout, YEAST) == source
    assert select_isoforms(shared, YEAST, layout).reasons["selected"] == 5954  # mRNA rows without pseudo=true, by awk
    assert mirror.ranges_asked(SEQUENCE) == [None]


def test_all_is_fetched_before_a_worker_brings_a_genome_in(mirror, shared, cache, tmp_path):
    """The run's own process shows how far downloads are; what a worker needs is in the cache then."""
    fetch_inputs(shared.assembly(YEAST), cache)
    assert [mirror.ranges_asked(name) for name in (SEQUENCE, ANNOTATION, REPORT)] == [[None]] * 3
    mirror.asked.clear()
    import_assembly(shared, YEAST, Layout(tmp_path / "root"), cache)
    assert mirror.asked == []


def within(seconds, condition):
    """Return whether a condition came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
