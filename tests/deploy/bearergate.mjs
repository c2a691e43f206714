// The program's own word on a configuration.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

// What `bearergate check` has to say against it, warnings included; "" when it is good.
export function complaints(text, { files = {}, environment = {} } = {}) {
    const folder = mkdtempSync(path.join(tmpdir(), "bearergate-deploy-"));
    try {
        writeFileSync(path.join(folder, "bearergate.yaml"), text);
        for (const [name, content] of Object.entries(files)) {
            writeFileSync(path.join(folder, name), content);
        }
        const { status, stdout, stderr } = spawnSync(
            process.env.BEARERGATE_BINARY, ["check", "-c", path.join(folder, "bearergate.yaml")],
            { encoding: "utf8", env: { ...process.env, ...environment } });
        return status === 0 && stdout.includes("0 warnings") ? "" : stdout + stderr + `exit ${status}`;
    } finally {
        rmSync(folder, { recursive: true });
    }
}
