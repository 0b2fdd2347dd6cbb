// The first hour on an empty root: one job does all steps. Then what the UI shows of the dataset.
// Started by run.sh: node everything.mjs URL GENOME CHROMIUM SCREENSHOTS WORK, where WORK is an empty folder.
import { browse, done, expectChecks, expectEnd, expectFigures, expectTablesWhole, screenshot, visible } from "./ui.mjs";

const [url, genome, executablePath, screenshots, work] = process.argv.slice(2);

await browse({ url, executablePath, screenshots, work }, async (ui) => {
  const { page } = ui;
  await page.goto(`${url}/jobs`);
  await page.getByText("build_everything", { exact: true }).click();
  await page.getByRole("tab", { name: "Launchpad" }).click();
  await page.getByRole("button", { name: "Launch Run", exact: false }).click();
  await page.waitForURL(/\/runs\//);
  await expectEnd(page, "Success", "the run of build_everything");
  await screenshot(ui, "build-everything");
  done("build_everything: one run on an empty root built the dataset");

  const checks = await expectChecks(ui, "block_index");
  await screenshot(ui, "block-index-checks");
  done(`all ${checks} checks of block_index passed`);

  await page.goto(`${url}/assets/split_statistics?view=overview`);
  await visible(page.getByText("Split-level overview").last());
  await visible(page.getByText("Species coverage").last());
  await expectFigures(page, 2);
  await expectTablesWhole(page);
  await screenshot(ui, "split-statistics");
  done("split_statistics: tables, and figures of lengths and densities that the Overview tab has room for");

  await page.goto(`${url}/assets/selected_isoforms?view=overview`);
  await visible(page.getByText("from the annotation file").first());
  await visible(page.getByText("from assembly.chrom, assembly.aliases"));
  await expectFigures(page, 1);
  done("selected_isoforms: each column says where it comes from, and the figure of reasons is whole");

  await page.goto(`${url}/assets/assembly?view=partitions&partition=${genome}`);
  await visible(page.getByText("longest sequences"));
  await expectTablesWhole(page);
  await page.getByText("[Show Markdown]").last().click();
  await visible(page.getByRole("columnheader", { name: "compared with" }));
  await expectTablesWhole(page);
  done("no table is cut off: a wide one opens in a window that scrolls");

  await page.goto(`${url}/assets/selected_isoforms?view=partitions&partition=${genome}`);
  await visible(page.getByText("transcripts by reason"));
  await expectFigures(page, 1);
  await screenshot(ui, "selected-isoforms");

  await page.goto(`${url}/assets/blocks?view=overview`);
  await visible(page.getByText("blocks/<split>/genome=<genome>/chrom=<chrom>/<start>.parquet"));
  await visible(page.getByText(/^\d+ blocks, [\d,]+ nt/));
  await screenshot(ui, "blocks-overview");
  done("blocks: the description keeps <genome>, and numbers have separators");

  await page.goto(`${url}/assets/dataset_card?view=overview`);
  await page.getByText("[Show Markdown]").click();
  await visible(page.getByRole("cell", { name: /!\[p\]\(http/ }).first());
  done("dataset_card: a species' name is text, whatever it would be in Markdown");
});
