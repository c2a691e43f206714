// What README and docs show of compose files, manifests and values: blocks marked `yaml compose`,
// `yaml kubernetes` and `yaml helm`.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { folder, rendered } from "./chart.mjs";
import { isCompose } from "./compose.mjs";
import { brokenPromises, documentsIn, faultsOf } from "./kubernetes.mjs";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
const pages = ["README.md", ...readdirSync(path.join(root, "docs")).map((name) => `docs/${name}`)]
    .filter((name) => name.endsWith(".md"));

const checks = {
    compose: (text) => assert.ok(isCompose(parse(text)), JSON.stringify(isCompose.errors)),
    kubernetes: async (text) => {
        assert.deepEqual(await faultsOf(documentsIn(text)), []);
        assert.deepEqual(brokenPromises(documentsIn(text)), []);
    },
    helm: async (text) => {
        const file = path.join(folder, "values-of-docs.yaml");
        writeFileSync(file, text);
        const { text: manifests, error } = rendered(file);
        assert.equal(error, undefined);
        assert.deepEqual(await faultsOf(documentsIn(manifests)), []);
    },
};

let found = 0;
for (const page of pages) {
    const text = readFileSync(path.join(root, page), "utf8");
    for (const block of text.matchAll(/^```yaml (compose|kubernetes|helm)\n(.*?)^```$/gms)) {
        const line = text.slice(0, block.index).split("\n").length;
        test(`${page}:${line} is good (${block[1]})`, () => checks[block[1]](block[2]));
        ++found;
    }
}

test("blocks are found", () => assert.ok(found >= 3));
