// Renders the Helm chart. With Helm where there is one; without, by tests/deploy/render, which has of it
// what this chart needs.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";

const here = path.dirname(fileURLToPath(import.meta.url));
export const chart = path.join(here, "../../docker/helm/bearergate");
export const folder = mkdtempSync(path.join(tmpdir(), "bearergate-chart-"));
after(() => rmSync(folder, { recursive: true }));

export const helm = spawnSync("helm", ["version"]).status === 0;
console.log(helm ? "rendered by helm" : "there is no helm: rendered by tests/deploy/render");

function renderer() {
    const built = path.join(folder, "render");
    const { status, stderr } = spawnSync("go", ["build", "-o", built, "."], {
        cwd: path.join(here, "render"), encoding: "utf8",
        env: { ...process.env, GO111MODULE: "off", GOPATH: "/usr/share/gocode",
            GOCACHE: path.join(folder, "go"), GOFLAGS: "" },
    });
    if (status !== 0) throw new Error(`render does not build: ${stderr}`);
    return built;
}
const render = renderer();
export const run = (...command) => spawnSync(command[0], command.slice(1), { encoding: "utf8" });

const ajv = new Ajv({ strict: false, allErrors: true });
const areValues = ajv.compile(JSON.parse(readFileSync(path.join(chart, "values.schema.json"))));

// The manifests, or the reason why there are none.
export function rendered(...files) {
    if (helm) {
        const values = files.flatMap((file) => ["-f", file]);
        const { status, stdout, stderr } = run("helm", "template", "release", chart, ...values);
        return status === 0 ? { text: stdout } : { error: stderr };
    }
    const merged = run(render, "--values", chart, "release", ...files);
    if (!areValues(JSON.parse(merged.stdout))) return { error: ajv.errorsText(areValues.errors) };
    const { status, stdout, stderr } = run(render, chart, "release", ...files);
    return status === 0 ? { text: stdout.split("--- # NOTES")[0], notes: stdout } : { error: stderr };
}
