// The Helm chart, rendered with several values.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { parse, stringify } from "yaml";
import { complaints } from "./bearergate.mjs";
import { chart, folder, helm, rendered, run } from "./chart.mjs";
import { brokenPromises, documentsIn, faultsOf, policiesIn } from "./kubernetes.mjs";

let number = 0;
function withValues(values) {
    const file = path.join(folder, `values-${++number}.yaml`);
    writeFileSync(file, stringify(values));
    return rendered(path.join(chart, "ci/minimal-values.yaml"), file);
}

const environment = { ISSUER: "https://acme.logto.app/oidc" };
// `check` reads the files that a configuration names.
const withoutCertificate = (policy) => {
    const config = parse(policy);
    delete config.server.tls;
    return stringify(config);
};

for (const name of readdirSync(path.join(chart, "ci"))) {
    test(`ci/${name} renders to valid manifests that keep their promises`, async () => {
        const { text, error } = rendered(path.join(chart, "ci", name));
        assert.equal(error, undefined);
        const manifests = documentsIn(text);
        assert.deepEqual(await faultsOf(manifests), []);
        assert.deepEqual(brokenPromises(manifests), []);
        for (const [, policy] of policiesIn(manifests)) {
            assert.equal(complaints(withoutCertificate(policy), { environment }), "");
        }
    });
}

test("what is switched on or off is there or not", () => {
    const kinds = (values) => documentsIn(withValues(values).text).map(({ kind }) => kind);
    assert.deepEqual(kinds({}).sort(), ["ConfigMap", "Deployment", "NetworkPolicy",
        "PodDisruptionBudget", "Service", "ServiceAccount"]);
    assert.deepEqual(kinds({ autoscaling: { enabled: true }, podDisruptionBudget: { enabled: false },
        networkPolicy: { enabled: false }, serviceAccount: { create: false } }).sort(),
        ["ConfigMap", "Deployment", "HorizontalPodAutoscaler", "Service"]);
    const guarded = withValues({ networkPolicy: { backend: { podLabels: { app: "backend" } } } });
    assert.equal(documentsIn(guarded.text).filter(({ kind }) => kind === "NetworkPolicy").length, 2);
});

test("the number of replicas is the autoscaler's where there is one", () => {
    const replicas = (values) => documentsIn(withValues(values).text)
        .find(({ kind }) => kind === "Deployment").spec.replicas;
    assert.equal(replicas({ replicaCount: 3 }), 3);
    assert.equal(replicas({ autoscaling: { enabled: true } }), undefined);
});

test("the time to end is longer than the sleep and the drain together", () => {
    const { text } = withValues({ shutdown: { delay: 20, drain: 300 } });
    const manifests = documentsIn(text);
    const pod = manifests.find(({ kind }) => kind === "Deployment").spec.template.spec;
    assert.equal(pod.terminationGracePeriodSeconds, 330);
    assert.equal(pod.containers[0].lifecycle.preStop.sleep.seconds, 20);
    assert.equal(parse(policiesIn(manifests)[0][1]).server.timeouts.drain, "300s");
});

test("a secret with a certificate makes the public port speak TLS", () => {
    const manifests = documentsIn(withValues({ tls: { secretName: "mine" } }).text);
    const pod = manifests.find(({ kind }) => kind === "Deployment").spec.template.spec;
    assert.deepEqual(pod.volumes[1].secret, { secretName: "mine", defaultMode: 0o440 });
    assert.equal(pod.containers[0].volumeMounts[1].mountPath, "/etc/bearergate-tls");
    assert.deepEqual(parse(policiesIn(manifests)[0][1]).server.tls, {
        certificate: "/etc/bearergate-tls/tls.crt", private_key: "/etc/bearergate-tls/tls.key" });
});

test("a policy survives as it was meant", () => {
    const routes = { "GET /items": { claims: { level: "1", paid: true, age: 18 } },
        "/orgs/{orgId}/**": { organization: "{orgId}" } };
    const [[, policy]] = policiesIn(documentsIn(withValues({ config: { routes } }).text));
    const config = parse(policy);
    assert.deepEqual(config.routes["GET /items"], { ...routes["GET /items"], scopes: ["read:items"] });
    assert.deepEqual(config.routes["/orgs/{orgId}/**"], { organization: "{orgId}" });
});

test("without a policy there is no release: nothing is public by default", () => {
    assert.match(rendered().error, /routes/);
});

test("values that would not do what they say are refused", () => {
    const cases = [
        [{ config: { server: { listen: "127.0.0.1:1" } } }, /config\.server\.listen is the chart's/],
        [{ config: { admin: { listen: "off" } } }, /config\.admin\.listen is the chart's/],
        [{ config: { server: { tls: { certificate: "a" } } } }, /config\.server\.tls is the chart's/],
        [{ config: { server: { timeouts: { drain: "1s" } } } }, /shutdown\.drain/],
        [{ replicas: 3 }, /additional propert/i],
        [{ replicaCount: 0 }, /replicaCount|minimum|>= 1/],
        [{ service: { port: 70000 } }, /port|65535/],
        [{ networkPolicy: { backend: { labels: {} } } }, /additional propert/i],
        [{ shutdown: { drain: 0 } }, /drain|>= 1/],
    ];
    for (const [values, message] of cases) {
        const { text, error } = withValues(values);
        assert.equal(text, undefined, JSON.stringify(values));
        assert.match(error, message);
    }
});

test("the schema knows every value that there is", () => {
    const schema = JSON.parse(readFileSync(path.join(chart, "values.schema.json")));
    const defaults = parse(readFileSync(path.join(chart, "values.yaml"), "utf8"));
    for (const [key, value] of Object.entries(defaults)) {
        assert.ok(schema.properties[key], key);
        for (const below of Object.keys(schema.properties[key].properties ?? {})) {
            if (key !== "config") assert.ok(below in value, `${key}.${below} has no default`);
        }
    }
});

test("who leaves a way around the gateway is told", { skip: helm && "helm template shows no notes" }, () => {
    assert.match(withValues({}).notes, /WARNING: networkPolicy\.backend\.podLabels is empty/);
    assert.match(withValues({ networkPolicy: { enabled: false } }).notes,
        /WARNING: networkPolicy\.enabled is false/);
    assert.doesNotMatch(withValues({ networkPolicy: { backend: { podLabels: { a: "b" } } } }).notes,
        /WARNING/);
});

test("the chart's version is the program's", () => {
    const { version, appVersion } = parse(readFileSync(path.join(chart, "Chart.yaml"), "utf8"));
    const { stdout } = run(process.env.BEARERGATE_BINARY, "version");
    assert.ok(stdout.startsWith(`bearergate ${appVersion}`), stdout);
    assert.equal(version, appVersion);
});
