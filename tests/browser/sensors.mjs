// "Materialize all" on an empty root: one backfill, which the sensor carries on, and which ends as a success.
// Started by run.sh: node sensors.mjs URL GENOME CHROMIUM SCREENSHOTS WORK, where WORK is an empty folder.
import { assert, browse, done, expectChecks, expectRun, screenshot, toggle, visible } from "./ui.mjs";

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
  await expectRun(ui, "build_everything");
  done("after the genomes, the sensor launched build_everything, and it succeeded");
  await expectRun(ui, "make_release");
  done("and then make_release, because the release was asked for, too");
  await page.goto(`${url}/runs`);
  await page.locator('a[href*="/runs/b/"]').first().click();
  await page.waitForURL(/\/runs\/b\//);
  // A column, the backfill, and its five assets that have no partitions: the daemon looks every 30 s.
  await visible(page.getByText("Succeeded", { exact: true }).nth(6), 120_000);
  await screenshot(ui, "backfill");
  await page.getByRole("tab", { name: "Runs" }).click();
  const runs = page.getByText(/^(Success|Failure|Canceled)$/);
  await visible(runs.nth(3));
  assert((await runs.allTextContents()).every((status) => status === "Success"), "a run did not succeed");
  done("the backfill and all of its runs ended as successes");
  await visible(page.getByText("carry_on").first());
  await screenshot(ui, "runs");
  const checks = await expectChecks(ui, "block_index");
  done(`all ${checks} checks of block_index passed`);
});
