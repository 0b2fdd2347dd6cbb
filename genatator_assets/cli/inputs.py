"""Commands about inputs, before anything is built: `simulate`."""

from pathlib import Path

import click

from genatator_assets.errors import GenatatorError


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--total-bp", type=int, default=2_000_000, show_default=True)
@click.option("--chromosomes", type=int, default=3, show_default=True)
@click.option("--flavour", type=click.Choice(["gencode", "refseq", "ensembl"]), default="gencode", show_default=True)
def simulate(folder: Path, seed: int, total_bp: int, chromosomes: int, flavour: str) -> None:
    """Write a simulated assembly and its annotation into FOLDER."""
    from pydantic import ValidationError

    from genatator_assets.simulate import Simulation, write_assembly

    try:
        wanted = Simulation.model_validate(
            {"seed": seed, "total_bp": total_bp, "chromosomes": chromosomes, "flavour": flavour}
        )
    except ValidationError as error:
        faults = [": ".join([*map(str, fault["loc"]), fault["msg"]]) for fault in error.errors()]
        raise GenatatorError("; ".join(faults).replace("Value error, ", "")) from None
    try:
        written = write_assembly(wanted, folder)
    except OSError as error:
        raise GenatatorError(f"{folder} can't be written ({error}); give another folder") from error
    click.echo(f"{written.sequence}\n{written.annotation}")
