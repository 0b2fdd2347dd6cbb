// What the tests of Dagster's UI share: a browser on it, waiting, launching and looking.
import { chromium } from "playwright-core";
import { OPTIONS } from "./chromium.mjs";

export const PAGE = { width: 1500, height: 950 };
export const ELSEWHERE = "pictures.example"; // a species' name in the catalogue asks for pictures there
const RUN_TIMEOUT = 240_000; // the daemon looks for new backfills every 30 s, and the machine may be busy

// Run `test` with a page of the UI at `url`; a failure leaves a picture in `work`, an empty folder, and exits with 1.
export async function browse({ url, executablePath, screenshots, work }, test) {
  const browser = await chromium.launchPersistentContext(`${work}/profile`, {
    ...OPTIONS,
    executablePath,
    viewport: PAGE,
  });
  browser.setDefaultTimeout(60_000);
  const asked = [];
  // Nothing from outside is needed: what the UI asks of other hosts is refused.
  await browser.route((address) => address.hostname !== "127.0.0.1", (route) => {
    asked.push(new URL(route.request().url()).hostname);
    return route.abort();
  });
  const page = browser.pages()[0];
  try {
    await clearTheView(page, url);
    await test({ page, url, screenshots });
    assert(!asked.includes(ELSEWHERE), `a picture was asked for at ${ELSEWHERE}`);
    done("nothing that stands in the catalogue was loaded from elsewhere");
  } catch (error) {
    console.error(`FAILED at ${page.url()}: ${error.message}`);
    await page.screenshot({ path: `${work}/failed.png` }).catch(() => {});
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}

// Send Dagster's greeting away, which comes once, and fold the navigation.
async function clearTheView(page, url) {
  await page.goto(`${url}/asset-groups`);
  const skip = page.getByRole("button", { name: "Skip" });
  await skip.click({ timeout: 10_000 }).catch(() => {});
  await page.getByText("Hide navigation").click();
}

// Wait until the run or backfill whose page is open has ended; it must be with `wanted`.
export async function expectEnd(page, wanted, what) {
  const ended = page.getByText(/^(Success|Failure|Canceled)$/).first();
  await visible(ended, RUN_TIMEOUT);
  const status = await ended.textContent();
  assert(status === wanted, `${what} ended as ${status}`);
}

// Wait until the latest run of a job has ended, however long the job takes to begin; it must be with success.
export async function expectRun({ page, url }, job) {
  await page.goto(`${url}/locations/genatator-assets/jobs/${job}/runs`);
  await expectEnd(page, "Success", `the run of ${job}`);
}

// The switch of a sensor, on the page of all sensors, once it is on or off as it should be.
export async function toggle({ page, url }, sensor, on) {
  await page.goto(`${url}/automation`);
  const row = page.locator("[data-index]").filter({ has: page.locator(`a[href$="/sensors/${sensor}"]`) });
  const box = row.locator(`label[class*="formatSwitch"] input${on ? ":checked" : ":not(:checked)"}`);
  await box.waitFor({ state: "attached" }); // the box itself is hidden under a picture of a switch
  return box;
}

// All checks of an asset have passed; gives their number.
export async function expectChecks({ page, url }, asset) {
  await page.goto(`${url}/assets/${asset}?view=checks`);
  const checks = number(await page.getByText(/^Checks \(\d+\)$/).textContent());
  await visible(page.getByText("Succeeded", { exact: true }).nth(checks - 1));
  await visible(page.getByText("Passed", { exact: true }).first());
  return checks;
}

// So many figures stand open on the page; in each something is painted, and nothing of it is cut off at the right.
export async function expectFigures(page, wanted) {
  const figures = page.locator('img[src^="data:image/svg+xml,"]');
  await visible(figures.nth(wanted - 1));
  const seen = await figures.evaluateAll((images) => Promise.all(images.map(async (image) => {
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const canvas = new OffscreenCanvas(width, height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, width, height);
    const painted = data.filter((value, place) => place % 4 === 0 && value < 128).length / (width * height);
    let room = Infinity; // to the right of the image's right edge, in whatever hides what is too wide
    for (let around = image.parentElement; around; around = around.parentElement) {
      if (getComputedStyle(around).overflowX !== "visible") {
        const edge = around.getBoundingClientRect().left + around.clientLeft + around.clientWidth;
        room = Math.min(room, edge - image.getBoundingClientRect().right);
      }
    }
    return { painted, room };
  })));
  assert(seen.length === wanted, `${seen.length} figures are shown, not ${wanted}`);
  for (const { painted, room } of seen) {
    assert(painted > 0.01, `next to nothing is painted in a figure: ${painted}`);
    assert(room >= 0, `a figure is cut off by ${-room} pixels`);
  }
}

// No table on the page is cut off at its right edge without a way to scroll to it.
export async function expectTablesWhole(page) {
  const tables = page.locator("table");
  await visible(tables.first());
  const cutOff = await tables.evaluateAll((found) => found.map((table) => {
    for (let around = table.parentElement; around; around = around.parentElement) {
      const { overflowX } = getComputedStyle(around);
      if (overflowX === "visible") continue;
      const edge = around.getBoundingClientRect().left + around.clientLeft + around.clientWidth;
      if (overflowX !== "hidden" && overflowX !== "clip") return 0;
      if (table.getBoundingClientRect().right > edge + 1) return table.getBoundingClientRect().right - edge;
    }
    return 0;
  }));
  assert(cutOff.every((pixels) => pixels === 0), `tables are cut off by ${cutOff} pixels`);
}

export async function screenshot({ page, screenshots }, name) {
  await page.mouse.move(PAGE.width / 2, 5);
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: `${screenshots}/${name}.png`, animations: "disabled" });
}

export async function visible(locator, timeout) {
  await locator.waitFor({ state: "visible", timeout });
}

export function number(text) {
  return Number(/\d+/.exec(text)[0]);
}

export function assert(condition, otherwise) {
  if (!condition) throw new Error(otherwise);
}

export function done(text) {
  console.log(`ok  ${text}`);
}
