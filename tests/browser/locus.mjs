// Opens a page of a locus without any network, and compares what igv.js then has with what it should have.
// Started by locus.sh: node locus.mjs PAGE EXPECTED CHROMIUM SCREENSHOT, where EXPECTED is JSON of one row.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { chromium } from "playwright-core";
import { OPTIONS } from "./chromium.mjs";

const [path, expectedPath, executablePath, screenshot] = process.argv.slice(2);
const [expected] = JSON.parse(readFileSync(expectedPath));
const { chrom, start, end } = expected;
const address = pathToFileURL(path).href;
const asked = []; // requests for anything but the page
const complaints = [];
const SHARES = ["GC", "N"];
const GROUPS = ["selected +", "selected -", "rejected +", "rejected -"];

const browser = await chromium.launch({ ...OPTIONS, executablePath });
try {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, offline: true });
  context.on("request", (request) => { if (request.url() !== address) asked.push(request.url()); });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => { if (message.type() === "error") complaints.push(message.text()); });
  page.on("dialog", (dialog) => { complaints.push(dialog.message()); dialog.dismiss(); });
  await page.goto(address);
  await page.waitForFunction(() => window.browser || document.getElementById("error").textContent);
  equal(await page.textContent("#error"), "");

  const shown = await page.evaluate(read, expected);
  equal(shown.locus, [chrom, start + 1, end]);
  equal(shown.chromLength, expected.chrom_length);
  equal(shown.dna, expected.dna);
  done(`${shown.locus.join(" ")}: ${expected.dna.length} bases at their place in ${shown.chromLength}`);

  equal(shown.channels, expected.channels.map(({ name, runs }) => ({ name, runs })));
  const runs = shown.channels.reduce((sum, channel) => sum + channel.runs.length, 0);
  done(`${shown.channels.length} channels with ${runs} runs of their values`);

  const byPlace = (one, other) => one.id < other.id ? -1 : 1;
  equal(shown.transcripts.sort(byPlace), expected.transcripts.sort(byPlace));
  done(`${shown.transcripts.length} transcripts, each selected or with its reason`);

  await page.waitForFunction(() => browser.trackViews.every(({ viewports }) => !viewports[0].loading));
  await page.screenshot({ path: screenshot, fullPage: true, animations: "disabled" });
  const painted = (await page.evaluate(paintedTracks)).filter((name) => !SHARES.includes(name));
  equal(painted, shown.channels.filter(({ runs }) => runs.length).map(({ name }) => name));
  equal(await page.evaluate(namesBeside), [...SHARES, ...GROUPS, ...shown.channels.map(({ name }) => name)]);
  done(`${painted.length} channels are painted, those with values; all names stand beside the tracks`);

  const { id } = expected.transcripts[0];
  equal(await page.evaluate((name) => browser.search(name), id), true);
  equal(await page.evaluate((name) => browser.search(name), expected.transcripts[0].gene), true);
  equal(await page.evaluate(() => browser.search("no such name")), false);
  await page.evaluate(([place, whole]) => browser.search(place).then(() => browser.search(whole)),
    [`${chrom}:${start + 101}-${start + 200}`, `${chrom}:1-${expected.chrom_length}`]);
  ok((await page.evaluate(() => browser.toSVG())).startsWith("<svg"));
  done(`${id} is found, a name that is not there is not looked for elsewhere; zoomed in and out`);

  equal(await page.evaluate(reachOut), "refused");
  equal(complaints.filter((text) => !text.includes("Content Security Policy")), []);
  equal(asked, []);
  done("nothing was asked of a network, and the page may not");
} catch (error) {
  console.error(`FAILED  ${error.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}

// What igv.js has of the locus, by its own functions.
async function read({ chrom, start, end }) {
  const browser = window.browser;
  const [, ...shown] = /^(.*):([0-9.]+)-([0-9.]+)$/.exec([browser.currentLoci()].flat()[0]);
  const tracks = (type) => browser.findTracks("type", type);
  const channels = [];
  for (const track of tracks("wig").filter(({ name }) => !["GC", "N"].includes(name))) {
    const found = await track.getFeatures(chrom, start, end, 1); // at 1 bp a pixel nothing is summed up
    channels.push({ name: track.name, runs: found.map((run) => [run.start, run.end, Math.fround(run.value)]) });
  }
  const transcripts = [];
  for (const track of tracks("annotation")) {
    for (const one of await track.getFeatures(chrom, start, end, 1)) {
      const [, reason] = /^no, (.*):/.exec(one.popupData().find(({ name }) => name === "Selected").value) ?? [];
      const said = track.name.startsWith("selected") ? "selected" : reason.replaceAll(" ", "_");
      const exons = one.exons.map((exon) => [exon.start, exon.end]);
      transcripts.push({ id: one.name, gene: one.gene, start: one.start, end: one.end, strand: one.strand, reason: said, exons });
    }
  }
  return {
    locus: [shown[0], Math.round(shown[1]), Math.round(shown[2])],
    chromLength: browser.genome.getChromosome(chrom).bpLength,
    dna: await browser.genome.getSequence(chrom, start, end),
    channels,
    transcripts,
  };
}

// The channels on whose canvas something of their colour stands, if a bit paler: a bar may be narrower than a pixel.
function paintedTracks() {
  return window.browser.findTracks("type", "wig").filter(({ trackView, color }) => {
    const wanted = color.match(/[0-9a-f]{2}/gi).map((digits) => parseInt(digits, 16));
    const { canvas } = trackView.viewports[0];
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let place = 0; place < data.length; place += 4) {
      if (wanted.every((value, part) => Math.abs(data[place + part] - value) < 40)) return true;
    }
    return false;
  }).map(({ name }) => name);
}

// The names of tracks, where a person sees them: left of the track.
function namesBeside() {
  return window.browser.trackViews.filter(({ track }) => /wig|annotation/.test(track.type)).map(({ axis }) => {
    const label = axis.lastElementChild;
    const { left, right } = label.getBoundingClientRect();
    return left >= 0 && right <= axis.getBoundingClientRect().left + 1 ? label.textContent : "out of sight";
  });
}

// What becomes of a request that a script makes; loopback, so that even a fault leaves the machine alone.
async function reachOut() {
  return fetch("http://127.0.0.1:9/").then(() => "answered", () => "refused");
}

function done(text) {
  console.log(`ok  ${text}`);
}
