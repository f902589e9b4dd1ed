"use strict";
// Proves that workflows.js has an objection to whatever it is there for, and none to what is good.

const assert = require("node:assert/strict");
const test = require("node:test");
const { judge } = require("./workflows.js");

const good = `
on:
  push:
    branches: [main]
permissions: {}
jobs:
  build:
    permissions:
      contents: read
      packages: write
    steps:
      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567 # v7.0.0
        with:
          persist-credentials: false
      - run: make
  other:
    permissions:
      contents: read
    uses: ./.github/workflows/other.yml
`;

test("a good workflow", () => assert.deepEqual(judge(good), []));

const bad = [
    ["no version", / *# v7.0.0/, "", /^actions\/checkout@.*neither a commit/],
    ["a tag", /@0123\S*/, "@v7.0.0", /^actions\/checkout@v7.0.0: neither a commit/],
    ["a branch's workflow", "./.github/workflows/other.yml", "o/r/.github/workflows/w.yml@main", /^o\/r\/.*neither/],
    ["an image's tag", "run: make", "uses: docker://debian:12", /^docker:\/\/debian:12: neither/],
    ["rights for all jobs", "permissions: {}", "permissions: read-all", /^permissions: not {}/],
    ["no rights named", /permissions:\n *contents: read\n *uses/, "uses", /^other: it does not say/],
    ["all rights", /permissions:\n *contents: read\n *uses/, "permissions: write-all\n    uses", /^other: it does not say/],
    ["a right that nothing needs", "packages: write", "actions: write", /^build: actions: write is too much$/],
    ["rights for strangers", "  push:", "  pull_request:\n  push:", /^build: packages: write is too much for a pull request$/],
    ["a token left behind", "persist-credentials: false", "fetch-depth: 0", /^build: the checkout leaves a token/],
    ["a key twice", "permissions: {}", "permissions: {}\npermissions: {}", /unique/],
];
for (const [name, from, to, complaint] of bad) {
    test(name, () => {
        const text = good.replace(from, to);
        assert.notEqual(text, good);
        assert.match(judge(text).join("\n"), complaint);
    });
}
