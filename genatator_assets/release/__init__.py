"""The release: a dataset in the form in which it is published, in one folder that the hub takes as it is."""

from genatator_assets.release.publish import Part, Release, foreign_files, parts_of, read_checksums, release

__all__ = ["Part", "Release", "foreign_files", "parts_of", "read_checksums", "release"]
