// What is installed, and what scripts/backends has built.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

export const built = (...names) => path.join(process.env.BEARERGATE_BACKENDS ?? '', ...names);

// For `missing` of verify(): false, or what is not there.
export const file = (name) => (existsSync(name) ? false : `${name} is not there`);

export function runs(...command) {
  const { status } = spawnSync(command[0], command.slice(1), { stdio: 'ignore' });
  return status === 0 ? false : `does not run here: ${command.join(' ')}`;
}
