"""Workers of a Dask cluster that somebody else started: by SLURM, on Kubernetes, or by hand."""

import importlib
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from genatator_assets.errors import ClusterError, MissingExtraError, optional_import
from genatator_assets.version import __version__

_ADDRESSES = ("tcp://", "tls://", "ucx://", "ws://", "wss://")
_SAME_CERTIFICATES = "If it uses TLS, this command needs the same certificate (docs/clusters.md)."
_SECONDS_TO_CONNECT = 30
_SECONDS_FOR_WORKERS = 300


class DaskWorkers:
    """The cluster whose scheduler is at `where`: an address (`tcp://...`), or the path of its scheduler file.

    Its workers need this very version of the package and must see the dataset's root by the same path.

    Raises:
        ClusterError: Dask is not installed.
    """

    at_once = 1_000
    local = False

    def __init__(self, where: str) -> None:
        """Remember the cluster; nobody is called yet."""
        try:
            with optional_import("distributed", "dask", "Dask"):
                self._distributed: Any = importlib.import_module("distributed")
        except MissingExtraError as error:  # a fault of the whole build, not of one chromosome
            raise ClusterError(f"workers of the cluster {where}: {error}") from error
        self._where = where

    @property
    def death(self) -> type[Exception]:
        """Dask gives up a task when several workers in turn died of it."""
        death: type[Exception] = self._distributed.KilledWorker
        return death

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        """Return the cluster's executor. Afterwards nothing of ours is waiting there; the cluster goes on.

        Raises:
            ClusterError: it does not answer, has no workers or other versions of us, or was lost on the way.
        """
        with self._client() as client:
            self._require_same_version(client)
            executor = client.get_executor(pure=False)
            try:
                yield executor
            except CancelledError as error:
                raise ClusterError(
                    f"the Dask scheduler at {self._where} was lost; start it and run again: what is finished is kept"
                ) from error
            finally:
                executor.shutdown(wait=False)

    def _client(self) -> Any:
        is_address = self._where.startswith(_ADDRESSES)
        if not is_address and not Path(self._where).is_file():
            raise ClusterError(
                f"no Dask cluster at {self._where}: it is neither an address such as tcp://host:8786 nor the path of"
                " a scheduler file"
            )
        try:
            return self._distributed.Client(
                **{"address" if is_address else "scheduler_file": self._where},
                timeout=_SECONDS_TO_CONNECT,
                set_as_default=False,
            )
        except FileNotFoundError as error:
            told = f"Dask's configuration names no certificate that is there ({error})"
        except OSError as error:
            told = f"no Dask scheduler answers at {self._where} ({error}); is it running? {_SAME_CERTIFICATES}"
        except (TypeError, RuntimeError) as error:  # Dask lacks a certificate, or may not use tcp://
            told = f"the Dask cluster at {self._where} can't be used: {error}. {_SAME_CERTIFICATES}"
        raise ClusterError(told)

    def _require_same_version(self, client: Any) -> None:
        try:
            client.wait_for_workers(1, timeout=_SECONDS_FOR_WORKERS)
            others = {worker: found for worker, found in client.run(_version).items() if found != __version__}
        except TimeoutError as error:
            raise ClusterError(
                f"the Dask cluster {self._where} has had no workers for {_SECONDS_FOR_WORKERS} s; start some"
            ) from error
        except ImportError as error:
            raise ClusterError(
                f"a worker of {self._where} lacks a package ({error}); install genatator-assets {__version__} there"
            ) from error
        if others:
            shown = ", ".join(f"{worker} has {found}" for worker, found in others.items())
            raise ClusterError(f"genatator-assets {__version__} is here, but {shown}; install the same everywhere")


def _version() -> str:
    return __version__
