// Manifests against Kubernetes' own API schemas, as kubernetes-models generates them: values at run
// time, and by TypeScript the keys, of which the schemas allow any.
import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { parseAllDocuments } from "yaml";

const here = path.dirname(fileURLToPath(import.meta.url));

export function documentsIn(text) {
    const documents = parseAllDocuments(text, { uniqueKeys: true, version: "1.1" });
    for (const document of documents) {
        if (document.errors.length > 0) throw document.errors[0];
    }
    return documents.map((document) => document.toJS()).filter((value) => value !== null);
}

const moduleOf = ({ apiVersion, kind }) => `kubernetes-models/${apiVersion}/${kind}`;

async function faultsOfValues(manifest) {
    const { [manifest.kind]: Model } = await import(moduleOf(manifest));
    try {
        new Model(manifest).validate();
        return [];
    } catch (error) {
        return [error.message];
    }
}

// A key that does not exist is an error in a literal of a type.
function faultsOfKeys(manifests) {
    const file = path.join(here, "manifests.ts");
    const source = manifests
        .map((manifest, i) => `import { I${manifest.kind} as T${i} } from "${moduleOf(manifest)}";\n` +
            `export const m${i}: T${i} = ${JSON.stringify(manifest, null, 1)};\n`)
        .join("");
    const options = {
        noEmit: true, strict: true, skipLibCheck: true, types: [],
        module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16,
    };
    const host = ts.createCompilerHost(options);
    const { getSourceFile, fileExists, readFile } = host;
    host.getSourceFile = (name, ...more) => name === file
        ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022) : getSourceFile(name, ...more);
    host.fileExists = (name) => name === file || fileExists(name);
    host.readFile = (name) => (name === file ? source : readFile(name));
    const program = ts.createProgram([file], options, host);
    return ts.getPreEmitDiagnostics(program)
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

export async function faultsOf(manifests) {
    const faults = await Promise.all(manifests.map(faultsOfValues));
    return [...faults.flat(), ...faultsOfKeys(manifests)];
}

const podSpecs = (manifests) =>
    manifests.map((m) => m.spec?.template?.spec).filter((spec) => spec !== undefined);

const holds = (labels, selector) =>
    Object.entries(selector).every(([key, value]) => labels?.[key] === value);

// What our manifests promise beyond being valid.
export function brokenPromises(manifests) {
    const broken = [];
    const expect = (so, what) => so || broken.push(what);
    for (const pod of podSpecs(manifests)) {
        expect(pod.automountServiceAccountToken === false, "a token for the cluster is mounted");
        expect(pod.securityContext?.runAsNonRoot === true, "may run as root");
        expect(pod.securityContext?.seccompProfile?.type === "RuntimeDefault", "no seccomp profile");
        for (const container of pod.containers) {
            const { name, securityContext: own = {}, resources = {} } = container;
            expect((own.runAsUser ?? pod.securityContext?.runAsUser) === 65532, `${name}: not 65532`);
            expect(own.allowPrivilegeEscalation === false, `${name}: may gain privileges`);
            expect(own.readOnlyRootFilesystem === true, `${name}: may write to its image`);
            expect(own.capabilities?.drop?.join() === "ALL", `${name}: keeps capabilities`);
            expect(resources.requests?.cpu && resources.limits?.memory, `${name}: no resources`);
            expect(container.lifecycle?.preStop?.sleep, `${name}: ends before the Service knows`);
        }
        const gateway = pod.containers.find(({ name }) => name === "bearergate");
        const port = (name) => gateway.ports.find((one) => one.name === name)?.containerPort;
        expect(port("http") === 8080 && port("admin") === 9901, "other ports");
        for (const [probe, page] of [["livenessProbe", "/healthz"], ["readinessProbe", "/readyz"]]) {
            const { path: asked, port: where } = gateway[probe]?.httpGet ?? {};
            expect(asked === page && where === "admin", `${probe} is not ${page} of admin`);
        }
        const grace = pod.containers.map(({ lifecycle }) => lifecycle.preStop.sleep.seconds);
        expect(pod.terminationGracePeriodSeconds > Math.max(...grace), "killed in its sleep");
    }
    const pods = manifests.map((m) => m.spec?.template?.metadata?.labels).filter(Boolean);
    for (const { kind, metadata, spec = {} } of manifests) {
        const selector = { Service: spec.selector, PodDisruptionBudget: spec.selector?.matchLabels,
            Deployment: spec.selector?.matchLabels }[kind];
        const selects = selector === undefined || pods.some((labels) => holds(labels, selector));
        expect(selects, `${kind} ${metadata.name} selects no pod`);
        const ports = kind === "Service" ? spec.ports.map(({ targetPort }) => targetPort) : [];
        expect(!ports.includes("admin") && !ports.includes(9901), "the admin port is published");
        const target = spec.scaleTargetRef;
        expect(!target || manifests.some((m) => m.kind === target.kind && m.metadata.name === target.name),
            `${kind} scales nothing`);
    }
    return broken;
}

// The policies in ConfigMaps, by the map's name.
export const policiesIn = (manifests) =>
    manifests.filter(({ kind }) => kind === "ConfigMap")
        .map(({ metadata, data }) => [metadata.name, data["bearergate.yaml"]]);
