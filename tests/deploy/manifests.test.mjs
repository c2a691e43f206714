// docker/kubernetes and docker/compose*.yaml: valid by the schemas of those who made the formats,
// and as careful as they say.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { complaints } from "./bearergate.mjs";
import { isCompose } from "./compose.mjs";
import { brokenPromises, documentsIn, faultsOf, policiesIn } from "./kubernetes.mjs";

const docker = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../docker");
const read = (name) => readFileSync(path.join(docker, name), "utf8");
const files = (folder, pattern) =>
    readdirSync(path.join(docker, folder)).filter((name) => pattern.test(name))
        .map((name) => path.join(folder, name));

const manifests = files("kubernetes", /\.yaml$/);

for (const file of manifests) {
    const documents = documentsIn(read(file));
    test(`${file} is valid and keeps its promises`, async () => {
        assert.deepEqual(await faultsOf(documents), []);
        assert.deepEqual(brokenPromises(documents), []);
    });
    test(`${file} holds a good policy`, () => {
        const policies = policiesIn(documents);
        assert.equal(policies.length, 1);
        for (const [name, policy] of policies) assert.equal(complaints(policy), "", name);
    });
}

test("what is asked for is there", () => {
    const kinds = documentsIn(read("kubernetes/standalone.yaml")).map(({ kind }) => kind);
    for (const kind of ["ConfigMap", "Deployment", "Service", "HorizontalPodAutoscaler",
        "PodDisruptionBudget", "NetworkPolicy"]) {
        assert.ok(kinds.includes(kind), kind);
    }
});

test("a mistake would be found", async () => {
    const mistakes = [
        [(d) => (d.spec.replica = 2), /"replica"' does not exist/],
        [(d) => (d.spec.template.spec.containers[0].securityContext.readOnlyRootFileSystem = true),
            /readOnlyRootFileSystem/],
        [(d) => (d.spec.template.spec.containers[0].resources.limits.memory = "lots"), /memory/],
        [(d) => delete d.spec.selector, /selector/],
        [(d) => (d.spec.template.spec.containers[0].ports[0].containerPort = "http"), /containerPort/],
    ];
    for (const [make, message] of mistakes) {
        const deployment = documentsIn(read("kubernetes/standalone.yaml"))
            .find(({ kind }) => kind === "Deployment");
        make(deployment);
        assert.match((await faultsOf([deployment])).join("\n"), message);
    }
});

test("a broken promise would be found", () => {
    const promises = [
        [(d) => delete d.spec.template.spec.securityContext.runAsNonRoot, "may run as root"],
        [(d) => (d.spec.template.spec.containers[0].securityContext.capabilities = {}),
            "bearergate: keeps capabilities"],
        [(d) => (d.spec.template.spec.terminationGracePeriodSeconds = 5), "killed in its sleep"],
        [(d) => (d.spec.template.spec.containers[0].readinessProbe.httpGet.port = "http"),
            "readinessProbe is not /readyz of admin"],
        [(d) => (d.spec.selector.matchLabels = { app: "other" }), "Deployment bearergate selects no pod"],
    ];
    for (const [make, message] of promises) {
        const deployment = documentsIn(read("kubernetes/standalone.yaml"))
            .find(({ kind }) => kind === "Deployment");
        make(deployment);
        assert.deepEqual(brokenPromises([deployment]), [message]);
    }
});

for (const file of files(".", /^compose.*\.yaml$/)) {
    const compose = parse(read(file));
    test(`${file} is a compose file that gives the gateway nothing`, () => {
        assert.ok(isCompose(compose), JSON.stringify(isCompose.errors));
        const { bearergate, backend } = compose.services;
        assert.equal(bearergate.network_mode, "service:backend");
        assert.equal(bearergate.read_only, true);
        assert.deepEqual(bearergate.cap_drop, ["ALL"]);
        assert.deepEqual(bearergate.security_opt, ["no-new-privileges:true"]);
        assert.ok(backend.ports.every((port) => port.endsWith(":8080")), "another port is published");
    });
    test(`${file} mounts a good policy that listens where the port is published`, () => {
        const [own] = compose.services.bearergate.volumes[0].split(":");
        const policy = read(own);
        assert.equal(complaints(policy), "");
        assert.equal(parse(policy).server.listen, "0.0.0.0:8080");
    });
}

test("a mistake in a compose file would be found", () => {
    assert.equal(isCompose({ services: { a: { image: "x", privilged: true } } }), false);
});
