// Step by step on an empty root, as somebody does who wants only part of it: the sensor is switched off first.
// Started by run.sh: node steps.mjs URL GENOME CHROMIUM SCREENSHOTS WORK, where WORK is an empty folder.
import {
  assert, browse, done, expectChecks, expectEnd, expectFigures, number, screenshot, toggle, visible,
} from "./ui.mjs";

const [url, genome, executablePath, screenshots, work] = process.argv.slice(2);
const ASSETS = [
  "assembly", "selected_isoforms", "chromosome_catalogue", "chromosome_inputs", "chromosome_targets",
  "blocks", "block_index", "split_statistics", "dataset_card",
];
const GRAPH = { width: 1900, height: 640 }; // wide enough for the names of all assets

await browse({ url, executablePath, screenshots, work }, async (ui) => {
  const { page } = ui;
  const carryOn = await toggle(ui, "carry_on", true);
  await carryOn.locator("..").click(); // its label
  await toggle(ui, "carry_on", false);
  done("the sensor carry_on is switched off");

  await openGraph(page);
  done(`the asset graph shows ${ASSETS.length} assets`);

  await launch(page, "prepare", choosePreset(page, "All"));
  const total = await count(page, "blocks", "Missing");
  assert(total > 0, "no chromosomes are registered");
  done(`prepare: ${total} chromosomes are registered, and nothing follows`);

  const chosen = await launch(page, "build_blocks", () => chooseGenome(page));
  await expectPartitions(page, { Materialized: chosen, Missing: total - chosen, Failed: 0 });
  await page.getByText(`${genome}/`).first().click();
  await visible(page.getByText("Materialized", { exact: true }));
  await visible(page.getByText(/^\d+ blocks, [\d,]+ nt/));
  await expectFigures(page, 2);
  await screenshot(ui, "blocks-partitions");
  done(`build_blocks: ${chosen} chromosomes of ${genome} are materialised, ${total - chosen} are missing`);
  done("a chromosome's page shows figures of its transcripts and intragenic targets");

  if (chosen < total) {
    await launch(page, "build_blocks", choosePreset(page, "Missing"));
    await expectPartitions(page, { Materialized: total, Missing: 0, Failed: 0 });
    done(`build_blocks: all ${total} chromosomes are materialised`);
  }

  await launch(page, "finish");
  const checks = await expectChecks(ui, "block_index");
  done(`finish: all ${checks} checks of block_index passed`);

  await page.setViewportSize(GRAPH);
  await openGraph(page);
  await screenshot(ui, "assets-graph");
  done("the asset graph is drawn");
});

// Open the graph with all groups unfolded; the UI keeps them so.
async function openGraph(page) {
  await page.goto(`${url}/asset-groups`);
  await visible(page.getByRole("img", { name: "zoom_in" }));
  if (!(await page.getByText("selected_isoforms").first().isVisible())) {
    await page.getByRole("img", { name: "settings" }).last().click();
    await page.getByRole("menuitem", { name: "Expand all groups" }).click();
  }
  for (const asset of ASSETS.filter((name) => name !== "chromosome_catalogue")) { // its name is drawn shortened
    await visible(page.getByText(asset, { exact: true }).first());
  }
}

// Launch a job from its page and wait until its run has succeeded. Gives what `choose` gives.
async function launch(page, job, choose) {
  await page.goto(`${url}/locations/genatator-assets/jobs/${job}`);
  await page.getByRole("button", { name: /Materialize all/ }).click();
  let chosen;
  if (choose) {
    chosen = await choose();
    await page.getByRole("button", { name: /^Launch (backfill|1 run)$/ }).click();
  }
  await visible(page.getByText(/Created backfill|Launched run/).first());
  await page.getByText("View", { exact: true }).first().click();
  await page.waitForURL(/\/runs\//);
  if (page.url().includes("/runs/b/")) await page.getByRole("tab", { name: "Runs" }).click(); // of the backfill
  await expectEnd(page, "Success", `the run of ${job}`);
  return chosen;
}

function choosePreset(page, preset) {
  return () => page.getByRole("button", { name: preset, exact: true }).click();
}

// Choose all chromosomes of the genome in the partition box; gives their number.
async function chooseGenome(page) {
  await page.getByText("Select a partition or create one").click();
  await page.getByPlaceholder("Filter partitions").fill(`${genome}/`);
  const all = page.getByText(/^Select all \(\d+\)$/);
  const chosen = number(await all.textContent());
  await all.click();
  await page.keyboard.press("Escape");
  await visible(page.getByText(new RegExp(`^${chosen} partitions?$`)).first());
  return chosen;
}

async function count(page, asset, status) {
  await page.goto(`${url}/assets/${asset}?view=partitions`);
  return number(await page.getByText(new RegExp(`^${status} \\(\\d+\\)$`)).textContent());
}

async function expectPartitions(page, counts) {
  await page.goto(`${url}/assets/blocks?view=partitions`);
  for (const [status, wanted] of Object.entries(counts)) {
    await visible(page.getByText(`${status} (${wanted})`, { exact: true }));
  }
}
