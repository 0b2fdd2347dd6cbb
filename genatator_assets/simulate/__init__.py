"""A deterministic simulator of genome assemblies with annotation: for the demo, the tests and the benchmarks."""

from genatator_assets.simulate.assembly import SimulatedAssembly, write_assembly
from genatator_assets.simulate.model import Simulation

__all__ = ["SimulatedAssembly", "Simulation", "write_assembly"]
