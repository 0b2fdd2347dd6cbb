// "Materialize all" on an empty root: the index has nothing to do yet and says so, and sensors carry the build on.
// Started by run.sh: node sensors.mjs URL GENOME CHROMIUM SCREENSHOTS WORK, where WORK is an empty folder.
import { browse, done, expectChecks, expectRun, screenshot, toggle, visible } from "./ui.mjs";

const [url, , executablePath, screenshots, work] = process.argv.slice(2);

await browse({ url, executablePath, screenshots, work }, async (ui) => {
  const { page } = ui;
  for (const [name, on] of [["carry_on", true], ["changes", false], ["failures", false]]) {
    await toggle(ui, name, on);
    done(`the sensor ${name} is ${on ? "on" : "off"}`);
  }

  await page.goto(`${url}/asset-groups`);
  await page.getByRole("button", { name: /Materialize all/ }).click();
  await page.getByRole("button", { name: "Launch backfill" }).click();
  await visible(page.getByText(/Created backfill|Launched run/).first());
  await page.goto(`${url}/runs?view=all&show_runs_within_backfills=true`);
  await expectRun(ui, "build_blocks");
  done("after the genomes, the sensor launched build_blocks, and it succeeded");
  await expectRun(ui, "finish");
  done("after the blocks, the sensor launched finish, and it succeeded");
  await page.goto(`${url}/runs`);
  await visible(page.getByText("carry_on").first());
  await screenshot(ui, "runs");
  const checks = await expectChecks(ui, "block_index");
  done(`all ${checks} checks of block_index passed`);
});
