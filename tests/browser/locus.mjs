// Opens a page of a locus without any network, and compares what igv.js then has with what it should have.
// Started by locus.sh: node locus.mjs PAGE EXPECTED CHROMIUM SCREENSHOT SEEN, where EXPECTED is JSON of one row, and to
// the file SEEN is added what there was to look at.
import { appendFileSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { deepStrictEqual as equal, match, ok } from "node:assert/strict";
import { chromium } from "playwright-core";
import { OPTIONS } from "./chromium.mjs";

const [path, expectedPath, executablePath, screenshot, seenPath] = process.argv.slice(2);
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
  equal(shown.transcripts.sort(byPlace), expected.transcripts.sort(byPlace).map(({ gene_name, ...one }) => one));
  done(`${shown.transcripts.length} transcripts, each selected or with its reason`);

  await page.waitForFunction(() => browser.trackViews.every(({ viewports }) => !viewports[0].loading));
  await page.screenshot({ path: screenshot, fullPage: true, animations: "disabled" });
  const painted = (await page.evaluate(paintedTracks)).filter((name) => !SHARES.includes(name));
  equal(painted, shown.channels.filter(({ runs }) => runs.length).map(({ name }) => name));
  equal(await page.evaluate(namesBeside), [...SHARES, ...GROUPS, ...shown.channels.map(({ name }) => name)]);
  done(`${painted.length} channels are painted, those with values; all names stand beside the tracks`);

  const models = await page.evaluate(drawnModels);
  equal(models.exons.filter(({ ink }) => ink < 4), [], "exons that are not drawn as bars");
  equal(models.introns.filter(({ ink }) => ink < 1 || ink > 3), [], "introns that are not drawn as thin lines");
  equal(models.between.filter(({ ink }) => ink > 0), [], "neighbours that are joined");
  done(`${models.exons.length} exons are bars, ${models.introns.length} introns thin lines; nothing is drawn in the`
    + ` ${models.between.length} gaps between neighbours, ${models.facing} of which a transcript of the other strand fills`);
  if (models.exons.length && models.introns.length) seen("exons");
  if (models.facing) seen("strands");

  const runs_of_n = [...expected.dna.matchAll(/N+/g)].map(({ 0: { length }, index }) => [start + index, start + index + length]);
  const shares = await page.evaluate(drawnShares, runs_of_n);
  equal(shares.filter(({ inN, n, gc }) => inN ? n < 20 || gc > 0 : n > 0 || gc < 1), [], "GC or N is not where it should be");
  const gaps = shares.filter(({ inN }) => inN).length;
  done(`N stands in the ${gaps} gaps that are wide enough, where there is no GC; and GC outside of them, without N`);
  if (gaps) seen("N");

  const [one] = expected.transcripts;
  if (one) {
    const bare = (name) => name.replace(/\.[0-9]+$/, "");
    for (const name of [one.id, bare(one.id), one.id.toLowerCase(), one.gene, one.gene && bare(one.gene), one.gene_name]) {
      if (name) equal(await page.evaluate((said) => browser.search(said), name), true, `a search for ${name}`);
    }
    const said = await page.evaluate(popupOf, one.id);
    ok(said.text.includes(one.id), "a popup without the transcript's id");
    await page.evaluate((place) => { location.hash = place; }, said.link);
    const told = await page.textContent(said.link);
    match(told, one.reason === "selected" ? /\n  selected: / : new RegExp(`\\n  not selected \\(${one.reason}\\): `));
    ok(await page.isVisible(said.link), "what is known of a transcript can't be seen");
    done(`${one.id} is found by its names; its popup leads to what explain says: ${told.split("\n")[0]}`);
  }
  equal(await page.evaluate(() => browser.search("no such name")), false);
  await page.evaluate(([place, whole]) => browser.search(place).then(() => browser.search(whole)),
    [`${chrom}:${start + 101}-${start + 200}`, `${chrom}:1-${expected.chrom_length}`]);
  ok((await page.evaluate(() => browser.toSVG())).startsWith("<svg"));
  done("a name that is not there is not looked for elsewhere; zoomed in and out");

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

// How many pixels of a track's picture are drawn on, in exons, introns, and gaps between the transcripts of a row, where
// these are wide enough to be looked at: the least of some columns (there are arrows on introns), the most in exons.
function drawnModels() {
  const found = { exons: [], introns: [], between: [], facing: 0 };
  const inked = (data) => [...data.keys()].filter((place) =>
    place % 4 === 0 && data[place + 3] > 100 && Math.min(...data.slice(place, place + 3)) < 190).length;
  const tracks = window.browser.findTracks("type", "annotation");
  const all = tracks.map(({ trackView }) => trackView.viewports[0].cachedFeatures ?? []);
  tracks.forEach((track, number) => {
    const { canvas } = track.trackView.viewports[0];
    if (!canvas) return;
    const { bpStart, bpPerPixel, pixelTop } = canvas._data;
    const context = canvas.getContext("2d");
    const first = Math.max(0, (window.browser.referenceFrameList[0].start - bpStart) / bpPerPixel);
    const last = first + track.trackView.viewports[0].getWidth();
    const look = (from, to, row, pick) => {
      const [left, right] = [from, to].map((base) => (base - bpStart) / bpPerPixel);
      if (right - left < 6 || left < first || right > last) return null;
      const top = Math.round(track.margin + row * track.expandedRowHeight - (pixelTop ?? 0));
      if (top < 0 || top + track.featureHeight > canvas.height) return null;
      const inks = [0.3, 0.4, 0.5, 0.6, 0.7].map((share) => {
        const { data } = context.getImageData(Math.round(left + share * (right - left)), top, 1, track.featureHeight);
        return inked(data);
      });
      return pick(...inks);
    };
    const add = (kind, from, to, row, pick, id) => {
      const ink = look(from, to, row, pick);
      if (ink !== null) found[kind].push({ id, from, to, ink });
      return ink !== null;
    };
    const rows = Map.groupBy(all[number], ({ row }) => row);
    for (const [row, features] of rows) {
      features.sort((one, other) => one.start - other.start);
      features.forEach((one, place) => {
        one.exons.forEach((exon) => add("exons", exon.start, exon.end, row, Math.max, one.name));
        one.exons.slice(1).forEach((exon, before) => add("introns", one.exons[before].end, exon.start, row, Math.min, one.name));
        const next = features[place + 1];
        if (next && add("between", one.end, next.start, row, Math.max, `${one.name} ${next.name}`)) {
          const other = all[number ^ 1] ?? []; // the same kind of transcripts on the other strand
          found.facing += other.some(({ start, end }) => start < next.start && end > one.end);
        }
      });
    }
  });
  return found;
}

// How high GC and N stand in the middle of each gap, and between gaps.
function drawnShares(gaps) {
  const [gc, n] = ["GC", "N"].map((wanted) => window.browser.findTracks("type", "wig").find(({ name }) => name === wanted));
  const { start, end } = window.browser.referenceFrameList[0];
  const edges = [start, ...gaps.flat(), end];
  const inkAt = ({ trackView }, base) => {
    const { canvas } = trackView.viewports[0];
    const { bpStart, bpPerPixel } = canvas._data;
    const { data } = canvas.getContext("2d").getImageData(Math.round((base - bpStart) / bpPerPixel), 0, 1, canvas.height);
    return inked(data);
  };
  const inked = (data) => [...data.keys()].filter((place) =>
    place % 4 === 0 && data[place + 3] > 100 && Math.min(...data.slice(place, place + 3)) < 190).length;
  const wide = window.browser.referenceFrameList[0].bpPerPixel * 8;
  return edges.slice(1).map((to, place) => ({ from: edges[place], to, inN: place % 2 === 1 }))
    .filter(({ from, to }) => to - from > wide)
    .map((stretch) => {
      const middle = (stretch.from + stretch.to) / 2;
      return { ...stretch, gc: inkAt(gc, middle), n: inkAt(n, middle) };
    });
}

// What the popup of a transcript says, and where it leads to.
function popupOf(name) {
  const features = window.browser.findTracks("type", "annotation").flatMap(({ featureSource }) =>
    Object.values(featureSource.getAllFeatures()).flat());
  const said = features.find((one) => one.name === name).popupData();
  const last = document.createElement("div");
  last.innerHTML = said.at(-1).html;
  return { text: said.map(({ value }) => value).join(" "), link: last.querySelector("a").getAttribute("href") };
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

function seen(what) {
  appendFileSync(seenPath, `${what}\n`);
}

function done(text) {
  console.log(`ok  ${text}`);
}
