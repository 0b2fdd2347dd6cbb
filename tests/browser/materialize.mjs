// Materialises a dataset through Dagster's UI as a person would, and takes screenshots of what the UI then shows.
// Started by run.sh: node materialize.mjs URL GENOME CHROMIUM SCREENSHOTS WORK, where WORK is an empty folder.
import { chromium } from "playwright-core";
import { OPTIONS } from "./chromium.mjs";

const [url, genome, executablePath, screenshots, work] = process.argv.slice(2);
const ASSETS = [
  "assembly", "selected_isoforms", "chromosome_catalogue", "chromosome_inputs", "chromosome_targets",
  "blocks", "block_index", "split_statistics", "dataset_card",
];
const PAGE = { width: 1500, height: 950 };
const GRAPH = { width: 1900, height: 640 }; // wide enough for the names of all assets
const RUN_TIMEOUT = 120_000; // the daemon looks for new backfills every 30 s

const browser = await chromium.launchPersistentContext(`${work}/profile`, {
  ...OPTIONS,
  executablePath,
  viewport: PAGE,
});
browser.setDefaultTimeout(30_000);
// Nothing from outside is needed: what the UI asks of other hosts is refused.
await browser.route((address) => address.hostname !== "127.0.0.1", (route) => route.abort());
const page = browser.pages()[0];

try {
  await clearTheView();
  await openGraph();
  done(`the asset graph shows ${ASSETS.length} assets`);

  await launch("prepare", choosePreset("All"));
  const total = await count("blocks", "Missing");
  assert(total > 0, "no chromosomes are registered");
  done(`prepare: ${total} chromosomes are registered`);

  await page.goto(`${url}/assets/selected_isoforms?view=partitions&partition=${genome}`);
  await visible(page.getByText("transcripts by reason"));
  await expectFigures(1);
  await screenshot("selected-isoforms");
  done(`selected_isoforms: counts by reason of ${genome} are shown as a table and a figure`);

  const chosen = await launch("build_blocks", chooseGenome);
  await expectPartitions({ Materialized: chosen, Missing: total - chosen, Failed: 0 });
  await page.getByText(`${genome}/`).first().click();
  await visible(page.getByText("Materialized", { exact: true }));
  await visible(page.getByText(/^\d+ blocks, [\d,]+ nt/));
  await expectFigures(2);
  await screenshot("blocks-partitions");
  done(`build_blocks: ${chosen} chromosomes of ${genome} are materialised, ${total - chosen} are missing`);
  done("a chromosome's page shows figures of its transcripts and intragenic targets");

  if (chosen < total) {
    await launch("build_blocks", choosePreset("Missing"));
    await expectPartitions({ Materialized: total, Missing: 0, Failed: 0 });
    done(`build_blocks: all ${total} chromosomes are materialised`);
  }

  await launch("finish");
  const checks = await expectChecks("block_index");
  await screenshot("block-index-checks");
  done(`finish: all ${checks} checks of block_index passed`);

  await page.goto(`${url}/assets/split_statistics?view=events`);
  await visible(page.getByText("Split-level overview").last());
  await visible(page.getByText("Species coverage").last());
  await expectFigures(2);
  await screenshot("split-statistics");
  done("split_statistics shows its tables, and figures of lengths and densities");

  await page.setViewportSize(GRAPH);
  await openGraph();
  await screenshot("assets-graph");
  done("the asset graph is drawn");
} catch (error) {
  console.error(`FAILED at ${page.url()}: ${error.message}`);
  await page.screenshot({ path: `${work}/failed.png` }).catch(() => {});
  process.exitCode = 1;
} finally {
  await browser.close();
}

// Send Dagster's greeting away, which comes once, and fold the navigation.
async function clearTheView() {
  await page.goto(`${url}/asset-groups`);
  const skip = page.getByRole("button", { name: "Skip" });
  await skip.click({ timeout: 10_000 }).catch(() => {});
  await page.getByText("Hide navigation").click();
}

// Open the graph with all groups unfolded; the UI keeps them so.
async function openGraph() {
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
async function launch(job, choose) {
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
  const ended = page.getByText(/^(Success|Failure|Canceled)$/).first();
  await visible(ended, RUN_TIMEOUT);
  const status = await ended.textContent();
  assert(status === "Success", `the run of ${job} ended as ${status}`);
  return chosen;
}

function choosePreset(preset) {
  return () => page.getByRole("button", { name: preset, exact: true }).click();
}

// Choose all chromosomes of the genome in the partition box; gives their number.
async function chooseGenome() {
  await page.getByText("Select a partition or create one").click();
  await page.getByPlaceholder("Filter partitions").fill(`${genome}/`);
  const all = page.getByText(/^Select all \(\d+\)$/);
  const chosen = number(await all.textContent());
  await all.click();
  await page.keyboard.press("Escape");
  await visible(page.getByText(new RegExp(`^${chosen} partitions?$`)).first());
  return chosen;
}

async function count(asset, status) {
  await page.goto(`${url}/assets/${asset}?view=partitions`);
  return number(await page.getByText(new RegExp(`^${status} \\(\\d+\\)$`)).textContent());
}

async function expectPartitions(counts) {
  await page.goto(`${url}/assets/blocks?view=partitions`);
  for (const [status, wanted] of Object.entries(counts)) {
    await visible(page.getByText(`${status} (${wanted})`, { exact: true }));
  }
}

// All checks of an asset have passed; gives their number.
async function expectChecks(asset) {
  await page.goto(`${url}/assets/${asset}?view=checks`);
  const checks = number(await page.getByText(/^Checks \(\d+\)$/).textContent());
  await visible(page.getByText("Succeeded", { exact: true }).nth(checks - 1));
  await visible(page.getByText("Passed", { exact: true }).first());
  return checks;
}

// So many figures stand open on the page, and in each something is painted.
async function expectFigures(wanted) {
  const figures = page.locator('img[src^="data:image/svg+xml,"]');
  await visible(figures.nth(wanted - 1));
  const painted = await figures.evaluateAll((images) => Promise.all(images.map(async (image) => {
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const canvas = new OffscreenCanvas(width, height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, width, height);
    return data.filter((value, place) => place % 4 === 0 && value < 128).length / (width * height);
  })));
  assert(painted.length === wanted, `${painted.length} figures are shown, not ${wanted}`);
  assert(painted.every((share) => share > 0.01), `next to nothing is painted in a figure: ${painted}`);
}

async function screenshot(name) {
  await page.mouse.move(PAGE.width / 2, 5);
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: `${screenshots}/${name}.png`, animations: "disabled" });
}

async function visible(locator, timeout) {
  await locator.waitFor({ state: "visible", timeout });
}

function number(text) {
  return Number(/\d+/.exec(text)[0]);
}

function assert(condition, otherwise) {
  if (!condition) throw new Error(otherwise);
}

function done(text) {
  console.log(`ok  ${text}`);
}
