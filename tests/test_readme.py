"""What the README claims: its SQL and Python run; and the numbers of the real genomes that the docs give."""

import re
from pathlib import Path

from genatator_assets.query.connect import ask, connect

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
GENE_MODELS = (ROOT / "docs/gene_models.md").read_text()


def code(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_sql_runs(demo):
    statements = [line for line in code("sql")[0].splitlines() if not line.startswith("--")]
    assert len(statements) == 4
    with connect(demo / "demo-data") as connection:
        for statement in statements:
            assert ask(connection, statement).rows


def test_the_python_runs(demo, monkeypatch):
    monkeypatch.chdir(demo)
    seen = {}
    exec(code("python")[0], seen)
    assert seen["window"].targets.shape == (131_072, 12)
    assert len(seen["window"].dna) == 131_072
    assert len(seen["windows"]) > 0


def test_the_numbers_of_the_real_genomes(four_genomes):
    with connect(four_genomes.root) as connection:
        counted = ask(
            connection,
            """
            with t as (
                select genome, count(*) as transcripts, count(*) filter (reason = 'selected') as selected,
                    count(*) filter (reason = 'other_type') as other, count(*) filter (reason = 'pseudo') as pseudo,
                    count(*) filter (reason = 'chromosome_too_short') as short
                from transcripts group by genome
            ), b as (
                select genome, sum("end" - start)::bigint as nt, count(*) as blocks,
                    sum(target_sum[1] + target_sum[2]) as tss, sum(target_sum[3] + target_sum[4]) as polya,
                    sum(target_sum[5] + target_sum[6])::bigint as intragenic
                from blocks group by genome
            )
            select * from t join b using (genome) order by nt desc, genome
            """,
        )
    lines = [
        f"| {genome} | {' | '.join(f'{n:,}' for n in counts)} | {tss:,.3f} | {polya:,.3f} | {intragenic:,} |"
        for genome, *counts, tss, polya, intragenic in counted.rows
    ]
    assert "\n".join(lines) in GENE_MODELS


def test_every_link_to_a_file_leads_somewhere():
    root = Path(__file__).resolve().parents[1]
    for page in [root / "README.md", root / "CONTRIBUTING.md", *root.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
