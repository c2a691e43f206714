// The same questions to every framework. Each language's test file says how its programs start.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { describeIdentity } from './identity.mjs';
import { describePassage } from './passage.mjs';
import { describeRefusals } from './refusals.mjs';
import { describeSpelling } from './spelling.mjs';
import { describeSpoofing } from './spoofing.mjs';
import { startStage } from './stage.mjs';

// `frameworks`: [{name, command, folder, variables, socket, missing}]. `missing` says what is not
// installed, if something is not. ctest looks for the line that says that nothing was tested.
export function verify(language, frameworks) {
  if (frameworks.every(({ missing }) => missing)) console.log(`BACKENDS SKIPPED: ${language}`);
  for (const framework of frameworks) {
    if (framework.missing) {
      it(framework.name, { skip: framework.missing });
      continue;
    }
    describe(framework.name, { timeout: 240_000 }, () => {
      const stage = {};
      before(async () => Object.assign(stage, await startStage(framework)));
      after(async () => {
        if (stage.stop) assert.deepEqual(await stage.stop(), [0, 0]);
      });
      describeIdentity(stage);
      describeRefusals(stage);
      describeSpoofing(stage);
      describeSpelling(stage);
      describePassage(stage, framework);
    });
  }
}
