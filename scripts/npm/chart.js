"use strict";
// Renders the chart, for the tests of it.

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { parse } = require("./manifests.js");

const chart = path.join(__dirname, "../../helm/dns-tools");
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "dns-tools-chart-"));
process.on("exit", () => fs.rmSync(scratch, { recursive: true }));

function helm(...args) {
    try {
        return execFileSync("helm", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    } catch (error) {
        throw new Error(error.stderr + error.stdout);
    }
}

const sets = fs.readdirSync(path.join(chart, "ci")).sort();
const file = (set) => path.join(chart, "ci", set);
const render = (...args) => parse(helm("template", "rel", chart, "--namespace", "space", ...args));
const rendered = Object.fromEntries(sets.map((set) => [set, render("-f", file(set))]));

// Arguments for the smallest set and more values. Dots in their names are levels.
function withValues(values) {
    const overrides = {};
    for (const [name, value] of Object.entries(values)) {
        const levels = name.split(".");
        const last = levels.pop();
        const inner = levels.reduce((level, key) => (level[key] ??= {}), overrides);
        inner[last] = value;
    }
    const name = path.join(scratch, "values.json");
    // Helm reads YAML 1.1, where on is a boolean; in JSON it is what it is.
    fs.writeFileSync(name, JSON.stringify(overrides));
    return ["-f", file("01-smallest-values.yaml"), "-f", name];
}
const renderWith = (values) => render(...withValues(values));

const find = (manifests, kind, suffix = "") =>
    manifests.find((m) => m.kind === kind && m.metadata.name.endsWith(suffix));

module.exports = { chart, file, find, helm, rendered, renderWith, scratch, sets, withValues };
